"""Read from Graph what became of a leg before a request is answered with it."""

from typing import Literal

from join_meeting.join.decision import Adopt
from join_meeting.join.outcome import record_moved
from join_meeting.repeats import Wish
from shared.journal.door import OpenMeeting
from shared.journal.step import record_call
from shared.services import Services
from shared.telemetry import log
from shared.words.answers import Call
from shared.words.coordinates import ByJoinId, JoinTarget, thread_alias
from shared.words.errors import Rejected, Transient
from shared.words.ids import MeetingId

type Found = Literal["there", "gone", "elsewhere"]
"""What became of a leg. If it ended, or is in another meeting, that is recorded by then."""


async def look_again(
    adopt: Adopt, target: JoinTarget | None, wish: Wish, opened: OpenMeeting, services: Services
) -> Found:
    """Read the leg's call and record what it says: in, over, or in another meeting.

    `target`: how the meeting is joined. Where Graph does not answer, the leg counts as there: it
    was, when we last heard of it. Raises `Transient` where it may be in another meeting.
    """
    try:
        call = await services.graph.read_call(adopt.call_id)
    except Transient:
        if adopt.unplaced:
            raise  # once answered with this leg, the request could not move to the other meeting
        return "there"
    except Rejected:
        return "there"
    at = services.clock.now()
    gone = call is None or call.is_over
    if call is not None and not gone:
        owner = await owner_of(call, target, wish.meeting_id, services)
        if owner != wish.meeting_id:
            await opened.edit(
                lambda meeting, now: record_moved(
                    meeting, adopt.leg_key, adopt.call_id, wish, owner, now=now
                )
            )
            return "elsewhere"
    await opened.edit(lambda meeting, _: record_call(meeting, adopt.leg_key, call, at=at))
    return "gone" if gone else "there"


async def owner_of(
    call: Call,
    target: JoinTarget | None,
    meeting_id: MeetingId,
    services: Services,
) -> MeetingId:
    """Return the meeting of the thread that a join id led to; claim a new thread for this meeting.

    Best effort: the bot is on its way already, and that must be recorded even if this fails.
    """
    if call.thread_id is None or not isinstance(target, ByJoinId):
        return meeting_id
    alias = thread_alias(call.thread_id, call.message_id)
    try:
        return await services.ledger.claim_alias(alias, meeting_id)
    except Transient:
        log("join.thread_not_noted")
        return meeting_id
