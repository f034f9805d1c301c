"""Looking after meetings: one tend message, and the backstop's walk. Gathers, decides, acts."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.events.cloud_events import warning_message
from shared.inbox.message import QueueMessage
from shared.journal.journal import OpenMeeting
from shared.meeting.days import day_of
from shared.meeting.legs import leg_of, may_hang_up, tend_message
from shared.meeting.meeting import Meeting
from shared.meeting.older_legs import unanswered, with_older
from shared.meeting.retention import ONE_DAY
from shared.ports import Entry
from shared.services import Services
from shared.telemetry import correlate, correlated, count, log, show
from shared.tracing.work import of_mending, of_walk
from shared.words.answers import Call
from shared.words.errors import Rejected, Transient
from shared.words.ids import CallId, LegKey, MeetingId, utc_text
from shared.words.observations import (
    GONE,
    KeptAlive,
    LegSeen,
    Observation,
    ReadFailed,
    RosterRead,
    Unanswered,
)
from shared.words.outgoing import Outgoing
from tend_meeting.plan import (
    Seen,
    Visit,
    call_result,
    is_plausible_end,
    plan,
    read_result,
    read_tend_message,
    record_answers,
    record_hung_up,
    record_look,
    without_rosters,
)
from tend_meeting.purge.act import purge_meetings
from tend_meeting.sources.act import look_at_sources

LATE = timedelta(seconds=10)
"""How long after it was due a question that is open is counted as late."""
NOTIFIED_WITHIN = timedelta(seconds=10)
"""How long Graph has to notify us of the end of a leg that we hung up."""


async def tend_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one tend message; raises only what the host is to abandon it for."""
    correlate(requestId=message.correlation_id)
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
    with of_walk():
        async for entry in services.ledger.overdue(now=services.clock.now()):
            with correlated(meetingId=entry.meeting_id):
                try:
                    with of_mending():
                        await _mend(entry, services)
                except Exception as error:  # noqa: BLE001 - the line has it
                    # The next walk comes by itself; one meeting must not keep the others waiting.
                    log("backstop.failed", error=error)
        await purge_meetings(services)
        now = services.clock.now()
        await services.ledger.note_walk(now)
        show("rollcall.backstop.last", now.timestamp())
        show("rollcall.group_calls.open", await _open_calls(services, now))


async def _open_calls(services: Services, now: datetime) -> int:
    """Return how many group calls are open, by the lists of today and yesterday.

    The bot leaves after a day, so a call that is open begins at most a day before.
    """
    found: set[MeetingId] = set()
    for day in (day_of(now) - ONE_DAY, day_of(now)):
        async for meeting_id, brief in services.ledger.day(day):
            if brief.open_since is not None:
                found.add(meeting_id)
    return len(found)


async def _tend(message: QueueMessage, services: Services) -> None:
    asked = read_tend_message(message.body)
    meeting_id = MeetingId(asked.meeting_id)
    correlate(meetingId=meeting_id)
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

    rules = services.journal.tending
    planned = plan(meeting, generation, now=now, rules=rules)
    visits, listed = planned.visits, planned.listed
    for day, brief in listed.items():
        await services.ledger.list_day(meeting_id, day, brief)

    _count_late(meeting, now)
    # Rosters first: with them due, sources wait for the next message, which comes at once.
    if planned.sources and not visits:
        await look_at_sources(opened, services)
    found = [await _visited(visit, opened, services) for visit in visits]
    _count_reads(found)

    async def record(seen: Iterable[Seen]) -> None:
        await opened.edit(
            lambda known, at: record_look(known, generation, seen, listed, now=at, rules=rules)
        )

    try:
        await record(found)
    except ValueError as error:
        if not visits:
            raise
        # A read that cannot be kept is one that failed: the chain goes on, and warns.
        log("tend.fits_no_row", error=error)
        await record(without_rosters(found, at=services.clock.now()))


async def _visited(visit: Visit, opened: OpenMeeting, services: Services) -> Seen:
    """Send Graph the requests of a visit; no further one once the leg is gone."""
    observations: list[Observation] = []
    call: Call | None = None
    if visit.keep_alive:
        observations.append(await _kept_alive(visit, services))
    if visit.call and not _is_gone(observations):
        try:
            call = await services.graph.read_call(visit.call_id)
        except (Transient, Rejected) as failed:
            if not (visit.keep_alive or visit.roster):
                # Else it says nothing of them, and must not put off the next keepAlive.
                observations.append(_unanswered(visit, failed, services))
        else:
            observations.append(call_result(visit, call, at=services.clock.now()))
    if visit.roster and not _is_gone(observations):
        observations.append(await _read(visit, call, services))
    owner = await opened.owner_of(call) if call is not None and visit.unplaced else None
    return Seen(leg_key=visit.leg_key, observations=tuple(observations), call=call, owner=owner)


async def _kept_alive(visit: Visit, services: Services) -> Observation:
    try:
        there = await services.graph.keep_alive(visit.call_id)
    except (Transient, Rejected) as failed:
        return _unanswered(visit, failed, services)
    at = services.clock.now()
    if there:
        return KeptAlive(at=at, leg_key=visit.leg_key)
    return Unanswered(at=at, leg_key=visit.leg_key, status=GONE)


def _unanswered(visit: Visit, failed: Transient | Rejected, services: Services) -> Unanswered:
    return Unanswered(at=services.clock.now(), leg_key=visit.leg_key, status=_status(failed))


def _status(failed: Transient | Rejected) -> int:
    # A refusal for another reason than 404 must not look like the end of the leg.
    return failed.graph.status if failed.graph is not None else 0


def _is_gone(observations: Iterable[Observation]) -> bool:
    return any(
        (isinstance(one, Unanswered | ReadFailed) and one.status == GONE)
        or (isinstance(one, LegSeen) and one.phase == "gone")
        for one in observations
    )


async def _read(visit: Visit, call: Call | None, services: Services) -> Observation:
    named = call.participant_id if call is not None else None
    ourselves = {named} if named is not None else set()
    asked_at = max(services.clock.now(), visit.not_before)
    try:
        roster = await services.graph.read_participants(
            visit.call_id,
            own_ids=visit.own_ids | ourselves,
            show_names=services.policy.recording.show_names,
        )
    except (Transient, Rejected) as failed:
        return ReadFailed(at=services.clock.now(), leg_key=visit.leg_key, status=_status(failed))
    answered_at = max(services.clock.now(), asked_at)
    return read_result(visit, roster, asked_at=asked_at, answered_at=answered_at)


def _count_reads(found: Iterable[Seen]) -> None:
    for one in (observation for seen in found for observation in seen.observations):
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
    """End a leg; a message of ours comes back to see whether its end was published."""
    opened = await services.journal.open(meeting_id)
    try:
        call = await services.graph.read_call(call_id)
    except Rejected:
        call = Call(call_id=call_id)  # as one of which Graph says nothing: the record decides
    if call is not None and not call.is_over:
        if not may_hang_up(opened.meeting, call):
            log("tend.not_ours", callId=call_id)
            return
        await services.graph.end_call(call_id)
    if opened.meeting is None or leg_of(opened.meeting, call_id) is None:
        return
    at = services.clock.now()
    look = tend_message(
        meeting_id,
        {"hungUp": call_id, "at": utc_text(at)},
        key=f"hung-up-{call_id}",
        correlation_id=message.correlation_id,
        due=at + NOTIFIED_WITHIN,
    )
    await services.bus.send([look])


async def _record_hung_up(
    meeting_id: MeetingId, call_id: CallId, at: datetime, services: Services
) -> None:
    opened = await services.journal.open(meeting_id)
    meeting, now = opened.meeting, services.clock.now()
    if meeting is None or not is_plausible_end(meeting, call_id, at=at, now=now):
        log("tend.not_ours", callId=call_id)
        return
    await opened.edit(lambda known, _: record_hung_up(known, call_id, at=at))


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
