"""The slot of a queue function on a receiver that fails: one message is lost to it, never more."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Self, cast

import pytest
from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus._pyamqp._decode import decode_payload
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import (
    MessageAlreadySettled,
    MessageLockLostError,
    ServiceBusConnectionError,
    ServiceBusServerBusyError,
)

from devstack.bus import amqp_types as amqp
from devstack.bus.amqp_message import DATA, PROPERTIES, encode_section
from devstack.functions.bindings import QueueTrigger
from devstack.functions.bus_slots import BusSlots, QueueFunction
from devstack.functions.encoded import with_encoded
from devstack.functions.invocation import Invocation, Outcome
from devstack.functions.protos import RpcException

FUNCTION = QueueFunction(
    name="work",
    function_id="work",
    trigger=QueueTrigger(
        parameter="message",
        entity="jobs",
        subscription=None,
        connection="",
        binary=True,
        auto_complete=None,
    ),
    auto_complete=True,
    longest_renewal=timedelta(minutes=5),
)
GONE = (
    MessageLockLostError(),
    MessageAlreadySettled(),
    ServiceBusServerBusyError(),
    ServiceBusConnectionError(),
    ValueError("the link was closed"),
    AttributeError("the link is None"),
)


def _message(name: str, *, readable: bool = True) -> ServiceBusReceivedMessage:
    encoded = encode_section(PROPERTIES, amqp.sequence([amqp.string(name)]))
    encoded += encode_section(DATA, amqp.binary(b"x"))
    message = decode_payload(memoryview(encoded))
    # A message whose bytes were not kept cannot be read by the host.
    kept = with_encoded(message, encoded) if readable else message
    return ServiceBusReceivedMessage(message=kept, receiver=None)


class FakeReceiver:
    """Gives its messages one by one, then none; fails to settle those named in `refuses`."""

    def __init__(
        self,
        messages: Sequence[ServiceBusReceivedMessage | Exception],
        refuses: dict[str, Exception],
    ) -> None:
        self._messages = list(messages)
        self._refuses = refuses
        self.settled: list[str] = []
        self.empty = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Nothing to close."""

    async def receive_messages(
        self, _count: int, _seconds: float
    ) -> list[ServiceBusReceivedMessage]:
        if not self._messages:
            self.empty.set()
            await asyncio.Event().wait()
        first = self._messages.pop(0)
        if isinstance(first, Exception):
            raise first
        return [first]

    async def complete_message(self, message: ServiceBusReceivedMessage) -> None:
        self._settle("completed", message)

    async def abandon_message(self, message: ServiceBusReceivedMessage) -> None:
        self._settle("abandoned", message)

    def _settle(self, how: str, message: ServiceBusReceivedMessage) -> None:
        name = str(message.message_id)
        if name in self._refuses:
            raise self._refuses[name]
        self.settled.append(f"{name} {how}")


class FakeClient:
    """Has one receiver, opened as often as asked for."""

    def __init__(self, receiver: FakeReceiver) -> None:
        self._receiver = receiver
        self.opened = 0

    def get_queue_receiver(self, _name: str) -> FakeReceiver:
        self.opened += 1
        return self._receiver


async def _handled(
    *messages: ServiceBusReceivedMessage | Exception,
    refuses: dict[str, Exception] | None = None,
    fails: bool = False,
) -> tuple[list[str], list[str], int]:
    """Return which messages were invoked, how they were settled, and how often a link opened."""
    receiver = FakeReceiver(messages, refuses or {})
    client = FakeClient(receiver)
    invoked: list[str] = []

    async def invoke(invocation: Invocation) -> Outcome:
        invoked.append(invocation.metadata["MessageId"].string or "")
        return Outcome(failure=RpcException(message="as told") if fails else None)

    slots = BusSlots(
        function=FUNCTION, client=cast("ServiceBusClient", client), count=1, invoke=invoke
    )
    (loop,) = slots.start()
    async with asyncio.timeout(10):
        await receiver.empty.wait()
    slots.stop()
    await asyncio.wait({loop})
    assert loop.cancelled()  # it went on until it was stopped
    return invoked, receiver.settled, client.opened


@pytest.mark.parametrize("gone", GONE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("fails", [True, False])
async def test_settlement_that_fails_costs_one_message(gone: Exception, fails: bool) -> None:
    """Completing or abandoning; the next one is handled on the same link."""
    invoked, settled, opened = await _handled(
        _message("a"), _message("b"), refuses={"a": gone}, fails=fails
    )

    assert invoked == ["a", "b"]
    assert settled == ["b abandoned" if fails else "b completed"]
    assert opened == 1


async def test_message_that_cannot_be_read_is_abandoned() -> None:
    """The function never hears of it."""
    invoked, settled, _ = await _handled(_message("a", readable=False), _message("b"))

    assert invoked == ["b"]
    assert settled == ["a abandoned", "b completed"]


@pytest.mark.parametrize("gone", GONE, ids=lambda error: type(error).__name__)
async def test_link_that_fails_is_opened_again(gone: Exception) -> None:
    """Whatever the SDK raises while it receives."""
    invoked, settled, opened = await _handled(_message("a"), gone, _message("b"))

    assert invoked == ["a", "b"]
    assert settled == ["a completed", "b completed"]
    assert opened == 2
