"""Send the bot whose claim was committed, and record what Graph said of it.

The bot must never be sent twice: the claim is given back only where Graph certainly sent none.
"""

from datetime import datetime

from join_meeting.join.adopting import owner_of
from join_meeting.join.body import without_host_member
from join_meeting.join.decision import Join
from join_meeting.join.outcome import record_failed, record_joining, record_moved, record_released
from join_meeting.repeats import Wish
from shared.inbox.verdict import final
from shared.journal.door import OpenMeeting
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.services import Services
from shared.tracing.work import concluded
from shared.words.answers import Call
from shared.words.errors import NotAsked, Rejected, Transient
from shared.words.redaction import without_coordinates

TOO_MANY_REQUESTS = 429


async def send_bot(join: Join, wish: Wish, opened: OpenMeeting, services: Services) -> None:
    """Create the call that was claimed; raise the failures that the inbox retries or refuses."""
    message, meeting_id = wish.message, wish.meeting_id
    try:
        call = await _create_call(join, services)
    except Rejected as said:
        if said.code == "graph_answer_unusable":
            raise  # the bot may be on its way: the claim stays, and its callbacks bind it
        error = without_coordinates(said, join.body)
        if not services.inbox.is_last(message, error):
            await _give_back(join, opened)  # the problem may heal: the message is retried
            raise error from said
        refused = final(error, message, now=services.clock.now())
        concluded("rejected", refused.code)
        await opened.edit(
            lambda meeting, now: record_failed(meeting, join, refused, message, now=now)
        )
        return
    except Transient as failed:
        throttled = failed.graph is not None and failed.graph.status == TOO_MANY_REQUESTS
        if throttled or isinstance(failed, NotAsked):
            # Graph sent no bot: no request has to wait for the lease.
            await _give_back(join, opened)
        raise
    answered_at = services.clock.now()
    owner = await owner_of(call, join.meeting.target, meeting_id, services)

    def accepted(meeting: Meeting, now: datetime) -> Step:
        leg_key = join.leg.key
        if owner != meeting_id:
            return record_moved(meeting, leg_key, call.call_id, wish, owner, now=now)
        return record_joining(meeting, join, call, message, answered_at=answered_at, now=now)

    await opened.edit(accepted)


async def _create_call(join: Join, services: Services) -> Call:
    """Send the POST; once more, without a member that Graph may not know, if it may be refused."""
    try:
        return await services.graph.create_call(join.body)
    except Rejected as said:
        plainer = without_host_member(join.body, said)
        if plainer is None:
            raise
        if not join.leg.claim.is_young(services.clock.now()):
            raise NotAsked(
                "Graph refused the call too late for another POST in its lease"
            ) from said
    return await services.graph.create_call(plainer)


async def _give_back(join: Join, opened: OpenMeeting) -> None:
    await opened.edit(lambda meeting, _: record_released(meeting, join.leg.key))
