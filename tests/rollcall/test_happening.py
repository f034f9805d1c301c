"""Events as `tail` shows them."""

import json
from pathlib import Path
from typing import Any

import pytest

from rollcall.asking.happening import Event, Wanted, event_of, line_of

ROOT = Path(__file__).parents[2]
TYPES = sorted(
    kind
    for kind in (path.stem for path in (ROOT / "docs" / "schemas").glob("*.*.json"))
    if not kind.startswith(("create-meeting", "join-meeting"))
)


def event(kind: str = "call.started", **data: Any) -> Event:
    return {
        "type": f"rollcall.{kind}.v1",
        "time": "2026-11-26T21:49:12.666Z",
        "correlationid": "INC-1",
        "data": {"meetingId": "m", "callNumber": 1, **data},
    }


def wanted(*types: str, meeting_id: str | None = None, request_id: str | None = None) -> Wanted:
    return Wanted(meeting_id=meeting_id, request_id=request_id, types=types)


@pytest.mark.parametrize(
    ("which", "takes"),
    [
        (wanted(), True),
        (wanted("call.*"), True),
        (wanted("bot.*", "call.started"), True),
        (wanted("call"), False),
        (wanted("CALL.*"), False),
        (wanted(meeting_id="m"), True),
        (wanted(meeting_id="n"), False),
        (wanted(request_id="INC-1"), True),
        (wanted(request_id="join-1"), True),
        (wanted(request_id="INC"), False),
        (wanted("bot.*", meeting_id="m"), False),
    ],
)
def test_an_event_is_shown_where_all_that_is_given_fits(which: Wanted, takes: bool) -> None:
    """Patterns are alternatives; a request id is the meeting's or the refused request's own."""
    assert which.takes(event(requestId="join-1")) is takes


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_event_says_what_happened(kind: str) -> None:
    """In one line, also where a member is missing."""
    time, shown, what = line_of(event(kind)).split(maxsplit=2)

    assert (time, shown) == ("2026-11-26T21:49:12.666Z", kind)
    assert what.removesuffix("[INC-1]").strip()


@pytest.mark.parametrize(
    ("participant", "who"),
    [
        ({"displayName": "Ada", "userId": "a"}, "Ada"),
        ({"userId": "a"}, "a"),
        ({"kind": "phone"}, "phone"),
        ({}, "a person"),
    ],
)
def test_a_person_is_named_as_far_as_known(participant: dict[str, str], who: str) -> None:
    """A deployment may show no names."""
    line = line_of(event("participant.left", participant=participant))

    assert f" {who} left group call 1 [INC-1]" in line


@pytest.mark.parametrize(
    ("data", "people"),
    [
        ({"participantCount": 1}, "1 person"),
        ({"participantCount": 2}, "2 people"),
        ({}, "? people"),
    ],
)
def test_one_person_is_no_people(data: dict[str, int], people: str) -> None:
    """Of a call that is over."""
    assert f" group call 1, {people} (" in line_of(event("call.ended", **data))


def test_what_happened_stands_in_one_column() -> None:
    """As docs/cli.md shows it."""
    lines = [line_of(event("bot.joined")), line_of(event("participant.left"))]

    assert [one[24] for one in lines] == [" ", " "]
    assert [one[25:44] for one in lines] == ["bot.joined         ", "participant.left   "]
    assert all(one[44] != " " for one in lines)


def test_a_line_of_everyday_fits_into_80_columns() -> None:
    """Where it does not, `tail` cuts it on a terminal."""
    assert len(line_of(event("participant.joined", participant={"displayName": "Ada L."}))) <= 80


def test_a_name_draws_nothing_outside_its_line() -> None:
    """People choose theirs; braces are no place to fill in."""
    line = line_of(event("participant.left", participant={"displayName": "\x1b[2J{code}\n"}))

    assert line.isprintable()
    assert "{code}" in line


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"data": 1}', b"\xff"])
def test_what_is_no_event_is_passed_over(body: bytes) -> None:
    """A subscription may hold what others published."""
    assert event_of(body) is None


def test_an_event_is_read_whole() -> None:
    """`--json` writes it as it came."""
    assert event_of(json.dumps(event()).encode()) == event()
