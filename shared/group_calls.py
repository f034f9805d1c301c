"""The fold: observations of a meeting, in the order they were committed, become its group calls.

Core. Pushes are hints, reads decide: a pushed roster proves that people were there; only a read,
or a leg's end whose code says so, proves that nobody is. docs/recording.md has the table.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from shared.call_changes import (
    IN_FLIGHT,
    Commit,
    Sight,
    asking,
    call_of,
    closed,
    departed,
    doubted,
    joined,
    opened,
    with_call,
    with_late_people,
    with_leg,
)
from shared.domain import (
    LegKey,
    LegSeen,
    Observation,
    ReadFailed,
    RosterPushed,
    RosterRead,
    Unparsed,
)
from shared.end_codes import leg_end
from shared.record import GroupCall, Leg, Record, Session

LONGEST_PAUSE = timedelta(seconds=60)
"""The pause between reads that keep failing grows up to this."""
GONE = 404
"""Graph's status for a call that is over."""
EVERYONE_LEFT = "everyoneLeft"


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
        due = max(
            due, record.failed_at + min(settle * (1 << min(record.failures, 16)), LONGEST_PAUSE)
        )
    return due


def _step(record: Record, seen: Observation, by: Commit) -> Record:
    heard = seen.answered_at if isinstance(seen, RosterRead) else seen.at
    at = heard if record.moment is None else max(heard, record.moment)
    record = replace(record, moment=at)
    match seen:
        case LegSeen(phase="gone"):
            return _leg_gone(_signed(record, seen.leg_key, at), seen, at, by)
        case LegSeen():
            return _leg_seen(_signed(record, seen.leg_key, at), seen, at, by)
        case RosterPushed():
            return _roster_pushed(_signed(record, seen.leg_key, at), seen, at, by)
        case RosterRead():
            return _roster_read(_signed(record, seen.leg_key, at), seen, by)
        case ReadFailed(status=status) if status == GONE:
            return _leg_gone(record, LegSeen(at=at, leg_key=seen.leg_key, phase="gone"), at, by)
        case ReadFailed():
            return _failed(record, at)
        case Unparsed():
            return _signed(record, seen.leg_key, at)
        case _:
            assert_never(seen)


def _leg_seen(record: Record, seen: LegSeen, at: datetime, by: Commit) -> Record:
    leg = record.legs[seen.leg_key]
    if leg.is_gone:
        return record
    entered = seen.phase == "in" and not leg.is_in
    record = with_leg(record, replace(leg, phases={seen.phase: at, **leg.phases}))
    return _entered(record, at, by) if entered else record


def _entered(record: Record, at: datetime, by: Commit) -> Record:
    return asking(replace(record, failures=0, failed_at=None), at, by, soon=True)


def _leg_gone(record: Record, seen: LegSeen, at: datetime, by: Commit) -> Record:
    leg, listening = _leg(record, seen.leg_key), record.listening
    listened = listening is not None and listening.key == leg.key
    leg = replace(
        leg,
        phases={"gone": at, **leg.phases},
        code=seen.code if leg.code is None else leg.code,
        subcode=seen.subcode if leg.subcode is None else leg.subcode,
    )
    record = with_leg(record, leg)
    call, end = record.open_call, leg_end(leg.code, leg.subcode)
    if call is not None:
        ours = listened or (call.unwatched_by == leg.key and record.listening is None)
        if listened and call.provisional:
            record = _without(record, call)
        elif end.over and ours:
            over = closed(call, by, asked=at, answered=at, basis="observed", reason=end.reason)
            record = with_call(record, over)
        elif listened and not call.is_unwatched:
            since = leg.last_sign or at
            record = with_call(record, replace(call, unwatched_since=since, unwatched_by=leg.key))
    return _entered(record, at, by) if listened and record.listening is not None else record


def _roster_pushed(record: Record, roster: RosterPushed, at: datetime, by: Commit) -> Record:
    record, leg = _shown_in(record, roster, at, by)
    if roster.unread:
        record = asking(record, at, by)
    if leg.is_gone:
        return _late_through(record, leg, roster, at, by)
    listening, call = record.listening, record.open_call
    if listening is None or not (roster.people or roster.lists_ourselves):
        return record
    if listening.key != leg.key or (call is not None and call.is_unwatched):
        return asking(record, at, by, soon=True)
    sight = _sight(leg, roster, by, at=at, settled=at - IN_FLIGHT, proof=None)
    record = with_leg(record, replace(leg, listened=True))
    if roster.people and not _names(call, roster):
        late = next(
            (held for one in roster.people if (held := call_of(record, one.session_id))), None
        )
        if late is not None:
            # Nearly always an old push sent again. Should they be back under their old session ids,
            # the read says so and opens the next call.
            return asking(with_late_people(record, late, roster.people, by, leg=leg, at=at), at, by)
    if call is None:
        if not roster.people:
            return record
        record = opened(record, sight, by, provisional=bool(record.calls))
        return _heard(asking(record, at, by, soon=True), leg.key)
    known = call.sessions
    call, listed = joined(call, sight, by, read_at=record.read_at)
    back = any(known[one].left_at is not None for one in listed if one in known)
    missing = sight.whole and any(one.session_id not in listed for one in call.there())
    if missing:
        call = doubted(call, listed, at=at)
        if not roster.people:
            call = replace(call, quiet_since=call.quiet_since or at)
    record = _heard(with_call(record, call), leg.key)
    return asking(record, at, by) if missing or back else record


def _roster_read(record: Record, read: RosterRead, by: Commit) -> Record:
    before, answered, proof = record.answered_at, read.answered_at, read.asked_at - by.settle
    if before is not None and read.asked_at < before + by.settle:
        return record
    record, leg = _shown_in(record, read, answered, by)
    if leg.is_gone:
        return _late_through(record, leg, read, answered, by)
    if record.listening is None or record.listening.key != leg.key:
        return record
    call, in_gap = record.open_call, record.open_call is not None and record.open_call.is_unwatched
    if not (read.people or read.lists_ourselves) or (in_gap and read.hidden):
        return _failed(record, answered)
    sight = _sight(leg, read, by, at=answered, settled=proof, proof=proof)
    record = with_leg(record, replace(leg, listened=True))
    younger: list[Session] = []
    if call is not None:
        record, younger = _weighed(record, call, read, sight, by)
    elif read.people:
        record = _opened_by_read(record, sight, by)
    record = replace(
        _heard(record, leg.key),
        answered_at=answered,
        failures=0,
        failed_at=None,
        read_at=proof if sight.whole else record.read_at,
        empty_at=proof if sight.whole and not read.people else record.empty_at,
    )
    return _failed(record, answered) if read.hidden else _answered(record, read, younger, by)


def _opened_by_read(record: Record, sight: Sight, by: Commit) -> Record:
    last = record.calls[-1].end_not_after if record.calls else None
    # A read this young may show the room of the call that is over.
    stale = last is not None and sight.proof is not None and sight.proof < last
    record = opened(record, sight, by, provisional=stale)
    return asking(record, sight.at, by) if stale else record


def _weighed(
    record: Record, call: GroupCall, read: RosterRead, sight: Sight, by: Commit
) -> tuple[Record, list[Session]]:
    """Weigh a read against the open call; return the sessions too young for it to miss, too."""
    proof = read.asked_at - by.settle
    asked, answered = read.asked_at, read.answered_at
    grown, listed = joined(call, sight, by, read_at=record.read_at)
    if not sight.whole:
        named = bool(listed & call.sessions.keys())
        return with_call(record, _watched(grown) if named or not call.provisional else grown), []
    absent = [one for one in call.there() if one.session_id not in listed]
    younger = [one for one in absent if one.first_seen > proof or one.first_version > read.version]
    older = [one.session_id for one in absent if one not in younger]
    if call.provisional:
        goes_on = bool(listed & call.sessions.keys())
    else:
        goes_on = bool(read.people) and (not call.is_unwatched or _is_same(call, read))
    if goes_on:
        left = departed(grown, older, by, asked=asked, answered=answered)
        return with_call(record, _watched(left)), younger
    if younger:
        return with_call(record, departed(call, older, by, asked=asked, answered=answered)), younger
    if call.provisional:
        record = _without(record, call)
    else:
        over = closed(
            call,
            by,
            asked=asked,
            answered=answered,
            basis="polled",
            reason=EVERYONE_LEFT,
            bounded=not read.people,
        )
        record = with_call(record, over)
    if read.people:
        since = call.start_not_before if call.is_unwatched else None
        record = opened(record, sight, by, provisional=False, not_before=since)
    return record, []


def _is_same(call: GroupCall, read: RosterRead) -> bool:
    """Tell whether a read after a gap shows the call that was open before it, or may do so."""
    identities = {one.person.user_id for one in call.sessions.values()}
    return any(
        call.holds(one.session_id) or one.person.user_id in identities for one in read.people
    )


def _answered(record: Record, read: RosterRead, younger: list[Session], by: Commit) -> Record:
    """Close the question, unless the newest evidence that raised it is younger than the read."""
    for session in younger:
        record = asking(record, session.first_seen, by)
    question = record.question
    if question is None:
        return record
    proved = question.last <= read.asked_at - by.settle and question.version <= read.version
    left = replace(question, due=question.last + by.settle)
    return replace(record, question=None if proved and not younger else left)


def _failed(record: Record, at: datetime) -> Record:
    return replace(record, failures=record.failures + 1, failed_at=at)


def _late_through(
    record: Record, leg: Leg, roster: RosterPushed | RosterRead, at: datetime, by: Commit
) -> Record:
    """A leg that is gone opens and closes nothing; whom it names was in the call it heard last."""
    if leg.call_number is None:
        return record
    return with_late_people(
        record, record.calls[leg.call_number - 1], roster.people, by, leg=leg, at=at
    )


def _shown_in(
    record: Record, roster: RosterPushed | RosterRead, at: datetime, by: Commit
) -> tuple[Record, Leg]:
    """Note that a leg which a roster lists outside the lobby is in; its `in` may never come."""
    leg = record.legs[roster.leg_key]
    if roster.lists_ourselves and not (leg.is_in or leg.is_gone):
        leg = replace(leg, phases={**leg.phases, "in": at})
        record = _entered(with_leg(record, leg), at, by)
    return record, leg


def _sight(
    leg: Leg,
    roster: RosterPushed | RosterRead,
    by: Commit,
    *,
    at: datetime,
    settled: datetime,
    proof: datetime | None,
) -> Sight:
    cut = roster.entries >= by.roster_cap
    return Sight(
        leg_key=leg.key,
        people=roster.people,
        at=at,
        settled=settled,
        proof=proof,
        whole=not cut and not roster.hidden,
        cut=cut,
        first=not leg.listened,
    )


def _names(call: GroupCall | None, roster: RosterPushed) -> bool:
    return call is not None and call.holds(*(one.session_id for one in roster.people))


def _watched(call: GroupCall) -> GroupCall:
    return replace(call, provisional=False, unwatched_since=None, unwatched_by=None)


def _without(record: Record, call: GroupCall) -> Record:
    """Take a provisional call back; what its leg may still say of it belongs to no call."""
    legs = {
        key: replace(leg, call_number=None) if leg.call_number == call.number else leg
        for key, leg in record.legs.items()
    }
    return replace(record, calls=record.calls[: call.number - 1], legs=legs)


def _heard(record: Record, leg_key: LegKey) -> Record:
    """Note which call a leg listed people of."""
    call = record.open_call
    if call is None:
        return record
    return with_leg(record, replace(record.legs[leg_key], call_number=call.number))


def _leg(record: Record, leg_key: LegKey) -> Leg:
    return record.legs.get(leg_key) or Leg(key=leg_key)


def _signed(record: Record, leg_key: LegKey, at: datetime) -> Record:
    leg = _leg(record, leg_key)
    return with_leg(record, leg if leg.is_gone else replace(leg, last_sign=at))
