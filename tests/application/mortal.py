"""A world whose process dies at one call to the outside, and one message that outlives it."""

import asyncio
from dataclasses import replace
from typing import Any

from tests.application.crashing import Crashed, Fuse, FusedBus, FusedGraph, FusedLedger
from tests.application.world import LEASE, World


def fused(world: World, fuse: Fuse) -> World:
    """Return `world` with a new process whose every call to the outside goes through `fuse`."""
    world.ledger = FusedLedger(world.ledger, fuse)
    world.bus = FusedBus(world.fake_bus, fuse)
    world.graph = FusedGraph(world.fake_graph, fuse)
    world.restart()
    return world


async def drop_until_done(world: World, fuse: Fuse, body: dict[str, Any]) -> int:
    """Drop one request; where the process dies, deliver it again in a new one, leases run out.

    What it leads to is delivered without a crash. Return how many calls its first delivery made.
    """
    message = world.message("create-meeting", body, reply_to="replies")
    try:
        await world.deliver(message)
    except (Crashed, asyncio.CancelledError):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)
    calls, burnt = fuse.calls, fuse.burnt
    fuse.mend()
    if burnt:
        world.restart()
        world.clock.advance(LEASE.total_seconds() + 1)
        await world.deliver(replace(message, delivery_count=2))
    await world.pump()
    return calls
