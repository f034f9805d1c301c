"""Make a meeting that only a POST can make: claim the POST, send it, keep its answer.

plan.py decides.
"""

from datetime import datetime

from create_meeting.bodies import post_body
from create_meeting.decision import Create
from create_meeting.post.plan import (
    Busy,
    Decision,
    Posting,
    plan_post,
    record_claim,
    record_failed,
    record_posted,
)
from shared.inbox.message import QueueMessage
from shared.journal.journal import OpenMeeting
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.services import Services
from shared.telemetry import log
from shared.words.answers import GivenMeeting
from shared.words.errors import RollcallError, Transient


async def claim_post(
    create: Create, message: QueueMessage, opened: OpenMeeting, services: Services
) -> Posting | None:
    """Take the claim; return None where the meeting exists already.

    Raises `Transient` while another handler holds it.
    """

    def decide(known: Meeting | None, now: datetime) -> tuple[Step | None, Decision]:
        decision = plan_post(known, create, message, now=now, lease=services.policy.claim_lease)
        if isinstance(decision, Posting):
            return record_claim(known, create, decision), decision
        return None, decision

    match await opened.change(decide):
        case Busy(pause=pause):
            raise Transient("an earlier try may be making the meeting", retry_after=pause)
        case Posting() as posting:
            return posting
        case _:
            return None


async def posted_meeting(
    create: Create, posting: Posting, opened: OpenMeeting, services: Services
) -> GivenMeeting:
    """Return Graph's meeting: the one an earlier holder got, else that of a POST."""
    if posting.post.given is not None:
        return posting.post.given
    answer = await services.graph.create_meeting(
        create.asked.organizer_id, post_body(create.body, create.post)
    )
    # Before any other step that may fail: only this handler knows of this meeting.
    await opened.edit(lambda meeting, _: record_posted(meeting, posting, answer))
    return answer


async def end_claim(posting: Posting, opened: OpenMeeting) -> None:
    """Let the next try begin at once, after this one failed."""
    await opened.edit(lambda meeting, now: record_failed(meeting, posting, now=now))


async def drop_surplus(
    create: Create, answer: GivenMeeting, kept: Meeting, services: Services
) -> None:
    """Delete the meeting of `answer` if another holder's meeting was published meanwhile."""
    known = kept.online.coordinates.online_meeting_id if kept.online else answer.online_meeting_id
    if known == answer.online_meeting_id:
        return
    try:
        await services.graph.delete_meeting(create.asked.organizer_id, answer.online_meeting_id)
    except RollcallError:
        # No caller knows of that meeting, and no handler waits for its end.
        log("create.surplus_left")
