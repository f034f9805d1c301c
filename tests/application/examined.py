"""Worlds whose parts are examined, for tests of the health report."""

import asyncio
from datetime import timedelta

from shared.graph_port import Graph
from shared.health import ANSWERED_WITHIN, Checkup
from tests.application.world import TENANT, World
from tests.fakes.bus import InMemoryBus
from tests.fakes.graph import FakeGraph
from tests.fakes.ledger import InMemoryLedger


class HeldGraph(FakeGraph):
    """Counts its checks; `begun` is set by a check, which is answered when `released` is set."""

    def __init__(self) -> None:
        super().__init__(tenant_id=TENANT)
        self.checks = 0
        self.begun, self.released = asyncio.Event(), asyncio.Event()

    async def check(self) -> None:
        """See `graph_port.Graph.check`."""
        self.checks += 1
        self.begun.set()
        await self.released.wait()
        await super().check()


class BrokenGraph(FakeGraph):
    """Has a bug in its check while it is `broken`."""

    broken = True

    async def check(self) -> None:
        """See `graph_port.Graph.check`."""
        if self.broken:
            raise ZeroDivisionError


class Watched(World):
    """A world whose checks of Graph are counted, and answered at once unless they are held."""

    def __init__(self) -> None:
        self.held = HeldGraph()
        self.held.released.set()
        super().__init__(graph=self.held)

    def later(self, waited: timedelta) -> None:
        """Let time pass."""
        self.clock.advance(waited.total_seconds())


def a_checkup(
    world: World,
    *,
    graph: Graph,
    within: float = 20.0,
    answered_within: timedelta = ANSWERED_WITHIN,
) -> Checkup:
    """Return a checkup over fakes, and over a Graph of the test's own."""
    return Checkup(
        ledger=InMemoryLedger(),
        bus=InMemoryBus(),
        graph=graph,
        clock=world.clock,
        within=within,
        answered_within=answered_within,
    )
