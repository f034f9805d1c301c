"""The fold: observations of a meeting, in the order they were committed, become its group calls.

Core. Pushes are hints, reads decide: a pushed roster proves that people were there; only a read,
or a leg's end whose code says so, proves that nobody is. docs/recording.md has the table.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from shared.call_changes import (
    Sight,
    asking,
    call_of,
    closed,
    departed,
    doubted,
    joined,
    missed,
    opened,
    watched,
    with_call,
    with_late_people,
    with_leg,
)
from shared.domain import (
    LegSeen,
    Observation,
    Phase,
    ReadFailed,
    RosterPushed,
    RosterRead,
    Unparsed,
)
from shared.end_codes import leg_end
from shared.record import Commit, GroupCall, Leg, Record, Session

LONGEST_PAUSE = timedelta(seconds=60)
"""The pause between reads that keep failing grows up to this."""
GONE = 404
"""Graph's status for a call that is over."""


def fold(record: Record, observations: Iterable[Observation], by: Commit) -> Record:
    """Return `record` with `observations` applied, in this order."""
    for observation in observations:
        record = _step(record, observation, by)
    return record


def next_read(record: Record, *, settle: timedelta) -> datetime | None:
    """Return when the roster is to be read; None while there is no question, or no leg to ask by.

    Never within `settle` of the answer before; after reads that failed, with growing pauses.
    """
    if record.question is None or record.listening is None:
        return None
    due = record.question.due
    if record.answered_at is not None:
        due = max(due, record.answered_at + settle)
    if record.failed_at is not None:
        pause = min(settle * (1 << min(record.failures, 16)), LONGEST_PAUSE)
        due = max(due, record.failed_at + pause)
    return due


def _step(record: Record, seen: Observation, by: Commit) -> Record:
    heard = seen.answered_at if isinstance(seen, RosterRead) else seen.at
    at = max(heard, record.moment or heard)
    leg = record.legs.get(seen.leg_key) or Leg(key=seen.leg_key)
    record = replace(record, moment=at)
    if not (leg.is_gone or isinstance(seen, ReadFailed)):
        leg = replace(leg, last_sign=at)
        record = with_leg(record, leg)
    match seen:
        case LegSeen(phase="gone"):
            return _leg_gone(record, leg, at, by, code=seen.code, subcode=seen.subcode)
        case LegSeen():
            return _reached(record, leg, seen.phase, at, by)
        case RosterPushed():
            return _pushed(record, leg, seen, at, by)
        case RosterRead():
            return _read(record, leg, seen, by)
        case ReadFailed():
            if seen.status == GONE:
                return _leg_gone(record, leg, at, by)
            return _failed(record, at, by) if record.listens(leg) else record
        case Unparsed():
            return record
        case _:
            assert_never(seen)


def _reached(record: Record, leg: Leg, phase: Phase, at: datetime, by: Commit) -> Record:
    """Note how far a leg came, but not after its end; one that gets in requests a read at once."""
    if leg.is_gone:
        return record
    record = with_leg(record, replace(leg, phases={phase: at, **leg.phases}))
    return _listening_anew(record, at, by) if phase == "in" and not leg.is_in else record


def _listening_anew(record: Record, at: datetime, by: Commit) -> Record:
    return asking(replace(record, failures=0, failed_at=None), at, by, soon=True)


def _leg_gone(
    record: Record,
    leg: Leg,
    at: datetime,
    by: Commit,
    *,
    code: int | None = None,
    subcode: int | None = None,
) -> Record:
    listened, call = record.listens(leg), record.open_call
    if leg.code is None:
        leg = replace(leg, code=code, subcode=subcode)
    record = with_leg(record, replace(leg, phases={"gone": at, **leg.phases}))
    end, handed_over = leg_end(leg.code, leg.subcode), record.listening is not None
    if call is not None and listened and call.provisional:
        record = _without(record, call)
    elif call is not None and (listened or (call.unwatched_by == leg.key and not handed_over)):
        if end.over:
            over = Sight(by=by, leg_key=leg.key, asked=at, answered=at)
            call = closed(call, over, basis="observed", reason=end.reason)
        elif not call.is_unwatched:
            call = replace(call, unwatched_since=leg.last_sign or at, unwatched_by=leg.key)
        record = with_call(record, call)
    return _listening_anew(record, at, by) if listened and handed_over else record


def _pushed(record: Record, leg: Leg, roster: RosterPushed, at: datetime, by: Commit) -> Record:
    if roster.lists_ourselves:
        record = _reached(record, leg, "in", at, by)
    if roster.unread:
        record = asking(record, at, by)
    sight = _sight(leg, roster, by, asked=at, answered=at)
    call, says_something = record.open_call, bool(roster.people) or roster.lists_ourselves
    if leg.is_gone:
        return _late_through(record, leg, sight)
    if record.listening is None or not says_something:
        return record
    if not record.listens(leg) or (call is not None and call.is_unwatched):
        return asking(record, at, by, soon=True)
    ids = [present.session_id for present in roster.people]
    late = None if call is not None and call.holds(*ids) else call_of(record, *ids)
    if late is not None:
        # Nearly always an old push sent again. Should they be back under their old session ids,
        # the read says so and opens the next call.
        return asking(with_late_people(record, late, sight, leg), at, by)
    if call is not None:
        return _heard(_joined_by_push(record, call, sight), leg)
    if not roster.people:
        return _heard(record, leg)
    record = opened(record, sight, provisional=bool(record.calls))
    return _heard(asking(record, at, by, soon=True), leg)


def _joined_by_push(record: Record, call: GroupCall, sight: Sight) -> Record:
    grown, listed = joined(call, sight, read_at=record.read_at)
    left = {one.session_id for one in call.sessions.values() if one.left_at is not None}
    missing = sight.whole and any(one.session_id not in listed for one in grown.there())
    record = with_call(record, doubted(grown, listed, sight) if missing else grown)
    return asking(record, sight.asked, sight.by) if missing or listed & left else record


def _read(record: Record, leg: Leg, read: RosterRead, by: Commit) -> Record:
    before, answered, proof = record.answered_at, read.answered_at, read.asked_at - by.settle
    if before is not None and read.asked_at < before + by.settle:
        return record
    if read.lists_ourselves:
        record = _reached(record, leg, "in", answered, by)
    sight = _sight(leg, read, by, asked=read.asked_at, answered=answered, proof=proof)
    if leg.is_gone:
        return _late_through(record, leg, sight)
    if not record.listens(leg):
        return record
    call, younger = record.open_call, list[Session]()
    unclear = read.hidden and call is not None and call.is_unwatched
    if unclear or not (read.people or read.lists_ourselves):
        return _failed(record, answered, by)
    if call is not None:
        record, younger = _weighed(record, call, read, sight)
    elif read.people:
        # A read this young may show the room of the call that is over.
        over = record.calls[-1].end_not_after if record.calls else None
        stale = over is not None and proof < over
        record = opened(record, sight, provisional=stale)
        record = asking(record, answered, by) if stale else record
    record = replace(record, answered_at=answered)
    if not (
        younger and read.people and record.open_call is not None and record.open_call.is_doubtful
    ):
        record = replace(
            _heard(record, leg),
            read_at=proof if sight.whole else record.read_at,
            empty_at=proof if sight.whole and not read.people else record.empty_at,
        )
    return _failed(record, answered, by) if read.hidden else _answered(record, read, younger, sight)


def _weighed(
    record: Record, call: GroupCall, read: RosterRead, sight: Sight
) -> tuple[Record, list[Session]]:
    """Weigh a read against the open call; return who is missing but too young for it to miss.

    With such people it decides nothing where it names others alone.
    """
    grown, listed = joined(call, sight, read_at=record.read_at)
    # In a provisional call only pushed sessions count: a read that did not decide added others.
    named = any(
        not call.provisional or call.sessions[one].last_seen is None
        for one in listed & call.sessions.keys()
    )
    confirmed = watched(replace(grown, provisional=call.provisional and not named))
    if not sight.whole:
        return with_call(record, confirmed), []
    absent = [one for one in call.there() if one.session_id not in listed]
    younger = [
        one
        for one in absent
        if one.first_seen > read.asked_at - sight.by.settle or one.first_version > read.version
    ]
    older = [one.session_id for one in absent if one not in younger]
    if call.provisional:
        goes_on = named
    else:
        goes_on = bool(read.people) and (not call.is_unwatched or _is_same(call, read))
    if goes_on:
        return with_call(record, departed(missed(confirmed, younger, sight), older, sight)), younger
    if younger and read.people:
        return with_call(record, grown) if call.provisional else record, younger
    if younger:
        return with_call(record, departed(missed(call, younger, sight), older, sight)), younger
    if call.provisional:
        record = _without(record, call)
    else:
        others = bool(read.people)
        # What was doubted before a gap dates nothing in it.
        quiet_since = None if call.is_unwatched else call.quiet_since
        call = replace(call, quiet_since=quiet_since)
        over = closed(call, sight, basis="polled", reason="everyoneLeft", bounded=not others)
        record = with_call(record, over)
    return opened(record, sight, provisional=False) if read.people else record, []


def _is_same(call: GroupCall, read: RosterRead) -> bool:
    """Tell whether a read after a gap shows the call that was open before it, or may do so."""
    identities = {one.person.user_id for one in call.sessions.values()}
    return any(
        call.holds(one.session_id) or one.person.user_id in identities for one in read.people
    )


def _answered(record: Record, read: RosterRead, younger: list[Session], sight: Sight) -> Record:
    """Close the question, unless the newest evidence that raised it is younger than the read."""
    record = replace(record, failures=0, failed_at=None)
    for session in younger:
        record = asking(record, session.first_seen, sight.by)
    question, settle = record.question, sight.by.settle
    if question is None:
        return record
    proved = question.last <= read.asked_at - settle and question.version <= read.version
    left = replace(question, due=question.last + settle)
    return replace(record, question=None if proved and not younger else left)


def _failed(record: Record, at: datetime, by: Commit) -> Record:
    return asking(replace(record, failures=record.failures + 1, failed_at=at), at, by)


def _late_through(record: Record, leg: Leg, sight: Sight) -> Record:
    """A leg that is gone opens and closes nothing; whom it names was in the call it heard last."""
    if leg.call_number is None:
        return record
    return with_late_people(record, record.calls[leg.call_number - 1], sight, leg)


def _sight(
    leg: Leg,
    roster: RosterPushed | RosterRead,
    by: Commit,
    *,
    asked: datetime,
    answered: datetime,
    proof: datetime | None = None,
) -> Sight:
    cut = roster.entries >= by.roster_cap
    return Sight(
        by=by,
        leg_key=leg.key,
        asked=asked,
        answered=answered,
        people=roster.people,
        proof=proof,
        whole=not (cut or roster.hidden),
        cut=cut,
        first=not leg.listened,
    )


def _without(record: Record, call: GroupCall) -> Record:
    """Take a provisional call back; what its leg may still say of it belongs to no call."""
    legs = {
        key: replace(leg, call_number=None) if leg.call_number == call.number else leg
        for key, leg in record.legs.items()
    }
    return replace(record, calls=record.calls[: call.number - 1], legs=legs)


def _heard(record: Record, leg: Leg) -> Record:
    """Note that a roster of the leg was folded, and which call it spoke of."""
    leg, call = replace(record.legs[leg.key], listened=True), record.open_call
    return with_leg(record, leg if call is None else replace(leg, call_number=call.number))
