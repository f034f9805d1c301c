"""Reads Service Bus messages as they come and lets a story wait for the one it expects."""

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver

type Event = dict[str, Any]


class Mailbox:
    """Everything one receiver has brought, in order. Used as an async context manager."""

    def __init__(self, receiver: ServiceBusReceiver, *, seen: Callable[[Event], None]) -> None:
        self._receiver = receiver
        self._seen = seen
        self._events: list[Event] = []
        self._changed = asyncio.Condition()
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._receiver.__aenter__()
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._receiver.__aexit__(kind, error, trace)

    async def wait_for(self, matches: Callable[[Event], bool], *, within: float) -> Event:
        """Return the first event that matches, come or yet to come; raise TimeoutError."""
        async with asyncio.timeout(within), self._changed:
            while True:
                for event in self._events:
                    if matches(event):
                        return event
                if self._reading is not None and self._reading.done():
                    await self._reading
                await self._changed.wait()

    async def _read(self) -> None:
        try:
            while True:
                # One at a time: asked for more, the SDK holds back what it has for the whole wait.
                for message in await self._receiver.receive_messages(1, max_wait_time=60):
                    event = _event(message)
                    await self._receiver.complete_message(message)
                    self._seen(event)
                    self._events.append(event)
                    await self._wake()
        finally:
            await self._wake()

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _event(message: ServiceBusReceivedMessage) -> Event:
    body: Event = json.loads(str(message))
    return body
