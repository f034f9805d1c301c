"""An invitation to a meeting that is in no calendar: plain text, and an iCalendar text to send.

Core. The same meeting gives the same text, byte for byte: this module reads no clock and makes up
no id.
Sources: https://www.rfc-editor.org/rfc/rfc5545 (the format), and
https://www.rfc-editor.org/rfc/rfc5546#section-3.2 (which METHOD demands which properties)
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from shared.words.coordinates import Attendee

if TYPE_CHECKING:
    from icalendar import Timezone, vCalAddress

PRODUCT = "-//Rollcall//Rollcall//EN"
PLACE = "Microsoft Teams Meeting"
MOST_NAMED = 200
"""How many attendees are named at most: the event has to fit a message of Service Bus (256 KB)."""
LONGEST_ADDRESS = 254
"""Source: https://www.rfc-editor.org/errata/eid1690"""
ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
NOT_IN_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Controls, halves of characters, and what some parsers take for the end of a line."""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """What an invitation says. `sequence` counts the changes since the first invitation.

    `written_at` is when its content was decided. Without a link it cannot be used to join.
    `time_zone` is an IANA name; None: times are in UTC. `organizer` is their address, if known.
    """

    meeting_id: str
    subject: str
    start: datetime
    end: datetime
    written_at: datetime
    sequence: int = 0
    status: Literal["CONFIRMED", "CANCELLED"] = "CONFIRMED"
    time_zone: str | None = None
    organizer: str | None = None
    attendees: tuple[Attendee, ...] = ()
    join_web_url: str | None = field(default=None, repr=False)
    join_meeting_id: str | None = None
    passcode: str | None = field(default=None, repr=False)
    dial_in: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of the attendees; none where there are more than are named."""
        found = (one.upn for one in self.attendees if one.upn is not None)
        addresses = tuple(upn for upn in found if _is_address(upn))
        return addresses if len(addresses) <= MOST_NAMED else ()

    @property
    def method(self) -> Literal["REQUEST", "PUBLISH", "CANCEL"] | None:
        """The scheduling message that it is; None: an entry to keep, which has no organizer.

        Each method demands an organizer, and REQUEST an attendee.
        """
        if self.organizer is None or not _is_address(self.organizer):
            return None
        if self.status == "CANCELLED":
            return "CANCEL"
        return "REQUEST" if self.addresses else "PUBLISH"


def invitation(invited: Invited) -> dict[str, str]:
    """Return the invitation as events carry it: `text` and `ics`."""
    text = _text(invited)
    return {"text": text, "ics": _ics(invited, text)}


def _text(invited: Invited) -> str:
    lines = [invited.subject, _span(invited.start, invited.end, invited.time_zone)]
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


def _span(start: datetime, end: datetime, time_zone: str | None) -> str:
    zone = _zone(time_zone)
    begins, ends = start.astimezone(zone or UTC), end.astimezone(zone or UTC)
    until = f"{ends:%H:%M}" if begins.date() == ends.date() else f"{ends:%Y-%m-%d %H:%M}"
    span = f"{begins:%Y-%m-%d %H:%M} to {until}"
    if zone is None:
        return f"{span} UTC"
    offsets = dict.fromkeys((_offset(begins), _offset(ends)))
    return f"{span} {time_zone}, {', then '.join(offsets)}"


def _offset(moment: datetime) -> str:
    """Return how far a local time is from UTC, as people write it: `UTC+1`, `UTC-3:30`."""
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")


def _zone(name: str | None) -> ZoneInfo | None:
    """Return a time zone; None for UTC, which needs no description."""
    return None if name in {None, "UTC"} else ZoneInfo(str(name))


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
    # On first use: the indexing of the app must stay quick.
    from icalendar import Calendar, Event  # noqa: PLC0415

    zone = _zone(invited.time_zone)
    start, end = (_whole_second(one, zone) for one in (invited.start, invited.end))
    if start.fold or end.fold:
        # The hour that a clock shows twice: a local time would mean the first one.
        zone, start, end = None, start.astimezone(UTC), end.astimezone(UTC)
    event = Event()
    event.add("uid", f"{invited.meeting_id}@rollcall")
    event.add("dtstamp", _whole_second(invited.written_at, None))
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("sequence", invited.sequence)
    event.add("status", invited.status)
    event.add("summary", _plain(invited.subject))
    event.add("description", _plain(text))
    event.add("location", PLACE)
    if invited.join_web_url:
        event.add("url", _plain(invited.join_web_url))
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    if invited.method is not None:
        calendar.add("method", invited.method)
        event.add("organizer", _address(invited.organizer or ""))
        for address in invited.addresses:
            event.add("attendee", _attendee(address, invited.method))
    if zone is not None:
        first, last = start.date() - ONE_DAY, end.date() + ONE_DAY
        calendar.add_component(_described_zone(zone.key, first, last))
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written.decode()


@lru_cache(maxsize=32)
def _described_zone(name: str, first: date, last: date) -> "Timezone":
    """Return the rules of a time zone for these days. It takes some milliseconds to find them."""
    from icalendar import Timezone  # noqa: PLC0415

    return Timezone.from_tzid(name, first_date=first, last_date=last)


def _attendee(address: str, method: str) -> "vCalAddress":
    invitee = _address(address)
    invitee.params["ROLE"] = "REQ-PARTICIPANT"
    if method == "REQUEST":
        invitee.params["PARTSTAT"] = "NEEDS-ACTION"
        invitee.params["RSVP"] = "TRUE"
    return invitee


def _address(address: str) -> "vCalAddress":
    from icalendar import vCalAddress  # noqa: PLC0415

    return vCalAddress("mailto:" + quote(address, safe="@+'"))


def _is_address(upn: str) -> bool:
    """Return whether a sign-in name has the form of a mail address."""
    fits = len(upn) <= LONGEST_ADDRESS and _plain(upn) == upn
    return fits and ADDRESS.fullmatch(upn) is not None


def _plain(text: str) -> str:
    """Return the text without what no iCalendar text may hold; the ends of lines stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (one for one in lines if one in "\n\t" or unicodedata.category(one) not in NOT_IN_A_LINE)
    return "".join(kept)


def _whole_second(moment: datetime, zone: ZoneInfo | None) -> datetime:
    """Return the moment without the fraction of a second, which the format cannot hold."""
    return moment.astimezone(zone or UTC).replace(microsecond=0)
