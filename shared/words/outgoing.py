"""What is sent over Service Bus, and the names of the entities of ours. Core: values."""

from dataclasses import dataclass, field
from datetime import datetime

CREATE_QUEUE = "create-meeting"
JOIN_QUEUE = "join-meeting"
TEND_QUEUE = "tend-meeting"
REJECTED_QUEUE = "rejected-requests"
EVENTS_TOPIC = "meeting-events"
OWN_ENTITIES = frozenset({EVENTS_TOPIC, CREATE_QUEUE, JOIN_QUEUE, TEND_QUEUE})
"""What a deployment must have: where one is missing, its messages are kept until it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAddress:
    """Where the answer to a message goes besides the topic."""

    queue: str
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One Service Bus message on its way out. `due` schedules it.

    `body` is text in everything the outbox holds; bytes only in copies of what somebody sent us.
    """

    entity: str
    message_id: str
    body: str | bytes
    content_type: str = "application/json"
    subject: str | None = None
    correlation_id: str | None = None
    session_id: str | None = None
    reply_to: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    due: datetime | None = None
