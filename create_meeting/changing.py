"""One message that changes or cancels a meeting: gather, decide, act. Holds no decision of its own.

Everything asked of Graph here may be asked again: a crash anywhere is healed by doing it once more.
"""

from create_meeting.change_plan import (
    Answered,
    Update,
    begin_cancelling,
    plan_cancel,
    plan_update,
    record_cancelled,
    record_kept,
    record_updated,
)
from create_meeting.plan import Identity
from create_meeting.request import UpdateMeeting
from shared.decisions import Decide
from shared.errors import Rejected
from shared.journal import Loaded, Receipt
from shared.queue_message import QueueMessage
from shared.services import Services


async def update_meeting(
    request: UpdateMeeting, identity: Identity, message: QueueMessage, services: Services
) -> None:
    """Change the meeting that stands under the request's id, and tell it."""
    stored = await services.ledger.load(identity.meeting_id)
    decision = plan_update(stored.meeting if stored else None, request, message, identity)
    match decision:
        case Answered():
            await _commit(lambda _, __, ___: None, identity, message, services, Loaded(stored))
        case Update() as update:
            answer = await services.graph.update_meeting(
                update.organizer_id, update.online_meeting_id, update.body
            )
            await _commit(
                lambda known, now, _: record_updated(known, update, answer, message, now=now),
                identity,
                message,
                services,
            )


async def cancel_meeting(identity: Identity, message: QueueMessage, services: Services) -> None:
    """End our legs, delete the meeting that stands under the request's id, and tell it."""
    begun = await _commit(
        lambda known, now, _: begin_cancelling(known, message, identity, now=now),
        identity,
        message,
        services,
    )
    decision = plan_cancel(begun.meeting, message, identity, now=services.clock.now())
    if isinstance(decision, Answered):
        return
    try:
        for call_id in decision.calls:
            await services.graph.end_call(call_id)
        await services.graph.delete_meeting(decision.organizer_id, decision.online_meeting_id)
    except Rejected:
        await _commit(lambda known, _, __: record_kept(known), identity, message, services)
        raise
    await _commit(
        lambda known, now, _: record_cancelled(known, message, identity, now=now),
        identity,
        message,
        services,
    )


async def _commit(
    decide: Decide,
    identity: Identity,
    message: QueueMessage,
    services: Services,
    loaded: Loaded | None = None,
) -> Receipt:
    receipt = await services.journal.change(
        identity.meeting_id, decide, loaded=loaded, resend=message.delivery_count > 1
    )
    await receipt.sent
    return receipt
