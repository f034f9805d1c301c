"""Reads a message of the Service Bus SDK into a Delivery. No decisions."""

from collections.abc import Sequence
from datetime import UTC, datetime

from azure.servicebus import ServiceBusReceivedMessage

from devstack.bus.amqp_message import (
    AMQP_SEQUENCE,
    AMQP_VALUE,
    APPLICATION_PROPERTIES,
    DATA,
    Section,
    sections,
)
from devstack.functions.amqp_properties import properties_of
from devstack.functions.encoded import encoded_of
from devstack.functions.metadata import Body, Delivery, SequenceBody, ValueBody

_VIA_PARTITION_KEY = b"x-opt-via-partition-key"


def delivery_of(message: ServiceBusReceivedMessage) -> Delivery:
    """Return the values of `message`.

    Raises ValueError where it cannot be read: PropertyNotImitatedError, MalformedAmqpError.
    """
    parts = sections(encoded_of(message))
    properties = next((part for part in parts if part.code == APPLICATION_PROPERTIES), None)
    annotations = message.raw_amqp_message.annotations or {}
    return Delivery(
        body=_body(parts),
        sequence_number=message.sequence_number or 0,
        delivery_count=message.delivery_count or 0,
        enqueued_time=message.enqueued_time_utc or datetime.now(UTC),
        expires_at=message.expires_at_utc,
        lock_token=None if message.lock_token is None else str(message.lock_token),
        message_id=_text(message.message_id),
        subject=_text(message.subject),
        correlation_id=_text(message.correlation_id),
        content_type=_text(message.content_type),
        reply_to=_text(message.reply_to),
        to=_text(message.to),
        session_id=_text(message.session_id),
        reply_to_session_id=_text(message.reply_to_session_id),
        partition_key=_text(message.partition_key),
        transaction_partition_key=_text(annotations.get(_VIA_PARTITION_KEY)),
        dead_letter_source=_text(message.dead_letter_source),
        application_properties=properties_of(properties),
    )


def _body(parts: Sequence[Section]) -> Body:
    for part in parts:
        if part.code == AMQP_VALUE:
            value = part.value()
            return ValueBody(text=value if isinstance(value, str) else None)
        if part.code == AMQP_SEQUENCE:
            return SequenceBody()
    # A message without a body counts as one of data.
    return b"".join(part.value() for part in parts if part.code == DATA)


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
