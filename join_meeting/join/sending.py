"""Send the bot whose claim was committed, and record what Graph said of it.

The bot must never be sent twice: the claim is given back only where Graph certainly sent none.
"""

from datetime import datetime

from join_meeting.join.body import without_host_member
from join_meeting.join.decision import Join
from join_meeting.join.outcome import record_failed, record_joining, record_released
from join_meeting.repeats import Wish
from shared.inbox.verdict import final
from shared.journal.journal import OpenMeeting
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.services import Services
from shared.tracing.work import concluded
from shared.words.answers import Call
from shared.words.errors import NotAsked, Rejected, Transient
from shared.words.ids import MeetingId
from shared.words.redaction import without_coordinates

TOO_MANY_REQUESTS = 429


async def send_bot(join: Join, wish: Wish, opened: OpenMeeting, services: Services) -> bool:
    """Create the call that was claimed; return whether the request is answered by what came of it.

    It is not where the leg is not known to be the bot of this meeting: the request begins again,
    with the bot that is there. Raises the failures that the inbox retries or refuses.
    """
    message = wish.message
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
        return True
    except Transient as failed:
        throttled = failed.graph is not None and failed.graph.status == TOO_MANY_REQUESTS
        if throttled or isinstance(failed, NotAsked):
            # Graph sent no bot: no request has to wait for the lease.
            await _give_back(join, opened)
        raise
    answered_at = services.clock.now()
    owner, unclaimed = await _owner_of(call, join, opened)

    def accepted(meeting: Meeting | None, now: datetime) -> tuple[Step | None, bool]:
        if meeting is None:
            return None, False
        return record_joining(
            meeting, join, call, message, owner=owner, answered_at=answered_at, now=now
        )

    answered = await opened.change(accepted)
    if unclaimed is not None:
        raise unclaimed
    return answered


async def _owner_of(
    call: Call, join: Join, opened: OpenMeeting
) -> tuple[MeetingId | None, Transient | None]:
    """Return the meeting of the call's thread, or why it could not be learned.

    The bot is on its way: its call is recorded even then.
    """
    if join.leg.place == "here":
        return opened.meeting_id, None
    try:
        return await opened.owner_of(call), None
    except Transient as error:
        return None, error


async def _create_call(join: Join, services: Services) -> Call:
    """Send the POST; once more, without a member that Graph may not know, if it may be refused."""
    _require_young(join, services, "the claim was committed too late for a POST in its lease")
    try:
        return await services.graph.create_call(join.body)
    except Rejected as said:
        plainer = without_host_member(join.body, said)
        if plainer is None:
            raise
        _require_young(
            join, services, "Graph refused the call too late for another POST in its lease"
        )
    return await services.graph.create_call(plainer)


def _require_young(join: Join, services: Services, why: str) -> None:
    if not join.leg.claim.is_young(services.clock.now()):
        raise NotAsked(why)


async def _give_back(join: Join, opened: OpenMeeting) -> None:
    await opened.edit(lambda meeting, _: record_released(meeting, join.leg.key))
