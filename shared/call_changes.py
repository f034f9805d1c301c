"""The single changes that evidence makes to a record: a call opens, is joined, is left, closes.

Core. Which evidence makes which change is decided in group_calls.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain import Basis, LegKey, Present, SessionId
from shared.record import (
    Commit,
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
class Sight:
    """One roster, or one leg's end, as the fold weighs it.

    `asked` and `answered` are the moments of a read; of anything else both are its moment. `proof`
    is that from which a read proves who was there, None for a push. `whole`: it lists everybody.
    `cut`: it may not. `first` of its leg: it shows who was there before. `late`: nobody saw when.
    """

    by: Commit
    leg_key: LegKey
    asked: datetime
    answered: datetime
    people: tuple[Present, ...] = ()
    proof: datetime | None = None
    whole: bool = True
    cut: bool = False
    first: bool = False
    late: bool = False

    def doubt(self, since: datetime | None) -> datetime | None:
        """Return a doubt that began at `since`, unless this takes it back."""
        settled = self.proof or self.asked - IN_FLIGHT
        return None if since is None or since <= settled else since

    def dated(self, doubt: datetime | None) -> datetime | None:
        """Return the time that `doubt` gives to what this confirms; None for one too old."""
        recent = doubt is not None and self.asked - doubt <= IN_FLIGHT
        return min(doubt, self.answered) if doubt is not None and recent else None


def opened(record: Record, sight: Sight, *, provisional: bool) -> Record:
    """Return the record with its next call, opened by the people of `sight`.

    The last read that found nobody bounds its start; where a push opens it, not before a read has
    named somebody it opened with.
    """
    read = sight.proof is not None
    call = GroupCall(
        number=len(record.calls) + 1,
        started_at=sight.answered,
        start_basis="polled" if read else "observed",
        heard_at=sight.answered,
        provisional=provisional,
        start_not_before=latest(sight.by.made_at, record.empty_at if read else None),
        empty_at=None if read else record.empty_at,
    )
    call, _ = joined(call, sight, read_at=record.read_at, opener=True)
    return replace(record, calls=(*record.calls, call))


def joined(
    call: GroupCall, sight: Sight, *, read_at: datetime | None, opener: bool = False
) -> tuple[GroupCall, frozenset[SessionId]]:
    """Return the call with the people of `sight` in it, and which of its sessions they are.

    `read_at` is the lower bound of a join that `record.read_at` gives. A session confirmed to have
    ended stays so, unless a read lists it again.
    """
    sessions, listed, strangers = _recognised(call, sight)
    for present, unclear in strangers:
        bound = None if unclear or sight.late else read_at
        sessions[present.session_id] = Session(
            session_id=present.session_id,
            person=present.person,
            first_seen=max(sight.answered, call.started_at),
            first_version=sight.by.version,
            legs=(sight.leg_key,),
            opener=opener,
            present_before=sight.first or sight.late,
            joined_not_before=None
            if sight.late
            else latest(sight.by.made_at, bound if sight.proof else None),
            missed_at=None if sight.proof else bound,
            last_seen=sight.proof,
            blurred=sight.late,
            left_at=call.ended_at,
        )
    grown = replace(call, sessions=sessions, complete=call.complete and not sight.cut)
    if sight.late:
        return grown, listed
    grown = replace(grown, heard_at=sight.answered)
    if sight.people:
        grown = replace(
            grown,
            quiet_since=None if strangers else sight.doubt(call.quiet_since),
            last_seen=latest(call.last_seen, sight.proof),
        )
    named = (sessions.get(present.session_id) for present in sight.people)
    if sight.proof is not None and any(one is not None and one.opener for one in named):
        bound = latest(grown.start_not_before, grown.empty_at)
        grown = replace(grown, start_not_before=bound, empty_at=None)
    return grown, listed | {present.session_id for present, _ in strangers}


def doubted(call: GroupCall, listed: frozenset[SessionId], sight: Sight) -> GroupCall:
    """Return the call in which a push left out everybody there but `listed`."""
    missing = [one for one in call.there() if one.session_id not in listed]
    doubts = {
        one.session_id: replace(one, absent_since=one.absent_since or sight.asked)
        for one in missing
    }
    quiet = call.quiet_since if sight.people else call.quiet_since or sight.asked
    return replace(call, sessions={**call.sessions, **doubts}, quiet_since=quiet)


def missed(call: GroupCall, younger: Iterable[Session], sight: Sight) -> GroupCall:
    """Return the call that a read was too early to find `younger` in: they came after its proof."""
    proof = sight.proof or sight.asked
    unnamed = {
        one.session_id: replace(one, missed_at=proof)
        for one in younger
        if one.last_seen is None and one.first_seen > proof
    }
    unseen = call.last_seen is None and not sight.people and call.started_at > proof
    empty_at = proof if unseen else call.empty_at
    return replace(call, sessions={**call.sessions, **unnamed}, empty_at=empty_at)


def departed(
    call: GroupCall, absent: Iterable[SessionId], sight: Sight, *, at: datetime | None = None
) -> GroupCall:
    """Return the call without the sessions in `absent`: since in doubt, else `at` or the answer."""
    left = {
        one: replace(
            session,
            absent_since=None,
            missed_at=None,
            left_at=sight.dated(session.absent_since) or at or sight.answered,
            left_not_before=session.last_seen or sight.by.made_at,
            left_not_after=None if session.blurred else sight.answered,
        )
        for one in absent
        for session in (call.sessions[one],)
    }
    return replace(call, sessions={**call.sessions, **left})


def closed(
    call: GroupCall, sight: Sight, *, basis: Basis, reason: str, bounded: bool = True
) -> GroupCall:
    """Return the call over: since it fell quiet, else at the answer.

    `bounded` False: the conversation may have gone on, with others.
    """
    quiet = sight.dated(call.quiet_since)
    ended_at = quiet or sight.answered
    everybody = [session.session_id for session in call.there()]
    return replace(
        watched(departed(call, everybody, sight, at=ended_at)),
        ended_at=ended_at,
        end_basis="observed" if quiet else basis,
        end_not_before=call.last_seen or sight.by.made_at,
        end_not_after=sight.answered if bounded else None,
        reason=reason,
        heard_at=sight.answered,
        quiet_since=None,
    )


def watched(call: GroupCall) -> GroupCall:
    """Return the call of which a leg heard how it goes on."""
    return replace(call, unwatched_since=None, unwatched_by=None)


def with_late_people(record: Record, call: GroupCall, sight: Sight, leg: Leg) -> Record:
    """Add people a late roster names to `call`: no roster showed them join or leave.

    A leg that is gone may name, by another id than later legs did, a person the call holds.
    """
    unknown = [one for one in sight.people if call_of(record, one.session_id) is None]
    known = call.people if leg.is_gone else frozenset()
    aliases = [one for one in unknown if mark_of(one) in known]
    fresh = tuple(one for one in unknown if mark_of(one) not in known)
    grown, _ = joined(call, replace(sight, people=fresh, late=True), read_at=None)
    sessions, sealed = dict(grown.sessions), set(grown.sealed)
    there = {mark_of(one): one.session_id for one in call.there()}
    for alias in aliases:
        if (holder := there.get(mark_of(alias))) is not None:
            session = sessions[holder]
            sessions[holder] = replace(session, aliases=(*session.aliases, alias.session_id))
        else:
            sealed.add(seal_of(alias.session_id))
    return with_call(record, replace(grown, sessions=sessions, sealed=frozenset(sealed)))


def call_of(record: Record, *session_ids: SessionId) -> GroupCall | None:
    """Return the newest call that holds one of the sessions; None where no call does."""
    return next((call for call in reversed(record.calls) if call.holds(*session_ids)), None)


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


def latest(*moments: datetime | None) -> datetime | None:
    """Return the latest of the moments that are known."""
    return max((moment for moment in moments if moment is not None), default=None)


type _Recognised = tuple[dict[SessionId, Session], frozenset[SessionId], list[tuple[Present, bool]]]


def _recognised(call: GroupCall, sight: Sight) -> _Recognised:
    """Return the sessions as seen in `sight`, which of them it lists, and who is new.

    Graph may name a person by another id through a later leg. Such an id is an alias where only one
    session and one id come into question; else it is a new session whose join is unclear (True).
    """
    names, sessions = call.ids, dict(call.sessions)
    listed = {names[one.session_id]: one for one in sight.people if one.session_id in names}
    unknown: dict[str | None, list[Present]] = {}
    for present in sight.people:
        if present.session_id not in names:
            unknown.setdefault(present.person.user_id, []).append(present)
    strangers: list[tuple[Present, bool]] = []
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
        for one in candidates:
            sessions[one] = replace(sessions[one], blurred=True)
        strangers.extend((present, bool(candidates)) for present in group)
    for session_id, present in listed.items():
        sessions[session_id] = _listed(sessions[session_id], present, sight)
    return sessions, frozenset(listed), strangers


def _listed(session: Session, present: Present, sight: Sight) -> Session:
    if present.session_id not in ids_of(session):
        session = replace(session, aliases=(*session.aliases, present.session_id))
    if sight.leg_key not in session.legs:
        session = replace(session, legs=(*session.legs, sight.leg_key))
    if sight.late or (sight.proof is None and session.left_at is not None):
        return session
    session = replace(session, absent_since=sight.doubt(session.absent_since))
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
