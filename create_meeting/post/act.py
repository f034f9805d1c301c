"""A meeting that only a POST can make: claims the right to send it, sends it, keeps what it gave.

Holds no decision of its own: plan.py decides.
"""

from datetime import datetime

from create_meeting.new.plan import Create
from create_meeting.post.plan import (
    Busy,
    Decision,
    Posting,
    is_what_was_asked,
    may_be_deleted,
    plan_post,
    record_claim,
    record_posted,
    record_released,
    record_yielded,
)
from shared.inbox.message import QueueMessage
from shared.journal.door import OpenMeeting
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.services import Services
from shared.telemetry import log
from shared.words.answers import GivenMeeting
from shared.words.errors import Rejected, RollcallError, Transient

TOO_MANY_REQUESTS = 429


async def claim_post(
    create: Create, message: QueueMessage, opened: OpenMeeting, services: Services
) -> Posting | None:
    """Take the claim; return None where the meeting is there already.

    Raises `Transient` while somebody else holds it.
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
    """Return Graph's meeting: what an earlier holder got or left, else that of a POST."""
    if posting.post.given is not None:
        return posting.post.given
    left = await _left_behind(create, posting, services) if posting.in_doubt else None
    answer = left or await _post(create, posting, opened, services)
    # Before anything else that may fail: nobody but we may know of this meeting.
    await opened.edit(lambda meeting, _: record_posted(meeting, posting, answer))
    return answer


async def yield_claim(posting: Posting, opened: OpenMeeting) -> None:
    """Let the next try begin at once, by finding out what this one left."""
    await opened.edit(lambda meeting, now: record_yielded(meeting, posting, now=now))


async def drop_surplus(
    create: Create, answer: GivenMeeting, kept: Meeting, services: Services
) -> None:
    """Delete what we made where another holder's meeting was told meanwhile."""
    told = kept.online.coordinates.online_meeting_id if kept.online else answer.online_meeting_id
    if told == answer.online_meeting_id:
        return
    try:
        await services.graph.delete_meeting(create.asked.organizer_id, answer.online_meeting_id)
    except RollcallError:
        # Nobody knows of that meeting, and nobody waits for its end.
        log("create.surplus_left")


async def _left_behind(create: Create, posting: Posting, services: Services) -> GivenMeeting | None:
    """Return what an earlier POST made, if createOrGet finds it; take away what it made itself."""
    organizer_id = create.asked.organizer_id
    found = await services.graph.create_or_get_meeting(organizer_id, create.body)
    if is_what_was_asked(found, create):
        return found
    if may_be_deleted(found, posting):
        await services.graph.delete_meeting(organizer_id, found.online_meeting_id)
    return None


async def _post(
    create: Create, posting: Posting, opened: OpenMeeting, services: Services
) -> GivenMeeting:
    try:
        return await services.graph.create_meeting(
            create.asked.organizer_id, {**create.body, **create.post}
        )
    except (Rejected, Transient) as failed:
        throttled = failed.graph is not None and failed.graph.status == TOO_MANY_REQUESTS
        refused = isinstance(failed, Rejected) and failed.code != "graph_answer_unusable"
        if refused or throttled:
            # Refused before anything was made: the id is free, nobody has to look for it.
            await opened.edit(lambda meeting, _: record_released(meeting, posting))
        raise
