"""What is done about a request that our bot leave, given what the ledger knows of the meeting.

Core. The answer is the end of the leg, told when it is known. A leg whose call nobody knows yet is
marked, so that whoever hears of it first hangs it up; joins asked for earlier become void.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from join_meeting.join.plan import may_be_another
from join_meeting.repeats import Wish
from shared.calls.record import Leg
from shared.events.cloud_events import event_message, reply_message
from shared.events.facts import leg_over, told_end
from shared.inbox.message import QueueMessage
from shared.journal.step import Step
from shared.meeting.legs import Standing, answered_elsewhere, asked_to_leave, standing
from shared.meeting.meeting import Leaver, LegClaim, Meeting
from shared.words.problems import rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """Legs are there: they are to go, and their end is the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A leg may be on its way, or in another meeting of ours: mark it, look again at the lease."""

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
    """The message was answered: by the end of the leg, or with Graph's refusal of it."""


type Leaving = Hang | Mark | AnswerEnd | NothingThere | Told


def plan_leaving(meeting: Meeting | None, wish: Wish, *, now: datetime) -> Leaving:
    """Return what to do about a request to leave; raise `Rejected` where it names no meeting."""
    if wish.target is None and (meeting is None or not meeting.known):
        raise rejected("meeting_not_found", what=f"the meetingId {wish.meeting_id}")
    if meeting is None:
        return NothingThere()
    if _was_told(meeting, wish.message):
        return Told()
    over, asker = _over(meeting), wish.asker
    for end in reversed(over):
        if asker in _askers(end.claim):
            return replace(end, again=True)
    legs = _meant(meeting, wish, now=now)
    unsure = [claim for claim in legs.bound if may_be_another(meeting, claim, now=now)]
    if unsure:
        return Mark(pause=unsure[-1].lease_until - now)
    if legs.bound:
        return Hang()
    if legs.held:
        return Mark(pause=legs.held[-1].lease_until - now)
    return over[-1] if over else NothingThere()


def record_leaving(
    meeting: Meeting, decision: Leaving, wish: Wish, *, now: datetime
) -> Step | None:
    """Return the step that makes the legs go, or answers with the end of the one that went."""
    message = wish.message
    if isinstance(decision, Told):
        return None
    if isinstance(decision, AnswerEnd) and decision.again:
        return _answer(meeting, decision, message, now=now)
    asked = max(message.first_enqueued, meeting.leave_asked or message.first_enqueued)
    left = replace(meeting, leave_asked=asked)
    if isinstance(decision, AnswerEnd | NothingThere):
        # A leg whose call we never heard of may still turn up: its end is no second answer.
        left = answered_elsewhere(left, message.delivery_id)
    if isinstance(decision, AnswerEnd):
        return _answer(left, decision, message, now=now) or Step(meeting=left)
    # The answer is the leg's end, when it comes: `Told` knows it by the leaver's message.
    leaver = Leaver(request_id=wish.asker, origin_id=message.delivery_id, reply=message.reply)
    left = asked_to_leave(left, _meant(meeting, wish, now=now), leaver)
    return Step(meeting=left) if left != meeting else None


def _answer(
    meeting: Meeting, end: AnswerEnd, message: QueueMessage, *, now: datetime
) -> Step | None:
    if message.reply is None:
        return None
    fact = told_end(end.claim) or leg_over(meeting, end.leg, at=end.at)
    event = event_message(meeting, fact, sequence=end.claim.over_sequence, now=now)
    return Step(
        meeting=meeting.having_answered(_noted(message)),
        outgoing=(reply_message(event, message.reply),),
    )


def _askers(claim: LegClaim) -> set[str]:
    return {leaver.request_id for leaver in claim.leaving if leaver.why == "requested"}


def _meant(meeting: Meeting, wish: Wish, *, now: datetime) -> Standing:
    """Return the legs to hang up: none that was asked for after this leave was."""
    message = wish.message
    return standing(meeting, now=now).asked_before(message.first_enqueued, message.delivery_id)


def _was_told(meeting: Meeting, message: QueueMessage) -> bool:
    delivery_id = message.delivery_id
    return _noted(message) in meeting.answered or any(
        claim.over_sequence and any(one.origin_id == delivery_id for one in claim.leaving)
        for claim in meeting.claims
    )


def _noted(message: QueueMessage) -> str:
    """Return how an answered leave is remembered: apart from a join."""
    return f"leave {message.delivery_id}"


def _over(meeting: Meeting) -> list[AnswerEnd]:
    legs = meeting.record.legs
    return [
        AnswerEnd(claim=claim, leg=leg, at=leg.phases["gone"])
        for claim in meeting.claims
        if (leg := legs.get(claim.leg_key)) is not None and "gone" in leg.phases
    ]
