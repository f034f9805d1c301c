"""What becomes of messages that Service Bus can never take. Core.

That an answer is lost is published. Of all others `rejected-requests` keeps a copy for an operator,
beside the requests that were refused.
"""

from shared.words.entities import REJECTED_QUEUE
from shared.words.errors import MESSAGE_ID, Problem
from shared.words.ids import digest
from shared.words.outgoing import Outgoing, Undelivered, no_such_queue, refused_by_queue

QUEUE = "rollcall-queue"
CODE = "rollcall-code"
"""Where a kept copy was to go, or came from, and why it is here."""
LARGEST_KEPT = 128 * 1024
"""Bytes of a body that a copy has at most: half of what a message may have."""


def refused_copy(message: Outgoing, why: Problem) -> Outgoing:
    """Return the copy that is kept of a message: its body, cut, where to, and the problem's code.

    Nothing else of it: any other part may be what Service Bus refused.
    """
    body = message.body
    encoded = body if isinstance(body, bytes) else body.encode(errors="replace")
    return Outgoing(
        entity=REJECTED_QUEUE,
        message_id=digest("refused message", message.entity, message.message_id, characters=26),
        body=encoded[:LARGEST_KEPT].decode(errors="replace"),
        content_type="text/plain" if len(encoded) > LARGEST_KEPT else message.content_type,
        subject=why.code,
        properties={QUEUE: message.entity, CODE: why.code},
    )


def is_of_entity(why: Problem) -> bool:
    """Return whether an entity is not there, and not just one message is refused."""
    return MESSAGE_ID not in why.params


def lost_answer(queue: str, why: Problem) -> Undelivered:
    """Return why an answer never reaches a caller's queue."""
    return no_such_queue(queue) if is_of_entity(why) else refused_by_queue(queue)
