"""Turns a received message into what the worker gets: its body and the trigger metadata. Pure.

Names and kinds are those of the Service Bus extension, version 5, for single dispatch; so are the
surprises: numbers are JSON texts, times lack their zone, a JSON body overwrites the metadata.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from devstack.functions.amqp_properties import Json
from devstack.functions.protos import TypedData

# What .NET shows for a message that never expires.
_NEVER = "9999-12-31T23:59:59.9999999"


class BodyNotSupportedError(Exception):
    """A body that cannot be bound; the text is the extension's and says nothing of the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueBody:
    """A body that is an AMQP value; `text` where it is a string."""

    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceBody:
    """A body of AMQP sequences."""


type Body = bytes | ValueBody | SequenceBody
"""What the body of a message is; data sections are bytes, joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of one message; `delivery_count` is the AMQP header's, from 0."""

    body: Body
    sequence_number: int
    delivery_count: int
    enqueued_time: datetime
    expires_at: datetime | None = None
    lock_token: str | None = None
    message_id: str | None = None
    subject: str | None = None
    correlation_id: str | None = None
    content_type: str | None = None
    reply_to: str | None = None
    to: str | None = None
    session_id: str | None = None
    reply_to_session_id: str | None = None
    partition_key: str | None = None
    transaction_partition_key: str | None = None
    dead_letter_source: str | None = None
    application_properties: Mapping[str, Json] = field(default_factory=dict)


def body_data(delivery: Delivery, *, binary: bool) -> TypedData:
    """Return the body: bytes where the trigger says so, else text; an empty one is set and empty.

    Raises BodyNotSupportedError for an AMQP value or sequence, but for a value that is a string
    where the trigger wants text.
    Sources: GetBody in AmqpMessageExtensions.cs and MessageToStringConverter.cs of
    azure-sdk-for-net; the whole text is in MassTransit issue 5321.
    """
    if binary:
        return TypedData(bytes=_as_bytes(delivery.body))
    return TypedData(string=_as_text(delivery.body))


def trigger_metadata(delivery: Delivery, *, binary: bool) -> dict[str, TypedData]:
    """Return the metadata of one message; absent values are not in it."""
    properties = json.dumps(dict(delivery.application_properties))
    texts = {
        "MessageId": delivery.message_id,
        "Subject": delivery.subject,
        "Label": delivery.subject,
        "CorrelationId": delivery.correlation_id,
        "ContentType": delivery.content_type,
        "ReplyTo": delivery.reply_to,
        "To": delivery.to,
        "SessionId": delivery.session_id,
        "ReplyToSessionId": delivery.reply_to_session_id,
        "PartitionKey": delivery.partition_key,
        "TransactionPartitionKey": delivery.transaction_partition_key,
        "LockToken": delivery.lock_token,
        "DeadLetterSource": delivery.dead_letter_source,
    }
    expires = _NEVER if delivery.expires_at is None else _zoneless(delivery.expires_at)
    values = {
        # .NET counts the delivery under way; the AMQP header counts those before it.
        "DeliveryCount": str(delivery.delivery_count + 1),
        "SequenceNumber": str(delivery.sequence_number),
        "EnqueuedTimeUtc": json.dumps(_zoneless(delivery.enqueued_time)),
        "EnqueuedTime": json.dumps(_zoneless(delivery.enqueued_time) + "+00:00"),
        "ExpiresAtUtc": json.dumps(expires),
        "ExpiresAt": json.dumps(expires + "+00:00"),
        "ApplicationProperties": properties,
        "UserProperties": properties,
    }
    metadata = {name: TypedData(json=text) for name, text in values.items()}
    metadata |= {name: TypedData(string=text) for name, text in texts.items() if text is not None}
    if not binary:
        _leak(_as_text(delivery.body), metadata)
    return metadata


def _leak(body: str, metadata: dict[str, TypedData]) -> None:
    """Copy the members of a JSON object body over the metadata, as the host does.

    Source: ApplyBindingData in WorkerFunctionInvoker.cs of Azure/azure-functions-host.
    """
    try:
        members = json.loads(body)
    except ValueError:
        return
    if not isinstance(members, dict):
        return
    spelled = {name.lower(): name for name in metadata}
    for name, value in members.items():
        if value is None or isinstance(value, list):
            continue
        key = spelled.setdefault(name.lower(), name)
        if isinstance(value, dict):
            metadata[key] = TypedData(json=json.dumps(value))
        else:
            metadata[key] = TypedData(string=str(value))


def _as_bytes(body: Body) -> bytes:
    if isinstance(body, bytes):
        return body
    kind = "Value" if isinstance(body, ValueBody) else "Sequence"
    raise BodyNotSupportedError(
        f"{kind} cannot be retrieved using the Body property."
        "Use GetRawAmqpMessage to access the underlying Amqp Message object. For more information "
        "on how to avoid this error,see https://aka.ms/azsdk/net/servicebus/messagebody."
    )


def _as_text(body: Body) -> str:
    match body:
        case bytes():
            return body.decode("utf-8", errors="replace")
        case ValueBody(text=str(text)):
            return text
        case ValueBody():
            # The extension names the .NET type here.
            raise BodyNotSupportedError(
                "A message with this value type cannot be bound to a string."
            )
        case SequenceBody():
            raise BodyNotSupportedError("A sequence body message cannot be bound to a string.")


def _zoneless(time: datetime) -> str:
    """Write `time` as Json.NET writes a UTC DateTime of kind Unspecified."""
    text = time.astimezone(UTC).replace(tzinfo=None).isoformat()
    return text.rstrip("0") if "." in text else text
