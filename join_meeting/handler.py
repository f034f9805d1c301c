"""One join-meeting message: gather, decide, act. The claim is committed before Graph is asked."""

from dataclasses import replace
from datetime import datetime

from join_meeting.adopting import look_again
from join_meeting.decision import (
    Adopt,
    Decision,
    Join,
    NotYet,
    Rules,
    Wait,
    is_prepared,
)
from join_meeting.holding import all_older, hold_to_one_meeting
from join_meeting.leave import (
    AnswerEnd,
    Hang,
    Leaving,
    Mark,
    NothingThere,
    plan_leaving,
    record_leaving,
)
from join_meeting.outcome import record_adopted
from join_meeting.plan import newcomer, plan, record_claim
from join_meeting.request import JoinMeeting, read_request
from join_meeting.sending import send_bot
from join_meeting.wish import Wish, moved_request
from shared.coordinates import JoinTarget, alias_of
from shared.copies import postponed
from shared.delivery import deliver
from shared.domain import MeetingId, linked_meeting_id_for, utc_text
from shared.errors import Rejected, Transient
from shared.events import refusal_message
from shared.journal import Loaded
from shared.meeting import Change, Meeting, Outgoing, Stored
from shared.messages import read_members, readable_context, readable_request_id
from shared.older_legs import Older
from shared.problems import rejected
from shared.queue_message import AT_START, QueueMessage
from shared.services import Services

ROUNDS = 12
"""How often a request begins anew because the meeting changed between a look and its decision."""


async def join_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one message to its verdict; raises only what the host is to abandon it for."""
    await deliver(
        message,
        lambda one: _carry_out(one, services),
        lambda one, refused, at: _refusal(one, refused, at, services.policy.tenant_id),
        bus=services.bus,
        clock=services.clock,
        policy=services.policy.retry,
        jitter=services.jitter,
        waits=services.waits,
    )


async def _carry_out(message: QueueMessage, services: Services) -> None:
    request = read_request(message.body)
    target = request.target(tenant_id=services.policy.tenant_id)
    meeting_id = await _meeting_id(request, target, services)
    stored = await services.ledger.load(meeting_id)
    if stored is not None and stored.meeting.same_as is not None:
        meeting_id = stored.meeting.same_as
        stored = await services.ledger.load(meeting_id)
    wish = Wish(message=message, request=request, target=target, meeting_id=meeting_id)
    if request.action == "leave":
        await _leave(wish, stored, services)
    else:
        await _join(wish, stored, services)


async def _meeting_id(
    request: JoinMeeting, target: JoinTarget | None, services: Services
) -> MeetingId:
    """Return whose meeting it is; a link that leads nowhere yet leads to its own from now on."""
    if target is None:
        return MeetingId(request.meeting_id or "")
    alias = alias_of(target)
    own = linked_meeting_id_for(tenant_id=target.tenant_id, alias=alias)
    if request.action == "leave":
        return await services.ledger.resolve_alias(alias) or own
    return await services.ledger.claim_alias(alias, own)


async def _join(wish: Wish, stored: Stored | None, services: Services) -> None:
    for _ in range(ROUNDS):
        if await _joined(wish, stored, services):
            return
        stored = await services.ledger.load(wish.meeting_id)
    raise Transient("the legs of the bot in this meeting change too fast")


async def _joined(wish: Wish, stored: Stored | None, services: Services) -> bool:
    """Decide and act; False where nothing was done, because the meeting is no more what it was."""
    message, policy = wish.message, services.policy
    rules = Rules(
        lease=policy.claim_lease,
        bot_app_id=policy.bot_app_id,
        public_url=policy.public_url,
        tenant_id=policy.tenant_id,
    )
    # Only by its own id is a request known again that an older leg was the answer to.
    older = await all_older(stored, services) if wish.asked() else Older(pages=None)
    whole = older.beside(stored.meeting if stored else None)
    first = plan(whole, wish, now=services.clock.now(), rules=rules)
    if isinstance(first, Adopt) and first.to_be_looked_at and stored is not None:
        found = await look_again(first, stored.meeting.target, wish, services)
        if found != "there":
            return found == "elsewhere"  # and asked for there
    if isinstance(first, Join | Adopt):
        await hold_to_one_meeting(wish, whole, services)

    taken: list[Decision | None] = []

    def decide(head: Meeting | None, now: datetime) -> Change | None:
        if not older.is_of(head):
            taken.append(None)
            return None
        known = older.beside(head)
        decision = plan(known, wish, now=now, rules=rules)
        ready = is_prepared(decision, by=first)
        taken.append(decision if ready else None)
        change = None
        if isinstance(decision, Join) and ready:
            change = record_claim(decision)
        if isinstance(decision, Adopt) and ready and known is not None:
            change = record_adopted(known, decision, wish, now=now)
        return older.kept_apart(change, head) if change is not None else None

    receipt = await services.journal.change(
        wish.meeting_id, decide, loaded=Loaded(stored), resend=message.delivery_count > 1
    )
    await receipt.sent
    match taken[-1]:
        case None:
            return False
        case NotYet(start=start):
            sent_for = {**message.properties, AT_START: utc_text(start)}
            await services.bus.send([postponed(replace(message, properties=sent_for), due=start)])
        case Wait(pause=pause):
            raise Transient(
                "another leg of the bot is on its way into the meeting, or out of it",
                retry_after=pause,
            )
        case Join() as join:
            await send_bot(join, wish, services)
        case _:
            pass  # adopted, or answered before: everything was in the transaction
    return True


async def _leave(wish: Wish, stored: Stored | None, services: Services) -> None:
    for _ in range(ROUNDS):
        if await _left(wish, stored, services):
            return
        stored = await services.ledger.load(wish.meeting_id)
    raise Transient("the legs of the bot in this meeting change too fast")


async def _left(wish: Wish, stored: Stored | None, services: Services) -> bool:
    """Decide and act; False where nothing was done, because more legs left the head meanwhile."""
    older = await all_older(stored, services)
    whole = older.beside(stored.meeting if stored else None)
    first = plan_leaving(whole, wish, now=services.clock.now())
    if isinstance(first, Hang | Mark | AnswerEnd):
        await hold_to_one_meeting(wish, whole, services)

    taken: list[Leaving | None] = []

    def decide(head: Meeting | None, now: datetime) -> Change | None:
        if not older.is_of(head):
            taken.append(None)
            return None
        known = older.beside(head)
        decision = plan_leaving(known, wish, now=now)
        taken.append(decision)
        # A join that was sent before may come after: the leave is remembered in any case.
        meeting = known or newcomer(wish, tenant_id=services.policy.tenant_id)
        change = record_leaving(meeting, decision, wish, now=now)
        return older.kept_apart(change, head) if change is not None else None

    receipt = await services.journal.change(
        wish.meeting_id, decide, loaded=Loaded(stored), resend=wish.message.delivery_count > 1
    )
    await receipt.sent
    match taken[-1]:
        case None:
            return False
        case Mark(pause=pause):
            raise Transient(
                "the bot may be on its way into the meeting; it is hung up once it is seen",
                retry_after=pause,
            )
        case NothingThere():
            raise rejected("nothing_to_leave")
        case _:
            pass  # the end of the leg is the answer
    return True


def _refusal(message: QueueMessage, refused: Rejected, at: datetime, tenant_id: str) -> Outgoing:
    members = read_members(message.body)
    return refusal_message(
        "bot.failed",
        refused,
        tenant_id=tenant_id,
        request_id=readable_request_id(members)
        or next(iter(moved_request(message)), message.origin_id),
        delivery_id=message.delivery_id,
        at=at,
        context=readable_context(members),
    )
