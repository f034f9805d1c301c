"""What is done about a request that our bot leave, given what the ledger knows of the meeting.

Core. The answer is the end of the leg, told when it is known. A leg whose call nobody knows yet is
marked, so that whoever hears of it first hangs it up; joins asked for earlier become void.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from join_meeting.outcome import answering
from join_meeting.wish import Wish
from shared.events import event_message, reply_message
from shared.facts import leg_over
from shared.legs import asked_to_leave, standing
from shared.meeting import Change, Leaver, LegClaim, Meeting
from shared.queue_message import QueueMessage
from shared.record import Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """Legs are there: they are to go, and their end is the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A leg may be on its way: mark it, and look again after the claim's lease."""

    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEnd:
    """The leg has left: its end, told before, is the answer. `again`: to this very request."""

    claim: LegClaim
    leg: Leg
    at: datetime
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingThere:
    """No leg of ours was ever in the meeting, or on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Graph refused the leg, and the message was answered with that."""


type Leaving = Hang | Mark | AnswerEnd | NothingThere | Told


def plan_leaving(meeting: Meeting | None, wish: Wish, *, now: datetime) -> Leaving:
    """Return what to do about a request to leave."""
    if meeting is None:
        return NothingThere()
    over = _over(meeting)
    for end in reversed(over):
        if wish.request_id in _askers(end.claim):
            return replace(end, again=True)
    legs = standing(meeting, now=now)
    if legs.bound:
        return Hang()
    if legs.held:
        return Mark(pause=legs.held[-1].lease_until - now)
    if _was_refused(meeting, wish):
        return Told()
    return over[-1] if over else NothingThere()


def record_leaving(
    meeting: Meeting, decision: Leaving, wish: Wish, *, now: datetime
) -> Change | None:
    """Return the change that makes the legs go, or answers with the end of the one that went."""
    message = wish.message
    if isinstance(decision, Told):
        return None
    if isinstance(decision, AnswerEnd) and decision.again:
        return _answer(meeting, decision, message, now=now)
    asked = max(message.first_enqueued, meeting.leave_asked or message.first_enqueued)
    left = replace(meeting, leave_asked=asked)
    if isinstance(decision, AnswerEnd):
        return _answer(left, decision, message, now=now) or Change(meeting=left)
    leaver = Leaver(request_id=wish.request_id, reply=message.reply)
    left, outgoing = asked_to_leave(left, standing(meeting, now=now), leaver)
    if not isinstance(decision, NothingThere):
        left = answering(left, message)  # by the leg's end, when it comes
    return Change(meeting=left, outgoing=outgoing) if left != meeting else None


def _answer(
    meeting: Meeting, end: AnswerEnd, message: QueueMessage, *, now: datetime
) -> Change | None:
    if message.reply is None or message.origin_id in meeting.answered:
        return None
    event = event_message(
        meeting,
        leg_over(meeting, end.leg, at=end.at),
        sequence=end.claim.over_sequence,
        now=now,
    )
    return Change(
        meeting=answering(meeting, message), outgoing=(reply_message(event, message.reply),)
    )


def _askers(claim: LegClaim) -> set[str]:
    return {leaver.request_id for leaver in claim.leaving}


def _was_refused(meeting: Meeting, wish: Wish) -> bool:
    return wish.message.origin_id in meeting.answered and any(
        claim.call_id is None and claim.over_sequence and wish.request_id in _askers(claim)
        for claim in meeting.claims
    )


def _over(meeting: Meeting) -> list[AnswerEnd]:
    legs = meeting.history.record().legs
    return [
        AnswerEnd(claim=claim, leg=leg, at=leg.phases["gone"])
        for claim in meeting.claims
        if (leg := legs.get(claim.leg_key)) is not None and "gone" in leg.phases
    ]
