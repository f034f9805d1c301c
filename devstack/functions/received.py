"""Reads a message of the Service Bus SDK into a Delivery. No decisions."""

from collections.abc import Iterable
from datetime import UTC, datetime

from azure.servicebus import ServiceBusReceivedMessage

from devstack.functions.metadata import Delivery

_VIA_PARTITION_KEY = b"x-opt-via-partition-key"


def delivery_of(message: ServiceBusReceivedMessage) -> Delivery:
    """Return the values of `message`."""
    annotations = message.raw_amqp_message.annotations or {}
    return Delivery(
        body=_body(message.body),
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
        application_properties={
            _text(name) or "": _property(value)
            for name, value in (message.application_properties or {}).items()
        },
    )


def _body(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, Iterable):
        return b"".join(bytes(piece) for piece in body)
    return str(body).encode()


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _property(value: object) -> object:
    # The SDK shows AMQP strings as bytes, too; what is no text must have been bytes.
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value
