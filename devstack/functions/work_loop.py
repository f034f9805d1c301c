"""A background loop that may be stopped between two pieces of work, never within one."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


class WorkLoop:
    """Runs one coroutine as a task; `stop` cancels it unless it is at work."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._task: asyncio.Task[None] | None = None
        self._at_work = False
        self.stopping = False

    def start(self, loop: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `loop`, which ends by itself after work when `stopping` is set."""
        self._task = asyncio.create_task(loop)
        return self._task

    def stop(self) -> None:
        """End the loop now, or after the work that is under way."""
        self.stopping = True
        if self._task is not None and not self._at_work:
            self._task.cancel()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Mark what must not be interrupted."""
        self._at_work = True
        try:
            yield
        finally:
            self._at_work = False
