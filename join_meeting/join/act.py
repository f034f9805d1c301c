"""One request to join: gather, decide, act. The claim is committed before Graph is asked."""

from dataclasses import replace
from datetime import datetime

from join_meeting.holding import all_older, hold_to_one_meeting
from join_meeting.join.adopting import look_again
from join_meeting.join.decision import (
    Adopt,
    Decision,
    Join,
    NotYet,
    Rules,
    Wait,
    is_prepared,
)
from join_meeting.join.outcome import record_adopted
from join_meeting.join.plan import plan, record_claim
from join_meeting.join.sending import send_bot
from join_meeting.repeats import Wish
from shared.inbox.copies import postponed
from shared.inbox.message import AT_START
from shared.journal.journal import Loaded
from shared.meeting.meeting import Change, Meeting, Stored
from shared.meeting.older_legs import Older
from shared.services import Services
from shared.words.errors import Transient
from shared.words.ids import utc_text

ROUNDS = 12
"""How often a request begins anew because the meeting changed between a look and its decision."""


async def join(wish: Wish, stored: Stored | None, services: Services) -> None:
    """Answer a request to join: with a leg that is sent, or with the one that is there."""
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
