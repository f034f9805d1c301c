"""Messages as the SDK's, sent over one link in full batches; what cannot be sent fails alone.

Adapter. A message may be one that the SDK refuses to build, or that Service Bus refuses for its
size or its shape. Both would fail the whole batch, and with it messages of other meetings.
"""

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from azure.servicebus import ServiceBusMessage, ServiceBusMessageBatch
from azure.servicebus.aio import ServiceBusSender
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    ServiceBusError,
    ServiceBusServerBusyError,
)

from shared.words.errors import Problem
from shared.words.kinds import KindName, problem
from shared.words.outgoing import Outgoing

BUSY_SECONDS = 2.0
"""How long Service Bus says to wait where it is too busy (its error 50009)."""

BUSY_TRIES = 4
"""How often a batch is sent to a busy service; the waits fit into the patience of a lane."""

LARGEST_PROPERTY = 32 * 1024
LARGEST_HEAD = 64 * 1024
"""Bytes of one property, and of all of them. For more Service Bus requests retries, for ever.

Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas
"""

UNBUILDABLE = (ValueError, TypeError, OverflowError, struct.error)
"""What the SDK raises for a message that it cannot build or encode."""

REFUSING = frozenset(
    {
        b"amqp:not-allowed",
        b"amqp:invalid-field",
        b"amqp:decode-error",
        b"com.microsoft:argument-error",
        b"com.microsoft:argument-out-of-range",
    }
)
"""Conditions with which Service Bus refuses what was sent, and not the sender.

One is that a queue with sessions takes no message without a session.
Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-troubleshoot
"""


def service_bus_message(outgoing: Outgoing) -> ServiceBusMessage:
    """Return `outgoing` as the SDK's message; unset fields stay unset."""
    return ServiceBusMessage(
        outgoing.body,
        message_id=outgoing.message_id,
        content_type=outgoing.content_type,
        subject=outgoing.subject,
        correlation_id=outgoing.correlation_id,
        session_id=outgoing.session_id,
        reply_to=outgoing.reply_to,
        application_properties=dict[Any, Any](outgoing.properties),
        scheduled_enqueue_time_utc=outgoing.due,
    )


async def send_all(sender: ServiceBusSender, messages: Sequence[Outgoing]) -> dict[int, Problem]:
    """Send in order, in full batches, once the link is open.

    Returns what is wrong with the messages that can never be sent, by their places. Raises the
    SDK's error for all else; then any of the messages may have been sent.
    """
    refused: dict[int, Problem] = {}
    places = list(range(len(messages)))
    batch = await sender.create_message_batch()
    while places:
        together, places = _filled(batch, messages, places, refused)
        refused |= await _sent(sender, batch, messages, together)
        batch = await sender.create_message_batch()
    return refused


def _filled(
    batch: ServiceBusMessageBatch,
    messages: Sequence[Outgoing],
    places: Sequence[int],
    refused: dict[int, Problem],
) -> tuple[list[int], list[int]]:
    """Fill the batch; return the places of what is in it, and of what is left for the next.

    Adds to `refused` what no batch takes.
    """
    together: list[int] = []
    for number, place in enumerate(places):
        message = messages[place]
        try:
            _require_head(message)
            batch.add_message(service_bus_message(message))
        except MessageSizeExceededError:
            if together:
                return together, list(places[number:])
            refused[place] = refusal_of(message, "message_too_large")
        except UNBUILDABLE:
            refused[place] = refusal_of(message, "message_refused")
        else:
            together.append(place)
    return together, []


async def _sent(
    sender: ServiceBusSender,
    batch: ServiceBusMessageBatch,
    messages: Sequence[Outgoing],
    together: list[int],
) -> dict[int, Problem]:
    """Send what is in a batch; by halves, where Service Bus refuses the batch for one message."""
    why = await _refusal(sender, batch) if together else None
    if why is None:
        return {}
    if len(together) == 1:
        return {together[0]: refusal_of(messages[together[0]], why)}
    refused: dict[int, Problem] = {}
    middle = len(together) // 2
    for half in (together[:middle], together[middle:]):
        some = await sender.create_message_batch()
        for place in half:
            some.add_message(service_bus_message(messages[place]))
        refused |= await _sent(sender, some, messages, half)
    return refused


async def _refusal(sender: ServiceBusSender, batch: ServiceBusMessageBatch) -> KindName | None:
    """Send the batch, again after a wait where the service is busy; return why it is refused.

    The wait is here, not with the callers: their retry sends every batch again, and a message
    that is abandoned at once is delivered at once.
    """
    for tries_left in reversed(range(BUSY_TRIES)):
        try:
            await sender.send_messages(batch)
        except MessageSizeExceededError:
            return "message_too_large"
        except ServiceBusServerBusyError:
            if not tries_left:
                raise
            await asyncio.sleep(BUSY_SECONDS)
        except ServiceBusError as error:
            if getattr(error.inner_exception, "condition", None) not in REFUSING:
                raise
            return "message_refused"
        else:
            break
    return None


def refusal_of(message: Outgoing, kind: KindName) -> Problem:
    """Return what is wrong with a message that can never be sent."""
    found = problem(kind, message_id=message.message_id)
    return replace(found, member=message.entity)


def _require_head(message: Outgoing) -> None:
    """Raise MessageSizeExceededError for a head beyond the quotas."""
    named = (message.message_id, message.correlation_id, message.reply_to, message.subject)
    pairs = [(len(name.encode()), len(text.encode())) for name, text in message.properties.items()]
    whole = sum(map(sum, pairs)) + sum(len(text.encode()) for text in named if text is not None)
    if whole > LARGEST_HEAD or any(text > LARGEST_PROPERTY for _, text in pairs):
        raise MessageSizeExceededError
