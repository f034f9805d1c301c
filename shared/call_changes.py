"""The single changes that evidence makes to a record: a call opens, is joined, is left, closes.

Core. Which evidence makes which change is decided in group_calls.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain import Basis, LegKey, Present, SessionId
from shared.record import (
    GroupCall,
    Leg,
    Question,
    Record,
    Session,
    ids_of,
    mark_of,
    seal_of,
)

IN_FLIGHT = timedelta(seconds=10)
"""How long after a push older ones, or copies of them, may still be on their way to us.

A push of known people takes back no doubt younger than this: it may be the older of the two. A read
that confirms a doubt older than this dates nothing by it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What the observations of one commit are folded by, beside the record.

    `version` is the meeting's after the commit; `made_at` when our own meeting was made, None for
    one that somebody else made. `settle` must be longer than Graph's reads are old plus the
    difference of our clocks. Rosters of `roster_cap` or more entries may have been cut.
    """

    version: int
    settle: timedelta
    roster_cap: int
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One roster as the fold weighs it, pushed or read.

    `at` is the latest moment it may speak of, `settled` that up to which it takes back doubts, and
    `proof` that from which a read proves who was there; None for a push. `whole`: it lists
    everybody. `first` of its leg: it shows who was there before.
    """

    leg_key: LegKey
    people: tuple[Present, ...]
    at: datetime
    settled: datetime
    proof: datetime | None
    whole: bool
    cut: bool
    first: bool


def opened(
    record: Record,
    sight: Sight,
    by: Commit,
    *,
    provisional: bool,
    not_before: datetime | None = None,
) -> Record:
    """Return the record with its next call, opened by the people of `sight`.

    `not_before` is a lower bound of the start that needs no confirmation.
    """
    certain = sight.proof is not None
    call = GroupCall(
        number=len(record.calls) + 1,
        started_at=sight.at,
        start_basis="observed" if sight.proof is None else "polled",
        heard_at=sight.at,
        provisional=provisional,
        start_not_before=not_before or _latest(by.made_at, record.empty_at if certain else None),
        empty_at=None if certain else record.empty_at,
    )
    call, _ = joined(call, sight, by, read_at=record.read_at, opener=True)
    return replace(record, calls=(*record.calls, call))


def joined(
    call: GroupCall,
    sight: Sight,
    by: Commit,
    *,
    read_at: datetime | None,
    opener: bool = False,
) -> tuple[GroupCall, frozenset[SessionId]]:
    """Return the call with the people of `sight` in it, and which of its sessions they are.

    `read_at` is the lower bound of a join that `record.read_at` gives. A session confirmed to have
    ended stays so, unless a read lists it again.
    """
    listed, strangers, blurred = _recognised(call, sight)
    sessions = dict(call.sessions)
    for session_id in blurred:
        sessions[session_id] = replace(sessions[session_id], blurred=True)
    for session_id, present in listed.items():
        sessions[session_id] = _listed(sessions[session_id], present, sight)
    for present, unclear in strangers:
        bound = None if unclear else read_at
        sessions[present.session_id] = Session(
            session_id=present.session_id,
            person=present.person,
            first_seen=max(sight.at, call.started_at),
            first_version=by.version,
            legs=(sight.leg_key,),
            opener=opener,
            present_before=sight.first,
            joined_not_before=_latest(by.made_at, bound if sight.proof else None),
            missed_at=None if sight.proof else bound,
            last_seen=sight.proof,
        )
    names_opener = sight.proof is not None and any(
        sessions[present.session_id].opener
        for present in sight.people
        if present.session_id in sessions
    )
    grown = replace(
        call,
        sessions=sessions,
        heard_at=sight.at,
        complete=call.complete and not sight.cut,
    )
    if sight.people:
        quiet_since = None if strangers else _doubt(call.quiet_since, sight)
        last_seen = _latest(call.last_seen, sight.proof)
        grown = replace(grown, quiet_since=quiet_since, last_seen=last_seen)
    if names_opener:
        bound = _latest(grown.start_not_before, grown.empty_at)
        grown = replace(grown, start_not_before=bound, empty_at=None)
    return grown, frozenset(listed) | {present.session_id for present, _ in strangers}


def doubted(call: GroupCall, listed: frozenset[SessionId], *, at: datetime) -> GroupCall:
    """Return the call in which a push left out everybody there but `listed`."""
    sessions = dict(call.sessions)
    for session in call.there():
        if session.session_id not in listed and session.absent_since is None:
            sessions[session.session_id] = replace(session, absent_since=at)
    return replace(call, sessions=sessions, heard_at=at)


def departed(
    call: GroupCall, absent: Iterable[SessionId], by: Commit, *, asked: datetime, answered: datetime
) -> GroupCall:
    """Return the call that a read of these moments found without the sessions in `absent`."""
    sessions = dict(call.sessions)
    for one in absent:
        sessions[one] = _left(sessions[one], by, asked, answered, otherwise=answered)
    return replace(call, sessions=sessions)


def closed(
    call: GroupCall,
    by: Commit,
    *,
    asked: datetime,
    answered: datetime,
    basis: Basis,
    reason: str,
    bounded: bool = True,
) -> GroupCall:
    """Return the call over by evidence of these moments: since it fell quiet, else at the answer.

    `bounded` False: the conversation may have gone on, with others.
    """
    quiet = _dated(call.quiet_since, asked, answered)
    ended_at = quiet or answered
    return replace(
        call,
        ended_at=ended_at,
        end_basis="observed" if quiet else basis,
        end_not_before=call.last_seen or by.made_at,
        end_not_after=answered if bounded else None,
        reason=reason,
        heard_at=answered,
        quiet_since=None,
        unwatched_since=None,
        unwatched_by=None,
        sessions={
            session_id: _left(session, by, asked, answered, otherwise=ended_at)
            if session.left_at is None
            else session
            for session_id, session in call.sessions.items()
        },
    )


def with_late_people(
    record: Record,
    call: GroupCall,
    people: Iterable[Present],
    by: Commit,
    *,
    leg: Leg,
    at: datetime,
) -> Record:
    """Add people a late roster names to `call`: no roster showed them join or leave.

    A leg that is gone may name, by another id than later legs did, a person the call holds: no
    session of its own.
    """
    sessions, sealed = dict(call.sessions), set(call.sealed)
    held = call.people if leg.is_gone else frozenset()
    others = {
        mark_of(session): session.session_id
        for session in call.there()
        if leg.key not in session.legs
    }
    for present in people:
        if call_of(record, present.session_id) is not None:
            continue
        late = Session(
            session_id=present.session_id,
            person=present.person,
            first_seen=at,
            first_version=by.version,
            legs=(leg.key,),
            present_before=True,
            left_at=call.ended_at,
        )
        if call.ended_at is not None and mark_of(late) in held:
            sealed.add(seal_of(present.session_id))
        elif leg.is_gone and (holder := others.get(mark_of(late))) is not None:
            known = sessions[holder]
            sessions[holder] = replace(
                known, aliases=(*known.aliases, present.session_id), legs=(leg.key, *known.legs)
            )
        else:
            sessions[late.session_id] = late
    return with_call(record, replace(call, sessions=sessions, sealed=frozenset(sealed)))


def call_of(record: Record, session_id: SessionId) -> GroupCall | None:
    """Return the newest call that holds a session; None where no call does."""
    return next((call for call in reversed(record.calls) if call.holds(session_id)), None)


def asking(record: Record, at: datetime, by: Commit, *, soon: bool = False) -> Record:
    """Return the record with a question open since evidence of `at`: who is there?

    It is asked SETTLE after the first such evidence; `soon`: at once. A read answers it only where
    the newest such evidence is older than what the read proves.
    """
    due, last = at if soon else at + by.settle, at
    if record.question is not None:
        due, last = min(due, record.question.due), max(last, record.question.last)
    return replace(record, question=Question(due=due, last=last, version=by.version))


def with_leg(record: Record, leg: Leg) -> Record:
    """Return the record with `leg` in place of what was known of it."""
    return replace(record, legs={**record.legs, leg.key: leg})


def with_call(record: Record, call: GroupCall) -> Record:
    """Return the record with `call` in place of the one of its number."""
    at = call.number - 1
    return replace(record, calls=(*record.calls[:at], call, *record.calls[at + 1 :]))


type _Recognised = tuple[
    Mapping[SessionId, Present], list[tuple[Present, bool]], frozenset[SessionId]
]


def _recognised(call: GroupCall, sight: Sight) -> _Recognised:
    """Return which sessions are listed, who is new, and which sessions may be there unrecognised.

    Graph may name a person by another id through a later leg. Such an id is an alias where only one
    session and one id come into question; else it is a new session whose join is unclear (True).
    """
    names = call.ids
    listed: dict[SessionId, Present] = {}
    unknown: dict[str | None, list[Present]] = {}
    for present in sight.people:
        if (session_id := names.get(present.session_id)) is not None:
            listed[session_id] = present
        else:
            unknown.setdefault(present.person.user_id, []).append(present)
    strangers: list[tuple[Present, bool]] = []
    blurred: set[SessionId] = set()
    for user_id, group in unknown.items():
        candidates = [
            one.session_id
            for one in call.there()
            if one.person.user_id == user_id
            and sight.leg_key not in one.legs
            and one.session_id not in listed
        ]
        if user_id is not None and len(candidates) == len(group) == 1:
            listed[candidates[0]] = group[0]
            continue
        blurred.update(candidates)
        strangers.extend((present, bool(candidates)) for present in group)
    return listed, strangers, frozenset(blurred)


def _listed(session: Session, present: Present, sight: Sight) -> Session:
    if present.session_id not in ids_of(session):
        session = replace(session, aliases=(*session.aliases, present.session_id))
    if sight.proof is None and session.left_at is not None:
        return session
    session = replace(session, absent_since=_doubt(session.absent_since, sight))
    if sight.leg_key not in session.legs:
        session = replace(session, legs=(*session.legs, sight.leg_key))
    if sight.proof is None:
        return session
    if session.left_at is not None:
        session = replace(session, left_at=None, left_not_before=None, left_not_after=None)
    if present.session_id == session.session_id:
        bound = _latest(session.joined_not_before, session.missed_at)
        session = replace(session, joined_not_before=bound, missed_at=None)
    return replace(session, last_seen=_latest(session.last_seen, sight.proof))


def _left(
    session: Session, by: Commit, asked: datetime, answered: datetime, *, otherwise: datetime
) -> Session:
    doubt = _dated(session.absent_since, asked, answered)
    return replace(
        session,
        absent_since=None,
        missed_at=None,
        left_at=doubt or otherwise,
        left_not_before=session.last_seen or by.made_at,
        left_not_after=None if session.blurred else answered,
    )


def _dated(doubt: datetime | None, asked: datetime, answered: datetime) -> datetime | None:
    """Return the time that a doubt gives to what a read confirms; None for one that is too old."""
    return None if doubt is None or asked - doubt > IN_FLIGHT else min(doubt, answered)


def _doubt(since: datetime | None, sight: Sight) -> datetime | None:
    """Return a doubt that began at `since`, unless `sight` takes it back."""
    return None if since is None or since <= sight.settled else since


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
