"""Receives for one queue function: one receiver per slot, each in a loop of its own.

A receiver object never receives and settles at the same time (the SDK collapses under that), so
what runs at once is what has a slot. Completes what succeeds, abandons what fails.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from traceback import format_tb

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import MessagingEntityNotFoundError

from devstack.functions.bindings import QueueTrigger
from devstack.functions.invocation import Invocation, Invoke, Outcome
from devstack.functions.lock_renewal import kept_locked
from devstack.functions.metadata import BodyNotSupportedError, body_data, trigger_metadata
from devstack.functions.protos import RpcException
from devstack.functions.received import delivery_of
from devstack.functions.trace_context import trace_in
from devstack.functions.work_loop import WorkLoop

# Idle receivers cost the least when they wait long; arriving messages end the wait at once.
_RECEIVE_SECONDS = 60.0
# A link to an unknown entity opens before it is refused: the first receive tells.
_FIRST_RECEIVE_SECONDS = 0.05
_REOPEN_SECONDS = 0.5

_log = logging.getLogger("functions.host")


class EntityMissing(Exception):
    """The Service Bus does not have what a trigger names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFunction:
    """A queue function with the settings that its slots obey."""

    name: str
    function_id: str
    trigger: QueueTrigger
    auto_complete: bool
    longest_renewal: timedelta | None


class BusSlots:
    """The slots of one queue function."""

    def __init__(
        self, *, function: QueueFunction, client: ServiceBusClient, count: int, invoke: Invoke
    ) -> None:
        """Open nothing yet."""
        self._function = function
        self._client = client
        self._invoke = invoke
        self._loops = [WorkLoop() for _ in range(count)]
        self._still_closed = count
        self._all_open = asyncio.Event()
        self._lost = False
        self.last_error: Exception | None = None

    def start(self) -> list[asyncio.Task[None]]:
        """Start to open and receive; the tasks end when stopped, or with EntityMissing."""
        return [loop.start(self._run(loop)) for loop in self._loops]

    async def opened(self) -> None:
        """Wait until every slot is open."""
        await self._all_open.wait()

    def stop(self) -> None:
        """Receive no more; slots end when their invocation has."""
        for loop in self._loops:
            loop.stop()

    async def _run(self, loop: WorkLoop) -> None:
        opened_before = False
        while not loop.stopping:
            try:
                async with self._receiver() as receiver:
                    messages = await receiver.receive_messages(1, _FIRST_RECEIVE_SECONDS)
                    self._note_open(first=not opened_before)
                    opened_before = True
                    while True:
                        for message in messages:
                            with loop.working():
                                await self._handle(receiver, message)
                        if loop.stopping:
                            return
                        messages = await receiver.receive_messages(1, _RECEIVE_SECONDS)
            except MessagingEntityNotFoundError as exc:
                raise EntityMissing(
                    f"{self._function.name}: {self._function.trigger.source} is not in the "
                    "Service Bus: add it to its Config.json"
                ) from exc
            except Exception as exc:  # noqa: BLE001 - whatever it is, it costs this link alone
                self._note_lost(exc)
                await asyncio.sleep(_REOPEN_SECONDS)

    def _receiver(self) -> ServiceBusReceiver:
        trigger = self._function.trigger
        if trigger.subscription is None:
            return self._client.get_queue_receiver(trigger.entity)
        return self._client.get_subscription_receiver(trigger.entity, trigger.subscription)

    async def _handle(
        self, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage
    ) -> None:
        function = self._function
        async with kept_locked(receiver, message, function.longest_renewal):
            outcome = await self._outcome(message)
        try:
            if outcome.failure is not None:
                _log.error(
                    "%s failed on delivery %d: %s\n%s",
                    function.name,
                    (message.delivery_count or 0) + 1,
                    outcome.failure.message,
                    outcome.failure.stack_trace,
                )
                await receiver.abandon_message(message)
            elif function.auto_complete:
                await receiver.complete_message(message)
        except Exception as exc:  # noqa: BLE001 - the SDK's mistake costs this message, not the slot
            _log.warning("%s: the message will come again: %s", function.name, type(exc).__name__)

    async def _outcome(self, message: ServiceBusReceivedMessage) -> Outcome:
        """Invoke the function; a message that cannot be read fails without, and costs no other."""
        function, binary = self._function, self._function.trigger.binary
        try:
            delivery = delivery_of(message)
            data = body_data(delivery, binary=binary)
            metadata = trigger_metadata(delivery, binary=binary)
        except BodyNotSupportedError as exc:
            return Outcome(failure=RpcException(message=f"System.NotSupportedException: {exc}"))
        except Exception as exc:  # noqa: BLE001 - as above; its text may hold what is in the message
            where = "".join(format_tb(exc.__traceback__))
            return Outcome(failure=RpcException(message=type(exc).__name__, stack_trace=where))
        return await self._invoke(
            Invocation(
                function_id=function.function_id,
                function_name=function.name,
                parameter=function.trigger.parameter,
                data=data,
                metadata=metadata,
                trace=trace_in(delivery.application_properties),
            )
        )

    def _note_open(self, *, first: bool) -> None:
        if self._lost:
            _log.warning("%s: receiving again", self._function.name)
            self._lost = False
        self._still_closed -= first
        if not self._still_closed:
            self._all_open.set()

    def _note_lost(self, exc: Exception) -> None:
        self.last_error = exc
        if not self._lost:
            _log.warning(
                "%s: no way to the Service Bus, trying again: %s: %s",
                self._function.name,
                type(exc).__name__,
                exc,
            )
            self._lost = True
