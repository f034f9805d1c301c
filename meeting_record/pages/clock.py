"""Moments of the record as a page writes them: on the clocks of one zone. Core.

A page writes the date and the offset of a call once. A moment of another date or offset has its
own beside it, so an hour that a night in autumn has twice is distinguished.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

UTC_NAME = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """A moment: `at` as the record has it, for programs, and `text` for people."""

    at: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Writes moments on the clocks of `zone`; None: of UTC, as the record has them."""

    zone: ZoneInfo | None = None

    @property
    def name(self) -> str:
        """The name of the zone."""
        return UTC_NAME if self.zone is None else self.zone.key

    def whole(self, at: str) -> Time:
        """Return a moment with its date and its offset."""
        return Time(at=at, text=" ".join(_parts(at, self.zone)))

    def date_and_offset(self, at: str) -> str:
        """Return what `beside` leaves out of a moment of the same date and offset."""
        date, _, offset = _parts(at, self.zone)
        return f"{date}, {offset}"

    def short(self, at: str, other: str) -> Time:
        """Return a moment as `beside` writes it."""
        return Time(at=at, text=self.beside(at, other))

    def beside(self, at: str, other: str) -> str:
        """Return a moment for a place that names the date and the offset of `other`."""
        date, time, offset = _parts(at, self.zone)
        near_date, _, near_offset = _parts(other, self.zone)
        words = (
            *((date,) if date != near_date else ()),
            time,
            *((offset,) if offset != near_offset else ()),
        )
        return " ".join(words)

    def offset(self, at: datetime) -> timedelta:
        """Return how far the zone is ahead of UTC at a moment; 0 where it cannot be said."""
        return _local(at, self.zone).utcoffset() or timedelta(0)

    def local(self, at: datetime) -> datetime:
        """Return a moment on the clocks of the zone."""
        return _local(at, self.zone)


# A record says few moments, each many times.
@lru_cache(maxsize=4_096)
def _parts(at: str, zone: ZoneInfo | None) -> tuple[str, str, str]:
    """Return date, time and offset."""
    if zone is None:
        return at[:10], at[11:].removesuffix("Z"), UTC_NAME
    text = _local(datetime.fromisoformat(at), zone).isoformat(timespec="milliseconds")
    return text[:10], text[11:23], text[23:]


def _local(at: datetime, zone: ZoneInfo | None) -> datetime:
    try:
        return at if zone is None else at.astimezone(zone)
    except OverflowError:
        # The first and the last hours that can be written are none in every zone.
        return at
