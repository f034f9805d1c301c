"""The copies that Rollcall keeps of the canary's refused requests: found, and taken away. Adapter.

They lie among copies of other senders' requests. Service Bus gives a receiver the first message
that is not locked, whichever it is, and counts that as a delivery. So ours are received only where
all that lies there is ours.
"""

import time
from collections.abc import Collection, Iterator

from azure.servicebus import ServiceBusReceivedMessage, ServiceBusReceiver
from azure.servicebus.amqp import AmqpMessageBodyType

REJECTED = "rejected-requests"
PAGE = 250
"""The most messages that Service Bus shows at a peek."""
PEEKED_WITHIN = 30.0
"""Seconds for a look at the whole queue."""
RECEIVED_WITHIN = 5.0
"""Seconds until one of ours comes; it does not while another receiver has it locked."""

type Message = ServiceBusReceivedMessage


def ours(receiver: ServiceBusReceiver, marks: Collection[str]) -> list[Message]:
    """Return the copies of messages that hold one of `marks`; none is locked."""
    return [message for message in _peeked(receiver) if _is_ours(message, marks)]


def take_away(
    receiver: ServiceBusReceiver, marks: Collection[str], *, within: float = RECEIVED_WITHIN
) -> list[int]:
    """Remove our copies where nothing else lies there; return the numbers of those that stay."""
    there = list(_peeked(receiver))
    left = {message.sequence_number or 0 for message in there if _is_ours(message, marks)}
    until = time.monotonic() + within
    while left and len(left) == len(there) and time.monotonic() < until:
        for message in receiver.receive_messages(max_message_count=1, max_wait_time=within):
            if not _is_ours(message, marks):
                _release(receiver, message)
                return sorted(left)
            receiver.complete_message(message)
            left.discard(message.sequence_number or 0)
            there.pop()
    return sorted(left)


def _peeked(receiver: ServiceBusReceiver) -> Iterator[Message]:
    first, until = 1, time.monotonic() + PEEKED_WITHIN
    while time.monotonic() < until:
        page = receiver.peek_messages(PAGE, sequence_number=first, timeout=PEEKED_WITHIN)
        if not page:
            return
        yield from page
        first = (page[-1].sequence_number or 0) + 1


def _is_ours(message: Message, marks: Collection[str]) -> bool:
    if message.body_type is not AmqpMessageBodyType.DATA:
        return False
    body = b"".join(message.body)
    return any(mark.encode() in body for mark in marks)


def _release(receiver: ServiceBusReceiver, message: Message) -> None:
    """Give back a message that came after the look, and came first because ours is locked.

    The SDK releases in this way what its links hold at their end, and offers no other way. The
    outcome `released` counts no delivery, as abandoning it would.

    Source: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-messaging-v1.0-os.html#type-released
    """
    receiver._handler.settle_messages(message._delivery_id, message._delivery_tag, "released")
