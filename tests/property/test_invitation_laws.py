"""Laws of the invitation: two readers that did not write it find what was meant."""

import io
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil import tz
from hypothesis import example, given
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from create_meeting.answers.invitation import Invited, invitation
from shared.words.coordinates import Attendee

ZONES = (
    *("Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "Asia/Kolkata"),
    *("Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo", "UTC"),
)
START = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
MEETING = Invited(
    meeting_id="j5rphdao4kpwlhfziojv6eldyb",
    subject="down",
    start=START,
    end=START + timedelta(hours=1),
    written_at=START,
    organizer="ivy@contoso.example",
    attendees=(Attendee(upn="ada@example.com"),),
)
moments = st.datetimes(
    datetime(2001, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone itself
    datetime(2036, 12, 31),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
).map(lambda one: one.replace(microsecond=0))
lengths = st.timedeltas(timedelta(minutes=1), timedelta(days=3)).map(
    lambda one: timedelta(seconds=int(one.total_seconds()))
)
texts = st.text(st.characters(), max_size=40)  # controls and halves of characters too


@given(st.sampled_from(ZONES), moments, lengths)
@example("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), timedelta(hours=1))
@example("Europe/Berlin", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), timedelta(hours=1))
@example("Europe/Berlin", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), timedelta(hours=1))
def test_a_calendar_shows_the_moments_that_were_meant(
    zone: str, start: datetime, length: timedelta
) -> None:
    """In whatever zone they are written, also in the hour that a clock shows twice."""
    invited = replace(MEETING, start=start, end=start + length, time_zone=zone)

    [event] = IcsCalendarStream.calendar_from_ics(invitation(invited)["ics"]).events

    assert isinstance(event.dtstart, datetime)
    assert isinstance(event.dtend, datetime)
    assert (event.dtstart.astimezone(UTC), event.dtend.astimezone(UTC)) == (start, start + length)


@given(st.sampled_from(ZONES), moments, lengths)
def test_the_description_of_a_zone_is_true_of_the_days_of_the_meeting(
    zone: str, start: datetime, length: timedelta
) -> None:
    """For a reader that takes the rules from the text, not from its own database."""
    ics = invitation(replace(MEETING, start=start, end=start + length, time_zone=zone))["ics"]
    if "VTIMEZONE" not in ics:
        return
    described = tz.tzical(io.StringIO(ics)).get(zone)

    for moment in (start, start + length):
        local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert described.utcoffset(local) == ZoneInfo(zone).utcoffset(local)


@given(texts, texts)
def test_no_text_puts_a_control_character_into_a_calendar(subject: str, passcode: str) -> None:
    """And whatever a caller writes, it stays one event with one subject."""
    invited = replace(MEETING, subject=subject, join_meeting_id="1", passcode=passcode)

    ics = invitation(invited)["ics"]

    lines = ics.split("\r\n")
    assert {unicodedata.category(one) for line in lines for one in line if one != "\t"}.isdisjoint(
        {"Cc", "Cs", "Zl", "Zp"}
    )
    assert max(len(line.encode()) for line in lines) <= 75
    [event] = IcsCalendarStream.calendar_from_ics(ics).events
    assert event.uid == f"{MEETING.meeting_id}@rollcall"
    assert invitation(invited)["ics"] == ics
