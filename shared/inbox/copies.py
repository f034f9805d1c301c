"""The copies that Rollcall makes of a message: for a retry, for a later day, for an operator.

Core.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from shared.inbox.attempts import history_text
from shared.inbox.message import (
    ASKED,
    ATTEMPT,
    DELIVERY,
    FAILURES,
    FIRST_ENQUEUED,
    FIRST_TRIED,
    HISTORY,
    ORIGIN,
    QueueMessage,
)
from shared.inbox.quotas import TRIES, within_quotas
from shared.words.entities import REJECTED_QUEUE
from shared.words.errors import Rejected
from shared.words.ids import utc_text
from shared.words.outgoing import LONGEST_MESSAGE_ID, Outgoing
from shared.words.refused_messages import CODE, QUEUE

INFORMATIONAL = frozenset({TRIES, QUEUE, CODE})
"""What a message has that was sent again from `rejected-requests`."""
COUNTED = frozenset({ATTEMPT, FAILURES, FIRST_ENQUEUED, FIRST_TRIED, HISTORY})


def copy_of(message: QueueMessage, *, due: datetime) -> Outgoing:
    """Return the scheduled copy that carries `message` (see `QueueMessage.after`) to `due`."""
    properties = _without(INFORMATIONAL, message.properties)
    return within_quotas(_copy(message, str(message.attempt), properties, due=due))


def postponed(message: QueueMessage, *, due: datetime) -> Outgoing:
    """Return the copy of `message` that comes back at `due` as if it had been sent then."""
    properties = {
        **_without({*COUNTED, *INFORMATIONAL}, message.properties),
        ORIGIN: message.origin_id,
        DELIVERY: message.delivery_id,
        ASKED: utc_text(message.asked_at),
    }
    return within_quotas(_copy(message, str(int(due.timestamp())), properties, due=due))


def kept_copy(message: QueueMessage, refused: Rejected) -> Outgoing:
    """Return the copy of a refused message that `rejected-requests` keeps, with the reason.

    If the copy is sent again, it is a new message with all its tries. It keeps the id of the first
    message only to name a request without an id of its own.
    """
    past = {*COUNTED, *INFORMATIONAL, ASKED, DELIVERY}
    properties = {
        **_without(past, message.properties),
        ORIGIN: message.origin_id,
        QUEUE: message.queue,
        CODE: refused.code,
    }
    if refused.history:
        properties[TRIES] = history_text(refused.history)
    copy = replace(
        _copy(message, "rejected", properties), entity=REJECTED_QUEUE, subject=refused.code
    )
    return within_quotas(copy, body_may_be_cut=True)


def _without(names: Collection[str], properties: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in properties.items() if name not in names}


def _copy(
    message: QueueMessage, suffix: str, properties: dict[str, str], *, due: datetime | None = None
) -> Outgoing:
    """Return a copy whose id is readable where it fits, and unique to this message's copy."""
    unique = f"{message.delivery_id}#{suffix}"
    readable = f"{message.origin_id}#{unique}"
    return Outgoing(
        entity=message.queue,
        message_id=readable if len(readable) <= LONGEST_MESSAGE_ID else unique,
        body=message.body,
        correlation_id=message.correlation_id,
        reply_to=message.reply_to,
        properties=properties,
        due=due,
    )
