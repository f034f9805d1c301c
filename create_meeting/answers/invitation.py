"""An invitation to a meeting that is in no calendar: plain text, and an iCalendar text.

Core. The same meeting gives the same text, byte for byte: this module reads no clock and makes up
no id. The calendar text has no METHOD and no attendees: it is an entry to keep, not a scheduling
message that calendars would answer.
Source: https://www.rfc-editor.org/rfc/rfc5545
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

PRODUCT = "-//Rollcall//Rollcall//EN"
PLACE = "Microsoft Teams Meeting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """What an invitation says. `sequence` counts the changes since the first invitation.

    `written_at` is when its content was decided. Without a link it cannot be used to join.
    """

    meeting_id: str
    subject: str
    start: datetime
    end: datetime
    written_at: datetime
    sequence: int = 0
    status: Literal["CONFIRMED", "CANCELLED"] = "CONFIRMED"
    join_web_url: str | None = field(default=None, repr=False)
    join_meeting_id: str | None = None
    passcode: str | None = field(default=None, repr=False)
    dial_in: dict[str, Any] | None = field(default=None, repr=False)


def invitation(invited: Invited) -> dict[str, str]:
    """Return the invitation as events carry it: `text` and `ics`."""
    text = _text(invited)
    return {"text": text, "ics": _ics(invited, text)}


def _text(invited: Invited) -> str:
    lines = [invited.subject, _span(invited.start, invited.end)]
    if invited.status == "CANCELLED":
        lines += ["", "This meeting was cancelled."]
    if invited.join_web_url:
        lines += ["", "Join the meeting:", invited.join_web_url]
    if invited.join_meeting_id:
        lines += ["", f"Meeting ID: {_grouped(invited.join_meeting_id)}"]
        if invited.passcode:
            lines.append(f"Passcode: {invited.passcode}")
    lines += _dial_in_lines(invited.dial_in or {})
    return "\n".join(lines) + "\n"


def _span(start: datetime, end: datetime) -> str:
    begins, ends = start.astimezone(UTC), end.astimezone(UTC)
    until = f"{ends:%H:%M}" if begins.date() == ends.date() else f"{ends:%Y-%m-%d %H:%M}"
    return f"{begins:%Y-%m-%d %H:%M} to {until} UTC"


def _grouped(digits: str) -> str:
    """Return a join id as Teams prints it: in groups of three digits."""
    return " ".join(digits[at : at + 3] for at in range(0, len(digits), 3))


def _dial_in_lines(dial_in: dict[str, Any]) -> list[str]:
    numbers = [dial_in.get("tollNumber"), dial_in.get("tollFreeNumber")]
    named = [str(number) for number in numbers if number]
    # Graph's own samples spell it both ways.
    conference = dial_in.get("conferenceId") or dial_in.get("ConferenceId")
    if not named or not conference:
        return []
    return ["", f"Dial in: {' or '.join(named)}", f"Conference ID: {conference}"]


def _ics(invited: Invited, text: str) -> str:
    # Imported on first use; see `prepare`.
    from icalendar import Calendar, Event  # noqa: PLC0415

    event = Event()
    event.add("uid", f"{invited.meeting_id}@rollcall")
    event.add("dtstamp", _whole_second(invited.written_at))
    event.add("dtstart", _whole_second(invited.start))
    event.add("dtend", _whole_second(invited.end))
    event.add("sequence", invited.sequence)
    event.add("status", invited.status)
    event.add("summary", invited.subject)
    event.add("description", text)
    event.add("location", PLACE)
    if invited.join_web_url:
        event.add("url", invited.join_web_url)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written.decode()


def _whole_second(moment: datetime) -> datetime:
    """Return the moment without the fraction of a second, which the format cannot hold."""
    return moment.astimezone(UTC).replace(microsecond=0)
