"""Carry out the action of one create-meeting message, or refuse it."""

from datetime import datetime

from create_meeting.change.act import cancel_meeting, update_meeting
from create_meeting.new.act import create
from create_meeting.new.plan import identify
from create_meeting.request import CancelMeeting, CreateMeeting, UpdateMeeting, read_request
from shared.events.cloud_events import refusal_message
from shared.inbox.message import QueueMessage
from shared.inbox.models import read_members, readable_context, readable_request_id
from shared.inbox.trying import note
from shared.meeting.meeting import Trying
from shared.services import Services
from shared.telemetry import correlate
from shared.words.entities import EVENTS_TOPIC
from shared.words.errors import Rejected
from shared.words.outgoing import Outgoing


async def create_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one message to its verdict; raise only if the host is to abandon the message."""
    correlate(requestId=_request_id(message))
    policy = services.policy
    queue = message.reply.queue if message.reply is not None else ""
    services.bus.expect([EVENTS_TOPIC, *([queue] if queue else [])])
    await services.inbox.handle(
        message,
        lambda one: _carry_out(one, services),
        lambda one, refused, at: _refusal(one, refused, at, tenant_id=policy.tenant_id),
        lambda one, trying: _note(one, trying, services),
    )


async def _carry_out(message: QueueMessage, services: Services) -> None:
    request = read_request(message.body)
    identity = identify(request.request_id, message, tenant_id=services.policy.tenant_id)
    match request:
        case CreateMeeting():
            await create(request, identity, message, services)
        case UpdateMeeting():
            await update_meeting(request, identity, message, services)
        case CancelMeeting():
            await cancel_meeting(identity, message, services)


async def _note(message: QueueMessage, trying: Trying, services: Services) -> None:
    """Let readers find how far a request for a meeting is; changes are of one that they find."""
    members = read_members(message.body)
    if not members or members.get("action") not in (None, "create"):
        return
    if trying.code == "request_conflict":
        return  # the id is that of another request
    request_id = readable_request_id(members) or message.origin_id
    tenant_id = services.policy.tenant_id
    await note(trying, request_id, journal=services.journal, tenant_id=tenant_id)


def _request_id(message: QueueMessage) -> str:
    return readable_request_id(read_members(message.body)) or message.origin_id


def _refusal(message: QueueMessage, refused: Rejected, at: datetime, *, tenant_id: str) -> Outgoing:
    members = read_members(message.body)
    return refusal_message(
        "meeting.rejected",
        refused,
        tenant_id=tenant_id,
        request_id=_request_id(message),
        delivery_id=message.delivery_id,
        at=at,
        context=readable_context(members),
        traceparent=message.traceparent,
    )
