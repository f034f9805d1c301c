"""Our legs in a meeting, as far as claims say: which are there, and which are to go.

Core. One bot a meeting is enough: of several legs one stays, and one that was asked to leave does
not. What a leg's end means is not decided here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.calls.record import Record
from shared.meeting.meeting import Leaver, LegClaim, Meeting
from shared.words.answers import Call
from shared.words.entities import TEND_QUEUE
from shared.words.ids import CallId, LegKey, MeetingId, digest
from shared.words.outgoing import LONGEST_MESSAGE_ID, Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The legs that are not over: `bound` to a call, or `held` by a process that awaits Graph."""

    bound: tuple[LegClaim, ...]
    held: tuple[LegClaim, ...]

    def asked_before(self, moment: datetime, origin_id: str) -> "Standing":
        """Return the legs that a leave of `moment`, the message `origin_id`, is about.

        Those that were asked for by then, and those that it was noted on before.
        """

        def meant(claim: LegClaim) -> bool:
            noted = any(leaver.origin_id == origin_id for leaver in claim.leaving)
            return noted or claim.asked_at is None or claim.asked_at <= moment

        return Standing(
            bound=tuple(filter(meant, self.bound)), held=tuple(filter(meant, self.held))
        )

    @property
    def staying(self) -> LegClaim | None:
        """The leg that stands for the bot; None where each is on its way out, or none is there."""
        return next((claim for claim in self.bound if not claim.leaving), None)


def standing(meeting: Meeting, *, now: datetime) -> Standing:
    """Return the legs of `meeting` that are not over at `now`, each in the order of its attempt."""
    alive = _alive(meeting, meeting.record)
    return Standing(
        bound=tuple(claim for claim in alive if claim.call_id is not None),
        held=tuple(claim for claim in alive if claim.call_id is None and now < claim.lease_until),
    )


def bind(meeting: Meeting, leg_key: LegKey, call_id: CallId) -> Meeting | None:
    """Return the meeting with `call_id` bound to the leg; None when another call is bound to it.

    The first call seen under a key is the leg, whether Graph's answer or a callback names it.
    """
    claim = meeting.claim(leg_key)
    if claim is None or (claim.call_id is not None and claim.call_id != call_id):
        return None
    if claim.call_id == call_id and claim.state == "bound":
        return meeting
    return with_claim(meeting, replace(claim, call_id=call_id, state="bound"))


def learned(claim: LegClaim, call: Call) -> LegClaim:
    """Return the claim of a leg with what Graph's `call` says of it: who it is, in which chain."""
    claim = replace(claim, participant_id=call.participant_id or claim.participant_id or "")
    if call.chain_id is not None and call.chain_id not in claim.chain_ids:
        claim = replace(claim, chain_ids=(*claim.chain_ids, call.chain_id))
    return claim


def with_claim(meeting: Meeting, claim: LegClaim) -> Meeting:
    """Return the meeting with `claim` in place of the one under its key, or added."""
    others = tuple(one for one in meeting.claims if one.leg_key != claim.leg_key)
    claims = sorted((*others, claim), key=lambda one: one.attempt)
    return replace(meeting, claims=tuple(claims))


def asked_to_leave(meeting: Meeting, legs: Standing, leaver: Leaver) -> Meeting:
    """Return the meeting whose legs all have to go.

    A leg whose call is not known yet is hung up as soon as it is. One that was asked before is hung
    up again: it may be there because Graph refused us the first time.
    """
    for claim in (*legs.bound, *legs.held):
        if leaver not in claim.leaving:
            asked = replace(claim, leaving=(*claim.leaving, leaver), hang_up_at=None)
            meeting = with_claim(meeting, asked)
    return meeting


def answered_elsewhere(meeting: Meeting, origin_id: str | None = None) -> Meeting:
    """Return the meeting whose legs' ends are not told any more to the leave `origin_id`.

    It is answered with something else. None: so is every leave of a leg whose end is not told yet.
    """
    for claim in meeting.claims:
        leaving = tuple(
            replace(one, reply=None) if origin_id in {None, one.origin_id} else one
            for one in claim.leaving
        )
        if not claim.over_sequence and leaving != claim.leaving:
            meeting = with_claim(meeting, replace(claim, leaving=leaving))
    return meeting


def one_stays(meeting: Meeting, record: Record) -> Meeting:
    """Return the meeting in which of several legs all but one are to leave.

    The one that somebody was told of stays, else the first; none in a meeting that is another of
    ours, which has its bot there. What is decided stays decided, so that what is told later does
    not send the other one away as well.
    """
    staying = [
        claim
        for claim in _alive(meeting, record)
        if claim.call_id is not None and claim.leg_key in record.legs and not claim.leaving
    ]
    kept = 1 if meeting.same_as is None else 0
    for claim in sorted(staying, key=lambda one: not one.told)[kept:]:
        leaving = (Leaver(why="anotherLegStays"),)
        meeting = with_claim(meeting, replace(claim, leaving=leaving))
    return meeting


def unwanted(meeting: Meeting) -> list[LegClaim]:
    """Return the legs that must not stay (`Leaver` says why)."""
    alive = _alive(meeting, meeting.record)
    return [claim for claim in alive if claim.call_id is not None and claim.leaving]


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


def answer_others(meeting: Meeting, claim: LegClaim) -> Outgoing:
    """Return the message that answers those who asked a leg to leave and left the head since."""
    return tend_message(
        meeting.meeting_id,
        {"answer": claim.leg_key},
        key=f"answer-{claim.leg_key}",
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


def _alive(meeting: Meeting, record: Record) -> list[LegClaim]:
    return [
        claim
        for claim in meeting.claims
        if claim.state != "failed"
        and ((leg := record.legs.get(claim.leg_key)) is None or "gone" not in leg.phases)
    ]
