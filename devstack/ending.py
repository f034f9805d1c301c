"""What `make run` shows at its end: who was in the group calls, as a table and as bars.

Pure: the record as it is read over HTTP in, text to print out. Every call in it has ended.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_NAME_WIDTH = 22
_SHORT = timedelta(minutes=1)
"""Of a call as short as this, times are shown to the millisecond; of a longer one to the second."""
_THERE, _AWAY = "█", "·"
_BAR_STYLE = "cyan"

type Json = Mapping[str, Any]


def attendance(record: Json, *, width: int) -> RenderableType:
    """Return the calls of a record: a table of all, then for each call its people as bars."""
    subject = record["meeting"]["subject"]
    calls = [_Shown(call) for call in record["calls"]]
    days = " and ".join(sorted({call.started.date().isoformat() for call in calls}))
    title = Text(f"Group calls of “{subject}” ({days}, UTC)\n")
    return Group(title, _table(calls), *(strip for call in calls for strip in _strip(call, width)))


def files(page_url: str, *, page: Path, sheet: Path) -> str:
    """Return where the sheet and the page were written to, and from where the page was read."""
    return (
        f"the attendance sheet is in {sheet}\n"
        f"the page is in {page}; while the stack ran, it was at\n{page_url}"
    )


def how_long(length: timedelta) -> str:
    """Return a length in the two units that matter: `1.3 s`, `12 min 5 s`, `3 h 2 min`."""
    seconds = length.total_seconds()
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {left} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min"


def bar(
    intervals: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime, *, width: int
) -> str:
    """Return `width` signs for the time from `start` to `end`: one kind where a person was there.

    However short an interval is, it has a sign.
    """
    length = max(end - start, timedelta.resolution)
    signs = [_AWAY] * width
    for joined, left in intervals:
        first = min(max(int((joined - start) / length * width), 0), width - 1)
        last = min(max(first + 1, round((left - start) / length * width)), width)
        signs[first:last] = [_THERE] * (last - first)
    return "".join(signs)


class _Shown:
    """One call of a record, with its times read."""

    def __init__(self, call: Json) -> None:
        self.name = f"group call {call['callNumber']}"
        self.started = _moment(call["startedAt"])
        self.ended = _moment(call["endedAt"])
        self.people: Sequence[Json] = call["people"]
        self.known_by = ", ".join(dict.fromkeys((call["startBasis"], call["endBasis"])))

    def clock(self, moment: datetime) -> str:
        """Return a time of day; with its date where the call began on another day."""
        exact = "milliseconds" if self.ended - self.started < _SHORT else "seconds"
        time = moment.time().isoformat(exact)
        same_day = moment.date() == self.started.date()
        return time if same_day else f"{moment.date():%m-%d} {time}"


def _table(calls: Sequence[_Shown]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    table.add_column("who", no_wrap=True, overflow="ellipsis", max_width=_NAME_WIDTH)
    for heading in ("from", "to", "how long", "known by"):
        table.add_column(heading, no_wrap=True)
    for call in calls:
        times = (call.clock(call.started), call.clock(call.ended))
        table.add_row(call.name, *times, how_long(call.ended - call.started), Text(call.known_by))
        for person in call.people:
            joined, left = _moment(person["firstJoinedAt"]), _moment(person["lastLeftAt"])
            long = how_long(timedelta(seconds=person["seconds"]))
            table.add_row(Text(f"  {_name(person)}"), call.clock(joined), call.clock(left), long)
    return table


def _strip(call: _Shown, width: int) -> Iterator[RenderableType]:
    names = [f"  {_name(person)}" for person in call.people]
    name_width = min(_NAME_WIDTH, max(map(cell_len, (call.name, *names))))
    bar_width = width - name_width - 2
    strip = Table.grid(padding=(0, 2, 0, 0))
    strip.add_column(no_wrap=True, overflow="ellipsis", width=name_width)
    strip.add_column(no_wrap=True, width=bar_width)
    start, end = call.clock(call.started), call.clock(call.ended)
    strip.add_row(call.name, f"{start}{end:>{bar_width - len(start)}}")
    for name, person in zip(names, call.people, strict=True):
        intervals = [
            (_moment(one["joinedAt"]), _moment(one["leftAt"])) for one in person["intervals"]
        ]
        signs = bar(intervals, call.started, call.ended, width=bar_width)
        strip.add_row(Text(name), Text(signs, style=_BAR_STYLE))
    yield Text()
    yield strip


def _name(person: Json) -> str:
    who = person["participant"]
    return str(who.get("displayName") or who.get("userId") or who["kind"])


def _moment(time: str) -> datetime:
    return datetime.fromisoformat(time)
