"""Fold the observations of a meeting, in the order of their commits, into its group calls.

Core. Pushes are hints, reads decide. A pushed roster proves that people were there. Only a read, or
a leg's end whose code says so, proves that the room is empty. docs/recording.md has the table.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from shared.calls.changes import (
    asking,
    assumed,
    call_of,
    closed,
    confirmed,
    departed,
    doubted,
    held_by_none,
    joined,
    missed,
    opened,
    with_call,
    with_late_people,
)
from shared.calls.record import Commit, GroupCall, Record, mark_of, with_leg
from shared.calls.sight import Sight, sight_of
from shared.legs.end_codes import leg_end
from shared.legs.leg import Leg
from shared.words.observations import (
    GONE,
    GivenUp,
    KeptAlive,
    LegSeen,
    Observation,
    Phase,
    ReadFailed,
    RosterPushed,
    RosterRead,
    Unanswered,
    Unparsed,
)
from shared.words.rules import IN_FLIGHT

LONGEST_PAUSE = timedelta(seconds=60)
"""The longest pause between reads that keep failing."""


def fold(record: Record, observations: Iterable[Observation], by: Commit) -> Record:
    """Return `record` with `observations` applied, in this order.

    Ignore observations of a leg that the record does not hold: it was never claimed, or is long
    over.
    """
    for observation in observations:
        record = _step(record, observation, by)
    return record


def next_read(record: Record, *, settle: timedelta) -> datetime | None:
    """Return when to read the roster; None without a question, or without a leg to read through.

    A read comes no sooner than `settle` after the last answer. After failed reads the pauses grow.
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
    leg = record.legs.get(seen.leg_key)
    if leg is None:
        return record
    heard = seen.answered_at if isinstance(seen, RosterRead) else seen.at
    at = max(heard, record.moment or heard)
    if not (leg.is_gone or isinstance(seen, ReadFailed | Unanswered | GivenUp)):
        leg = replace(leg, last_sign=at)
    record = replace(record, moment=at, legs={**record.legs, leg.key: leg})
    match seen:
        case LegSeen(phase="gone"):
            if leg.code is None or leg.subcode is None:
                leg = replace(leg, code=seen.code, subcode=seen.subcode)
            return _leg_gone(record, leg, at, by)
        case LegSeen():
            return _reached(record, leg, seen.phase, at, by)
        case RosterPushed() | RosterRead():
            return _roster(record, leg, seen, at, by)
        case ReadFailed() | Unanswered():
            return _no_answer(record, leg, seen, at, by)
        case KeptAlive():
            return _kept_alive(record, leg, at)
        case GivenUp():
            return _given_up(record, by)
        case Unparsed():
            return record
        case _:
            assert_never(seen)


def _reached(record: Record, leg: Leg, phase: Phase, at: datetime, by: Commit) -> Record:
    """Note how far a leg came, unless it is gone. A leg that gets in requests a read at once.

    It does not answer for a keepAlive that failed: Graph is asked again when the pause is over.
    """
    if leg.is_gone:
        return record
    known = leg.seen(phase, at)
    if leg.state not in ("lobby", "in"):
        known = replace(known, failures=0, failed_at=None)
    record = with_leg(record, known)
    return _listening_anew(record, at, by) if phase == "in" and not leg.is_in else record


def _no_answer(
    record: Record, leg: Leg, seen: ReadFailed | Unanswered, at: datetime, by: Commit
) -> Record:
    """Note that Graph gave no usable answer: the next try waits a little longer. 404 is one."""
    if seen.status == GONE:
        return _leg_gone(record, leg, at, by)
    if isinstance(seen, ReadFailed):
        return _failed(record, at, by) if record.listens(leg) else record
    return with_leg(record, replace(leg, failures=leg.failures + 1, failed_at=at))


def _kept_alive(record: Record, leg: Leg, at: datetime) -> Record:
    if leg.is_gone:
        return record
    return with_leg(record, replace(leg, kept_alive_at=at, failures=0, failed_at=None))


def _given_up(record: Record, by: Commit) -> Record:
    """Close the call that no leg hears any more; it ends when it was last seen."""
    call = record.open_call
    if call is None or not call.is_unwatched:
        return record
    return with_call(record, assumed(call, by))


def _listening_anew(record: Record, at: datetime, by: Commit) -> Record:
    return asking(replace(record, failures=0, failed_at=None), at, by, soon=True)


def _leg_gone(record: Record, leg: Leg, at: datetime, by: Commit) -> Record:
    listened, call, end = record.listens(leg), record.open_call, leg_end(leg.code, leg.subcode)
    record = with_leg(record, leg.seen("gone", at))
    handed_over = record.listening is not None
    if call is not None and listened and call.provisional:
        record = _without(record, call)
    elif call is not None and (listened or (call.unwatched_by == leg.key and not handed_over)):
        if end.over:
            over = Sight(by=by, leg=leg, asked=at, answered=at)
            call = closed(call, over, reason=end.reason)
        else:
            since = call.unwatched_since or leg.last_sign
            call = replace(call, unwatched_since=since, unwatched_by=leg.key)
        record = with_call(record, call)
    return _listening_anew(record, at, by) if listened and handed_over else record


def _roster(
    record: Record, leg: Leg, roster: RosterPushed | RosterRead, at: datetime, by: Commit
) -> Record:
    sight = sight_of(leg, roster, at, by)
    if sight.proof and sight.unsettled(record.answered_at):
        return record  # read too soon after the last answer
    if isinstance(roster, RosterPushed) and roster.unread:
        record = asking(record, at, by)
    if roster.lists_ourselves:
        record = _reached(record, leg, "in", sight.answered, by)
    if leg.is_gone:
        # This roster opens and closes no call. Its people were in the call the leg heard last.
        late = record.call(leg.call_number)
        return record if late is None else with_late_people(record, late, sight)
    if isinstance(roster, RosterPushed):
        pushed = replace(record.legs[leg.key], pushed_at=at, silent_since=None)
        return _pushed(with_leg(record, pushed), roster, sight)
    if not record.listens(leg):
        return record
    return _silence(record, _read(record, roster, sight), roster, sight)


def _pushed(record: Record, roster: RosterPushed, sight: Sight) -> Record:
    at, by, call = sight.asked, sight.by, record.open_call
    if record.listening is None or not (roster.people or roster.lists_ourselves):
        return record
    if not record.listens(sight.leg) or (call is not None and call.is_unwatched):
        return asking(record, at, by, soon=True)
    late = call_of(record, *(present.session_id for present in roster.people))
    if late is not None and late.ended_at is not None:
        # Nearly always an old push sent again. If the people are back under their old session ids,
        # the read shows it and opens the next call.
        return asking(with_late_people(record, late, sight), at, by)
    if call is not None:
        record = _joined_by_push(record, call, sight)
    elif roster.people:
        record = opened(record, sight, provisional=record.next_number > 1)
        record = asking(record, at, by, soon=True)
    return _heard(record, sight.leg)


def _joined_by_push(record: Record, call: GroupCall, sight: Sight) -> Record:
    grown, listed = joined(call, sight, read_at=record.read_at)
    left = {one.session_id for one in call.sessions.values() if one.left_at is not None}
    absent = [one for one in grown.there() if sight.whole and one.session_id not in listed]
    doubt = absent or (sight.whole and not sight.people)
    record = with_call(record, doubted(grown, absent, sight) if doubt else grown)
    old = listed & left or any(call.has_sealed(one.session_id) for one in sight.people)
    more = grown.others > call.others
    return asking(record, sight.asked, sight.by) if doubt or old or more else record


def _read(record: Record, read: RosterRead, sight: Sight) -> Record:
    call, decided = record.open_call, True
    unclear = read.hidden and call is not None and call.is_unwatched and not _is_same(call, read)
    if unclear or not (read.people or read.lists_ourselves):
        return _failed(record, sight.answered, sight.by)
    if call is not None:
        record, decided = _weighed(record, call, read, sight)
    elif read.people:
        # A read this young may show the room of the call that is over.
        over = record.calls[-1].end_not_after if record.calls else None
        record = opened(record, sight, provisional=sight.unsettled(over) is not None)
    if decided:
        read_at = sight.proof if sight.whole else record.read_at
        empty_at = sight.proof if sight.whole and not read.people else record.empty_at
        closed_call = record.call(call.number) if call is not None else None
        heard = _heard(record, sight.leg, closed_call)
        record = replace(heard, read_at=read_at, empty_at=empty_at)
    record = replace(record, answered_at=sight.answered)
    if read.hidden:
        return _failed(record, sight.answered, sight.by)
    return _answered(record, read, sight)


def _silence(before: Record, after: Record, read: RosterRead, sight: Sight) -> Record:
    """Note that a read found people of whom no push spoke, though there was time for one."""
    leg = after.legs[sight.leg.key]
    long_in = sight.answered - leg.phases["in"] > IN_FLIGHT
    found = after.open_call.sessions if after.open_call is not None else {}
    unpushed = leg.pushed_at is None or (
        sight.answered - leg.pushed_at > IN_FLIGHT and held_by_none(before, found)
    )
    if not (read.people and long_in and unpushed):
        return after
    return with_leg(after, replace(leg, silent_since=leg.silent_since or sight.answered))


def _weighed(
    record: Record, call: GroupCall, read: RosterRead, sight: Sight
) -> tuple[Record, bool]:
    """Weigh a read against the open call; return also whether the read decided anything.

    It decides nothing where it names only others and lacks a person too young for it to show.
    """
    grown, listed = joined(call, sight, read_at=record.read_at)
    if call.provisional:
        # A read that decided nothing may have added others. They do not count.
        known = (call.sessions[one] for one in listed & call.sessions.keys())
        goes_on = any(one.opener or one.last_seen is None for one in known)
    elif call.is_unwatched:
        goes_on = sight.cut or _is_same(call, read)
    else:
        goes_on = bool(read.people)
    if goes_on:
        grown = confirmed(grown)
    if not sight.whole:
        return with_call(record, grown), True
    absent = [one for one in grown.there() if one.session_id not in listed]
    younger = [
        one for one in absent if sight.unsettled(one.first_seen) or one.first_version > read.version
    ]
    for one in younger:
        record = asking(record, one.first_seen, sight.by)
    if goes_on or (younger and not read.people):
        older = [one for one in absent if one not in younger]
        return with_call(record, departed(missed(grown, younger, sight), older, sight)), True
    if younger:
        return with_call(record, grown) if call.provisional else record, False
    if call.provisional:
        record = _without(record, call)
    else:
        # A doubt from before a gap gives no time to an end in the gap.
        heard = replace(call, quiet_since=None) if call.is_unwatched else call
        record = with_call(record, closed(heard, sight, reason="everyoneLeft"))
    return opened(record, sight, provisional=False) if read.people else record, True


def _is_same(call: GroupCall, read: RosterRead) -> bool:
    """Return whether a read after a gap shows, or may show, the call that was open before it.

    The record does not know the people who found no room: the people of the read may be they.
    """
    if call.others and read.people:
        return True
    anonymous = any(one.person.user_id is None for one in call.sessions.values())
    people = call.people
    return any(
        call.holds(one.session_id)
        or mark_of(one) in people
        or (anonymous and one.person.user_id is None)
        for one in read.people
    )


def _answered(record: Record, read: RosterRead, sight: Sight) -> Record:
    """Close the question, unless its newest evidence is younger than what the read proves."""
    question = record.question
    if question is not None:
        proved = not sight.unsettled(question.last) and question.version <= read.version
        left = replace(question, due=question.last + sight.by.settle)
        question = None if proved else left
    return replace(record, question=question, failures=0, failed_at=None)


def _failed(record: Record, at: datetime, by: Commit) -> Record:
    return asking(replace(record, failures=record.failures + 1, failed_at=at), at, by)


def _without(record: Record, call: GroupCall) -> Record:
    """Take a provisional call back. Late rosters of its legs then belong to no call."""
    legs = {
        key: replace(leg, call_number=None) if leg.call_number == call.number else leg
        for key, leg in record.legs.items()
    }
    return replace(record, calls=record.calls[:-1], legs=legs)


def _heard(record: Record, leg: Leg, closed_call: GroupCall | None = None) -> Record:
    """Note that a roster of the leg was folded, and which call it showed, or showed to be over."""
    leg, call = record.legs[leg.key], record.open_call or closed_call
    number = leg.call_number if call is None else call.number
    if leg.listened and leg.call_number == number:
        return record
    return with_leg(record, replace(leg, listened=True, call_number=number))
