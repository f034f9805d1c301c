"""Which leg of ours is the bot of its meeting: of several one stays, in one meeting of ours.

Core. Of a leg that may be in another meeting, or beside another leg, nothing is published; what is
heard of it is kept until its place is known. ADR 13 has the reasons.
"""

from collections.abc import Iterable
from dataclasses import replace

from shared.legs.leg import Leaver, Leg
from shared.meeting.meeting import Meeting
from shared.words.answers import Call
from shared.words.coordinates import thread_alias
from shared.words.ids import LegKey, MeetingId
from shared.words.observations import (
    GONE,
    LegSeen,
    Observation,
    ReadFailed,
    RosterPushed,
    RosterRead,
    Unanswered,
)


def placed(meeting: Meeting, leg_key: LegKey, call: Call, owner: MeetingId | None) -> Meeting:
    """Return the meeting that knows where a leg of unknown place is, by Graph's `call`.

    `owner`: the meeting to which the call's thread leads; None where that is not known. Where the
    call names no thread, a leg that is in, or over, is here: Graph will not say more.
    """
    leg = meeting.leg(leg_key)
    if leg is None or leg.place != "unknown":
        return meeting
    if call.thread_id is None:
        return meeting if call.is_on_its_way else meeting.with_leg(replace(leg, place="here"))
    if owner is None:
        return meeting
    if owner != meeting.meeting_id:
        return replace(meeting, same_as=owner)
    return replace(meeting, thread=thread_alias(call.thread_id, call.message_id))


def sorted_out(
    meeting: Meeting, observed: Iterable[Observation]
) -> tuple[Meeting, tuple[Observation, ...]]:
    """Return the meeting in which each leg has its place, and what is to be recorded of the legs.

    What was heard of a leg before its place was known is recorded once it is here.
    """
    meeting, heard = one_stays(meeting), list[Observation]()
    for leg in meeting.legs:
        if leg.place == "here" and leg.state == "bound" and leg.phases:
            heard += _kept(leg)
            meeting = meeting.with_leg(_unheard(leg))
    for seen in observed:
        known = meeting.leg(seen.leg_key)
        if known is None or known.place == "here":
            heard.append(seen)
        elif known.place == "unknown" and _is_lost(seen):
            heard += [*_kept(known), seen]
            meeting = meeting.with_leg(_unheard(replace(known, place="here")))
        else:
            meeting = meeting.with_leg(_noted(known, seen))
    return meeting, tuple(heard)


def one_stays(meeting: Meeting) -> Meeting:
    """Return the meeting in which of several legs all but one must go.

    The leg that was published stays, else the first; of another nothing is ever published. None
    stays in a meeting that is another of ours: the bot is there. The decision is final.
    """
    for leg in (one for one in meeting.legs if one.place == "unknown"):
        if meeting.same_as is not None and leg.call_id is not None:
            meeting = meeting.with_leg(leg.surplus())
        elif meeting.thread is not None:
            meeting = meeting.with_leg(replace(leg, place="here"))
    kept = 1 if meeting.same_as is None else 0
    staying = [leg for leg in meeting.legs if leg.stays]
    for leg in sorted(staying, key=lambda one: not one.is_published)[kept:]:
        moved = replace(leg, leaving=(Leaver(why="meetingMoved"),)).heard_by(())
        meeting = meeting.with_leg(moved if leg.is_published else leg.surplus())
    return meeting


def _kept(leg: Leg) -> list[Observation]:
    """Return what was heard of a leg before its place was known."""
    return [
        LegSeen(at=at, leg_key=leg.key, phase=phase, code=leg.code, subcode=leg.subcode)
        if phase == "gone"
        else LegSeen(at=at, leg_key=leg.key, phase=phase)
        for phase, at in leg.passed
    ]


def _unheard(leg: Leg) -> Leg:
    return replace(leg, phases={}, code=None, subcode=None, failures=0, failed_at=None)


def _is_lost(seen: Observation) -> bool:
    return isinstance(seen, ReadFailed | Unanswered) and seen.status == GONE


def _noted(leg: Leg, seen: Observation) -> Leg:
    """Return a leg that is not here, or not known to be, with what was heard of it.

    People are not kept: once the leg is here, they are read.
    """
    at = seen.answered_at if isinstance(seen, RosterRead) else seen.at
    over = _is_lost(seen) or (isinstance(seen, LegSeen) and seen.phase == "gone")
    if leg.place == "surplus":
        return leg.seen("gone", at) if over else leg
    match seen:
        case ReadFailed() | Unanswered():
            return replace(leg, failures=leg.failures + 1, failed_at=at)
        case LegSeen(phase=phase):
            pass
        case RosterPushed(lists_ourselves=True):
            phase = "in"
        case _:
            return leg
    news = phase not in leg.phases
    leg = replace(leg, phases={phase: at, **leg.phases}, last_sign=at)
    if news:
        leg = replace(leg, failures=0, failed_at=None)
    if isinstance(seen, LegSeen) and over and leg.code is None:
        leg = replace(leg, code=seen.code, subcode=seen.subcode)
    return leg
