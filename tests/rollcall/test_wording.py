"""What is said of answers, and how each ends its command."""

from typing import Any

import pytest

from rollcall.asking.outcomes import GOES_ON, Heard, heard, outcome
from rollcall.asking.requests import Kind, Request, request
from rollcall.asking.wording import look_later, said
from rollcall.console import Exit

CREATED: dict[str, Any] = {
    "meetingId": "j5rp",
    "requestId": "INC-1",
    "subject": "checkout is down",
    "startDateTime": "2026-11-26T03:26:12.5550000Z",
    "endDateTime": "2026-11-26T04:26:12.5550000Z",
    "coordinates": {
        "joinWebUrl": "https://teams.microsoft.com/l/meetup-join/" + "x" * 100,
        "chatInfo": {"threadId": "19:meeting_N@thread.v2"},
        "joinMeetingId": "537212463668",
        "passcode": "aB3dE6",
        "dialIn": {"tollNumber": "+1 206-555-0100", "conferenceId": "731068109"},
    },
    "warnings": [{"member": "/attendees/0", "message": "was not added"}],
}
REFUSED = {
    "code": "invalid_request",
    "problems": [
        {"member": "/subject", "message": "has 513 characters"},
        {"member": "", "message": "is too large"},
    ],
    "message": "The request is not valid.",
    "nextStep": "Shorten /subject. " * 8,
    "history": [{"at": "2026-11-26T03:26:12Z", "message": "Graph did not answer"}],
}


def ask(kind: Kind, **members: Any) -> Request:
    return request(kind, file={"requestId": "a"}, options=members, new_id="a", new_key="k")


def lines(type_: str, data: dict[str, Any], width: int = 80) -> list[str]:
    return list(said(Heard(type=type_, data=data), width=width))


def test_coordinates_are_one_line_each() -> None:
    """A link is never broken: it is there to be copied."""
    said_ = lines("meeting.created", CREATED)

    assert f"join at     {CREATED['coordinates']['joinWebUrl']}" in said_
    assert "join id     537 212 463 668" in said_
    assert "passcode    aB3dE6" in said_
    assert "dial in     +1 206-555-0100, conference 731068109" in said_
    assert "from        2026-11-26 03:26 UTC" in said_
    assert "warning     /attendees/0: was not added" in said_


def test_a_refusal_names_every_problem_and_the_next_step() -> None:
    """And what earlier tries came to; each line fits."""
    said_ = lines("meeting.rejected", REFUSED)

    assert said_[:3] == [
        "refused: invalid_request",
        "  /subject has 513 characters",
        "  the message is too large",
    ]
    assert "  2026-11-26T03:26:12Z Graph did not answer" in said_
    assert said_[said_.index("What to do:") + 1].startswith("  Shorten /subject.")
    assert max(map(len, said_)) <= 80


@pytest.mark.parametrize("text", ["\x1b[31mred\x07", "a\u2028b\nc", "\u202eevil"])
def test_a_subject_draws_nothing_outside_its_line(text: str) -> None:
    """Callers choose it."""
    said_ = "".join(lines("meeting.created", CREATED | {"subject": text}))

    assert said_.isprintable()


def test_without_a_reply_queue_it_says_how_to_get_the_link() -> None:
    """The record has none."""
    known = {name: CREATED[name] for name in ("meetingId", "requestId", "subject")}

    assert "--request-id INC-1 and --reply-to QUEUE" in " ".join(lines("meeting.created", known))


def test_the_command_to_look_later_is_quoted_for_a_shell() -> None:
    """An id may hold anything."""
    odd = request(Kind.CREATE, file={"requestId": "INC 1; rm"}, options={}, new_id="", new_key="k")

    assert look_later(odd).endswith("rollcall show --request-id 'INC 1; rm'")


@pytest.mark.parametrize(
    ("request_", "type_", "data", "end"),
    [
        (ask(Kind.CREATE), "meeting.created", {}, Exit.DONE),
        (ask(Kind.CREATE), "meeting.rejected", {}, Exit.NO),
        (ask(Kind.CREATE, join="now"), "meeting.created", {}, GOES_ON),
        (ask(Kind.CREATE, join="now"), "bot.joining", {"state": "joining"}, GOES_ON),
        (ask(Kind.CREATE, join="now"), "bot.joined", {}, Exit.DONE),
        (ask(Kind.CREATE, join="atStart"), "meeting.created", {}, Exit.DONE),
        (ask(Kind.UPDATE), "meeting.updated", {}, Exit.DONE),
        (ask(Kind.UPDATE, join="now"), "meeting.updated", {}, GOES_ON),
        (ask(Kind.UPDATE, join="now"), "bot.joining", {"state": "in"}, Exit.DONE),
        (ask(Kind.UPDATE, join="now"), "bot.waiting", {}, GOES_ON),
        (ask(Kind.UPDATE, join="now"), "bot.joined", {}, Exit.DONE),
        (ask(Kind.UPDATE, join="now"), "bot.failed", {}, Exit.NO),
        (ask(Kind.UPDATE, join="now"), "meeting.rejected", {}, Exit.NO),
        (ask(Kind.UPDATE, join="atStart"), "meeting.updated", {}, Exit.DONE),
        (ask(Kind.CANCEL, join="now"), "meeting.cancelled", {}, Exit.DONE),
        (ask(Kind.CANCEL), "meeting.cancelled", {}, Exit.DONE),
        (ask(Kind.JOIN), "bot.joining", {"state": "joining"}, GOES_ON),
        (ask(Kind.JOIN), "bot.joining", {"state": "in"}, Exit.DONE),
        (ask(Kind.JOIN), "bot.waiting", {}, GOES_ON),
        (ask(Kind.JOIN), "bot.joined", {}, Exit.DONE),
        (ask(Kind.JOIN), "bot.failed", {}, Exit.NO),
        (ask(Kind.JOIN), "bot.left", {}, Exit.NO),
        (ask(Kind.JOIN), "meeting.warning", {}, GOES_ON),
        (ask(Kind.LEAVE), "bot.left", {}, Exit.DONE),
        (ask(Kind.LEAVE), "bot.absent", {}, Exit.DONE),
        (ask(Kind.LEAVE), "bot.failed", {}, Exit.NO),
    ],
)  # fmt: skip
def test_how_an_event_ends_a_command(
    request_: Request, type_: str, data: dict[str, Any], end: Exit | None
) -> None:
    """The table of docs/messages.md, from the caller's side."""
    assert outcome(request_, Heard(type=type_, data=data)) is end


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"type": "x"}', b"\xff"])
def test_what_is_no_event_is_passed_over(body: bytes) -> None:
    """A reply queue may hold messages of others."""
    assert heard(body) is None


def test_an_event_is_known_by_the_middle_of_its_type() -> None:
    """`rollcall.` and the version stand in each."""
    body = b'{"type": "rollcall.bot.joined.v1", "data": {"a": 1}}'

    assert heard(body) == Heard(type="bot.joined", data={"a": 1})
