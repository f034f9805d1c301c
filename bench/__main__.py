"""`python -m bench`: measures everything, one after the other, and prints one table; with
`--only callback`, `--only counts`, `--only live`, `--only meetings` or `--only reading` that part
alone.

Aims are printed beside the figures; a missed one is no failure, a request without an answer is.
"""

import argparse
import asyncio
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from bench.backlog import backlog_figures, measured_backlog
from bench.callback_age import age_figures, measured_ages
from bench.callback_rates import callback_rate_figures, measured_callbacks
from bench.callback_size import measured_sizes, size_figures
from bench.counts import count_figures, counted_steps, with_counts
from bench.day_view import measured_view, view_figures
from bench.figures import Figure, as_markdown, as_table
from bench.live import live_figures, measured_moves, measured_rest
from bench.live_hour import hour_figures, measured_hours
from bench.load import NotAnswered
from bench.pushing import NotTaken
from bench.rates import host_alone, measured_rates, rate_figures, tutorial_rates
from bench.reading import measured_reading, reading_figures
from bench.stage import EMPTY, ROLLCALL, stage
from bench.starting import NotStarted, measured_starts, start_figures
from bench.town_hall import measured_town_hall, town_hall_figures
from devstack.console import complain, say, show
from devstack.process import PartFailed

type Part = Callable[[], Awaitable[list[Figure]]]

TABLE_WIDTH = 150
OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"


def main() -> int:
    """Measure and print; 1 where something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="print the table for the docs")
    parser.add_argument("--only", choices=PARTS, help="measure this part alone")
    parser.add_argument(
        "--counts", action="store_true", help="count alone, and write it into docs/operations.md"
    )
    options = parser.parse_args()
    if options.counts:
        OPERATIONS.write_text(with_counts(OPERATIONS.read_text(), asyncio.run(counted_steps())))
        return 0
    parts = [PARTS[options.only]] if options.only else list(PARTS.values())
    began = time.monotonic()
    try:
        figures = asyncio.run(_measure(parts))
    except (NotAnswered, NotStarted, NotTaken, PartFailed) as error:
        complain(str(error))
        return 1
    say(f"{_machine()}; {time.monotonic() - began:.0f} s")
    if options.markdown:
        say(as_markdown(figures))
    else:
        show(as_table(figures), width=TABLE_WIDTH)
    missed = sum(one.held is False for one in figures)
    say("every aim is held" if missed == 0 else f"{missed} aims are missed")
    return 0


async def _measure(parts: Sequence[Part]) -> list[Figure]:
    return [figure for part in parts for figure in await part()]


async def _meetings() -> list[Figure]:
    say("starting processes ...")
    async with stage(EMPTY) as on:
        starts = await measured_starts(on)
        host = await host_alone(on)
    say("the function as tutorials write it ...")
    tutorial = await tutorial_rates()
    say("Rollcall and the bare loop ...")
    async with stage(ROLLCALL) as on:
        rates = await measured_rates(on)
        say("100, 1,000 and 10,000 requests waiting ...")
        backlog = await measured_backlog(on)
    return [
        *rate_figures(rates, tutorial, host),
        *start_figures(starts),
        *backlog_figures(backlog),
    ]


async def _callback() -> list[Figure]:
    say("notifications to Rollcall and to a bare endpoint ...")
    rates = await measured_callbacks()
    say("one callback with 10 to 1,000 people, in this process ...")
    sizes = await measured_sizes()
    say("5,000 notifications of one meeting, in this process ...")
    ages = await measured_ages()
    say("a town hall, in this process ...")
    town_hall = await measured_town_hall()
    return [
        *callback_rate_figures(rates),
        *size_figures(sizes),
        *age_figures(ages),
        *town_hall_figures(town_hall),
    ]


async def _live() -> list[Figure]:
    say("200 live meetings at rest ...")
    rest = await measured_rest()
    say("200 live meetings with moves ...")
    moves = await measured_moves()
    say("an hour of one meeting at rest, in this process ...")
    hours = await measured_hours()
    return [*live_figures(rest, moves), *hour_figures(hours)]


async def _counts() -> list[Figure]:
    say("what Azure and Graph are needed for, in this process ...")
    return count_figures(await counted_steps())


async def _reading() -> list[Figure]:
    say("a record with 300 people, the list and the view of a day, in this process ...")
    return [*reading_figures(await measured_reading()), *view_figures(measured_view())]


PARTS: Mapping[str, Part] = {
    "meetings": _meetings,
    "callback": _callback,
    "live": _live,
    "reading": _reading,
    "counts": _counts,
}


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = os.getloadavg()[0]
    return (
        f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, "
        f"Python {platform.python_version()}; load average at the end {load:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
