"""The single changes that evidence makes to a record: a call opens, is joined, is left, closes.

Core. fold.py decides which evidence makes which change.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from shared.calls.record import (
    Commit,
    GroupCall,
    Question,
    Record,
    Session,
    ids_of,
    mark_of,
    seal_of,
)
from shared.calls.sight import Sight
from shared.calls.weight import weight_of, weight_of_alias, weight_of_session
from shared.words.ids import UNCOUNTED, SessionId
from shared.words.observations import Present


def opened(record: Record, sight: Sight, *, provisional: bool) -> Record:
    """Return the record with its next call, opened by the people of `sight`.

    The last read of an empty room bounds its start. The bound counts once a read has named a person
    with whom the call opened.
    """
    call = GroupCall(
        number=record.next_number,
        started_at=sight.answered,
        start_basis=sight.basis,
        heard_at=sight.answered,
        provisional=provisional,
        start_not_before=sight.by.made_at,
        empty_at=record.empty_at,
    )
    call, _ = joined(call, sight, read_at=record.read_at, opener=True)
    return replace(record, calls=(*record.calls, call))


def joined(
    call: GroupCall, sight: Sight, *, read_at: datetime | None, opener: bool = False
) -> tuple[GroupCall, frozenset[SessionId]]:
    """Return the call with the people of `sight` in it, and which of its sessions they are.

    `read_at`: the proof of the last complete read, after which new people came; None where it says
    nothing of when they came.

    A session confirmed to have ended stays ended, unless a read lists it again. No roster showed
    when people who are named late came and went. People who find no room are counted. A person who
    finds room later may have been among them, so no roster showed when that person came.
    """
    late = sight.leg.is_gone or call.ended_at is not None
    listed, strangers = _recognised(call, sight)
    sessions, uncounted = dict(call.sessions), list[Present]()
    renamed = [key for key, one in listed.items() if one.session_id not in ids_of(sessions[key])]
    # Most rosters name nobody new: what the call weighs does not matter then.
    room = sight.by.room - weight_of(call) if strangers or renamed else 0
    for present, confusable in strangers:
        sessions |= {one.session_id: replace(one, blurred=True) for one in confusable}
        session = Session(
            session_id=present.session_id,
            person=present.person,
            first_seen=max(sight.answered, call.started_at),
            first_version=sight.by.version,
            legs=(sight.leg.key,),
            opener=opener,
            present_before=late or call.others > 0 or not sight.leg.listened,
            joined_not_before=None if late else sight.by.made_at,
            missed_at=None if call.others or confusable else read_at,
            last_seen=sight.proof,
            blurred=late,
            left_at=call.ended_at,
        )
        weight = weight_of_session(session)
        first = not (sessions or call.sealed)  # kept in any case: a call needs one
        if present.person.kind == UNCOUNTED or (weight > room and not first):
            uncounted.append(present)
            continue
        room -= weight
        listed[present.session_id] = present
        sessions[present.session_id] = session
    # A read found these again. A push that names them is not an old one any more.
    again = {seal_of(one) for one in sessions.keys() - call.sessions.keys() if call.has_sealed(one)}
    grown = replace(
        call,
        sessions=sessions,
        sealed=call.sealed.difference(again),
        complete=call.complete and not sight.cut,
    )
    if uncounted or call.others:
        grown = _with_others(grown, {mark_of(one) for one in uncounted}, call)
    if late:
        return grown, frozenset(listed)
    for key in renamed:
        weight = weight_of_alias(listed[key].session_id)
        if weight <= room:
            room -= weight
            one = sessions[key]
            sessions[key] = replace(one, aliases=(*one.aliases, listed[key].session_id))
    seen = {one: _listed(sessions[one], present, sight) for one, present in listed.items()}
    sessions = {**sessions, **seen}
    quiet_since, last_seen = call.quiet_since, call.last_seen
    if sight.people:
        new = len(strangers) > len(uncounted)
        quiet_since = None if new else sight.unsettled(quiet_since)
        last_seen = latest(last_seen, sight.proof)
    start_not_before = call.start_not_before
    named = (sessions.get(present.session_id) for present in sight.people)
    if sight.proof is not None and any(one is not None and one.opener for one in named):
        start_not_before = latest(start_not_before, call.empty_at)
    grown = replace(
        grown,
        sessions=sessions,
        heard_at=sight.answered,
        quiet_since=quiet_since,
        last_seen=last_seen,
        start_not_before=start_not_before,
    )
    return grown, frozenset(listed)


def doubted(call: GroupCall, absent: Iterable[Session], sight: Sight) -> GroupCall:
    """Return the call after a push that left out the sessions in `absent`."""
    doubts = (replace(one, absent_since=one.absent_since or sight.asked) for one in absent)
    quiet_since = call.quiet_since if sight.people else call.quiet_since or sight.asked
    return replace(_with_sessions(call, doubts), quiet_since=quiet_since)


def missed(call: GroupCall, younger: Iterable[Session], sight: Sight) -> GroupCall:
    """Return the call after a read without `younger`: it may show the room before they came."""
    unnamed = (
        replace(one, missed_at=sight.proof)
        for one in younger
        if one.last_seen is None and sight.unsettled(one.first_seen)
    )
    unseen = call.last_seen is None and not sight.people and sight.unsettled(call.started_at)
    empty_at = sight.proof if unseen else call.empty_at
    return replace(_with_sessions(call, unnamed), empty_at=empty_at)


def departed(
    call: GroupCall, absent: Iterable[Session], sight: Sight, *, at: datetime | None = None
) -> GroupCall:
    """Return the call that `absent` left: when first in doubt, else `at`, else at the answer."""
    left = (
        replace(
            one,
            absent_since=None,
            missed_at=None,
            left_at=sight.dated(one.absent_since) or at or sight.answered,
            left_not_before=one.last_seen or sight.by.made_at,
            left_not_after=None if one.blurred else sight.answered,
        )
        for one in absent
    )
    return _with_sessions(call, left)


def closed(call: GroupCall, sight: Sight, *, reason: str) -> GroupCall:
    """Return the call ended: when it fell quiet, else at the answer.

    The end has no upper bound where a read found others: the call may have gone on with them.
    """
    quiet_since = sight.dated(call.quiet_since)
    ended_at = quiet_since or sight.answered
    return replace(
        confirmed(departed(call, call.there(), sight, at=ended_at)),
        ended_at=ended_at,
        end_basis="observed" if quiet_since else sight.basis,
        end_not_before=call.last_seen or sight.by.made_at,
        end_not_after=None if sight.people else sight.answered,
        reason=reason,
        heard_at=sight.answered,
    )


def assumed(call: GroupCall, by: Commit) -> GroupCall:
    """Return the call over when it was last seen: nothing proves it, so nothing bounds it above."""
    seen = (one.first_seen for one in call.sessions.values())
    ended_at = max((call.last_seen or call.started_at, *seen))
    gone = (
        replace(
            one,
            absent_since=None,
            missed_at=None,
            left_at=ended_at,
            left_not_before=one.last_seen or by.made_at,
        )
        for one in call.there()
    )
    return replace(
        confirmed(_with_sessions(call, gone)),
        ended_at=ended_at,
        end_basis="assumed",
        end_not_before=call.last_seen or by.made_at,
        reason="unwatched",
    )


def confirmed(call: GroupCall) -> GroupCall:
    """Return the call as confirmed: a leg heard that it goes on, or that it is over."""
    return replace(call, provisional=False, unwatched_since=None, unwatched_by=None)


def with_late_people(record: Record, call: GroupCall, sight: Sight) -> Record:
    """Add the people of a late roster to `call`: no roster showed them join or leave.

    A leg that is gone may name a person of the call by an id that later legs did not use. Such a
    person is not added again.
    """
    unheld = held_by_none(record, (one.session_id for one in sight.people))
    unknown = [one for one in sight.people if one.session_id in unheld]
    known = call.people if sight.leg.is_gone else frozenset()
    aliases = [one for one in unknown if mark_of(one) in known]
    fresh = tuple(one for one in unknown if mark_of(one) not in known)
    grown, _ = joined(call, replace(sight, people=fresh), read_at=None)
    sessions, sealed = dict(grown.sessions), set(grown.sealed)
    there = {mark_of(one): one.session_id for one in call.there()}
    room = sight.by.room - weight_of(grown)
    for alias in aliases:
        room -= weight_of_alias(alias.session_id)
        if room < 0:
            break
        if (holder := there.get(mark_of(alias))) is not None:
            session = sessions[holder]
            sessions[holder] = replace(session, aliases=(*session.aliases, alias.session_id))
        else:
            sealed.add(seal_of(alias.session_id))
    return with_call(record, replace(grown, sessions=sessions, sealed=frozenset(sealed)))


def call_of(record: Record, *session_ids: SessionId) -> GroupCall | None:
    """Return the newest call that holds one of the sessions; None where no call does."""
    return next((call for call in reversed(record.calls) if call.holds(*session_ids)), None)


def held_by_none(record: Record, session_ids: Iterable[SessionId]) -> frozenset[SessionId]:
    """Return those of `session_ids` that are ids of no call's sessions."""
    held = frozenset[SessionId]().union(*(call.ids for call in record.calls))
    return frozenset(
        one
        for one in session_ids
        if one not in held and not any(call.has_sealed(one) for call in record.calls)
    )


def asking(record: Record, at: datetime, by: Commit, *, soon: bool = False) -> Record:
    """Return the record with the question who is there, which evidence of `at` raised.

    A read is due SETTLE after the first such evidence; with `soon`, at once. A read answers the
    question only where its proof is at least as new as the newest such evidence.
    """
    due, last = at if soon else at + by.settle, at
    if record.question is not None:
        due, last = min(due, record.question.due), max(last, record.question.last)
    return replace(record, question=Question(due=due, last=last, version=by.version))


def with_call(record: Record, call: GroupCall) -> Record:
    """Return the record with `call` in place of the call of the same number."""
    at = call.number - 1 - record.before
    return replace(record, calls=(*record.calls[:at], call, *record.calls[at + 1 :]))


def latest(*moments: datetime | None) -> datetime | None:
    """Return the latest of the moments that are known."""
    return max((moment for moment in moments if moment is not None), default=None)


def _with_sessions(call: GroupCall, changed: Iterable[Session]) -> GroupCall:
    return replace(call, sessions={**call.sessions, **{one.session_id: one for one in changed}})


def _recognised(
    call: GroupCall, sight: Sight
) -> tuple[dict[SessionId, Present], list[tuple[Present, list[Session]]]]:
    """Return the listed people by session, and the new people with sessions that may be theirs.

    Graph may name a person by another id through a later leg. Such an id is an alias where exactly
    one session and one id match. Otherwise it is a new session whose join is uncertain.
    """
    names = call.ids
    listed = {names[one.session_id]: one for one in sight.people if one.session_id in names}
    # A push that names a session which left long ago is an old push.
    unknown = [
        one
        for one in sight.people
        if one.session_id not in names and (sight.proof or not call.has_sealed(one.session_id))
    ]
    ids = Counter(one.person.user_id for one in unknown)
    through_others = defaultdict[str | None, list[Session]](list)
    for one in call.there():
        if sight.leg.key not in one.legs:
            through_others[one.person.user_id].append(one)
    strangers: list[tuple[Present, list[Session]]] = []
    # Where only some people find room, the record must not depend on the order of the roster.
    for present in sorted(unknown, key=lambda one: one.session_id):
        user_id = present.person.user_id
        candidates = [
            one for one in through_others.get(user_id, ()) if one.session_id not in listed
        ]
        if user_id is not None and len(candidates) == ids[user_id] == 1:
            listed[candidates[0].session_id] = present
        else:
            strangers.append((present, candidates))
    return listed, strangers


def _with_others(grown: GroupCall, uncounted: set[str], call: GroupCall) -> GroupCall:
    """Count the people who found no room in `grown`, which a roster made from `call`."""
    people = grown.people
    others = max(call.others - len(people - call.people), len(uncounted - people))
    return replace(grown, others=max(others, 0), complete=grown.complete and not uncounted)


def _listed(session: Session, present: Present, sight: Sight) -> Session:
    if sight.leg.key not in session.legs and present.session_id in ids_of(session):
        session = replace(session, legs=(*session.legs, sight.leg.key)[-2:])
    if session.absent_since is not None and sight.unsettled(session.absent_since) is None:
        session = replace(session, absent_since=None)
    if sight.proof is None:
        return session
    if present.session_id == session.session_id:
        bound = latest(session.joined_not_before, session.missed_at)
        session = replace(session, joined_not_before=bound, missed_at=None)
    return replace(
        session,
        last_seen=latest(session.last_seen, sight.proof),
        blurred=False,
        left_at=None,
        left_not_before=None,
        left_not_after=None,
    )
