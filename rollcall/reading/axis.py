"""A line of time: where a moment lies on it, bars between moments, times to read it by. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollcall.reading.page import Page, on_clocks

STEPS = (
    *(timedelta(milliseconds=one) for one in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(timedelta(seconds=one) for one in (1, 2, 5, 10, 15, 30)),
    *(timedelta(minutes=one) for one in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=one) for one in (1, 2, 3, 6, 12)),
    *(
        timedelta(days=one)
        for one in (1, 2, 7, 14, 28, 91, 364, 728, 1820, 3640, 7280, 18200, 36400)
    ),
)
"""The distances of the times that are written on an axis."""
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
APART = 3
"""Cells between two times at least."""
NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The time from `start` to `end`, which is later, on so many cells."""

    start: datetime
    end: datetime
    width: int

    def place(self, at: datetime) -> float:
        """Return where a moment lies, from 0 to `width`; one beyond the axis at its end."""
        part = (at - self.start) / (self.end - self.start)
        return min(max(part, 0.0), 1.0) * self.width


def axis_over(moments: Iterable[datetime], width: int) -> Axis:
    """Return the axis that has all of the moments, of which there is one at least."""
    found = list(moments)
    start, end = min(found), max(found)
    if start == end:
        # A moment has a bar all the same; the last one of all time has no later one.
        start = max(start - SECOND, datetime.min.replace(tzinfo=start.tzinfo))
    return Axis(start=start, end=end, width=max(width, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time for which a mark is drawn. `end` None: to the end of the axis.

    `first` and `last` stand instead of it in the first and the last cell.
    """

    start: datetime
    end: datetime | None
    mark: str
    first: str = ""
    last: str = ""


def bar(axis: Axis, spans: Iterable[Span], *, empty: str = " ") -> str:
    """Draw spans, the later ones over the earlier ones; each is one cell wide at least."""
    drawn = [empty] * axis.width
    for one in spans:
        begin = min(int(axis.place(one.start)), axis.width - 1)
        end = axis.width if one.end is None else -int(-axis.place(one.end) // 1)
        end = max(end, begin + 1)
        drawn[begin:end] = [one.mark] * (end - begin)
        if one.first:
            drawn[begin] = one.first
        if one.last:
            drawn[end - 1] = one.last
    return "".join(drawn)


def times(axis: Axis, page: Page) -> str:
    """Write times above the cells in which they lie, as many as have room, in the page's zone.

    Where none of the round ones has room, a less round one may have.
    """
    step, cell = _step(axis, page), (axis.end - axis.start) / axis.width
    steps = [step, *(one for one in reversed(STEPS) if cell <= one < step)]
    return next(filter(None, (_written(axis, page, one) for one in steps)), "")


def _written(axis: Axis, page: Page, step: timedelta) -> str:
    drawn = [" "] * axis.width
    free = 0
    for at in _multiples(axis, step, page):
        text = _label(at, step, axis, page)
        begin = int(axis.place(at))
        if begin < free or begin + len(text) > axis.width:
            continue
        drawn[begin : begin + len(text)] = text
        free = begin + len(text) + APART
    return "".join(drawn).rstrip()


def _step(axis: Axis, page: Page) -> timedelta:
    length = axis.end - axis.start
    for step in STEPS:
        room = step / length * axis.width
        if room >= len(_label(axis.start, step, axis, page)) + APART:
            return step
    return STEPS[-1]


def _multiples(axis: Axis, step: timedelta, page: Page) -> Iterator[datetime]:
    """Yield the moments of the axis that are multiples of the step on the zone's clocks."""
    offset = on_clocks(axis.start, page.zone).utcoffset() or NO_TIME
    epoch = datetime.fromtimestamp(0, axis.start.tzinfo) - offset
    after = (epoch - axis.start) % step
    while after <= axis.end - axis.start:
        yield axis.start + after
        after += step


def _label(at: datetime, step: timedelta, axis: Axis, page: Page) -> str:
    shown = on_clocks(at, page.zone)
    if step >= DAY:
        return f"{shown:%Y-%m-%d}"
    day = f"{shown:%m-%d} " if axis.end - axis.start > DAY else ""
    clock = f"{shown:%H:%M}" if step >= MINUTE else f"{shown:%H:%M:%S}"
    part = f".{shown.microsecond // 1000:03d}" if step < SECOND else ""
    return f"{day}{clock}{part}{_offset(shown, axis, page)}"


def _offset(shown: datetime, axis: Axis, page: Page) -> str:
    """Return the offset where the clocks change on the axis: a time may come twice there."""
    ends = (on_clocks(one, page.zone).utcoffset() for one in (axis.start, axis.end))
    return f"{shown:%:z}" if len(set(ends)) > 1 else ""
