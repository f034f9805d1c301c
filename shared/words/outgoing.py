"""What is published, and what is sent over Service Bus. Core: values."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

LONGEST_MESSAGE_ID = 128
"""Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """Why an answer reached no queue of the caller's. `message` quotes at most a queue's name."""

    code: Literal[
        "own_entity",
        "other_namespace",
        "not_a_queue",
        "correlation_id_too_long",
        "no_such_queue",
        "refused_by_queue",
        "closed_queue",
    ]
    message: str


def no_such_queue(queue: str) -> Undelivered:
    """Return why nothing was sent to a queue that Service Bus does not have."""
    return Undelivered(code="no_such_queue", message=f"Service Bus has no queue {queue}.")


def refused_by_queue(queue: str) -> Undelivered:
    """Return why an answer was not sent that a queue never takes."""
    return Undelivered(
        code="refused_by_queue",
        message=f"Service Bus does not take this answer for the queue {queue}: it is too large for "
        "it, or the queue requires a session, which no refusal has.",
    )


def closed_queue(queue: str) -> Undelivered:
    """Return why an answer was given up that a queue did not take for long."""
    return Undelivered(
        code="closed_queue",
        message=f"The queue {queue} took no message for too long: it is full or disabled, or "
        "Rollcall may not send to it.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAddress:
    """Where the answer to a message goes besides the topic.

    `problem`: why nothing goes there; `queue` is empty then. The topic's event says it.
    """

    queue: str
    correlation_id: str
    problem: Undelivered | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One Service Bus message on its way out. `due` schedules it.

    `body` is text in all that the outbox holds, and bytes only in copies of received messages.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened in a meeting, as an event says it.

    `name` is the middle of the event's type. `key` distinguishes the fact from others of that name.
    `at` is when it happened, never when it was processed.
    """

    name: str
    at: datetime
    key: tuple[str, ...]
    data: dict[str, Any] = field(repr=False)
    call_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A fact that was published as event number `sequence`, kept to answer repeated requests.

    Its data has all that the event said of itself: `context` and `undelivered`, too.
    """

    fact: Fact
    sequence: int
    recorded_at: datetime
