"""One create-meeting message: gather what is known, decide, act. Holds no decision of its own."""

import asyncio
from datetime import datetime

from create_meeting.plan import AnswerAgain, answer_again, identify, plan, record_created
from create_meeting.request import read_request
from shared.coordinates import Coordinates, read_online_meeting
from shared.delivery import QueueMessage, deliver
from shared.domain import MeetingId
from shared.errors import Rejected
from shared.events import refusal_message
from shared.journal import Loaded
from shared.meeting import Outgoing
from shared.messages import read_members, readable_context, readable_request_id
from shared.services import Services


async def create_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one message to its verdict; raises only what the host is to abandon it for."""
    policy = services.policy
    await deliver(
        message,
        lambda one: _create(one, services),
        lambda one, refused, at: _refusal(one, refused, at, tenant_id=policy.tenant_id),
        bus=services.bus,
        clock=services.clock,
        policy=policy.retry,
        jitter=services.jitter,
    )


async def _create(message: QueueMessage, services: Services) -> None:
    request, members = read_request(message.body), read_members(message.body)
    identity = identify(request, message, tenant_id=services.policy.tenant_id)
    stored = await services.ledger.load(identity.meeting_id)

    decision = plan(
        request,
        members,
        identity,
        stored.meeting if stored else None,
        organizer_id=services.policy.organizer_id,
        now=services.clock.now(),
    )

    redelivered = message.delivery_count > 1
    if isinstance(decision, AnswerAgain):
        receipt = await services.journal.change(
            identity.meeting_id,
            lambda known, now, _: answer_again(known, message, now=now),
            loaded=Loaded(stored),
            resend=redelivered,
        )
    else:
        create = decision
        answer = await services.graph.create_or_get_meeting(create.asked.organizer_id, create.body)
        online = read_online_meeting(
            answer, organizer_id=create.asked.organizer_id, tenant_id=identity.tenant_id
        )
        await _claim_aliases(online.coordinates, identity.meeting_id, services)
        receipt = await services.journal.change(
            identity.meeting_id,
            lambda known, now, _: record_created(known, create, online, message, now=now),
            loaded=Loaded(stored),
            resend=redelivered,
        )
    await receipt.sent


async def _claim_aliases(where: Coordinates, meeting_id: MeetingId, services: Services) -> None:
    """Let the meeting be found by what its links carry."""
    aliases = [where.thread_id, *([where.join_meeting_id] if where.join_meeting_id else [])]
    await asyncio.gather(*(services.ledger.claim_alias(alias, meeting_id) for alias in aliases))


def _refusal(message: QueueMessage, refused: Rejected, at: datetime, *, tenant_id: str) -> Outgoing:
    members = read_members(message.body)
    return refusal_message(
        "meeting.rejected",
        refused,
        tenant_id=tenant_id,
        request_id=readable_request_id(members) or message.origin_id,
        origin_id=message.origin_id,
        at=at,
        context=readable_context(members),
    )
