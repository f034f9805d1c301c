"""One create-meeting message: gather what is known, decide, act. Holds no decision of its own."""

import asyncio
from datetime import datetime

from create_meeting.answers import created_again
from create_meeting.bodies import Members
from create_meeting.changing import cancel_meeting, update_meeting
from create_meeting.option_setting import set_options
from create_meeting.plan import AnswerAgain, Create, Identity, identify, plan, record_created
from create_meeting.post_plan import Posting
from create_meeting.posting import claim_post, drop_surplus, posted_meeting, yield_claim
from create_meeting.request import CancelMeeting, CreateMeeting, UpdateMeeting, read_request
from shared.coordinates import Coordinates, alias_of, read_online_meeting, target_of
from shared.delivery import deliver
from shared.domain import MeetingId
from shared.errors import Rejected, Transient
from shared.events import EVENTS_TOPIC, refusal_message
from shared.invitation import prepare
from shared.journal import Loaded
from shared.meeting import Outgoing
from shared.messages import read_members, readable_context, readable_request_id
from shared.queue_message import QueueMessage
from shared.services import Services


async def create_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one message to its verdict; raises only what the host is to abandon it for."""
    policy = services.policy
    services.bus.expect([EVENTS_TOPIC, *([message.reply.queue] if message.reply else [])])
    await deliver(
        message,
        lambda one: _carry_out(one, services),
        lambda one, refused, at: _refusal(one, refused, at, tenant_id=policy.tenant_id),
        bus=services.bus,
        clock=services.clock,
        policy=policy.retry,
        jitter=services.jitter,
        waits=services.waits,
    )


async def _carry_out(message: QueueMessage, services: Services) -> None:
    request = read_request(message.body)
    identity = identify(request.request_id, message, tenant_id=services.policy.tenant_id)
    match request:
        case CreateMeeting():
            await _create(request, identity, message, services)
        case UpdateMeeting():
            await update_meeting(request, identity, message, services)
        case CancelMeeting():
            await cancel_meeting(identity, message, services)


async def _create(
    request: CreateMeeting, identity: Identity, message: QueueMessage, services: Services
) -> None:
    stored = await services.ledger.load(identity.meeting_id, likely_new=True)
    decision = plan(
        request,
        read_members(message.body),
        identity,
        stored.meeting if stored else None,
        organizer_id=services.policy.organizer_id,
        now=services.clock.now(),
    )
    if isinstance(decision, AnswerAgain):
        await _answer_again(identity, message, Loaded(stored), services)
    elif not decision.post:
        made, _ = await asyncio.gather(
            services.graph.create_or_get_meeting(decision.asked.organizer_id, decision.body),
            prepare(),
        )
        await _finish(decision, made, message, Loaded(stored), services)
    else:
        posting = await claim_post(decision, message, Loaded(stored), services)
        if posting is None:
            await _answer_again(identity, message, None, services)
        else:
            await _create_by_post(decision, posting, message, services)


async def _create_by_post(
    create: Create, posting: Posting, message: QueueMessage, services: Services
) -> None:
    try:
        made = await posted_meeting(create, posting, services)
        await _finish(create, made, message, None, services)
    except (Rejected, Transient):
        await yield_claim(create, posting, services)
        raise


async def _finish(
    create: Create,
    made: Members,
    message: QueueMessage,
    loaded: Loaded | None,
    services: Services,
) -> None:
    """Set the options of the meeting Graph made, then record and tell it."""
    answer, refused = await set_options(create, made, services)
    online = read_online_meeting(
        answer, organizer_id=create.asked.organizer_id, tenant_id=create.identity.tenant_id
    )
    await _claim_aliases(online.coordinates, create.identity.meeting_id, services)
    receipt = await services.journal.change(
        create.identity.meeting_id,
        lambda known, now: record_created(known, create, answer, refused, message, now=now),
        loaded=loaded,
        resend=message.delivery_count > 1,
    )
    await receipt.sent
    if create.post and receipt.meeting is not None:
        await drop_surplus(create, made, receipt.meeting, services)


async def _answer_again(
    identity: Identity, message: QueueMessage, loaded: Loaded | None, services: Services
) -> None:
    receipt = await services.journal.change(
        identity.meeting_id,
        lambda known, now: None if known is None else created_again(known, message, now=now),
        loaded=loaded,
        resend=message.delivery_count > 1,
    )
    await receipt.sent


async def _claim_aliases(where: Coordinates, meeting_id: MeetingId, services: Services) -> None:
    """Let the meeting be found by what its links carry."""
    aliases = {
        alias_of(target_of(where)),
        *([where.join_meeting_id] if where.join_meeting_id else []),
    }
    await asyncio.gather(*(services.ledger.claim_alias(alias, meeting_id) for alias in aliases))


def _refusal(message: QueueMessage, refused: Rejected, at: datetime, *, tenant_id: str) -> Outgoing:
    members = read_members(message.body)
    return refusal_message(
        "meeting.rejected",
        refused,
        tenant_id=tenant_id,
        request_id=readable_request_id(members) or message.origin_id,
        delivery_id=message.delivery_id,
        at=at,
        context=readable_context(members),
    )
