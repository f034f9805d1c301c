"""The invitation: text for people, iCalendar for calendars, the same bytes for the same meeting."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from icalendar import Calendar

from create_meeting.answers.invitation import Invited, invitation

START = datetime(2026, 9, 14, 9, 0, 0, 123456, tzinfo=UTC)
MEETING = Invited(
    meeting_id="j5rphdao4kpwlhfziojv6eldyb",
    subject="INC-4711: Grüße, 世界; down",
    start=START,
    end=START + timedelta(hours=1),
    written_at=datetime(2026, 9, 14, 8, 0, tzinfo=UTC),
    join_web_url="https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=y",
    join_meeting_id="123456789012",
    passcode="aB3dE6",
    dial_in={"tollNumber": "+1 206-555-0100", "tollFreeNumber": None, "conferenceId": "123456789"},
)


def event_of(invited: Invited) -> Any:
    (event,) = Calendar.from_ical(invitation(invited)["ics"]).walk("VEVENT")
    return event


def test_the_text_has_all_that_it_takes_to_join() -> None:
    """Ready to be pasted into a chat or a page."""
    text = invitation(MEETING)["text"]

    assert text == (
        "INC-4711: Grüße, 世界; down\n"
        "2026-09-14 09:00 to 10:00 UTC\n"
        "\n"
        "Join the meeting:\n"
        f"{MEETING.join_web_url}\n"
        "\n"
        "Meeting ID: 123 456 789 012\n"
        "Passcode: aB3dE6\n"
        "\n"
        "Dial in: +1 206-555-0100\n"
        "Conference ID: 123456789\n"
    )


def test_the_calendar_text_is_read_back_as_it_was_meant() -> None:
    """By a calendar that knows nothing of us."""
    event = event_of(MEETING)

    assert event["UID"] == f"{MEETING.meeting_id}@rollcall"
    assert event["SUMMARY"] == MEETING.subject
    assert event["URL"] == MEETING.join_web_url
    assert event["DESCRIPTION"] == invitation(MEETING)["text"]
    assert event.decoded("DTSTART") == START.replace(microsecond=0)
    assert event.decoded("DTSTAMP") == MEETING.written_at


def test_the_same_meeting_gives_the_same_bytes() -> None:
    """In whatever zone its times are written."""
    elsewhere = timezone(timedelta(hours=-7))
    moved = replace(
        MEETING, start=MEETING.start.astimezone(elsewhere), end=MEETING.end.astimezone(elsewhere)
    )

    assert invitation(moved) == invitation(MEETING)


def test_a_change_replaces_the_entry() -> None:
    """The same UID with a higher sequence."""
    event = event_of(replace(MEETING, sequence=2))

    assert (event["UID"], event["SEQUENCE"]) == (f"{MEETING.meeting_id}@rollcall", 2)


def test_a_cancelled_meeting_has_nothing_to_join() -> None:
    """Its entry is struck out."""
    over = replace(
        MEETING, status="CANCELLED", join_web_url=None, join_meeting_id=None, dial_in=None
    )

    assert event_of(over)["STATUS"] == "CANCELLED"
    assert "URL" not in event_of(over)
    assert "cancelled" in invitation(over)["text"]
    assert "http" not in invitation(over)["text"]


@pytest.mark.parametrize("subject", ["a\r\nBEGIN:VEVENT", "a\nUID:x", "x" * 500, "\\n;,:"])
def test_no_subject_breaks_out_of_its_line(subject: str) -> None:
    """Whatever a caller writes stays a subject."""
    event = event_of(replace(MEETING, subject=subject))

    assert str(event["SUMMARY"]).replace("\r\n", "\n") == subject.replace("\r\n", "\n")
    assert event["UID"] == f"{MEETING.meeting_id}@rollcall"


def test_a_meeting_over_midnight_names_both_days() -> None:
    """And one without dial-in says nothing of it."""
    text = invitation(replace(MEETING, end=START + timedelta(hours=20), dial_in=None))["text"]

    assert "2026-09-14 09:00 to 2026-09-15 05:00 UTC" in text
    assert "Dial in" not in text
