"""What the 5,000th notification of one meeting takes beside the 10th: requests to the table, their
bytes, and CPU. In this process, on a counted table.

Twice: in a meeting of many calls, and in a call that goes on all the time. Of whoever left that one
the head keeps marks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from statistics import median

from bench.counted_table import Traffic
from bench.crowd import Crowd
from bench.figures import Figure, aimed
from bench.one_leg import Cost, OneLeg

PEOPLE = 50
NOTIFICATIONS = 5_000
CALL = 500
"""Notifications of one of the many calls."""
FIRST = 10
WINDOW = 200
"""Notifications over which a cost is taken: from the 10th on, and from the 5,010th on. Each window
has as many with news, and lies in its call where the other does."""
BETWEEN_CALLS = 2 * 3600.0
EACH_SECONDS = 1.5
"""Between two notifications: the whole is a meeting of two hours."""
SAME_CPU = 1.25
SAME_BYTES = 1.02
"""Ids and times of another moment compress a little better or worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What the notifications of a window took a piece: means, of the CPU the median."""

    requests: float
    writes: float
    bytes: float
    cpu_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """What notifications took from the 10th on, and from the 5,010th on; also of one long call."""

    first: Stretch
    last: Stretch
    long: Stretch


async def measured_ages() -> Ages:
    """Measure three meetings in turn: an old one, one that has just begun, and one long call."""
    old, young, long = await _begun(), await _begun(), await _begun()
    for number in range(NOTIFICATIONS + FIRST):
        if number % CALL == 0 and number > 0:
            await _another_call(old)
        await _notified(old, number)
        await _notified(long, number)
    for number in range(FIRST):
        await _notified(young, number)
    costs: tuple[list[Cost], ...] = ([], [], [])
    for place in range(WINDOW):
        for on, found, number in zip(
            (young, old, long),
            costs,
            (FIRST, NOTIFICATIONS + FIRST, NOTIFICATIONS + FIRST),
            strict=True,
        ):
            found.append(await _notified(on, number + place))
    first, last, longest = map(_stretch, costs)
    return Ages(first=first, last=last, long=longest)


def age_figures(ages: Ages) -> list[Figure]:
    """Return the lines of the table."""
    first, last, long = ages.first, ages.last, ages.long
    return [
        aimed(
            f"table requests of the {NOTIFICATIONS:,}th notification",
            max(last.requests - first.requests, last.writes - first.writes),
            f"{last.requests:.2f}, writing {last.writes:.2f} rows",
            at="most",
            limit=0,
            aim=f"the {FIRST}th's",
            beside=f"the {FIRST}th: {first.requests:.2f}, writing {first.writes:.2f} rows",
        ),
        aimed(
            "bytes of them",
            last.bytes / first.bytes,
            f"{last.bytes / 1000:.2f} kB, {last.bytes / first.bytes:.0%} of the {FIRST}th's",
            at="most",
            limit=SAME_BYTES,
            aim=f"≤ {SAME_BYTES:.0%} of the {FIRST}th's",
            beside=f"the {FIRST}th: {first.bytes / 1000:.2f} kB",
        ),
        aimed(
            f"CPU of the {NOTIFICATIONS:,}th notification",
            last.cpu_ms / first.cpu_ms,
            f"{last.cpu_ms:.1f} ms, {last.cpu_ms / first.cpu_ms:.0%} of the {FIRST}th's",
            at="most",
            limit=SAME_CPU,
            aim=f"≤ {SAME_CPU:.0%} of the {FIRST}th's",
            beside=f"the {FIRST}th: {first.cpu_ms:.1f} ms",
        ),
        Figure(
            what="the same, all in one call",
            figure=f"{long.requests:.2f}, {long.bytes / 1000:.2f} kB, {long.cpu_ms:.1f} ms",
            beside=f"{NOTIFICATIONS // 8} people left it before",
        ),
    ]


async def _begun() -> OneLeg:
    return await OneLeg.begin(Crowd(people=PEOPLE, seed=1))


async def _another_call(on: OneLeg) -> None:
    """Let everybody go, and as many come hours later."""
    for _ in range(PEOPLE):
        on.crowd.leave()
    await on.push(on.crowd.roster())
    await on.passes(BETWEEN_CALLS)
    for _ in range(PEOPLE):
        on.crowd.join()
    await on.push(on.crowd.roster())
    await on.passes(EACH_SECONDS)


async def _notified(on: OneLeg, number: int) -> Cost:
    """Push the notification of a number: one in four is news, a joining and a leaving in turn."""
    match number % 8:
        case 0:
            on.crowd.join()
        case 4:
            on.crowd.leave()
        case _:
            on.crowd.mute()
    cost = await on.push(on.crowd.roster())
    await on.passes(EACH_SECONDS)
    return cost


def _stretch(costs: Sequence[Cost]) -> Stretch:
    traffic = reduce(add, (one.traffic for one in costs), Traffic())
    return Stretch(
        requests=traffic.requests / len(costs),
        writes=traffic.writes / len(costs),
        bytes=(traffic.read + traffic.written) / len(costs),
        cpu_ms=median(one.cpu_ms for one in costs),
    )
