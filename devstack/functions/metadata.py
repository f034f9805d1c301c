"""Turns a received message into what the worker gets: its body and the trigger metadata. Pure.

Names and kinds are those of the Service Bus extension, version 5, for single dispatch; so are the
surprises: numbers are JSON texts, times lack their zone, a JSON body overwrites the metadata.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from devstack.functions.protos import TypedData

# What .NET shows for a message that never expires.
_NEVER = "9999-12-31T23:59:59.9999999"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of one message; `delivery_count` is the AMQP header's, from 0."""

    body: bytes
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
    application_properties: Mapping[str, object] = field(default_factory=dict)


def body_data(delivery: Delivery, *, binary: bool) -> TypedData:
    """Return the body: bytes where the trigger says so, else text; nothing for an empty one."""
    if not delivery.body:
        return TypedData()
    if binary:
        return TypedData(bytes=delivery.body)
    return TypedData(string=_as_text(delivery.body))


def trigger_metadata(delivery: Delivery, *, binary: bool) -> dict[str, TypedData]:
    """Return the metadata of one message; absent values are not in it."""
    properties = json.dumps(dict(delivery.application_properties), default=_plain)
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
        _leak(delivery.body, metadata)
    return metadata


def _leak(body: bytes, metadata: dict[str, TypedData]) -> None:
    """Copy the members of a JSON object body over the metadata, as the host does.

    Source: ApplyBindingData in WorkerFunctionInvoker.cs of Azure/azure-functions-host.
    """
    try:
        members = json.loads(_as_text(body))
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


def _as_text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")


def _zoneless(time: datetime) -> str:
    """Write `time` as Json.NET writes a UTC DateTime of kind Unspecified."""
    text = time.astimezone(UTC).replace(tzinfo=None).isoformat()
    return text.rstrip("0") if "." in text else text


def _plain(value: object) -> str:
    match value:
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case datetime():
            return value.astimezone(UTC).isoformat()
        case _:
            return str(value)
