"""The axis of one call: where a moment lies on it, and which moments are named. Core.

Places are percentages with two decimals, for the attributes of SVG: the policy of the pages allows
no style attribute.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from meeting_record.pages.clock import Clock

MARGIN = 0.04
"""How far the axis goes on before and after, so that bounds beyond a call show."""
LEAST = timedelta(seconds=1)
NARROWEST = 0.3
"""So that a stay of no length shows."""
MOST_TICKS = 4
"""As many dates as a telephone has room for."""
DAY = 86_400
STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1_800),
    *(3_600, 7_200, 10_800, 21_600, 43_200),
    *(DAY, 2 * DAY, 7 * DAY),
)
"""Seconds from tick to tick; beyond a week, powers of ten days."""
NEAR_THE_END = 80.0
"""A tick beyond that has a line and no name: there is no room behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A moment with a line, and its name behind that."""

    x: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A part of a row, from `x` on. `kind` names how it is drawn."""

    x: str
    width: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """From `begin` to `end`, in seconds of the epoch."""

    begin: float
    end: float

    def bar(self, begin: str | None, end: str | None, kind: str = "") -> Bar | None:
        """Return the part of a row between two moments, None: of the axis's end.

        None where nothing of it lies on the axis.
        """
        from_ = self.begin if begin is None else seconds_of(begin)
        to = self.end if end is None else seconds_of(end)
        if to < self.begin or from_ > self.end or to < from_:
            return None
        x, right = (self._place(min(max(at, self.begin), self.end)) for at in (from_, to))
        width = max(right - x, NARROWEST)
        return Bar(x=f"{min(x, 100 - NARROWEST):.2f}", width=f"{width:.2f}", kind=kind)

    def ticks(self, clock: Clock) -> tuple[Tick, ...]:
        """Return the moments to name, on full minutes, hours or days of the clock."""
        step = _step((self.end - self.begin) / MOST_TICKS)
        first = moment_of(self.begin)
        ahead = 0.0 if first is None else clock.offset(first).total_seconds()
        return tuple(self._tick(at, step, clock) for at in self._named(step, ahead))

    def _named(self, step: float, ahead: float) -> Iterator[float]:
        at = ((self.begin + ahead) // step + 1) * step - ahead
        while at < self.end:
            yield at
            at += step

    def _tick(self, at: float, step: float, clock: Clock) -> Tick:
        x = self._place(at)
        return Tick(x=f"{x:.2f}", text="" if x > NEAR_THE_END else _name(at, step, clock))

    def _place(self, at: float) -> float:
        return 100 * (at - self.begin) / (self.end - self.begin)


def axis_of(moments: Iterable[str]) -> Axis:
    """Return the axis on which all of these lie, with a margin on both sides."""
    found = [seconds_of(one) for one in moments]
    begin, end = min(found), max(found)
    margin = MARGIN * max(end - begin, LEAST.total_seconds())
    return Axis(begin=begin - margin, end=max(end, begin + LEAST.total_seconds()) + margin)


def seconds_of(at: str) -> float:
    """Return a moment of the record in seconds of the epoch."""
    return datetime.fromisoformat(at).timestamp()


def moment_of(seconds: float) -> datetime | None:
    """Return the moment that lies so many seconds after the epoch; None where none is written."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _step(least: float) -> float:
    step = next((one for one in STEPS if one >= least), None)
    if step is not None:
        return step
    days = 10
    while days * DAY < least:
        days *= 10
    return days * DAY


def _name(at: float, step: float, clock: Clock) -> str:
    moment = moment_of(at)
    if moment is None:
        return ""
    local = clock.local(moment)
    if step >= DAY or (local.hour, local.minute, local.second) == (0, 0, 0):
        return local.date().isoformat()
    return local.strftime("%H:%M" if step >= STEPS[6] else "%H:%M:%S")
