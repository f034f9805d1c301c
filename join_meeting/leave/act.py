"""One request to leave: gather, decide, act."""

from datetime import datetime

from join_meeting.holding import hold_to_one_meeting
from join_meeting.join.plan import newcomer
from join_meeting.leave.plan import (
    AnswerEnd,
    Hang,
    Leaving,
    Mark,
    plan_leaving,
    record_leaving,
)
from join_meeting.repeats import Wish
from shared.journal.journal import OpenMeeting
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.services import Services
from shared.words.errors import Transient


async def leave(wish: Wish, opened: OpenMeeting, services: Services) -> bool:
    """Answer a request to leave: with the end of the leg, or that no bot is there.

    Return False if the request has to begin again: the meeting is another.
    """
    first = plan_leaving(opened.meeting, wish, now=services.clock.now())
    if isinstance(first, Hang | Mark | AnswerEnd):
        await hold_to_one_meeting(wish, services)

    def decide(known: Meeting | None, now: datetime) -> tuple[Step | None, Leaving | None]:
        if known is not None and known.same_as is not None:
            return None, None  # learned since it was read
        decision = plan_leaving(known, wish, now=now)
        # A join that was sent before may be handled after: the leave is remembered in any case.
        meeting = known or newcomer(wish, tenant_id=services.policy.tenant_id)
        return record_leaving(meeting, decision, wish, now=now), decision

    match await opened.change(decide):
        case None:
            return False
        case Mark(pause=pause):
            raise Transient(
                "the bot may be on its way into the meeting; it is hung up once it is seen",
                retry_after=pause,
            )
        case _:
            return True  # the end of the leg is the answer, or that no bot is there
