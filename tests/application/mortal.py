"""Worlds whose process dies at one call to the outside, and what outlives it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from shared.graph_port import Graph
from shared.inbox.message import QueueMessage
from shared.ports import Bus, Ledger
from tests.application.crashing import Crashed, Fuse, FusedBus, FusedGraph, FusedLedger
from tests.application.world import LEASE, World, state
from tests.fakes.ledger import InMemoryLedger

LOCK_SECONDS = 31


class Mortal(World):
    """A world whose process may die, and comes back."""

    fuse: Fuse
    true_ledger: InMemoryLedger

    def __init__(self, fuse: Fuse, **members: Any) -> None:
        """`members`: those of `World`."""
        self.true_ledger = InMemoryLedger()
        super().__init__(ledger=self.true_ledger, **members)
        self.endanger(fuse)

    def endanger(self, fuse: Fuse) -> None:
        """Start a new process whose every call to the outside goes through `fuse`."""
        ledger: Ledger = FusedLedger(self.true_ledger, fuse)
        bus: Bus = FusedBus(self.fake_bus, fuse)
        graph: Graph = FusedGraph(self.fake_graph, fuse)
        self.fuse, self.ledger, self.bus, self.graph = fuse, ledger, bus, graph
        self.restart()

    async def deliver(self, message: QueueMessage) -> None:
        """Deliver; where the process dies, let Graph call back meanwhile, then redeliver."""
        count = message.delivery_count
        while not await self.lives(partial(World.deliver, self, message)):
            await self.greet()
            self.clock.advance(LOCK_SECONDS)
            count += 1
            message = replace(message, delivery_count=count)

    async def callback(
        self, meeting_id: str, leg_key: str, body: bytes, *, authorization: str | None = None
    ) -> int:
        """Call back until there is an answer."""
        statuses: list[int] = []

        async def once() -> None:
            statuses.append(await World.callback(self, meeting_id, leg_key, body))

        while not await self.lives(once):
            self.clock.advance(1)
        return statuses[-1]

    async def greet(self) -> None:
        """Let Graph tell of every bot it has that it is in its meeting."""
        for body, call_id in zip(self.fake_graph.bodies, self.fake_graph.calls, strict=True):
            meeting_id, leg_key = str(body["callbackUri"]).split("/")[-2:]
            await self.callback(meeting_id, leg_key, state(call_id, "established"))

    async def lives(self, act: Callable[[], Awaitable[None]]) -> bool:
        """Let the process do something; tell whether it outlived that. Else there is a new one."""
        with contextlib.suppress(Crashed, asyncio.CancelledError):
            await act()
        if not self.fuse.burnt:
            return True
        await self._bury()
        self.fuse.mend()
        self.restart()
        return False

    async def _bury(self) -> None:
        """Wait for what the dead process had begun; it reaches nothing any more."""
        await asyncio.gather(
            *(task for task in asyncio.all_tasks() if task is not asyncio.current_task()),
            return_exceptions=True,
        )


def fused(world: World, fuse: Fuse) -> World:
    """Return `world` with a new process whose every call to the outside goes through `fuse`."""
    world.ledger = FusedLedger(world.ledger, fuse)
    world.bus = FusedBus(world.fake_bus, fuse)
    world.graph = FusedGraph(world.fake_graph, fuse)
    world.restart()
    return world


async def drop_until_done(world: World, fuse: Fuse, body: dict[str, Any]) -> None:
    """Drop one request; where the process dies, deliver it again in a new one, leases run out.

    What it leads to is delivered without a crash, and is not counted.
    """
    message = world.message("create-meeting", body, reply_to="replies")
    try:
        await world.deliver(message)
    except (Crashed, asyncio.CancelledError):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)
    burnt, calls = fuse.burnt, fuse.calls
    fuse.mend()
    if burnt:
        world.restart()
        world.clock.advance(LEASE.total_seconds() + 1)
        await world.deliver(replace(message, delivery_count=2))
    await world.pump()
    fuse.calls = calls
