"""A Service Bus message as handlers see it.

Core. `message_id` is the caller's, and many messages may carry the same one. `delivery_id`
identifies the message itself. The history of a message travels in its properties. Any sender can
set those, so a property that cannot be read, or lies out of its bounds, counts as absent.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from shared.inbox.attempts import history_text, read_history
from shared.inbox.reply_to import read_reply_to
from shared.words.errors import Attempt, Rejected, Transient
from shared.words.ids import digest, moment_in, utc_text
from shared.words.outgoing import LONGEST_MESSAGE_ID, ReplyAddress, Undelivered

ORIGIN = "rollcall-origin"
DELIVERY = "rollcall-delivery"
ATTEMPT = "rollcall-attempt"
FAILURES = "rollcall-failures"
FIRST_ENQUEUED = "rollcall-first-enqueued"
FIRST_TRIED = "rollcall-first-tried"
HISTORY = "rollcall-history"
AT_START = "rollcall-at-start"
ASKED = "rollcall-asked"
LONGEST_WAY = timedelta(days=90)
"""How long ago a message may have come into its queue for the first time: through tries of a day,
and queues that keep what nobody reads for 14 days."""
LONGEST_AHEAD = timedelta(days=3660)
"""How long before its start a meeting may be requested, for the time of the request to count."""
CLOCKS_APART = timedelta(minutes=5)
"""How far the clock of Service Bus may be ahead of ours."""
LONGEST_CORRELATION_ID = 1024
CORRELATION_ID_TOO_LONG = Undelivered(
    code="correlation_id_too_long",
    message=f"An answer carries a correlation id of up to {LONGEST_CORRELATION_ID} characters.",
)
LONGEST_COUNT = 6
DELIVERY_ID = re.compile("[a-z2-7]{26}")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """A message as a trigger passes it on; `delivery_count` starts at 1.

    `namespace`: the host name of our Service Bus, with which `reply_to` is read; the inbox knows.
    """

    queue: str
    body: bytes = field(repr=False)
    message_id: str | None
    correlation_id: str | None
    reply_to: str | None
    sequence_number: int
    delivery_count: int
    enqueued_at: datetime
    properties: dict[str, str] = field(default_factory=dict)
    namespace: str = ""
    traceparent: str | None = None
    """The trace that the message is part of, as it began; None where there is no trace."""

    @property
    def origin_id(self) -> str:
        """The id that the sender gave the message; scheduled copies keep it.

        It names a request without an id of its own. Several messages may have the same.
        """
        own = self.message_id or f"sequence-number-{self.sequence_number}"
        if len(own) > LONGEST_MESSAGE_ID:
            own = digest("message", own, characters=26)
        carried = self.properties.get(ORIGIN) or ""
        return carried if 0 < len(carried) <= LONGEST_MESSAGE_ID else own

    @property
    def delivery_id(self) -> str:
        """The id of this message, the same in redeliveries and copies: each id is answered once."""
        carried = self.properties.get(DELIVERY) or ""
        if DELIVERY_ID.fullmatch(carried):
            return carried
        return _digest(self.queue, str(self.sequence_number), self.message_id or "")

    @property
    def attempt(self) -> int:
        """Which try this is: 1 for the message as it was sent, 2 for its first copy."""
        return _count(self.properties.get(ATTEMPT), least=1)

    @property
    def failures(self) -> int:
        """How many tries in a row ended because a component that we depend on did not answer."""
        return _count(self.properties.get(FAILURES), least=0)

    @property
    def first_enqueued(self) -> datetime:
        """When the message as it was sent came into the queue."""
        found = read_moment(self.properties.get(FIRST_ENQUEUED))
        since = self.enqueued_at - LONGEST_WAY
        return _held(found, since=since, until=self.enqueued_at) or self.enqueued_at

    @property
    def asked_at(self) -> datetime:
        """When this was requested. A message for later comes into its queue only when it is due."""
        found = read_moment(self.properties.get(ASKED))
        since = self.first_enqueued - LONGEST_AHEAD
        return _held(found, since=since, until=self.first_enqueued) or self.first_enqueued

    def first_tried(self, *, now: datetime) -> datetime:
        """Return when the first try failed: `now`, where this is the first.

        Patience counts from here, so waiting in a queue without a reader uses none of it.
        """
        found = read_moment(self.properties.get(FIRST_TRIED))
        return _held(found, since=self.first_enqueued - CLOCKS_APART, until=now) or now

    @property
    def history(self) -> tuple[Attempt, ...]:
        """The tries before this one that are remembered, oldest first."""
        return read_history(self.properties.get(HISTORY))

    @property
    def reply(self) -> ReplyAddress | None:
        """Where the answer goes besides the topic, if the caller named a queue."""
        if not self.reply_to or not self.reply_to.strip():
            return None
        found = read_reply_to(self.reply_to, namespace=self.namespace)
        correlation_id = self.correlation_id or self.origin_id
        if len(correlation_id) > LONGEST_CORRELATION_ID:
            # A meeting keeps the addresses of many requests: sixteen of 64 KB fit no row.
            correlation_id, found = "", CORRELATION_ID_TOO_LONG
        if isinstance(found, str):
            return ReplyAddress(queue=found, correlation_id=correlation_id)
        return ReplyAddress(queue="", correlation_id=correlation_id, problem=found)

    def after(self, failed: Transient | Rejected, *, at: datetime) -> "QueueMessage":
        """Return the message for its next try, with this try counted and remembered."""
        tried = Attempt(
            at=at, said=str(failed), request_id=failed.graph.request_id if failed.graph else None
        )
        failures = self.failures + 1 if isinstance(failed, Transient) else 0
        return replace(
            self,
            properties={
                **self.properties,
                ORIGIN: self.origin_id,
                DELIVERY: self.delivery_id,
                ATTEMPT: str(self.attempt + 1),
                FAILURES: str(failures),
                FIRST_ENQUEUED: utc_text(self.first_enqueued),
                FIRST_TRIED: utc_text(self.first_tried(now=at)),
                HISTORY: history_text((*self.history, tried)),
            },
        )


class BoundMessage(Protocol):
    """What the Service Bus binding passes to a function (`azure.functions.ServiceBusMessage`)."""

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


def own_delivery(message_id: str) -> dict[str, str]:
    """Return the properties that make a message of ours the same message each time it is sent."""
    return {DELIVERY: _digest(message_id)}


def _digest(*parts: str) -> str:
    return digest("delivery", *parts, characters=26)


def read_moment(text: str | None) -> datetime | None:
    """Return the moment in a property; None unless it is a moment with an offset."""
    return moment_in(text) if text else None


def _held(moment: datetime | None, *, since: datetime, until: datetime) -> datetime | None:
    """Return a moment of a property; None where it lies before `since` or after `until`."""
    return moment if moment is not None and since <= moment <= until else None


def _count(text: str | None, *, least: int) -> int:
    if text is None or not text.isdecimal() or len(text) > LONGEST_COUNT:
        return least
    return max(int(text), least)
