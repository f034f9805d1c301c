"""What a record is drawn on: how wide it is, in which zone, with which characters. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from rollcall.plain import cells, plain, wrapped

NARROWEST = 40
"""Columns; a bar of fewer cells says nothing."""
PEOPLE = 20
"""People of a call who are drawn, unless all are requested."""
INDENT = "  "
LABEL = 10
"""Cells of the names of fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The characters that bars are made of."""

    there: str
    likely: str  # by the best estimate, outside of the bounds that are certain
    possible: str  # beyond the best estimate, within the bounds
    bot: str
    unheard: str
    before: str = "<"
    goes_on: str = ">"
    unbounded: str = "?"
    cut: str
    dot: str


UNICODE = Marks(there="█", likely="▒", possible="░", bot="━", unheard="·", cut="…", dot=" · ")
ASCII = Marks(there="#", likely="+", possible=":", bot="=", unheard=".", cut="~", dot=", ")
"""For an output whose encoding has no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """How a record is drawn. `people`: of each call at most so many are; None: all of them."""

    columns: int = 80
    zone: tzinfo = UTC
    people: int | None = PEOPLE
    marks: Marks = UNICODE

    @property
    def width(self) -> int:
        """Cells of a line."""
        return max(self.columns, NARROWEST)

    def at(self, text: str) -> datetime:
        """Return a moment of the record on the clocks of the zone."""
        return on_clocks(moment(text), self.zone)

    def time(self, text: str | None) -> str:
        """Return a moment of the record with its day, to the millisecond."""
        if text is None:
            return "unknown"
        at = self.at(text)
        return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}{self.offset(at)}"

    def clock(self, text: str | None, day: str | None) -> str:
        """Return a moment as `time` does, without its day where it is that of the moment `day`."""
        shown = self.time(text)
        same = text is not None and day is not None and self.at(text).date() == self.at(day).date()
        return shown.partition(" ")[2] if same else shown

    def offset(self, at: datetime) -> str:
        """Return the offset, without which an hour of a night in autumn comes twice; "" for UTC."""
        return "" if self.zone is UTC else f"{at:%:z}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line, no wider than its page. `style`: how it looks on a terminal with colours."""

    text: str
    style: str | None = None


def moment(text: str) -> datetime:
    """Return a moment of the record, in UTC."""
    return datetime.fromisoformat(text)


def on_clocks(at: datetime, zone: tzinfo) -> datetime:
    """Return a moment in a zone; in UTC where it lies beyond the zone's last year."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def heading(text: str, page: Page) -> Iterator[Line]:
    """Draw what the page is about."""
    for line in wrapped(plain(text), page.width):
        yield Line(line, "bold")


def title(text: str, page: Page) -> Iterator[Line]:
    """Draw the heading of a part, after an empty line."""
    yield Line("")
    yield from heading(text, page)


def field(name: str, value: object, page: Page, *, style: str | None = None) -> Iterator[Line]:
    """Draw one value behind its name; what has no room in the line goes on below it."""
    head = f"{INDENT}{name:<{LABEL}}"
    for line in wrapped(plain(value), page.width - cells(head)):
        yield Line(f"{head}{line}".rstrip(), style)
        head = " " * cells(head)
