"""One line of the benchmark's table: what was measured, the figure, and the aim beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.table import Table

WORDS = {True: "held", False: "missed", None: ""}
HEADINGS = ("", "figure", "beside it", "aim", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`figure` and `aim` in words. `held` None: there is no aim for it."""

    what: str
    figure: str
    beside: str = ""
    aim: str = ""
    held: bool | None = None


def aimed(
    what: str,
    value: float,
    shown: str,
    *,
    at: Literal["most", "least"],
    limit: float,
    aim: str,
    beside: str = "",
) -> Figure:
    """Return a figure with an aim: `value` is to be at most, or at least, `limit`."""
    held = value <= limit if at == "most" else value >= limit
    return Figure(what=what, figure=shown, beside=beside, aim=aim, held=held)


def as_table(figures: Sequence[Figure]) -> Table:
    """Return the figures as a table for a terminal."""
    table = Table(*HEADINGS)
    for one in figures:
        table.add_row(one.what, one.figure, one.beside, one.aim, WORDS[one.held])
    return table


def as_markdown(figures: Sequence[Figure]) -> str:
    """Return the figures as a table for docs/benchmark.md."""
    rows = [HEADINGS, ("---",) * len(HEADINGS)]
    rows += [(one.what, one.figure, one.beside, one.aim, WORDS[one.held]) for one in figures]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
