"""Memory of the host while 100, 1,000 and 10,000 requests wait, and what the 10,000th costs beside
the 100th: one process from the first to the last.
"""

import time
from dataclasses import dataclass

from bench.figures import Figure, aimed
from bench.load import drop, take
from bench.process_cost import cpu_seconds, watched_memory
from bench.stage import Stage

WAITING = (100, 1_000, 10_000)
WINDOW = 1_000
"""Meetings over which a cost is averaged: the first of them, the hundredth; the last, the last."""
FIRST = 100
LONGEST_SECONDS = 170.0
FLAT = 1.1
SAME_COST = 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What was used when so many meetings of the largest backlog were answered.

    `cpu_seconds` is the host's, `tables_seconds` Azurite's.
    """

    answered: int
    at: float
    cpu_seconds: float
    tables_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What a meeting took between two marks: the rate a second, and milliseconds of CPU."""

    rate: float
    cpu_ms: float
    tables_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The most memory, in MiB, for each number of requests waiting, and marks along the last."""

    memory: dict[int, float]
    marks: tuple[Mark, ...]


async def measured_backlog(on: Stage) -> Backlog:
    """Let ever more requests wait for the app on `on`, and watch it work them off."""
    memory: dict[int, float] = {}
    marks: list[Mark] = []

    def note(answered: int) -> None:
        mark = Mark(
            answered=answered,
            at=time.monotonic(),
            cpu_seconds=cpu_seconds(on.host_pid),
            tables_seconds=cpu_seconds(on.tables_pid),
        )
        marks.append(mark)

    for waiting in WAITING:
        await on.graph_takes(0)
        marks.clear()
        async with watched_memory(on.host_pid) as highest:
            await drop(on.requests, f"backlog-{waiting}", waiting)
            until = time.monotonic() + LONGEST_SECONDS
            await take(on.replies, waiting, progress=note, until=until)
        memory[waiting] = highest.resident / 2**20
    return Backlog(memory=memory, marks=tuple(marks))


def backlog_figures(found: Backlog) -> list[Figure]:
    """Return the lines of the table."""
    few, some, many = (found.memory[waiting] for waiting in WAITING)
    reached = found.marks[-1].answered
    first = _between(found.marks, FIRST, FIRST + WINDOW)
    last = _between(found.marks, reached - WINDOW, reached)
    return [
        Figure(what="memory, 100 requests waiting", figure=f"{few:.0f} MiB"),
        Figure(what="memory, 1,000 requests waiting", figure=f"{some:.0f} MiB"),
        aimed(
            "memory, 10,000 requests waiting",
            many / some,
            f"{many:.0f} MiB",
            at="most",
            limit=FLAT,
            aim=f"≤ {FLAT:.0%} of 1,000's",
        ),
        aimed(
            f"CPU of the {reached:,}th meeting",
            last.cpu_ms / first.cpu_ms,
            f"{last.cpu_ms:.1f} ms, {last.cpu_ms / first.cpu_ms:.0%} of the 100th's",
            at="most",
            limit=SAME_COST,
            aim=f"≤ {SAME_COST:.0%} of the 100th's",
            beside=f"the 100th: {first.cpu_ms:.1f} ms",
        ),
        Figure(
            what=f"rate around the {reached:,}th",
            figure=f"{last.rate:.0f}/s",
            beside=f"around the 100th: {first.rate:.0f}/s",
        ),
        Figure(
            what="Azurite's own CPU for it",
            figure=f"{last.tables_ms:.1f} ms",
            beside=f"around the 100th: {first.tables_ms:.1f} ms",
        ),
    ]


def _between(marks: tuple[Mark, ...], low: int, high: int) -> Stretch:
    begin = next(mark for mark in marks if mark.answered >= low)
    end = next(mark for mark in marks if mark.answered >= high)
    count = end.answered - begin.answered
    return Stretch(
        rate=count / (end.at - begin.at),
        cpu_ms=1000 * (end.cpu_seconds - begin.cpu_seconds) / count,
        tables_ms=1000 * (end.tables_seconds - begin.tables_seconds) / count,
    )
