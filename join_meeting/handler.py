"""One join-meeting message: gather, decide, act. The claim is committed before Graph is asked."""

from datetime import datetime

from join_meeting.plan import (
    Adopt,
    Decision,
    Join,
    NotYet,
    Wait,
    plan,
    record_adopted,
    record_claim,
    record_failed,
    record_joining,
    record_released,
)
from join_meeting.request import read_request
from shared.delivery import QueueMessage, deliver, postponed
from shared.domain import CallId, MeetingId, same_id
from shared.errors import Rejected, Transient
from shared.events import refusal_message
from shared.journal import Loaded, Observations
from shared.meeting import Change, Meeting, Outgoing
from shared.messages import read_members, readable_context, readable_request_id
from shared.services import Services

TOO_MANY_REQUESTS = 429


async def join_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one message to its verdict; raises only what the host is to abandon it for."""
    await deliver(
        message,
        lambda one: _join(one, services),
        lambda one, refused, at: _refusal(one, refused, at, services.policy.tenant_id),
        bus=services.bus,
        clock=services.clock,
        policy=services.policy.retry,
        jitter=services.jitter,
    )


async def _join(message: QueueMessage, services: Services) -> None:
    meeting_id = MeetingId(read_request(message.body).meeting_id)
    stored = await services.ledger.load(meeting_id)
    if isinstance(_plan(stored.meeting if stored else None, message, meeting_id, services), Join):
        # Before the claim, so that no crash leaves a bot that nobody looks after.
        await services.ledger.watch(meeting_id, now=services.clock.now())

    decision = await _claim(meeting_id, message, Loaded(stored), services)

    match decision:
        case NotYet(start=start):
            await services.bus.send([postponed(message, due=start)])
        case Wait(pause=pause):
            raise Transient(
                "an earlier try may have put the bot into the meeting; its callback will tell",
                retry_after=pause,
            )
        case Join():
            await _send_bot(decision, meeting_id, message, services)
        case Adopt():
            pass


async def _claim(
    meeting_id: MeetingId, message: QueueMessage, loaded: Loaded, services: Services
) -> Decision:
    """Decide and commit in one transaction; return what was decided when it was committed."""
    taken: list[Decision] = []

    def decide(known: Meeting | None, now: datetime, _: Observations) -> Change | None:
        decision = _plan(known, message, meeting_id, services)
        taken.append(decision)
        if known is None:
            return None
        if isinstance(decision, Join):
            return record_claim(known, decision)
        if isinstance(decision, Adopt):
            return record_adopted(known, decision, message, now=now)
        return None

    receipt = await services.journal.change(
        meeting_id, decide, loaded=loaded, resend=message.delivery_count > 1
    )
    await receipt.sent
    return taken[-1]


async def _send_bot(
    join: Join, meeting_id: MeetingId, message: QueueMessage, services: Services
) -> None:
    try:
        call = await services.graph.create_call(join.body)
    except Rejected as error:
        refused = error  # the name of an except clause does not outlive it; the decision may
        receipt = await services.journal.change(
            meeting_id,
            lambda known, now, _: (
                None if known is None else record_failed(known, join, refused, message, now=now)
            ),
        )
        await receipt.sent
        return
    except Transient as failed:
        if failed.graph is not None and failed.graph.status == TOO_MANY_REQUESTS:
            # Refused before anything was done: nobody has to wait for the lease.
            await services.journal.change(
                meeting_id,
                lambda known, _, __: None if known is None else record_released(known, join),
            )
        raise
    answered_at = services.clock.now()
    receipt = await services.journal.change(
        meeting_id,
        lambda known, now, everything: (
            None
            if known is None
            else record_joining(
                known,
                join,
                CallId(same_id(call["id"])),
                message,
                answered_at=answered_at,
                now=now,
                rules=services.policy.recording,
                everything=everything,
            )
        ),
    )
    await receipt.sent


def _plan(
    known: Meeting | None, message: QueueMessage, meeting_id: MeetingId, services: Services
) -> Decision:
    policy = services.policy
    return plan(
        known,
        message,
        meeting_id=meeting_id,
        now=services.clock.now(),
        lease=policy.claim_lease,
        bot_app_id=policy.bot_app_id,
        public_url=policy.public_url,
    )


def _refusal(message: QueueMessage, refused: Rejected, at: datetime, tenant_id: str) -> Outgoing:
    members = read_members(message.body)
    return refusal_message(
        "bot.failed",
        refused,
        tenant_id=tenant_id,
        request_id=readable_request_id(members) or message.origin_id,
        origin_id=message.origin_id,
        at=at,
        context=readable_context(members),
    )
