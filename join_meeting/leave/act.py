"""One request to leave: gather, decide, act."""

from datetime import datetime

from join_meeting.holding import all_older, hold_to_one_meeting
from join_meeting.join.act import ROUNDS
from join_meeting.join.plan import newcomer
from join_meeting.leave.plan import (
    AnswerEnd,
    Hang,
    Leaving,
    Mark,
    NothingThere,
    plan_leaving,
    record_leaving,
)
from join_meeting.repeats import Wish
from shared.journal.journal import Loaded
from shared.meeting.meeting import Change, Meeting, Stored
from shared.services import Services
from shared.words.errors import Transient
from shared.words.problems import rejected


async def leave(wish: Wish, stored: Stored | None, services: Services) -> None:
    """Answer a request to leave: with the end of the leg."""
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
