"""Meetings whose messages this process could not send: sent once Service Bus takes messages again.

In memory only: what a crash forgets, the backstop sends. Decides nothing about what is sent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from shared.ports import Bus, Clock
from shared.telemetry import log
from shared.words.errors import RollcallError
from shared.words.ids import MeetingId

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
"""Seconds between looks at Service Bus. The longest is how late an event is at most once the lease
of its row is over and the bus is back, without the time that sending takes."""


class Unsent:
    """One instance a process; safe for many tasks of one event loop."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        pause: Callable[[float], Awaitable[None]],
        resend: Callable[[MeetingId], Awaitable[None]],
    ) -> None:
        """`pause` takes seconds. `resend` sends what a meeting has unsent; it may note it again.

        It is called once the lease is over: then any process may send it.
        """
        self._bus, self._clock, self._pause, self._resend = bus, clock, pause, resend
        self._due: dict[MeetingId, datetime] = {}
        self._watch: asyncio.Task[None] | None = None

    def note(self, meeting_id: MeetingId, *, due: datetime) -> None:
        """Let what a meeting has unsent be sent from `due` on."""
        self._due[meeting_id] = due
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._work())

    async def _work(self) -> None:
        pause = FIRST_PAUSE
        while self._due:
            await self._pause(pause)
            now = self._clock.now()
            ready = [meeting_id for meeting_id, due in self._due.items() if due <= now]
            if ready and await self._is_back():
                for meeting_id in ready:
                    await self._send(meeting_id)
                if self._due.keys().isdisjoint(ready):
                    pause = FIRST_PAUSE
                    continue
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _is_back(self) -> bool:
        try:
            await self._bus.check()
        except RollcallError:
            return False
        return True

    async def _send(self, meeting_id: MeetingId) -> None:
        due = self._due.pop(meeting_id)
        try:
            await self._resend(meeting_id)
        except RollcallError as error:
            log("outbox.not_sent", error)
            self._due.setdefault(meeting_id, due)
