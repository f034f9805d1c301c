"""Looking after meetings: one tend message, and the backstop's walk. Gathers, decides, acts."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.delivery import deliver
from shared.domain import CallId, LegSeen, MeetingId, Observation, utc_text
from shared.errors import Rejected, Transient
from shared.graph_call import evidence_of
from shared.journal import Loaded, Receipt
from shared.legs import tend_message
from shared.queue_message import QueueMessage
from shared.services import Services
from tend_meeting.plan import (
    Read,
    is_finished,
    mend,
    plan,
    read_failed,
    read_result,
    read_tend_message,
    record_hung_up,
    record_look,
)

logger = logging.getLogger("rollcall.tend")

TOLD_WITHIN = timedelta(seconds=10)
"""How long Graph has to notify us of the end of a leg that we hung up."""


async def tend_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one tend message; raises only what the host is to abandon it for."""
    await deliver(
        message,
        lambda one: _tend(one, services),
        # Nobody outside asked: a copy is kept. The backstop plans the next look, or hangs up again.
        lambda one, refused, at: None,
        bus=services.bus,
        clock=services.clock,
        policy=services.policy.retry,
        jitter=services.jitter,
        waits=services.waits,
    )


async def mend_meetings(services: Services) -> None:
    """Walk the unfinished meetings: send what is unsent, mend broken chains, drop the finished."""
    now = services.clock.now()
    overdue = services.policy.backstop_after
    async for meeting_id in services.ledger.unfinished(renewed_before=now - overdue):
        try:
            await _mend(meeting_id, now, services)
        except Exception:
            # The next walk comes by itself; one meeting must not keep the others waiting.
            logger.exception("backstop.failed: meeting=%s", meeting_id)


async def _tend(message: QueueMessage, services: Services) -> None:
    asked = read_tend_message(message.body)
    meeting_id = MeetingId(asked.meeting_id)
    if asked.hang_up is not None:
        await _hang_up(message, meeting_id, CallId(asked.hang_up), services)
        return
    if asked.hung_up is not None and asked.at is not None:
        await _record_hung_up(meeting_id, CallId(asked.hung_up), asked.at, services)
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
    call: dict[str, Any] = {}
    if isinstance(decision, Read):
        call, observations = await _look(decision, services)

    async def record(observations: tuple[Observation, ...]) -> Receipt:
        return await services.journal.change(
            meeting_id,
            lambda known, now: (
                None
                if known is None
                else record_look(
                    known,
                    generation,
                    observations,
                    call,
                    now=now,
                    rules=services.policy.recording,
                )
            ),
            loaded=Loaded(stored) if not observations else None,
            resend=message.delivery_count > 1,
        )

    try:
        receipt = await record(observations)
    except ValueError as error:
        if not isinstance(decision, Read):
            raise
        # A read that cannot be kept is one that failed: the chain goes on, and warns.
        logger.error("tend.fits_no_row: meeting=%s %s", meeting_id, error)  # noqa: TRY400 - one line
        receipt = await record((read_failed(decision, 0, at=services.clock.now()),))
    await receipt.sent


async def _look(read: Read, services: Services) -> tuple[dict[str, Any], tuple[Observation, ...]]:
    """Return Graph's call of the leg, where it was asked for, and what this look heard."""
    if not read.call_first:
        return {}, (await _read(read, {}, services),)
    try:
        call = await services.graph.read_call(read.call_id)
    except (Transient, Rejected):
        # The roster is read all the same, and the next look asks again.
        return {}, (await _read(read, {}, services),)
    seen = evidence_of(call, leg_key=read.leg_key, at=services.clock.now())
    if seen is None:
        return call or {}, (await _read(read, call or {}, services),)
    if call is None or not (isinstance(seen, LegSeen) and seen.phase == "in"):
        return call or {}, (seen,)
    return call, (seen, await _read(read, call, services))


async def _read(read: Read, call: Mapping[str, Any], services: Services) -> Observation:
    named = call.get("myParticipantId")
    ourselves = {named} if isinstance(named, str) and named else set()
    asked_at = max(services.clock.now(), read.not_before)
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
        answered_at=max(services.clock.now(), asked_at),
        own_ids=read.own_ids | ourselves,
        bot_app_id=services.policy.bot_app_id,
        show_names=services.policy.recording.show_names,
    )


async def _hang_up(
    message: QueueMessage, meeting_id: MeetingId, call_id: CallId, services: Services
) -> None:
    """End a leg; a message of ours comes back to see whether its end was told.

    Where Graph does not do it, the backstop walks by as long as the leg lives.
    """
    try:
        await services.graph.end_call(call_id)
    except (Transient, Rejected):
        await services.ledger.watch(meeting_id, now=services.clock.now())
        raise
    at = services.clock.now()
    look = tend_message(
        meeting_id,
        {"hungUp": call_id, "at": utc_text(at)},
        key=f"hung-up-{call_id}",
        correlation_id=message.correlation_id,
        due=at + TOLD_WITHIN,
    )
    await services.bus.send([look])


async def _record_hung_up(
    meeting_id: MeetingId, call_id: CallId, at: datetime, services: Services
) -> None:
    receipt = await services.journal.change(
        meeting_id,
        lambda known, now: (
            None
            if known is None
            else record_hung_up(
                known,
                call_id,
                at=at,
                now=now,
                rules=services.policy.recording,
            )
        ),
    )
    await receipt.sent


async def _mend(meeting_id: MeetingId, now: datetime, services: Services) -> None:
    overdue = services.policy.backstop_after
    stored = await services.ledger.load(meeting_id)
    if stored is None or is_finished(stored, now=now):
        await services.ledger.unwatch(meeting_id, renewed_before=now - overdue)
        return
    receipt = await services.journal.change(
        meeting_id,
        lambda known, at: (
            None
            if known is None
            else mend(known, now=at, overdue=overdue, rules=services.policy.recording)
        ),
        loaded=Loaded(stored),
    )
    await receipt.sent
