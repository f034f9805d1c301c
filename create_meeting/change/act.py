"""One message that changes or cancels a meeting: gather, decide, act. plan.py decides.

Every request to Graph here is safe to repeat: after a crash at any point, all of it is repeated.
"""

from create_meeting.answers.published import cancelled_again
from create_meeting.change.plan import (
    Answered,
    Update,
    begin_cancelling,
    plan_cancel,
    plan_update,
    record_cancelled,
    record_kept,
    record_updated,
)
from create_meeting.decision import Identity
from create_meeting.request import UpdateMeeting
from shared.inbox.message import QueueMessage
from shared.journal.journal import OpenMeeting
from shared.meeting.legs import may_hang_up
from shared.services import Services
from shared.words.answers import MeetingAnswer
from shared.words.errors import Rejected, Transient
from shared.words.ids import join_request_alias
from shared.words.problems import rejected

NOT_FOUND = 404


async def update_meeting(
    request: UpdateMeeting, identity: Identity, message: QueueMessage, services: Services
) -> None:
    """Change the meeting of the request's id, and publish it."""
    opened = await services.journal.open(identity.meeting_id, for_message=message)
    try:
        decision = plan_update(opened.meeting, request, message, identity)
    except Rejected as refused:
        raise await _named(refused, identity, services) from refused
    match decision:
        case Answered():
            await opened.edit(lambda meeting, now: None)
        case Update() as update:
            try:
                answer = await _changed(update, services)
            except Rejected as refused:
                if refused.graph is not None and refused.graph.status == NOT_FOUND:
                    # If it was cancelled since it was loaded, refuse the request for that.
                    await opened.load()
                    plan_update(opened.meeting, request, message, identity)
                raise
            await opened.record(
                lambda known, now: record_updated(known, update, answer, message, now=now)
            )


async def _changed(update: Update, services: Services) -> MeetingAnswer:
    if not update.body:
        return MeetingAnswer()
    return await services.graph.update_meeting(
        update.organizer_id, update.online_meeting_id, update.body
    )


async def cancel_meeting(identity: Identity, message: QueueMessage, services: Services) -> None:
    """End our legs, delete the meeting of the request's id, and publish the end.

    When this is not retried any more, the meeting stays: it may be joined and changed as before.
    """
    opened = services.journal.unread(identity.meeting_id, for_message=message)
    try:
        await _cancel(identity, message, opened, services)
    except (Rejected, Transient) as failed:
        # A refusal that may heal counts as final here: in doubt, the meeting may be joined again.
        if isinstance(failed, Rejected) or services.inbox.is_last(message, failed):
            await opened.edit(lambda meeting, _: record_kept(meeting))
        if isinstance(failed, Rejected):
            raise await _named(failed, identity, services) from failed
        raise


async def _named(refused: Rejected, identity: Identity, services: Services) -> Rejected:
    """Return the refusal of a request whose meeting is not known; if it joined one, name that."""
    request_id = identity.request_id
    if refused.code != "meeting_not_found":
        return refused
    joined = await services.ledger.resolve_alias(join_request_alias(request_id))
    meeting = (await services.journal.open(joined)).meeting if joined is not None else None
    if meeting is None or meeting.target is None:
        return refused
    return rejected("not_our_meeting", request_id=request_id, meeting_id=meeting.meeting_id)


async def _cancel(
    identity: Identity, message: QueueMessage, opened: OpenMeeting, services: Services
) -> None:
    await opened.record(lambda known, now: begin_cancelling(known, message, identity, now=now))
    decision = plan_cancel(opened.meeting, message, identity, now=services.clock.now())
    if isinstance(decision, Answered):
        # Another message may have cancelled it since: this one is answered with the same event.
        await opened.edit(lambda known, now: cancelled_again(known, message, now=now))
        return
    for call_id in decision.calls:
        call = await services.graph.read_call(call_id)
        if call is not None and may_hang_up(opened.meeting, call):
            await services.graph.end_call(call_id)
    await services.graph.delete_meeting(decision.organizer_id, decision.online_meeting_id)
    await opened.record(lambda known, now: record_cancelled(known, message, identity, now=now))
