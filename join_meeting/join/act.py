"""One request to join: gather, decide, act. The claim is committed before the POST to Graph."""

from dataclasses import replace
from datetime import datetime

from join_meeting.holding import hold_to_one_meeting
from join_meeting.join.decision import (
    Adopt,
    Decision,
    Join,
    NotYet,
    Wait,
    is_prepared,
)
from join_meeting.join.outcome import record_adopted
from join_meeting.join.passcode import warned_of_passcode
from join_meeting.join.plan import plan
from join_meeting.join.sending import send_bot
from join_meeting.repeats import Wish
from shared.inbox.copies import postponed
from shared.inbox.message import AT_START
from shared.journal.journal import OpenMeeting
from shared.journal.step import Step, record_call
from shared.meeting.meeting import Meeting
from shared.services import Services
from shared.words.errors import Rejected, Transient
from shared.words.ids import utc_text


async def join(wish: Wish, opened: OpenMeeting, services: Services) -> bool:
    """Answer a request to join: with a new leg, or with the one that is there.

    Return False if the request has to begin again: the meeting changed, or is another.
    """
    policy = services.policy
    first = plan(opened.meeting, wish, now=services.clock.now(), policy=policy)
    if isinstance(first, Adopt) and first.unsure and not await _is_there(first, opened, services):
        return False
    if isinstance(first, Join | Adopt):
        await hold_to_one_meeting(wish, services)

    def decide(known: Meeting | None, now: datetime) -> tuple[Step | None, Decision | None]:
        if known is not None and known.same_as is not None:
            return None, None  # learned since it was read
        decision = plan(known, wish, now=now, policy=policy)
        if not is_prepared(decision, by=first):
            return None, None
        if isinstance(decision, Join):
            claim = Step(meeting=decision.meeting)
            return warned_of_passcode(claim, claim.meeting, wish, now=now), decision
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
            return await send_bot(join, wish, opened, services)
        case _:
            pass  # adopted, or answered before: all of it was in the transaction
    return True


async def _is_there(adopt: Adopt, opened: OpenMeeting, services: Services) -> bool:
    """Read the leg's call and record what it says; return whether the leg is there.

    Where Graph does not answer, it counts as there: it was, when we last heard of it.
    """
    try:
        call = await services.graph.read_call(adopt.call_id)
    except (Transient, Rejected):
        return True
    at = services.clock.now()
    await opened.edit(lambda meeting, _: record_call(meeting, adopt.leg_key, call, at=at))
    return call is not None and not call.is_over
