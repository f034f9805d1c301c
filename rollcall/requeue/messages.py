"""What of an SDK's message is a `Letter`, the copy of it that is sent, and its note."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from azure.servicebus import (
    ServiceBusMessage,
    ServiceBusMessageState,
    ServiceBusReceivedMessage,
)
from azure.servicebus.amqp import AmqpAnnotatedMessage, AmqpMessageBodyType

from rollcall.requeue.letters import Letter, Place
from rollcall.requeue.plan import FROM, NOTE_AHEAD, Note, key_of, origin_text, read_note

QUEUE, CODE, ORIGIN, LEFT_OUT = (
    "rollcall-queue",
    "rollcall-code",
    "rollcall-origin",
    "rollcall-left-out",
)
"""Properties of copies; docs/messages.md says what they hold."""
OF_DEAD_LETTERS = frozenset({"DeadLetterReason", "DeadLetterErrorDescription"})
"""Service Bus adds these to a dead letter. They are no part of the message."""
KEPT_ANNOTATIONS = frozenset({"x-opt-partition-key"})
"""Service Bus sets the others itself."""
TEXTS = (
    "message_id",
    "to",
    "subject",
    "reply_to",
    "correlation_id",
    "content_type",
    "content_encoding",
    "group_id",
    "group_sequence",
    "reply_to_group_id",
)
LARGEST_INT = 2**31


def letter_of(message: ServiceBusReceivedMessage, place: Place) -> Letter:
    """Return a message without what it says."""
    properties = properties_of(message)
    code = _text(properties.get(CODE))
    return Letter(
        place=place,
        sequence=message.sequence_number or 0,
        message_id=message.message_id or "",
        request_id=_request_id(message) or _text(properties.get(ORIGIN)),
        reason=_text(properties.get("DeadLetterReason")) if place.dead else code,
        code=code,
        enqueued_at=_moment(message.enqueued_time_utc),
        deliveries=message.delivery_count or 0,
        deferred=message.state == ServiceBusMessageState.DEFERRED,
        from_queue=_text(properties.get(QUEUE)) or None,
        defect=_defect(message, properties),
    )


def copy_of(message: ServiceBusReceivedMessage) -> AmqpAnnotatedMessage:
    """Return the message as its sender sent it, its body byte for byte. It must have no defect.

    The expiry counts again. Numbers keep their value, not their width: the SDK does not show it.
    """
    raw = message.raw_amqp_message
    named, header, notes = raw.properties, raw.header, raw.annotations
    return AmqpAnnotatedMessage(
        data_body=list(raw.body),
        properties={
            **{name: _decoded(named.get(name)) for name in TEXTS},
            "user_id": named.user_id,
        }
        if named
        else None,
        header={
            "durable": header.durable,
            "priority": header.priority,
            "time_to_live": header.time_to_live,
        }
        if header
        else None,
        application_properties={
            name: _sendable(value)
            for name, value in properties_of(message).items()
            if name not in OF_DEAD_LETTERS
        }
        or None,
        annotations={
            name: _decoded(value)
            for name, value in _named(notes).items()
            if name in KEPT_ANNOTATIONS
        }
        or None,
        footer=raw.footer,
    )


def note_of(letter: Letter, message: ServiceBusReceivedMessage, now: datetime) -> ServiceBusMessage:
    """Return the note that goes with the copy of a message, into the same session."""
    return ServiceBusMessage(
        b"",
        message_id=key_of(letter),
        subject="rollcall-requeue-note",
        session_id=message.session_id,
        scheduled_enqueue_time_utc=now + NOTE_AHEAD,
        application_properties={FROM: origin_text(letter)},
    )


def note_in(message: ServiceBusReceivedMessage) -> Note | None:
    """Return the note that a message is; None where it is another message."""
    origin = _text(properties_of(message).get(FROM))
    if message.state != ServiceBusMessageState.SCHEDULED or not origin:
        return None
    return read_note(
        message_id=message.message_id or "",
        origin=origin,
        sequence=message.sequence_number or 0,
    )


def properties_of(message: ServiceBusReceivedMessage) -> dict[str, Any]:
    """Return the custom properties; text is bytes, as the SDK gives it."""
    return _named(message.application_properties)


def _defect(message: ServiceBusReceivedMessage, properties: Mapping[str, Any]) -> str | None:
    kind = message.body_type
    if kind != AmqpMessageBodyType.DATA:
        return (
            f"has an AMQP {kind.value} as its body, so it never reached Rollcall and would not now;"
            " its sender has to send bytes (docs/messages.md)"
        )
    if "the body after" in _text(properties.get(LEFT_OUT)):
        return "is a copy whose body was cut (rollcall-left-out); its sender has to send it again"
    unreadable = [name for name, value in properties.items() if not _is_sendable(value)]
    if unreadable:
        names = ", ".join(sorted(unreadable))
        return f"has properties that this command cannot send as they are: {names}"
    return None


def _is_sendable(value: object) -> bool:
    if isinstance(value, bytes):
        try:
            value.decode()
        except UnicodeDecodeError:
            return False
    return True


def _sendable(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, int) and not -LARGEST_INT <= value < LARGEST_INT:
        # The SDK takes every number for 32 bits; this is how it names another width.
        return {"TYPE": "LONG" if value < 2**63 else "ULONG", "VALUE": value}
    return value


def _request_id(message: ServiceBusReceivedMessage) -> str:
    if message.body_type != AmqpMessageBodyType.DATA:
        return ""
    try:
        body = json.loads(b"".join(message.body))
    except (ValueError, RecursionError):
        return ""
    found = body.get("requestId") if isinstance(body, dict) else None
    return found if isinstance(found, str) else ""


def _named(given: Mapping[Any, Any] | None) -> dict[str, Any]:
    return {str(_decoded(name)): value for name, value in (given or {}).items()}


def _decoded(value: object) -> object:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _text(value: object) -> str:
    found = _decoded(value)
    return found if isinstance(found, str) else ""


def _moment(found: datetime | None) -> datetime:
    # Service Bus gives each message the time it came; the SDK's type allows for none.
    return found or datetime.now(UTC)
