"""The fold: observations of a meeting, in the order of their moments, become its group calls.

Core. Pushes are hints, reads decide: a pushed roster proves that people were there; only a read,
or a leg's end whose code says so, proves that nobody is. docs/recording.md has the table.
The record is a function of the *set* of observations: neither their order of arrival nor
repetition changes it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from shared.call_changes import (
    answered,
    asking,
    call_of,
    closed,
    doubt,
    opened,
    sessions_with,
    with_call,
    with_late_people,
    with_leg,
)
from shared.domain import (
    LegSeen,
    Observation,
    ReadFailed,
    RosterPushed,
    RosterRead,
    Unparsed,
    order_key,
)
from shared.end_codes import leg_end
from shared.record import GroupCall, Leg, Record

IN_FLIGHT = timedelta(seconds=10)
"""How long after a push older ones, or copies of them, may still be on their way to us.

A push of people we know does not take back a doubt younger than this: it may be the older of the
two. SETTLE must not be longer.
"""
LONGEST_PAUSE = timedelta(seconds=60)
"""The pause between reads that keep failing grows up to this."""


def fold(base: Record, observations: Iterable[Observation]) -> Record:
    """Return `base` with `observations` applied in the order of `order_key`, each once."""
    unique = {order_key(observation): observation for observation in observations}
    record = base
    for key in sorted(unique):
        record = _step(record, unique[key])
    return record


def next_read(record: Record, *, settle: timedelta) -> datetime | None:
    """Return when the roster is to be read to confirm what was pushed; None while nothing is open.

    `settle` after the first unanswered evidence; after reads that failed, with growing pauses.
    """
    if record.asked_first is None or record.live_leg() is None:
        return None
    if record.failed_at is None:
        return record.asked_first + settle
    return record.failed_at + min(settle * (1 << min(record.failures, 16)), LONGEST_PAUSE)


def _step(record: Record, observation: Observation) -> Record:
    match observation:
        case LegSeen():
            return _leg_seen(record, observation)
        case RosterPushed():
            return _roster_pushed(record, observation)
        case RosterRead():
            return _roster_read(record, observation)
        case ReadFailed():
            return replace(record, failures=record.failures + 1, failed_at=observation.at)
        case Unparsed():
            return record
        case _:
            assert_never(observation)


def _leg_seen(record: Record, seen: LegSeen) -> Record:
    leg = record.legs.get(seen.leg_key) or Leg(key=seen.leg_key)
    was_in, was_gone = "in" in leg.phases, "gone" in leg.phases
    listened = leg.first_roster is not None
    leg = replace(
        leg,
        phases={seen.phase: seen.at, **leg.phases},
        code=seen.code if leg.code is None else leg.code,
        subcode=seen.subcode if leg.subcode is None else leg.subcode,
    )
    record = with_leg(record, leg)
    if seen.phase == "in" and not was_in and not was_gone:
        return asking(record, seen.at)
    if seen.phase == "gone" and (was_in or listened):
        return _leg_gone(record, seen)
    return record


def _leg_gone(record: Record, seen: LegSeen) -> Record:
    call, end = record.open_call, leg_end(seen.code, seen.subcode)
    if call is None or not end.over:
        return record
    return closed(record, call, at=call.quiet_since or seen.at, basis="observed", reason=end.reason)


def _roster_pushed(record: Record, roster: RosterPushed) -> Record:
    record, leg, first = _listened(record, roster)
    gone = leg.phases.get("gone")
    call = record.open_call
    named = [present.session_id for present in roster.people]
    if not named:
        return _quiet(record, roster) if roster.lists_ourselves else record
    if call is not None and (
        any(call.holds(session_id) for session_id in named)
        or not any(call_of(record, session_id) for session_id in named)
    ):
        return _joined_by_push(record, call, roster, first=first)
    late = next((held for session_id in named if (held := call_of(record, session_id))), None)
    if late is not None:
        # Nearly always an old push sent again. Should they be back under their old session ids,
        # the read says so and opens the next call.
        return asking(with_late_people(record, late, roster.people, roster.at), roster.at)
    if gone is not None:
        return (
            with_late_people(record, record.calls[-1], roster.people, roster.at)
            if record.calls
            else record
        )
    record = opened(record, roster.people, at=roster.at, basis="observed", before=first)
    return asking(record, roster.at)


def _joined_by_push(
    record: Record, call: GroupCall, roster: RosterPushed, *, first: bool
) -> Record:
    fresh = any(not call.holds(present.session_id) for present in roster.people)
    settled = roster.at if fresh else roster.at - IN_FLIGHT
    sessions = sessions_with(call, roster.people, roster.at, before=first, settled=settled)
    named = {present.session_id for present in roster.people}
    missing = [
        session
        for session_id, session in sessions.items()
        if session_id not in named and session.left_at is None and session.absent_since is None
    ]
    for session in missing:
        sessions[session.session_id] = replace(session, absent_since=roster.at)
    grown = replace(
        call,
        sessions=sessions,
        last_seen=roster.at,
        quiet_since=doubt(call.quiet_since, settled),
    )
    record = with_call(record, grown)
    return asking(record, roster.at) if missing else record


def _quiet(record: Record, roster: RosterPushed) -> Record:
    call = record.open_call
    if call is None or call.quiet_since is not None or roster.at <= call.last_seen:
        return record
    sessions = {
        session_id: session
        if session.left_at is not None or session.absent_since is not None
        else replace(session, absent_since=roster.at)
        for session_id, session in call.sessions.items()
    }
    return asking(
        with_call(record, replace(call, quiet_since=roster.at, sessions=sessions)), roster.at
    )


def _roster_read(record: Record, read: RosterRead) -> Record:
    if not read.people and not read.lists_ourselves:
        return replace(record, failures=record.failures + 1, failed_at=read.at)
    record, _, first = _listened(record, read)
    record = answered(record, read.asked_at)
    call = record.open_call
    if not read.people:
        if call is None or call.last_seen > read.at:
            return record
        if call.quiet_since is not None:
            return closed(
                record, call, at=call.quiet_since, basis="observed", reason="everyoneLeft"
            )
        return closed(record, call, at=read.at, basis="polled", reason="everyoneLeft")
    if call is None:
        return opened(record, read.people, at=read.at, basis="polled", before=first)
    return _joined_by_read(record, call, read, first=first)


def _joined_by_read(record: Record, call: GroupCall, read: RosterRead, *, first: bool) -> Record:
    sessions = sessions_with(
        call, read.people, read.at, before=first, settled=read.asked_at, back=True
    )
    named = {present.session_id for present in read.people}
    crossed = False
    for session in list(sessions.values()):
        if session.session_id in named or session.left_at is not None:
            continue
        if session.last_seen > read.asked_at:
            crossed = True
            continue
        sessions[session.session_id] = replace(
            session, left_at=session.absent_since or read.asked_at
        )
    grown = replace(
        call,
        sessions=sessions,
        last_seen=read.at,
        quiet_since=doubt(call.quiet_since, read.asked_at),
    )
    record = with_call(record, grown)
    return asking(record, read.at) if crossed else record


def _listened(record: Record, roster: RosterPushed | RosterRead) -> tuple[Record, Leg, bool]:
    """Note that a roster came through a leg; tell whether it was the first to."""
    leg = record.legs.get(roster.leg_key) or Leg(key=roster.leg_key)
    first = leg.first_roster is None
    if first:
        leg = replace(leg, first_roster=roster.at)
    if roster.lists_ourselves and not {"in", "gone"} & set(leg.phases):
        leg = replace(leg, phases={**leg.phases, "in": roster.at})
        record = asking(record, roster.at)
    return with_leg(record, leg), leg, first
