"""The create-meeting message at the edge: what is taken, and every problem named."""

import json
from typing import Any

import pytest

from create_meeting.request import Attendee, CreateMeeting, read_request
from shared.inbox.bodies import LARGEST_BODY
from shared.inbox.models import readable_context, readable_request_id
from shared.inbox.refusals import MOST_PROBLEMS, UNION_TAGS
from shared.words.errors import Rejected


def problems(body: bytes) -> dict[str, str]:
    with pytest.raises(Rejected) as refusal:
        read_request(body)
    assert refusal.value.code == "invalid_request"
    assert refusal.value.next_step
    return {problem.member: problem.message for problem in refusal.value.problems}


def text(**members: Any) -> bytes:
    return json.dumps({"subject": "x", **members}).encode()


def test_a_subject_is_enough() -> None:
    """Everything else has a default."""
    request = read_request(b'{"subject": "INC-4711"}')

    assert isinstance(request, CreateMeeting)
    assert (request.subject, request.join, request.watch) == ("INC-4711", "never", False)


def test_attendees_are_names_or_objects() -> None:
    """A UPN stands for itself; an object may say the role and the id."""
    request = read_request(text(attendees=["a@b.c", {"upn": "d@e.f", "role": "presenter"}]))

    assert isinstance(request, CreateMeeting)
    assert request.attendees == ("a@b.c", Attendee(upn="d@e.f", role="presenter"))


@pytest.mark.parametrize("body", [b"", b"nope", b"\xff\xfe{}", b"[" * 50_000, b'{"subject": "x"'])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    """Including what would break a careless parser."""
    assert problems(body)[""].startswith("the body is not JSON")


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"7", b"null"])
def test_what_is_not_an_object_is_refused(body: bytes) -> None:
    """JSON, but nothing one could ask with."""
    assert problems(body) == {"": "must be a JSON object"}


def test_200_kilobytes_of_junk_are_refused_unread() -> None:
    """The size alone is the problem."""
    found = problems(b'{"subject": "' + b"x" * 200 * 1024 + b'"}')

    assert str(LARGEST_BODY) in found[""]


def test_every_problem_is_named_at_once() -> None:
    """One round trip is enough to put a request right."""
    found = problems(
        json.dumps(
            {
                "requestId": " ",
                "organizerId": "boss",
                "attendees": [{"upn": "x", "role": "king", "nick": 1}, 5],
                "join": "maybe",
                "watch": "yes",
                "context": [],
                "leaveWhenAloneSeconds": -1,
                "startTime": "now",
            }
        ).encode()
    )

    assert set(found) == {
        "/subject",
        "/requestId",
        "/organizerId",
        "/attendees/0/upn",
        "/attendees/0/role",
        "/attendees/0/nick",
        "/attendees/1",
        "/join",
        "/watch",
        "/context",
        "/leaveWhenAloneSeconds",
        "/startTime",
    }
    assert found["/startTime"] == ("is not a member of this message; did you mean `startDateTime`?")


def test_thousands_of_unknown_members_are_counted_not_listed() -> None:
    """The refusal must fit a message itself."""
    body = json.dumps({"subject": "x", **{f"m{n}": 1 for n in range(5000)}}).encode()

    with pytest.raises(Rejected) as refusal:
        read_request(body)

    assert len(refusal.value.problems) == MOST_PROBLEMS + 1
    assert refusal.value.problems[-1].message == "and 4900 more problems"


@pytest.mark.parametrize("member", ["startDateTime", "endDateTime"])
def test_a_time_without_an_offset_is_refused(member: str) -> None:
    """Graph would take it for a time of nobody's."""
    assert "offset" in problems(text(**{member: "2026-11-23T09:00:00"}))[f"/{member}"]


def test_an_end_without_a_start_is_refused() -> None:
    """Graph refuses it too, later and in other words."""
    found = problems(text(endDateTime="2026-11-23T09:00:00Z"))

    assert found["/endDateTime"].startswith("needs startDateTime")


def test_an_end_before_the_start_is_refused() -> None:
    """Compared as moments, whatever their offsets."""
    found = problems(
        text(startDateTime="2026-11-23T10:00:00+02:00", endDateTime="2026-11-23T08:00:00Z")
    )

    assert found == {"/endDateTime": "must be after startDateTime"}


def test_a_time_that_is_a_number_is_refused() -> None:
    """Seconds or milliseconds? Nobody should have to guess."""
    assert "/startDateTime" in problems(text(startDateTime=1700000000))
    assert "/startDateTime" in problems(text(startDateTime="1700000000"))
    assert "/startDateTime" in problems(text(startDateTime="2026-11-23"))


def test_a_context_over_4_kilobytes_is_refused() -> None:
    """It travels in every event."""
    assert "4096" in problems(text(context={"x": "y" * 5000}))["/context"]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"subject": "x", "context": {"a": NaN}}', "number"),
        (b'{"subject": "x", "context": {"a": 1e999}}', "number"),
        (b'{"subject": "x", "context": {"a": ' + b"[" * 100 + b"]" * 100 + b"}}", "nested"),
    ],
)
def test_a_context_that_is_not_plain_json_is_refused(body: bytes, word: str) -> None:
    """It would break the events that carry it, or the record that holds it."""
    assert word in problems(body)["/context"]


def test_three_kilobytes_of_umlauts_are_three_kilobytes() -> None:
    """The size is that of the JSON as it travels."""
    request = read_request(text(context={"x": "ü" * 1500}))

    assert isinstance(request, CreateMeeting)
    assert request.context == {"x": "ü" * 1500}


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_a_time_at_the_end_of_the_world_is_refused(moment: str) -> None:
    """An hour more, and no date could hold it."""
    assert "year" in problems(text(startDateTime=moment))["/startDateTime"]


def test_half_a_character_pair_is_no_request_id() -> None:
    """It can be neither stored nor answered; the message's own id stands in."""
    assert readable_request_id({"requestId": "\ud800"}) is None
    assert readable_context({"context": {"a": "\ud800"}}) is None


@pytest.mark.parametrize("tag", UNION_TAGS)
def test_a_member_named_like_the_tag_of_a_union_is_refused_by_name(tag: str) -> None:
    """The tag is the validator's; the member is the caller's."""
    attendee = {"upn": "a@b.c", tag: None}

    assert set(problems(text(**{tag: None}))) == {f"/{tag}"}
    assert set(problems(text(attendees=[attendee]))) == {f"/attendees/0/{tag}"}
