"""Worlds in which time passes until records are purged."""

from copy import copy, deepcopy
from datetime import date, timedelta
from typing import Any

from tests.application.joined import Joined
from tests.application.world import World, state

RETENTION = timedelta(days=90)
WALK = timedelta(minutes=2)
OVER: dict[str, Any] = {"resultInfo": {"code": 200, "subcode": 5001}}


async def held(world: Joined) -> Joined:
    """Let the bot join, a call be held, and everything about it be over."""
    await world.begin()
    for names in (("ada", "bo"), ("ada",), ()):
        await world.see(*names)
        await world.pump()
    await leave(world)
    return world


async def leave(world: Joined) -> None:
    """Let Graph end the bot's leg, and the backstop see that nothing is left to do."""
    world.fake_graph.drop(world.call_id)
    await world.call(state(world.call_id, "terminated", **OVER))
    await settle(world)


async def settle(world: World) -> None:
    """Let everything that is on its way come, and the meetings leave the index."""
    for _ in range(4):
        await world.pump(until=timedelta(minutes=10))
        world.clock.advance(300)
        await world.mend()


async def wait(world: World, span: timedelta) -> None:
    """Let time pass, then let the backstop walk until it finds nothing more to do."""
    world.clock.advance(span.total_seconds())
    await walk(world)


async def walk(world: World, times: int = 3) -> None:
    """Let the backstop walk."""
    for _ in range(times):
        world.clock.advance(WALK.total_seconds())
        await world.mend()
    await world.pump(until=timedelta(minutes=10))


def copied[W: World](world: W) -> W:
    """Return a world of its own in which everything was as it is in this one."""
    twin = copy(world)
    parts = world.clock, world.ledger, world.fake_bus, world.fake_graph
    twin.clock, twin.ledger, twin.fake_bus, twin.fake_graph = deepcopy(parts)
    twin.delivered = set(world.delivered)
    twin.restart()
    return twin


async def scheduled(world: World) -> list[tuple[str, date]]:
    """Return which meetings are to be purged, and when."""
    entries = await world.ledger.scheduled_purges(until=date.max, most=1000)
    return [(one.meeting_id, one.day) for one in entries]
