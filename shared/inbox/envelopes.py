"""Envelopes that frameworks and connectors put around a body, by the members that show them.

Core: a table. Rollcall reads no envelope: which of two request ids or reply addresses counted
would be a guess.
Sources: https://masstransit.io/architecture/interoperability
https://github.com/cloudevents/spec/blob/main/cloudevents/formats/json-format.md
https://learn.microsoft.com/connectors/servicebus
https://learn.microsoft.com/azure/event-grid/event-schema
https://docs.dapr.io/developing-applications/building-blocks/pubsub/pubsub-cloudevents
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Envelope:
    """One envelope: whose it is, the members that show it, and where it has the body."""

    name: str
    members: frozenset[str]
    body: str
    instead: str = ""


ENVELOPES = (
    Envelope(
        "Dapr",
        frozenset({"specversion", "pubsubname"}),
        "data",
        "publish with the metadata rawPayload=true",
    ),
    Envelope("CloudEvents", frozenset({"specversion", "type", "source"}), "data"),
    Envelope(
        "MassTransit",
        frozenset({"messageType", "message"}),
        "message",
        "send with UseRawJsonSerializer",
    ),
    Envelope(
        "Logic Apps (Service Bus connector)",
        frozenset({"ContentData"}),
        "ContentData, in base64",
        "make that the content of the message",
    ),
    Envelope("Event Grid", frozenset({"eventType", "eventTime", "data"}), "data"),
    Envelope("Amazon EventBridge", frozenset({"detail-type", "detail"}), "detail"),
    Envelope("Amazon SNS", frozenset({"Type", "TopicArn", "Message"}), "Message, as text"),
    Envelope("Google Pub/Sub", frozenset({"message", "subscription"}), "message.data, in base64"),
    Envelope("NestJS", frozenset({"pattern", "data"}), "data"),
    Envelope("Celery", frozenset({"body", "content-encoding", "headers"}), "body"),
)


def envelope_problem(value: Any) -> str | None:
    """Return what is wrong with a body that is an envelope; None for all others."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        return None
    for envelope in ENVELOPES:
        if envelope.members <= value.keys():
            instead = envelope.instead or "send that as the body itself"
            return (
                f"is an envelope of {envelope.name}, which Rollcall does not open: the request "
                f"would be in its {envelope.body}; {instead}"
            )
    return None
