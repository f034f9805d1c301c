"""One request to join: gather, decide, act. The claim is committed before the POST to Graph."""

from dataclasses import replace
from datetime import datetime

from join_meeting.holding import hold_to_one_meeting
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
from join_meeting.join.passcode import warned_of_passcode
from join_meeting.join.plan import plan, record_claim
from join_meeting.join.sending import send_bot
from join_meeting.repeats import Wish
from shared.inbox.copies import postponed
from shared.inbox.message import AT_START
from shared.journal.door import OpenMeeting
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.services import Services
from shared.words.errors import Transient
from shared.words.ids import utc_text

ROUNDS = 12
"""How often a request starts again because the meeting changed between a look and its decision."""


async def join(wish: Wish, opened: OpenMeeting, services: Services) -> None:
    """Answer a request to join: with a new leg, or with the one that is there."""
    for _ in range(ROUNDS):
        if await _joined(wish, opened, services):
            return
        await opened.load(whole=bool(wish.asked()))
    raise Transient("the legs of the bot in this meeting change too fast")


async def _joined(wish: Wish, opened: OpenMeeting, services: Services) -> bool:
    """Decide and act; return False if the meeting changed, so that nothing was done."""
    policy = services.policy
    rules = Rules(
        lease=policy.claim_lease,
        bot_app_id=policy.bot_app_id,
        public_url=policy.public_url,
        tenant_id=policy.tenant_id,
    )
    seen = opened.meeting
    first = plan(seen, wish, now=services.clock.now(), rules=rules)
    if isinstance(first, Adopt) and first.to_be_looked_at and seen is not None:
        found = await look_again(first, seen.target, wish, opened, services)
        if found != "there":
            return found == "elsewhere"  # and requested there
    if isinstance(first, Join | Adopt):
        await hold_to_one_meeting(wish, services)

    def decide(known: Meeting | None, now: datetime) -> tuple[Step | None, Decision | None]:
        decision = plan(known, wish, now=now, rules=rules)
        if not is_prepared(decision, by=first):
            return None, None
        if isinstance(decision, Join):
            claimed = record_claim(decision)
            return warned_of_passcode(claimed, claimed.meeting, wish, now=now), decision
        if isinstance(decision, Adopt) and known is not None:
            adopted = record_adopted(known, decision, wish, now=now)
            return warned_of_passcode(adopted, known, wish, now=now), decision
        return None, decision

    match await opened.change(decide):
        case None:
            return False
        case NotYet(start=start):
            sent_for = {**wish.message.properties, AT_START: utc_text(start)}
            waiting = replace(wish.message, properties=sent_for)
            await services.bus.send([postponed(waiting, due=start)])
        case Wait(pause=pause):
            raise Transient(
                "another leg of the bot is on its way into the meeting, or out of it",
                retry_after=pause,
            )
        case Join() as join:
            await send_bot(join, wish, opened, services)
        case _:
            pass  # adopted, or answered before: all of it was in the transaction
    return True
