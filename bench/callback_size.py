"""CPU of one callback, by how many people its roster names: with news, without, and beside it the
reading of the body alone. In this process, on a table in memory; medians.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.crowd import Crowd
from bench.figures import Figure, aimed
from bench.one_leg import OneLeg, parsed
from shared.graph.documents import read_json

PEOPLE = (10, 50, 300, 1_000)
AIMED_AT = 300
ROUNDS = 10
"""In each, one person joins, one leaves, and six are muted or unmuted."""
MUTES = 3
BETWEEN_SECONDS = 2.0
NEWS_AIM_MS = 16.0
ABOVE_READING_AIM_MS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AtSize:
    """Milliseconds of CPU: of callbacks with news and without, and of their bodies alone.

    `reading`: from bytes to what is recorded. `json`: to Python's values, a part of it. `bytes` is
    how long a body is.
    """

    people: int
    news: float
    copy: float
    reading: float
    json: float
    bytes: int


async def measured_sizes() -> list[AtSize]:
    """Measure meetings of each size, one after the other."""
    return [await _measured(people) for people in PEOPLE]


def size_figures(found: list[AtSize]) -> list[Figure]:
    """Return the lines of the table."""
    lines = []
    for one in found:
        at = f"{one.people:,} people"
        beside = f"its {one.bytes / 1000:.0f} kB: read {one.reading:.1f} ms, JSON {one.json:.1f} ms"
        above = one.copy - one.reading
        news, copy = f"{one.news:.1f} ms", f"{one.copy:.1f} ms, {above:.1f} ms above reading"
        if one.people == AIMED_AT:
            lines += [
                aimed(
                    f"CPU of a callback with news, {at}",
                    one.news,
                    news,
                    at="most",
                    limit=NEWS_AIM_MS,
                    aim=f"≤ {NEWS_AIM_MS:.0f} ms",
                    beside=beside,
                ),
                aimed(
                    "the same without news",
                    above,
                    copy,
                    at="most",
                    limit=ABOVE_READING_AIM_MS,
                    aim=f"≤ {ABOVE_READING_AIM_MS:.0f} ms above reading",
                ),
            ]
        else:
            lines += [
                Figure(what=f"CPU of a callback with news, {at}", figure=news, beside=beside),
                Figure(what="the same without news", figure=copy),
            ]
    return lines


async def _measured(people: int) -> AtSize:
    crowd = Crowd(people=people, seed=people)
    on = await OneLeg.begin(crowd)
    news, copies, reading, decoding = list[float](), list[float](), list[float](), list[float]()
    gc.collect()
    for _ in range(ROUNDS):
        for move in (crowd.join, crowd.leave):
            move()
            news.append((await on.push(crowd.roster())).cpu_ms)
            await on.passes(BETWEEN_SECONDS)
            for _ in range(MUTES):
                crowd.mute()
                body = crowd.roster()
                copies.append((await on.push(body)).cpu_ms)
                reading.append(_cpu_ms(parsed, body))
                decoding.append(_cpu_ms(read_json, body))
                await on.passes(BETWEEN_SECONDS)
    return AtSize(
        people=people,
        news=median(news),
        copy=median(copies),
        reading=median(reading),
        json=median(decoding),
        bytes=len(crowd.roster()),
    )


def _cpu_ms(work: Callable[[bytes], object], body: bytes) -> float:
    began = time.process_time()
    work(body)
    return 1000 * (time.process_time() - began)
