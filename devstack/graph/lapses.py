"""Ends the legs that nobody keeps alive, when they are due. Which ones, the world decides."""

import asyncio
from contextlib import suppress

from devstack.graph.world import World


class Lapses:
    """One task that sleeps until the next leg may lapse."""

    def __init__(self, world: World) -> None:
        """Watch the legs of `world`, from `run` on."""
        self._world = world
        self._changed = asyncio.Event()

    def look_again(self) -> None:
        """Notice now that legs live longer or shorter than they did."""
        self._changed.set()

    async def run(self) -> None:
        """End legs as they lapse, until cancelled.

        A leg that is placed meanwhile wakes nobody: it lapses after the end of this sleep.
        """
        while True:
            now = self._world.now()
            self._world.lapse(now)
            self._changed.clear()
            pause = (self._world.next_lapse(now) - now).total_seconds()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()
