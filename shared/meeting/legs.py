"""Our legs in a meeting: which are there, and which are to go.

Core. One bot a meeting is enough: of several legs one stays, and one that was asked to leave does
not. Of a leg that may be in another meeting nothing is published, and what is heard of it is kept.
What a leg's end means is not decided here.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.legs.leg import Leaver, Leg
from shared.meeting.meeting import Meeting
from shared.words.answers import Call
from shared.words.coordinates import thread_alias
from shared.words.entities import TEND_QUEUE
from shared.words.ids import CallId, LegKey, MeetingId, digest
from shared.words.observations import (
    GONE,
    LegSeen,
    Observation,
    ReadFailed,
    RosterPushed,
    RosterRead,
    Unanswered,
)
from shared.words.outgoing import LONGEST_MESSAGE_ID, Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The legs that are not over: `bound` to a call, or `held` by a process that awaits Graph.

    A surplus leg is none of them: no request is answered with it, or makes it leave.
    """

    bound: tuple[Leg, ...]
    held: tuple[Leg, ...]

    def asked_before(self, moment: datetime, origin_id: str) -> "Standing":
        """Return the legs that a leave of `moment`, the message `origin_id`, is about.

        Those that were asked for by then, and those that it was noted on before.
        """

        def meant(leg: Leg) -> bool:
            noted = any(leaver.origin_id == origin_id for leaver in leg.leaving)
            return noted or leg.asked_at is None or leg.asked_at <= moment

        return Standing(
            bound=tuple(filter(meant, self.bound)), held=tuple(filter(meant, self.held))
        )

    @property
    def staying(self) -> Leg | None:
        """The leg that stands for the bot; None where each is on its way out, or none is there."""
        return next((leg for leg in self.bound if not leg.leaving), None)


def standing(meeting: Meeting, *, now: datetime) -> Standing:
    """Return the legs of `meeting` that are not over at `now`, each in the order of its attempt."""
    unbound = (leg for leg in meeting.legs if leg.alive and leg.call_id is None)
    return Standing(
        bound=tuple(leg for leg in meeting.legs if leg.has_call and leg.place != "surplus"),
        held=tuple(leg for leg in unbound if leg.claim.is_held(now)),
    )


def bind(meeting: Meeting, leg_key: LegKey, call_id: CallId) -> Meeting | None:
    """Return the meeting whose leg is that Graph call; None where it is another, or unknown."""
    leg = meeting.leg(leg_key)
    bound = leg.bound(call_id) if leg is not None else None
    if bound is None or bound == leg:
        return meeting if bound is not None else None
    return meeting.with_leg(bound)


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


def evidence_of(call: Call | None, *, leg_key: LegKey, at: datetime) -> LegSeen | ReadFailed | None:
    """Return what GET call says, as evidence like a callback's; None where it says nothing new.

    `call` None is Graph's 404: the leg is gone.
    """
    if call is None:
        return ReadFailed(at=at, leg_key=leg_key, status=GONE)
    if call.is_over:
        return LegSeen(at=at, leg_key=leg_key, phase="gone", code=call.code, subcode=call.subcode)
    return LegSeen(at=at, leg_key=leg_key, phase="in") if call.state == "established" else None


def asked_to_leave(meeting: Meeting, legs: Standing, leaver: Leaver) -> Meeting:
    """Return the meeting whose legs all have to go.

    A leg whose call is not known yet is hung up as soon as it is. One that was asked before is hung
    up again: it may be there because Graph refused us the first time.
    """
    for leg in (*legs.bound, *legs.held):
        if leaver not in leg.leaving:
            asked = replace(leg, leaving=(*leg.leaving, leaver), hang_up_at=None)
            meeting = meeting.with_leg(asked)
    return meeting


def answered_elsewhere(meeting: Meeting, origin_id: str) -> Meeting:
    """Return the meeting in which the leave `origin_id` does not await the end of a leg any more.

    Another answer was given.
    """
    for leg in meeting.legs:
        leaving = tuple(
            replace(one, reply=None) if origin_id == one.origin_id else one for one in leg.leaving
        )
        if leg.over is None and leaving != leg.leaving:
            meeting = meeting.with_leg(replace(leg, leaving=leaving))
    return meeting


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


def unwanted(meeting: Meeting) -> list[Leg]:
    """Return the legs to hang up (`Leaver` says why). One of unknown place waits until it is known.

    Else it could not be known any more, and the bot that is meant might be another.
    """
    return [
        leg
        for leg in meeting.legs
        if leg.has_call and (leg.place == "surplus" or (leg.place == "here" and leg.leaving))
    ]


def hang_up(meeting: Meeting, call_id: CallId, *, again: str | None = None) -> Outgoing:
    """Return the message that makes a leg leave; `again` tells a further try from the first.

    Ending a call twice does no harm, so an earlier try may be under way.
    """
    tried = f"-{digest('hang up again', again, characters=13)}" if again is not None else ""
    return tend_message(
        meeting.meeting_id,
        {"hangUp": call_id},
        key=f"hang-up-{call_id}{tried}",
        correlation_id=meeting.correlation_id,
    )


def answer_others(meeting: Meeting, leg: Leg) -> Outgoing:
    """Return the message that answers those who asked a leg to leave and left the head since."""
    return tend_message(
        meeting.meeting_id,
        {"answer": leg.key},
        key=f"answer-{leg.key}",
        correlation_id=meeting.correlation_id,
    )


def tend_message(
    meeting_id: MeetingId,
    body: Mapping[str, object],
    *,
    key: str,
    correlation_id: str | None,
    due: datetime | None = None,
) -> Outgoing:
    """Return a message to ourselves about a meeting; `key` tells it from its others."""
    message_id = f"{meeting_id}-{key}"
    if len(message_id) > LONGEST_MESSAGE_ID:
        message_id = f"{meeting_id}-{digest('tend message', key, characters=52)}"
    return Outgoing(
        entity=TEND_QUEUE,
        message_id=message_id,
        body=json.dumps({"meetingId": meeting_id, **body}, separators=(",", ":")),
        correlation_id=correlation_id,
        due=due,
    )


def _kept(leg: Leg) -> list[Observation]:
    """Return what was heard of a leg before its place was known."""
    return [
        LegSeen(at=at, leg_key=leg.key, phase=phase, code=leg.code, subcode=leg.subcode)
        if phase == "gone"
        else LegSeen(at=at, leg_key=leg.key, phase=phase)
        for phase, at in sorted(leg.phases.items(), key=lambda one: one[1])
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
