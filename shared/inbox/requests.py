"""The id and the refusal of a request whose body may be unreadable. Core."""

from datetime import datetime

from shared.events.cloud_events import refusal_message
from shared.inbox.message import QueueMessage
from shared.inbox.models import read_members, readable_context, readable_request_id
from shared.words.errors import Rejected
from shared.words.outgoing import Outgoing


def request_id_of(message: QueueMessage) -> str:
    """Return the request's own id, else that of its message."""
    return readable_request_id(read_members(message.body)) or message.origin_id


def refusal_event(
    name: str, message: QueueMessage, refused: Rejected, *, at: datetime, tenant_id: str
) -> Outgoing:
    """Return the topic message, an event `name`, that refuses a request without a meeting."""
    return refusal_message(
        name,
        refused,
        tenant_id=tenant_id,
        request_id=request_id_of(message),
        delivery_id=message.delivery_id,
        at=at,
        context=readable_context(read_members(message.body)),
        traceparent=message.traceparent,
    )
