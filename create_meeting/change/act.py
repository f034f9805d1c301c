"""One message that changes or cancels a meeting: gather, decide, act. Holds no decision of its own.

Everything asked of Graph here may be asked again: a crash anywhere is healed by doing it once more.
"""

from typing import Any

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
from create_meeting.new.plan import Identity
from create_meeting.request import UpdateMeeting
from shared.inbox.message import QueueMessage
from shared.journal.journal import Loaded, Receipt
from shared.journal.together import Decide
from shared.services import Services
from shared.words.errors import Rejected, Transient

NOT_FOUND = 404


async def update_meeting(
    request: UpdateMeeting, identity: Identity, message: QueueMessage, services: Services
) -> None:
    """Change the meeting that stands under the request's id, and tell it."""
    stored = await services.ledger.load(identity.meeting_id)
    decision = plan_update(stored.meeting if stored else None, request, message, identity)
    match decision:
        case Answered():
            await _commit(lambda _, __: None, identity, message, services, Loaded(stored))
        case Update() as update:
            answer = await _changed(update, request, identity, message, services)
            await _commit(
                lambda known, now: record_updated(known, update, answer, message, now=now),
                identity,
                message,
                services,
            )


async def _changed(
    update: Update,
    request: UpdateMeeting,
    identity: Identity,
    message: QueueMessage,
    services: Services,
) -> dict[str, Any]:
    """Return what Graph made of the change; where it has no such meeting, say why if we know."""
    try:
        return await services.graph.update_meeting(
            update.organizer_id, update.online_meeting_id, update.body
        )
    except Rejected as refused:
        if refused.graph is not None and refused.graph.status == NOT_FOUND:
            # It may have been cancelled since we looked.
            stored = await services.ledger.load(identity.meeting_id)
            plan_update(stored.meeting if stored else None, request, message, identity)
        raise


async def cancel_meeting(identity: Identity, message: QueueMessage, services: Services) -> None:
    """End our legs, delete the meeting that stands under the request's id, and tell it.

    Where this is tried no more, the meeting is there as before: it may be joined and changed.
    """
    try:
        await _cancel(identity, message, services)
    except (Rejected, Transient) as failed:
        # A refusal that may heal counts as one: who is in doubt gives the meeting back.
        if isinstance(failed, Rejected) or services.inbox.is_last(message, failed):
            await _commit(lambda known, _: record_kept(known), identity, message, services)
        raise


async def _cancel(identity: Identity, message: QueueMessage, services: Services) -> None:
    begun = await _commit(
        lambda known, now: begin_cancelling(known, message, identity, now=now),
        identity,
        message,
        services,
    )
    decision = plan_cancel(begun.meeting, message, identity, now=services.clock.now())
    if isinstance(decision, Answered):
        return
    for call_id in decision.calls:
        await services.graph.end_call(call_id)
    await services.graph.delete_meeting(decision.organizer_id, decision.online_meeting_id)
    await _commit(
        lambda known, now: record_cancelled(known, message, identity, now=now),
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
