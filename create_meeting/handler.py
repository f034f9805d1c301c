"""Carry out the action of one create-meeting message, or refuse it."""

from create_meeting.change.act import cancel_meeting, update_meeting
from create_meeting.decision import identify
from create_meeting.new.act import create
from create_meeting.request import CancelMeeting, CreateMeeting, UpdateMeeting, read_request
from shared.inbox.message import QueueMessage
from shared.inbox.models import read_members
from shared.inbox.requests import refusal_event, request_id_of
from shared.inbox.trying import note
from shared.meeting.meeting import Trying
from shared.services import Services
from shared.telemetry import correlate
from shared.words.entities import EVENTS_TOPIC


async def create_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one message to its verdict; raise only if the host is to abandon the message."""
    correlate(requestId=request_id_of(message))
    tenant_id = services.policy.tenant_id
    queue = message.reply.queue if message.reply is not None else ""
    services.bus.expect([EVENTS_TOPIC, *([queue] if queue else [])])
    await services.inbox.handle(
        message,
        lambda one: _carry_out(one, services),
        lambda one, refused, at: refusal_event(
            "meeting.rejected", one, refused, at=at, tenant_id=tenant_id
        ),
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
    tenant_id = services.policy.tenant_id
    await note(trying, request_id_of(message), journal=services.journal, tenant_id=tenant_id)
