"""`AutoDeleteOnIdle`: entities are deleted when they were not used for a while.

Idle is a queue without sends, receives, browsing, updates and scheduled messages, a subscription
without receives, browsing and updates. A receiver that waits is no use of it.
Source: https://learn.microsoft.com/azure/service-bus-messaging/message-expiration#idleness
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class _Watched:
    seconds: float
    expire: Callable[[], bool]
    used_at: float
    alarm: asyncio.TimerHandle


class IdleWatch:
    """Calls back for each entity once it was idle for its time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watched: dict[str, _Watched] = {}

    def watch(self, path: str, seconds: float, expire: Callable[[], bool]) -> None:
        """Call `expire` when the entity was idle for `seconds`; again, where it returns False."""
        self.forget(path)
        if seconds == math.inf:
            return
        self._watched[path.lower()] = _Watched(
            seconds=seconds,
            expire=expire,
            used_at=self._loop.time(),
            alarm=self._loop.call_later(seconds, self._look, path),
        )

    def used(self, path: str) -> None:
        """Note a use of an entity, watched or not."""
        if self._watched and (watched := self._watched.get(path.lower())) is not None:
            watched.used_at = self._loop.time()

    def forget(self, path: str) -> None:
        if (watched := self._watched.pop(path.lower(), None)) is not None:
            watched.alarm.cancel()

    def close(self) -> None:
        for path in list(self._watched):
            self.forget(path)

    def _look(self, path: str) -> None:
        watched = self._watched[path.lower()]
        left = watched.used_at + watched.seconds - self._loop.time()
        if left > 0 or not watched.expire():
            again = left if left > 0 else watched.seconds
            watched.alarm = self._loop.call_later(again, self._look, path)
