"""Our legs in a meeting: which are there, and which are to go.

Core. One that was asked to leave does not stay; places.py decides which of several does. What a
leg's end means is not decided here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.legs.leg import Leaver, Leg
from shared.meeting.meeting import Meeting
from shared.words.answers import Call
from shared.words.entities import TEND_QUEUE
from shared.words.ids import CallId, LegKey, MeetingId, digest
from shared.words.observations import GONE, LegSeen, ReadFailed
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


def unwanted(meeting: Meeting) -> list[Leg]:
    """Return the legs to hang up (`Leaver` says why). One of unknown place waits until it is known.

    Else it could not be known any more, and the bot that is meant might be another.
    """
    return [
        leg
        for leg in meeting.legs
        if leg.has_call and (leg.place == "surplus" or (leg.place == "here" and leg.leaving))
    ]


def may_hang_up(meeting: Meeting | None, call: Call) -> bool:
    """Return whether a call is ours to end for this meeting.

    It is where Graph says that its callbacks are about this meeting; where Graph does not say, if
    it is a leg's. A leg that is to stay is never ended.
    """
    if meeting is None:
        return False
    leg = leg_of(meeting, call.call_id)
    wanted = leg is not None and leg not in unwanted(meeting)
    if wanted:
        return False
    return leg is not None if call.callback is None else call.callback[0] == meeting.meeting_id


def leg_of(meeting: Meeting, call_id: CallId) -> Leg | None:
    """Return the meeting's leg that is this call of Graph's."""
    return next((leg for leg in meeting.legs if leg.call_id == call_id), None)


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
