"""The single changes that evidence makes to a record: a call opens, closes, is joined, is doubted.

Core. Which evidence makes which change is decided in group_calls.py.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from shared.domain import Basis, Present, SessionId
from shared.record import GroupCall, Leg, Record, Session


def opened(
    record: Record, people: Iterable[Present], *, at: datetime, basis: Basis, before: bool
) -> Record:
    """Return the record with its next call, opened by `people` at `at`."""
    call = GroupCall(number=len(record.calls) + 1, started_at=at, start_basis=basis, last_seen=at)
    call = replace(call, sessions=sessions_with(call, people, at, before=before, settled=at))
    return replace(record, calls=(*record.calls, call))


def closed(record: Record, call: GroupCall, *, at: datetime, basis: Basis, reason: str) -> Record:
    """Return the record with the call over; whoever was in doubt left when the doubt began."""
    sessions = {
        session_id: session
        if session.left_at is not None
        else replace(session, left_at=session.absent_since or at)
        for session_id, session in call.sessions.items()
    }
    return with_call(
        record,
        replace(call, ended_at=at, end_basis=basis, reason=reason, sessions=sessions),
    )


def with_late_people(
    record: Record, call: GroupCall, people: Iterable[Present], at: datetime
) -> Record:
    """Add people a late push names to a call that is over; nobody saw them join."""
    sessions = dict(call.sessions)
    for present in people:
        if call_of(record, present.session_id) is None:
            sessions[present.session_id] = Session(
                session_id=present.session_id,
                person=present.person,
                first_seen=at,
                last_seen=at,
                present_before=True,
                left_at=call.ended_at,
            )
    return with_call(record, replace(call, sessions=sessions))


def sessions_with(
    call: GroupCall,
    people: Iterable[Present],
    at: datetime,
    *,
    before: bool,
    settled: datetime,
    back: bool = False,
) -> dict[SessionId, Session]:
    """Return the call's sessions with `people` seen at `at`.

    A session confirmed to have ended stays so, unless `back`: a read found it there again. This
    evidence takes back doubts up to `settled`.
    """
    sessions = dict(call.sessions)
    for present in people:
        known = sessions.get(present.session_id)
        if known is None:
            sessions[present.session_id] = Session(
                session_id=present.session_id,
                person=present.person,
                first_seen=at,
                last_seen=at,
                present_before=before,
            )
        elif known.left_at is None:
            sessions[present.session_id] = replace(
                known, last_seen=at, absent_since=doubt(known.absent_since, settled)
            )
        elif back:
            sessions[present.session_id] = replace(
                known, last_seen=at, absent_since=None, left_at=None
            )
    return sessions


def doubt(since: datetime | None, settled: datetime) -> datetime | None:
    """Return a doubt that began at `since`, unless evidence up to `settled` takes it back."""
    return None if since is None or since <= settled else since


def call_of(record: Record, session_id: SessionId) -> GroupCall | None:
    """Return the newest call that holds a session; None where no call does."""
    return next((call for call in reversed(record.calls) if call.holds(session_id)), None)


def asking(record: Record, at: datetime) -> Record:
    """Return the record with a question open since `at`: who is there?"""
    return replace(record, asked_first=record.asked_first or at, asked_last=at)


def answered(record: Record, asked_at: datetime) -> Record:
    """Take back the questions that a read answered: all evidence up to the moment it was asked."""
    open_still = record.asked_last is not None and record.asked_last > asked_at
    return replace(
        record,
        asked_first=record.asked_last if open_still else None,
        asked_last=record.asked_last if open_still else None,
        failures=0,
        failed_at=None,
    )


def with_leg(record: Record, leg: Leg) -> Record:
    """Return the record with `leg` in place of what was known of it."""
    return replace(record, legs={**record.legs, leg.key: leg})


def with_call(record: Record, call: GroupCall) -> Record:
    """Return the record with `call` in place of the one of its number."""
    return replace(
        record, calls=tuple(call if one.number == call.number else one for one in record.calls)
    )
