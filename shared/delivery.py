"""One queue message from its arrival to its verdict: done, refused, or once more later.

The type of the exception is the verdict (errors.py). A function completes a message by returning
and abandons it by raising; waiting for later means a scheduled copy and returning.
Source: https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from shared.domain import utc_text
from shared.errors import Rejected, Transient
from shared.events import ReplyAddress, reply_message
from shared.meeting import Outgoing
from shared.ports import Bus, Clock

logger = logging.getLogger("rollcall.delivery")

REJECTED_QUEUE = "rejected-requests"
ORIGIN = "rollcall-origin"
ATTEMPT = "rollcall-attempt"
FIRST_ENQUEUED = "rollcall-first-enqueued"
AT_START = "rollcall-at-start"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """A message as a trigger hands it over; `delivery_count` starts at 1."""

    queue: str
    body: bytes = field(repr=False)
    message_id: str | None
    correlation_id: str | None
    reply_to: str | None
    sequence_number: int
    delivery_count: int
    enqueued_at: datetime
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def origin_id(self) -> str:
        """The message's identity over redeliveries and scheduled copies."""
        own = self.message_id or f"sequence-number-{self.sequence_number}"
        return self.properties.get(ORIGIN) or own

    @property
    def attempt(self) -> int:
        """Which try this is: 1 for the message as it was sent, 2 for its first copy."""
        text = self.properties.get(ATTEMPT, "1")
        return int(text) if text.isdecimal() else 1

    @property
    def first_enqueued(self) -> datetime:
        """When the message as it was sent came into the queue."""
        text = self.properties.get(FIRST_ENQUEUED)
        try:
            return datetime.fromisoformat(text) if text else self.enqueued_at
        except ValueError:
            return self.enqueued_at

    @property
    def reply(self) -> ReplyAddress | None:
        """Where the answer goes besides the topic, if the caller named a queue."""
        if not self.reply_to:
            return None
        return ReplyAddress(
            queue=self.reply_to, correlation_id=self.correlation_id or self.origin_id
        )


class BoundMessage(Protocol):
    """What the Service Bus binding hands to a function (`azure.functions.ServiceBusMessage`)."""

    @property
    def message_id(self) -> str | None: ...
    @property
    def correlation_id(self) -> str | None: ...
    @property
    def reply_to(self) -> str | None: ...
    @property
    def sequence_number(self) -> int | None: ...
    @property
    def delivery_count(self) -> int | None: ...
    @property
    def enqueued_time_utc(self) -> datetime | None: ...
    @property
    def application_properties(self) -> dict[str, Any]: ...
    def get_body(self) -> bytes: ...


def bound(message: BoundMessage, *, queue: str, now: datetime) -> QueueMessage:
    """Return the message of a binding. Its enqueued time comes without an offset and means UTC."""
    enqueued = message.enqueued_time_utc
    return QueueMessage(
        queue=queue,
        body=message.get_body(),
        message_id=message.message_id or None,
        correlation_id=message.correlation_id or None,
        reply_to=message.reply_to or None,
        sequence_number=message.sequence_number or 0,
        delivery_count=message.delivery_count or 1,
        enqueued_at=enqueued.replace(tzinfo=UTC) if enqueued is not None else now,
        properties={
            name: value
            for name, value in message.application_properties.items()
            if isinstance(value, str)
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a message is tried: attempts, total time, and the pauses between."""

    attempts: int
    total: timedelta
    base: timedelta
    ceiling: timedelta


def next_attempt(
    message: QueueMessage,
    failed: Transient,
    *,
    now: datetime,
    policy: RetryPolicy,
    jitter: Callable[[float], float],
) -> datetime | None:
    """Return when `message` is tried again; None when it has been tried enough.

    Not before what the other side asked for; otherwise the pause doubles up to a ceiling, half of
    it at random, so that messages that failed together do not come back together.
    """
    grown = min(policy.base * (1 << min(message.attempt - 1, 20)), policy.ceiling)
    pause = grown / 2 + timedelta(seconds=jitter(grown.total_seconds() / 2))
    if failed.retry_after is not None:
        pause = failed.retry_after + timedelta(seconds=jitter(policy.base.total_seconds() / 4))
    due = now + pause
    if message.attempt >= policy.attempts or due > message.first_enqueued + policy.total:
        return None
    return due


def copy_of(message: QueueMessage, *, due: datetime, attempt: int) -> Outgoing:
    """Return the scheduled copy of `message` that is its next try."""
    return Outgoing(
        entity=message.queue,
        message_id=f"{message.origin_id}#{attempt}",
        body=message.body,
        correlation_id=message.correlation_id,
        reply_to=message.reply_to,
        properties={
            **message.properties,
            ORIGIN: message.origin_id,
            ATTEMPT: str(attempt),
            FIRST_ENQUEUED: utc_text(message.first_enqueued),
        },
        due=due,
    )


def postponed(message: QueueMessage, *, due: datetime) -> Outgoing:
    """Return the copy of `message` that comes back at `due` as if it had been sent then."""
    counted = (ATTEMPT, FIRST_ENQUEUED)
    return Outgoing(
        entity=message.queue,
        message_id=f"{message.origin_id}#{int(due.timestamp())}",
        body=message.body,
        correlation_id=message.correlation_id,
        reply_to=message.reply_to,
        properties={
            **{name: text for name, text in message.properties.items() if name not in counted},
            ORIGIN: message.origin_id,
        },
        due=due,
    )


def kept_copy(message: QueueMessage, refused: Rejected) -> Outgoing:
    """Return the copy of a refused message that `rejected-requests` keeps, with the reason."""
    return Outgoing(
        entity=REJECTED_QUEUE,
        message_id=f"{message.origin_id}#rejected",
        body=message.body,
        correlation_id=message.correlation_id,
        reply_to=message.reply_to,
        subject=refused.code,
        properties={
            **message.properties,
            ORIGIN: message.origin_id,
            "rollcall-queue": message.queue,
            "rollcall-code": refused.code,
        },
    )


def gave_up(message: QueueMessage, failed: Transient) -> Rejected:
    """Return the refusal of a message that has been tried enough."""
    return Rejected(
        code="gave_up",
        message=f"Tried {message.attempt} times since {utc_text(message.first_enqueued)}; "
        f"the last time: {failed}",
        next_step="Find out why the service did not answer (`graph` has its ids for support), "
        "then send the request again.",
        graph=failed.graph,
    )


async def deliver(
    message: QueueMessage,
    handle: Callable[[QueueMessage], Awaitable[None]],
    refuse: Callable[[QueueMessage, Rejected, datetime], Outgoing],
    *,
    bus: Bus,
    clock: Clock,
    policy: RetryPolicy,
    jitter: Callable[[float], float],
) -> None:
    """Hand `message` to `handle` and carry out its verdict.

    `refuse` turns a refusal into the event that tells it. When the bus itself is down, what it
    raises goes on to the host, which abandons the message.
    """
    try:
        await handle(message)
    except Rejected as error:
        refused = error
    except Transient as failed:
        due = next_attempt(message, failed, now=clock.now(), policy=policy, jitter=jitter)
        if due is not None:
            logger.info(
                "message.deferred", extra={"queue": message.queue, "attempt": message.attempt}
            )
            await bus.send([copy_of(message, due=due, attempt=message.attempt + 1)])
            return
        refused = gave_up(message, failed)
    else:
        return
    logger.info("message.rejected", extra={"queue": message.queue, "code": refused.code})
    event = refuse(message, refused, clock.now())
    answers = [reply_message(event, message.reply)] if message.reply else []
    try:
        await bus.send([event, *answers, kept_copy(message, refused)])
    except Rejected as undeliverable:
        # The caller's own reply queue does not exist; everything else was sent.
        logger.warning("refusal.undeliverable", extra={"why": str(undeliverable)})
