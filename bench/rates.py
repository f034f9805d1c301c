"""Meetings a second and CPU a meeting, with Graph answering after 0, 50 and 300 ms: Rollcall, the
bare loop, the function as tutorials write it; and what the local host costs by itself.
"""

import asyncio
import time
from dataclasses import dataclass

from bench.bare import bare_loop
from bench.cost import Cost, steady_rate
from bench.figures import Figure, aimed
from bench.load import NotAnswered, drop, take
from bench.process_cost import cpu_seconds
from bench.stage import AT_ONCE, TUTORIAL, Stage, stage

LATENCIES = (0.0, 0.05, 0.3)
MEETINGS = 640
TUTORIAL_MEETINGS = 96
HOST_MESSAGES = 1000
WARM_UP = 32
SETTLE_SECONDS = 0.5
"""What a handler does after its answer, clearing its outbox, belongs to the meeting's cost."""
WITHIN_SECONDS = 60.0
CPU_AIM_MS = 8.0
RATE_AIM = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLatency:
    """What both took in the same minute."""

    latency: float
    bare: Cost
    rollcall: Cost


async def measured_rates(on: Stage) -> list[AtLatency]:
    """Measure Rollcall, which stands on `on`, and the bare loop in turn."""
    token = await on.graph_token()
    await _answered(on, "warm-up", WARM_UP)
    found = []
    for latency in LATENCIES:
        await on.graph_takes(latency)
        bare = await bare_loop(
            on.endpoints.graph,
            on.settings["ORGANIZER_ID"],
            token,
            name="bare",
            count=MEETINGS,
            at_once=AT_ONCE,
        )
        rollcall = await _answered(on, f"rate-{latency}", MEETINGS)
        found.append(AtLatency(latency=latency, bare=bare, rollcall=rollcall))
    await on.graph_takes(0)
    return found


async def tutorial_rates() -> dict[float, Cost]:
    """Measure the function as tutorials write it, on a stack of its own."""
    async with stage(TUTORIAL) as on:
        await _witnessed(on, "warm-up", WARM_UP)
        found = {}
        for latency in LATENCIES:
            await on.graph_takes(latency)
            found[latency] = await _witnessed(on, f"rate-{latency}", TUTORIAL_MEETINGS)
        return found


async def host_alone(on: Stage) -> Cost:
    """Measure what the local host takes for a function that does nothing."""
    await _witnessed(on, "warm-up", WARM_UP)
    return await _witnessed(on, "host", HOST_MESSAGES)


def rate_figures(found: list[AtLatency], tutorial: dict[float, Cost], host: Cost) -> list[Figure]:
    """Return the lines of the table."""
    lines = []
    for one in found:
        at = f"Graph after {one.latency * 1000:.0f} ms"
        ratio = one.rollcall.rate / one.bare.rate
        shown = f"{one.rollcall.rate:.0f}/s, {ratio:.0%} of the bare loop"
        other = tutorial[one.latency]
        beside = f"bare {one.bare.rate:.0f}/s, tutorial {other.rate:.0f}/s"
        if one.latency == max(LATENCIES):
            rate = aimed(
                f"meetings, {at}",
                ratio,
                shown,
                at="least",
                limit=RATE_AIM,
                aim=f"≥ {RATE_AIM:.0%} of the bare loop",
                beside=beside,
            )
        else:
            rate = Figure(what=f"meetings, {at}", figure=shown, beside=beside)
        lines += [
            rate,
            aimed(
                f"CPU a meeting, {at}",
                one.rollcall.cpu_ms,
                f"{one.rollcall.cpu_ms:.1f} ms",
                at="most",
                limit=CPU_AIM_MS,
                aim=f"≤ {CPU_AIM_MS:.0f} ms",
                beside=f"bare {one.bare.cpu_ms:.1f} ms, tutorial {other.cpu_ms:.1f} ms",
            ),
        ]
    lines.append(
        Figure(what="of it the local host's own", figure=f"{host.cpu_ms:.1f} ms a message")
    )
    return lines


async def _answered(on: Stage, name: str, count: int) -> Cost:
    used = cpu_seconds(on.host_pid)
    await drop(on.requests, name, count)
    done = await take(on.replies, count)
    return await _cost(on, done, used)


async def _witnessed(on: Stage, name: str, count: int) -> Cost:
    before = len(on.witnessed())
    used, until = cpu_seconds(on.host_pid), time.monotonic() + WITHIN_SECONDS
    await drop(on.requests, name, count)
    while len(done := on.witnessed()[before:]) < count:
        if time.monotonic() > until:
            raise NotAnswered(f"{len(done)} of {count} messages were handled")
        await asyncio.sleep(0.1)
    return await _cost(on, done, used)


async def _cost(on: Stage, done: list[float], used_before: float) -> Cost:
    await asyncio.sleep(SETTLE_SECONDS)
    used = cpu_seconds(on.host_pid) - used_before
    return Cost(rate=steady_rate(done), cpu_ms=1000 * used / len(done))
