"""The times of a request for a meeting: on the clocks of a time zone, or with an offset."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from create_meeting.request import CreateMeeting, UpdateMeeting, read_request
from shared.meeting.meeting import Asked
from shared.words.errors import Rejected

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)
ASKED = Asked(
    request_id="INC-1",
    members={},
    organizer_id="o",
    start_date_time=NINE,
    end_date_time=NINE + 2 * HOUR,
    time_zone=BERLIN,
)


def created(**members: Any) -> CreateMeeting:
    request = read_request(json.dumps({"subject": "x", **members}).encode())
    assert isinstance(request, CreateMeeting)
    return request


def changed(**members: Any) -> UpdateMeeting:
    body = {"requestId": "INC-1", "action": "update", **members}
    request = read_request(json.dumps(body).encode())
    assert isinstance(request, UpdateMeeting)
    return request


def problems(**members: Any) -> dict[str, str]:
    with pytest.raises(Rejected) as refusal:
        created(**members)
    return {problem.member: problem.message for problem in refusal.value.problems}


@pytest.mark.parametrize(
    ("text", "hour"), [("2026-11-23T09:00:00", 8), ("2026-07-23T09:00:00.0000000", 7)]
)
def test_a_time_without_an_offset_is_on_the_clocks_of_the_zone(text: str, hour: int) -> None:
    """With the offset that the zone has on that day."""
    start = created(startDateTime=text, timeZone=BERLIN).start_date_time

    assert start is not None
    assert (start.utcoffset(), start.hour) == (timedelta(0), hour)


def test_an_offset_says_more_than_a_zone() -> None:
    """The zone then is for the text of the invitation."""
    request = created(startDateTime="2026-11-23T03:00:00-05:00", timeZone=BERLIN)

    assert (request.start_date_time, request.time_zone) == (NINE, BERLIN)


def test_a_time_without_an_offset_needs_a_zone() -> None:
    """The refusal says both ways to write it."""
    message = problems(startDateTime="2026-11-23T09:00:00")["/startDateTime"]

    assert "offset" in message
    assert "timeZone" in message


@pytest.mark.parametrize(
    ("text", "word"), [("2026-03-29T02:30:00", "skipped"), ("2026-10-25T02:30:00", "twice")]
)
def test_a_time_in_a_change_of_the_clocks_is_refused(text: str, word: str) -> None:
    """It is no instant, or two; with an offset it is one."""
    assert word in problems(startDateTime=text, timeZone=BERLIN)["/startDateTime"]
    assert created(startDateTime=f"{text}+02:00", timeZone=BERLIN).start_date_time


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("W. Europe Standard Time", BERLIN),
        ("europe/berlin", BERLIN),
        ("Middle-earth/Shire", BERLIN),
        ("Asia/calcutta", "Asia/Calcutta"),
        ("../etc/passwd", BERLIN),
    ],
)
def test_a_zone_that_is_not_known_is_refused_alone(name: str, meant: str) -> None:
    """With the name that may be meant: Graph and Windows have names of their own."""
    found = problems(startDateTime="2026-11-23T09:00:00", timeZone=name)

    assert list(found) == ["/timeZone"]
    assert meant in found["/timeZone"]


def test_an_object_as_graph_has_it_is_refused_with_the_way_to_write_it() -> None:
    """Events of Graph's calendars have times in this form, meetings have not."""
    start = {"dateTime": "2026-11-23T09:00:00", "timeZone": "UTC"}

    message = problems(startDateTime=start)["/startDateTime"]

    assert "must be text" in message
    assert "timeZone as a member of the message" in message


def test_a_start_alone_keeps_the_length() -> None:
    """An end alone keeps the start."""
    later = (NINE + HOUR).isoformat()

    assert changed(startDateTime=later).times(ASKED) == (NINE + HOUR, NINE + 3 * HOUR)
    assert changed(endDateTime=later).times(ASKED) == (NINE, NINE + HOUR)
    assert changed(subject="x").times(ASKED) is None


def test_a_changed_time_without_an_offset_is_on_the_clocks_of_the_meeting() -> None:
    """Unless the change names a zone of its own."""
    ten = "2026-11-23T10:00:00"

    assert changed(startDateTime=ten).times(ASKED) == (NINE + HOUR, NINE + 3 * HOUR)
    assert changed(startDateTime=ten, timeZone="UTC").times(ASKED) == (
        NINE + 2 * HOUR,
        NINE + 4 * HOUR,
    )


@pytest.mark.parametrize("end", ["2026-11-23T08:59:00", "2026-10-25T02:30:00"])
def test_a_changed_end_that_cannot_be_is_refused_by_name(end: str) -> None:
    """Before the start that stays, or in a change of the clocks."""
    with pytest.raises(Rejected) as refusal:
        changed(endDateTime=end).times(ASKED)

    assert [one.member for one in refusal.value.problems] == ["/endDateTime"]
