"""`ports.Bus` that gets ready beside the first invocation: imports its SDK and opens the way to the
topic while the ledger and Graph are being asked. Whoever sends before that waits.

Adapter of another. Opening one link takes Service Bus half a second, its SDK a tenth to import.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from shared.meeting import Outgoing
from shared.ports import Bus


class WarmBus(Bus, Protocol):
    """A bus that can open its ways before there is anything to send."""

    async def warm(self) -> None:
        """Open what every meeting needs; what fails is found again by the first who sends."""
        ...


class LateBus:
    """Implements `ports.Bus` over another that `begin` makes. One instance a process."""

    def __init__(self, open_bus: Callable[[], WarmBus]) -> None:
        """`open_bus` imports and makes the other; it is called in a thread, once."""
        self._open_bus = open_bus
        self._opening: asyncio.Task[WarmBus] | None = None
        self._warming: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[WarmBus]:
        """Start to get ready, once. Call it in the event loop that will send."""
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(self._open_bus))
            self._warming = asyncio.create_task(self._warm())
        return self._opening

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """See `ports.Bus.send`."""
        await (await self._opened()).send(messages)

    async def check(self) -> None:
        """See `ports.Bus.check`."""
        await (await self._opened()).check()

    async def _opened(self) -> WarmBus:
        # Shielded: who goes away must not take the bus from the others.
        return await asyncio.shield(self.begin())

    async def _warm(self) -> None:
        await (await self._opened()).warm()
