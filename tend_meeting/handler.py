"""Looking after meetings: one tend message, and the backstop's walk. Gathers, decides, acts."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.events.cloud_events import warning_message
from shared.inbox.message import QueueMessage
from shared.meeting.legs import evidence_of, tend_message
from shared.meeting.meeting import Meeting
from shared.meeting.older_legs import unanswered, with_older
from shared.ports import Entry
from shared.services import Services
from shared.telemetry import correlated, count, log
from shared.words.answers import Call
from shared.words.errors import Rejected, Transient
from shared.words.ids import CallId, LegKey, MeetingId, utc_text
from shared.words.observations import GONE, LegSeen, Observation, ReadFailed, RosterRead
from shared.words.outgoing import Outgoing
from tend_meeting.plan import (
    Read,
    plan,
    read_failed,
    read_result,
    read_tend_message,
    record_answers,
    record_hung_up,
    record_look,
    to_list,
)
from tend_meeting.purge.act import purge_meetings

LATE = timedelta(seconds=10)
"""How long after it was due a question that is open is counted as late."""
TOLD_WITHIN = timedelta(seconds=10)
"""How long Graph has to notify us of the end of a leg that we hung up."""


async def tend_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one tend message; raises only what the host is to abandon it for."""
    await services.inbox.handle(
        message,
        lambda one: _tend(one, services),
        lambda one, refused, at: _warning(one, refused, at, services.policy.tenant_id),
    )


def _warning(
    message: QueueMessage, refused: Rejected, at: datetime, tenant_id: str
) -> Outgoing | None:
    """Return the event that a meeting's record cannot be read; None for any other refusal.

    No caller waits for an answer. The backstop plans the next look, or hangs up again.
    """
    if refused.code != "record_unreadable":
        return None
    meeting_id = MeetingId(read_tend_message(message.body).meeting_id)
    return warning_message(meeting_id, refused, tenant_id=tenant_id, at=at)


async def mend_meetings(services: Services) -> None:
    """Walk the meetings that are overdue: send what is unsent, start broken chains again.

    Those of which nothing is due any more leave the index. Then purge what was kept long enough.
    """
    async for entry in services.ledger.overdue(now=services.clock.now()):
        with correlated(meeting=entry.meeting_id):
            try:
                await _mend(entry, services)
            except Exception:  # noqa: BLE001 - the line has it
                # The next walk comes by itself; one meeting must not keep the others waiting.
                log("backstop.failed", traceback=True)
    await purge_meetings(services)


async def _tend(message: QueueMessage, services: Services) -> None:
    asked = read_tend_message(message.body)
    meeting_id = MeetingId(asked.meeting_id)
    if asked.hang_up is not None:
        await _hang_up(message, meeting_id, CallId(asked.hang_up), services)
        return
    if asked.hung_up is not None and asked.at is not None:
        await _record_hung_up(meeting_id, CallId(asked.hung_up), asked.at, services)
        return
    if asked.answer is not None:
        await _answer(meeting_id, LegKey(asked.answer), services)
        return
    generation = asked.generation or 0
    opened = await services.journal.open(meeting_id, for_message=message)
    meeting, now = opened.meeting, services.clock.now()
    if meeting is None:
        return

    settle = services.policy.recording.settle
    decision = plan(meeting, generation, now=now, settle=settle)
    listed = to_list(meeting, generation, now=now, settle=settle)
    for day, brief in listed.items():
        await services.ledger.list_day(meeting_id, day, brief)

    _count_late(meeting, now)
    observations: tuple[Observation, ...] = ()
    call: Call | None = None
    if decision is not None:
        call, observations = await _look(decision, services)
        _count_reads(observations)

    async def record(heard: tuple[Observation, ...]) -> None:
        await opened.edit(
            lambda known, at: record_look(
                known, generation, heard, call, listed, now=at, settle=settle
            )
        )

    try:
        await record(observations)
    except ValueError as error:
        if decision is None:
            raise
        # A read that cannot be kept is one that failed: the chain goes on, and warns.
        log("tend.fits_no_row", error)
        await record((read_failed(decision, 0, at=services.clock.now()),))


async def _look(read: Read, services: Services) -> tuple[Call | None, tuple[Observation, ...]]:
    """Return Graph's call of the leg, where it was asked for, and what this look heard."""
    if not read.call_first:
        return None, (await _read(read, None, services),)
    try:
        call = await services.graph.read_call(read.call_id)
    except (Transient, Rejected):
        # The roster is read all the same, and the next look asks again.
        return None, (await _read(read, None, services),)
    seen = evidence_of(call, leg_key=read.leg_key, at=services.clock.now())
    if seen is None:
        return call, (await _read(read, call, services),)
    if call is None or not (isinstance(seen, LegSeen) and seen.phase == "in"):
        return call, (seen,)
    return call, (seen, await _read(read, call, services))


async def _read(read: Read, call: Call | None, services: Services) -> Observation:
    named = call.participant_id if call is not None else None
    ourselves = {named} if named is not None else set()
    asked_at = max(services.clock.now(), read.not_before)
    try:
        roster = await services.graph.read_participants(
            read.call_id,
            own_ids=read.own_ids | ourselves,
            show_names=services.policy.recording.show_names,
        )
    except Transient as failed:
        status = failed.graph.status if failed.graph else 0
        return read_failed(read, status, at=services.clock.now())
    except Rejected as refused:
        status = refused.graph.status if refused.graph else 0
        return read_failed(read, status, at=services.clock.now())
    return read_result(
        read,
        roster,
        asked_at=asked_at,
        answered_at=max(services.clock.now(), asked_at),
    )


def _count_reads(observations: Iterable[Observation]) -> None:
    for one in observations:
        if isinstance(one, RosterRead):
            nobody = "nobody" if one.lists_ourselves else "nothing"
            count("rollcall.reads", result="people" if one.people else nobody)
        elif isinstance(one, ReadFailed):
            count("rollcall.reads", result="gone" if one.status == GONE else "failed")


def _count_late(meeting: Meeting, now: datetime) -> None:
    question = meeting.record.question
    if question is not None and now - question.due > LATE:
        count("rollcall.questions.late")


async def _hang_up(
    message: QueueMessage, meeting_id: MeetingId, call_id: CallId, services: Services
) -> None:
    """End a leg; a message of ours comes back to see whether its end was told."""
    await services.graph.end_call(call_id)
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
    opened = services.journal.unread(meeting_id)
    await opened.edit(lambda meeting, _: record_hung_up(meeting, call_id, at=at))


async def _answer(meeting_id: MeetingId, leg_key: LegKey, services: Services) -> None:
    """Answer with a leg's end those who asked for it and left the head before it came."""
    opened = await services.journal.open(meeting_id)
    if opened.meeting is None:
        return
    pages = await services.ledger.older_legs(meeting_id)
    # The leg may leave the head between the two reads: then both of them have it.
    leg = with_older(opened.meeting, pages).leg(leg_key)
    if leg is None:
        return
    leavers = unanswered(opened.meeting, pages, leg_key)
    await opened.edit(lambda meeting, now: record_answers(meeting, leg, leavers, now=now))


async def _mend(entry: Entry, services: Services) -> None:
    opened = await services.journal.open(entry.meeting_id)
    if opened.meeting is not None:
        _count_late(opened.meeting, services.clock.now())
        await opened.mend()
    meeting = opened.meeting
    await services.ledger.reindex(entry, due_at=meeting.tend.indexed if meeting else None)
