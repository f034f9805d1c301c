"""Looking after meetings: one tend message, and the backstop's walk. Gathers, decides, acts."""

import logging
from datetime import datetime

from shared.delivery import QueueMessage, deliver
from shared.domain import CallId, MeetingId, Observation
from shared.errors import Rejected, Transient
from shared.events import refusal_message
from shared.journal import Loaded
from shared.meeting import Outgoing
from shared.services import Services
from tend_meeting.plan import (
    Read,
    is_finished,
    mend,
    plan,
    read_failed,
    read_result,
    read_tend_message,
    record_look,
)

logger = logging.getLogger("rollcall.tend")


async def tend_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one tend message; raises only what the host is to abandon it for."""
    await deliver(
        message,
        lambda one: _tend(one, services),
        lambda one, refused, at: _refusal(one, refused, at, services.policy.tenant_id),
        bus=services.bus,
        clock=services.clock,
        policy=services.policy.retry,
        jitter=services.jitter,
    )


async def mend_meetings(services: Services) -> None:
    """Walk the unfinished meetings: send what is unsent, mend broken chains, drop the finished."""
    now = services.clock.now()
    overdue = services.policy.backstop_after
    async for meeting_id in services.ledger.unfinished(renewed_before=now - overdue):
        try:
            await _mend(meeting_id, now, services)
        except Transient as failed:
            # The next walk comes by itself; one meeting must not keep the others waiting.
            logger.warning("backstop.failed", extra={"meeting_id": meeting_id, "why": str(failed)})


async def _tend(message: QueueMessage, services: Services) -> None:
    asked = read_tend_message(message.body)
    meeting_id = MeetingId(asked.meeting_id)
    if asked.hang_up is not None:
        await services.graph.end_call(CallId(asked.hang_up))
        return
    generation = asked.generation or 0
    stored = await services.ledger.load(meeting_id)
    if stored is None:
        return

    decision = plan(
        stored.meeting,
        generation,
        now=services.clock.now(),
        settle=services.policy.recording.settle,
    )

    observations: tuple[Observation, ...] = ()
    if isinstance(decision, Read):
        observations = (await _read(decision, services),)
    receipt = await services.journal.change(
        meeting_id,
        lambda known, now, everything: (
            None
            if known is None
            else record_look(
                known,
                generation,
                observations,
                now=now,
                rules=services.policy.recording,
                everything=everything,
            )
        ),
        loaded=Loaded(stored) if not observations else None,
        resend=message.delivery_count > 1,
    )
    await receipt.sent


async def _read(read: Read, services: Services) -> Observation:
    asked_at = services.clock.now()
    try:
        participants = await services.graph.read_participants(read.call_id)
    except Transient as failed:
        status = failed.graph.status if failed.graph else 0
        return read_failed(read, status, at=services.clock.now())
    except Rejected as refused:
        status = refused.graph.status if refused.graph else 0
        return read_failed(read, status, at=services.clock.now())
    return read_result(
        read,
        participants,
        asked_at=asked_at,
        answered_at=services.clock.now(),
        bot_app_id=services.policy.bot_app_id,
    )


async def _mend(meeting_id: MeetingId, now: datetime, services: Services) -> None:
    overdue = services.policy.backstop_after
    stored = await services.ledger.load(meeting_id)
    if stored is None or is_finished(stored, now=now):
        await services.ledger.unwatch(meeting_id, renewed_before=now - overdue)
        return
    receipt = await services.journal.change(
        meeting_id,
        lambda known, at, _: (
            None
            if known is None
            else mend(known, now=at, overdue=overdue, rules=services.policy.recording)
        ),
        loaded=Loaded(stored),
    )
    await receipt.sent


def _refusal(message: QueueMessage, refused: Rejected, at: datetime, tenant_id: str) -> Outgoing:
    return refusal_message(
        "bot.failed",
        refused,
        tenant_id=tenant_id,
        request_id=message.origin_id,
        origin_id=message.origin_id,
        at=at,
        context=None,
    )
