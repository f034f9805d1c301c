"""Lets in the legs that are on their way, and ends lapsed ones, when due. The world decides."""

import asyncio
from contextlib import suppress

from devstack.graph.world import World


class Lapses:
    """One task that sleeps until something may be due by itself."""

    def __init__(self, world: World) -> None:
        """Watch the legs of `world`, from `run` on."""
        self._world = world
        self._changed = asyncio.Event()

    def look_again(self) -> None:
        """Notice now that switches have changed."""
        self._changed.set()

    async def run(self) -> None:
        """Let legs in and end them when they are due, until cancelled.

        A leg that is placed meanwhile does not wake this task: nothing of it is due before.
        """
        while True:
            now = self._world.now()
            self._world.happen(now)
            self._changed.clear()
            pause = (self._world.next_due(now) - now).total_seconds()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()
