"""The invitation: text for people, iCalendar for calendars, the same bytes for the same meeting."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from ical.calendar import Calendar as Scheduling
from ical.calendar_stream import IcsCalendarStream
from ical.event import EventStatus
from icalendar import Calendar

from create_meeting.answers.invitation import MOST_NAMED, Invited, invitation
from shared.words.coordinates import Attendee

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


ADA, BO = Attendee(upn="ada@example.com"), Attendee(upn="o'bo+x@example.com", role="presenter")
SENT = replace(MEETING, organizer="ivy@contoso.example", attendees=(ADA, BO))


def read_by_another(invited: Invited) -> Scheduling:
    """Return the calendar text as another library reads it than the one that wrote it."""
    return IcsCalendarStream.calendar_from_ics(invitation(invited)["ics"])


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


def test_an_invitation_requests_an_answer_of_each_attendee() -> None:
    """As mail programs expect it of an organizer."""
    calendar = read_by_another(SENT)
    [event] = calendar.events

    assert calendar.method == "REQUEST"
    assert event.organizer is not None
    assert event.organizer.uri == "mailto:ivy@contoso.example"
    assert [
        (str(one.uri), str(one.role), str(one.status), one.rsvp) for one in event.attendees
    ] == [
        ("mailto:ada@example.com", "REQ-PARTICIPANT", "NEEDS-ACTION", True),
        ("mailto:o'bo+x@example.com", "REQ-PARTICIPANT", "NEEDS-ACTION", True),
    ]
    assert (event.uid, event.summary) == (f"{MEETING.meeting_id}@rollcall", MEETING.subject)
    assert event.dtstart == START.replace(microsecond=0)


def test_a_cancellation_takes_the_entry_off() -> None:
    """The same UID, a higher sequence, and no answer is requested."""
    calendar = read_by_another(replace(SENT, status="CANCELLED", sequence=3))
    [event] = calendar.events

    assert (calendar.method, event.status) == ("CANCEL", EventStatus.CANCELLED)
    assert (event.uid, event.sequence) == (f"{MEETING.meeting_id}@rollcall", 3)
    assert [(str(one.uri), one.rsvp) for one in event.attendees] == [
        ("mailto:ada@example.com", None),
        ("mailto:o'bo+x@example.com", None),
    ]


@pytest.mark.parametrize(
    ("invited", "method"),
    [
        pytest.param(replace(SENT, organizer=None), None, id="no organizer"),
        pytest.param(replace(SENT, organizer="upn-value"), None, id="no address"),
        pytest.param(replace(SENT, organizer=None, status="CANCELLED"), None, id="cancelled"),
        pytest.param(replace(SENT, attendees=()), "PUBLISH", id="nobody invited"),
        pytest.param(replace(SENT, attendees=(Attendee(upn=None),)), "PUBLISH", id="no name"),
        pytest.param(
            replace(SENT, attendees=(Attendee(upn="a\u2028b@c"),)), "PUBLISH", id="a bad name"
        ),
        pytest.param(
            replace(SENT, attendees=(Attendee(upn=f"{'a' * 253}@b"),)), "PUBLISH", id="too long"
        ),
        pytest.param(replace(SENT, attendees=(ADA,) * MOST_NAMED), "REQUEST", id="many"),
        pytest.param(replace(SENT, attendees=(ADA,) * (MOST_NAMED + 1)), "PUBLISH", id="too many"),
        pytest.param(
            replace(SENT, attendees=(ADA,) * (MOST_NAMED + 1), status="CANCELLED"),
            "CANCEL",
            id="too many, cancelled",
        ),
    ],
)
def test_the_method_is_one_whose_demands_are_met(invited: Invited, method: str | None) -> None:
    """Without an organizer there is no method, and no attendee is named."""
    calendar = read_by_another(invited)
    [event] = calendar.events

    assert calendar.method == method
    assert (event.organizer is not None) == (method is not None)
    assert bool(event.attendees) == (method == "REQUEST")


@pytest.mark.parametrize(
    ("time_zone", "hours", "span"),
    [
        ("Europe/Berlin", 1, "2026-09-14 11:00 to 12:00 Europe/Berlin, UTC+2"),
        ("Asia/Kolkata", 1, "2026-09-14 14:30 to 15:30 Asia/Kolkata, UTC+5:30"),
        ("America/St_Johns", 1, "2026-09-14 06:30 to 07:30 America/St_Johns, UTC-2:30"),
        ("Africa/Abidjan", 1, "2026-09-14 09:00 to 10:00 Africa/Abidjan, UTC"),
        ("Pacific/Auckland", 6, "2026-09-14 21:00 to 2026-09-15 03:00 Pacific/Auckland, UTC+12"),
        ("UTC", 1, "2026-09-14 09:00 to 10:00 UTC"),
        (None, 1, "2026-09-14 09:00 to 10:00 UTC"),
    ],
)
def test_the_text_has_the_times_of_the_callers_zone(
    time_zone: str | None, hours: int, span: str
) -> None:
    """With its distance from UTC, which a reader need not know then."""
    end = START + timedelta(hours=hours)

    text = invitation(replace(MEETING, time_zone=time_zone, end=end))["text"]

    assert text.splitlines()[1] == span


def test_a_meeting_over_the_change_of_the_clocks_names_both_distances() -> None:
    """Else one of its two times would be wrong by an hour."""
    begins = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    moved = replace(MEETING, start=begins, end=begins + timedelta(hours=5))

    text = invitation(replace(moved, time_zone="Europe/Berlin"))["text"]

    assert "2026-10-25 00:00 to 04:00 Europe/Berlin, UTC+2, then UTC+1" in text


def test_a_time_zone_is_described_in_the_calendar_text() -> None:
    """For calendars that do not know its name."""
    ics = invitation(replace(SENT, time_zone="Europe/Berlin"))["ics"]

    assert "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n" in ics
    assert "DTSTART;TZID=Europe/Berlin:20260914T110000\r\n" in ics
    assert "VTIMEZONE" not in invitation(replace(SENT, time_zone="UTC"))["ics"]
