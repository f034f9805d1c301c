"""The way to one queue or topic: one sender, used by one task.

Adapter. The SDK's senders break when two coroutines use one at once. So the messages that wait
while others are on their way go together after them, in the batches of batches.py.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from azure.core.exceptions import AzureError
from azure.servicebus.aio import ServiceBusReceiver, ServiceBusSender
from azure.servicebus.exceptions import (
    MessagingEntityNotFoundError,
    ServiceBusError,
    ServiceBusServerBusyError,
)

from shared.bus.batches import send_all
from shared.words.errors import Problem, RollcallError, Unavailable
from shared.words.kinds import problem
from shared.words.outgoing import Outgoing

PATIENCE_SECONDS = 10.0
"""How long one attempt may take, the opening of the link included."""

UNKNOWN_SECONDS = 60.0
"""How long a missing entity is taken to be missing still: finding out takes seconds."""

PROBE_SECONDS = 0.5
"""How long to listen for the error that an entity does not exist."""


class Undeliverable(RollcallError):
    """Messages that can never be sent; all others were sent. Inside the outbox only."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    messages: Sequence[Outgoing]
    accepted: asyncio.Future[None]


class Lane:
    """The way to one entity. Safe for many tasks of one event loop."""

    def __init__(
        self,
        entity: str,
        *,
        new_sender: Callable[[], ServiceBusSender],
        new_probe: Callable[[], ServiceBusReceiver] | None,
    ) -> None:
        """`new_probe` makes a receiver that finds out if the entity exists; None: it does."""
        self._entity = entity
        self._new_sender = new_sender
        self._new_probe = new_probe
        self._sender: ServiceBusSender | None = None
        self._waiting: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._unknown_until = 0.0

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Send `messages` in order, together with what other tasks send meanwhile.

        Raises `Undeliverable`, or `Unavailable`: some messages may have been sent then.
        """
        loop = asyncio.get_running_loop()
        if loop.time() < self._unknown_until:
            raise self._unknown()
        waiting = _Waiting(messages, loop.create_future())
        self._waiting.append(waiting)
        if self.idle:
            self._worker = asyncio.create_task(self._work())
        await waiting.accepted

    @property
    def idle(self) -> bool:
        """True while no message waits here or is on its way."""
        return self._worker is None or self._worker.done()

    async def aclose(self) -> None:
        """Send what waits, then close the sender."""
        if self._worker is not None:
            await self._worker
        self._close_sender()
        await asyncio.gather(*self._closing)

    async def _work(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            try:
                await self._deliver(together)
            except Exception as error:  # noqa: BLE001 - passed to all that wait
                for waiting in together:
                    _fail(waiting, error)
            for waiting in together:
                if not waiting.accepted.done():
                    waiting.accepted.set_result(None)

    async def _deliver(self, together: list[_Waiting]) -> None:
        if self._sender is not None:
            try:
                return await self._transmit(self._sender, together)
            except (AzureError, TimeoutError):
                # A link that was idle may be gone without an error: retry once, on a new link.
                self._close_sender()
        self._sender = self._new_sender()
        try:
            return await self._transmit(self._sender, together)
        except (AzureError, TimeoutError) as error:
            self._close_sender()
            if await self._does_not_exist(error):
                self._unknown_until = asyncio.get_running_loop().time() + UNKNOWN_SECONDS
                raise self._unknown() from error
            raise Unavailable(
                f"Service Bus took no messages for {self._entity}: {type(error).__name__}"
            ) from error

    async def _transmit(self, sender: ServiceBusSender, together: list[_Waiting]) -> None:
        queue = [(waiting, message) for waiting in together for message in waiting.messages]
        refused: dict[_Waiting, list[Problem]] = defaultdict(list)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await send_all(sender, [message for _, message in queue])
        except ServiceBusServerBusyError as error:
            # The link is good: the next batch goes over it.
            raise Unavailable(f"Service Bus is too busy for {self._entity}") from error
        for place, problem_of_one in found.items():
            refused[queue[place][0]].append(problem_of_one)
        for waiting, problems in refused.items():
            _fail(waiting, Undeliverable(*problems))

    async def _does_not_exist(self, error: Exception) -> bool:
        """Return whether the entity is missing. The SDK's sender calls that a connection error."""
        if isinstance(error, MessagingEntityNotFoundError):
            return True
        if self._new_probe is None or not isinstance(error, ServiceBusError):
            return False
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._new_probe() as probe:
                await probe.receive_messages(max_wait_time=PROBE_SECONDS)
        except MessagingEntityNotFoundError:
            return True
        except (AzureError, TimeoutError):
            return False
        return False

    def _close_sender(self) -> None:
        if self._sender is not None:
            task = asyncio.create_task(_closed(self._sender))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
            self._sender = None

    def _unknown(self) -> Undeliverable:
        return Undeliverable(replace(problem("no_such_entity"), member=self._entity))


async def _closed(sender: ServiceBusSender) -> None:
    # No accepted message is lost with the sender, and each waiting task got its error.
    with contextlib.suppress(AzureError, OSError):
        await sender.close()


def _fail(waiting: _Waiting, error: Exception) -> None:
    """Give a waiter its own copy of the error: one exception in many tasks mixes their traces."""
    if waiting.accepted.done():
        return
    match error:
        case Unavailable():
            own: Exception = Unavailable(error.message)
        case Undeliverable():
            own = Undeliverable(*error.problems)
        case _:
            own = error
    own.__cause__ = error.__cause__
    waiting.accepted.set_exception(own)
