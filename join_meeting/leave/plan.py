"""What to do about a request that our bot leave, given what the ledger knows of the meeting.

Core. The answer is the end of the leg, published when it is known; where there is none to leave,
the request has what it wants, and the answer says so. A leg whose call is not known
yet is marked, so the first handler that learns of its call hangs it up. Joins requested earlier
become void.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from join_meeting.join.plan import soon
from join_meeting.repeats import Wish
from shared.inbox.message import QueueMessage
from shared.journal.step import Step, answer_again
from shared.legs.leg import Leaver, Leg
from shared.meeting.legs import Standing, answered_elsewhere, asked_to_leave, standing
from shared.meeting.meeting import Meeting
from shared.words.ids import join_request_alias
from shared.words.outgoing import Fact, Published
from shared.words.problems import rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """Legs are there. They have to go, and their end is the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A leg may be on its way, or in another meeting of ours: mark it, retry once that is known."""

    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEnd:
    """A leg has left: its end, as published, is the answer. `again`: this request made it leave."""

    leg: Leg
    end: Published
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingThere:
    """No leg of ours was ever in the meeting, or is on its way: the answer is `bot.absent`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The message was answered: by the end of the leg, or with Graph's refusal of it."""


type Leaving = Hang | Mark | AnswerEnd | NothingThere | Answered


def plan_leaving(meeting: Meeting | None, wish: Wish, *, now: datetime) -> Leaving:
    """Return what to do about a request to leave; raise `Rejected` if its meeting is not known."""
    if wish.target is None and (meeting is None or not meeting.known):
        raise rejected("meeting_not_found", what=wish.request.named)
    if meeting is None:
        return NothingThere()
    if _is_answered(meeting, wish.message):
        return Answered()
    over, asker = _over(meeting), wish.asker
    for end in reversed(over):
        if asker in _askers(end.leg):
            return replace(end, again=True)
    legs = _meant(meeting, wish, now=now)
    if any(leg.place == "unknown" for leg in legs.bound):
        return Mark(pause=soon(wish))
    if legs.bound:
        return Hang()
    if legs.held:
        return Mark(pause=legs.held[-1].claim.lease_until - now)
    return over[-1] if over else NothingThere()


def record_leaving(
    meeting: Meeting, decision: Leaving, wish: Wish, *, now: datetime
) -> Step | None:
    """Return the step that makes the legs go, or answers with the end of a leg that is gone."""
    message = wish.message
    if isinstance(decision, Answered):
        return None
    if isinstance(decision, AnswerEnd) and decision.again:
        return _answer(meeting, decision, message, now=now)
    requested = max(message.first_enqueued, meeting.leave_asked or message.first_enqueued)
    left = replace(meeting, leave_asked=requested)
    if isinstance(decision, AnswerEnd | NothingThere):
        # A leg with an unknown call may still turn up. Its end must not be a second answer.
        left = answered_elsewhere(left, message.delivery_id)
    if isinstance(decision, NothingThere):
        absent = Fact(
            name="bot.absent",
            at=now,
            key=(message.delivery_id,),
            data={"requestId": wish.request_id},
        )
        left = left.having_answered(_noted(message))
        return Step(meeting=left, facts=(absent,), reply=message.reply)
    if isinstance(decision, AnswerEnd):
        for request_id in wish.asked():
            left = left.found_by(join_request_alias(request_id))
        return _answer(left, decision, message, now=now) or Step(meeting=left)
    # The answer is the leg's end, when it comes. `Answered` recognises the leaver's message.
    leaver = Leaver(request_id=wish.asker, origin_id=message.delivery_id, reply=message.reply)
    left = asked_to_leave(left, _meant(meeting, wish, now=now), leaver)
    return Step(meeting=left) if left != meeting else None


def _answer(
    meeting: Meeting, decision: AnswerEnd, message: QueueMessage, *, now: datetime
) -> Step | None:
    return answer_again(meeting, decision.end, message.reply, key=_noted(message), now=now)


def _askers(leg: Leg) -> set[str]:
    return {leaver.request_id for leaver in leg.leaving if leaver.why == "requested"}


def _meant(meeting: Meeting, wish: Wish, *, now: datetime) -> Standing:
    """Return the legs to hang up: none that was requested after this leave."""
    message = wish.message
    return standing(meeting, now=now).asked_before(message.first_enqueued, message.delivery_id)


def _is_answered(meeting: Meeting, message: QueueMessage) -> bool:
    delivery_id = message.delivery_id
    return _noted(message) in meeting.answered or any(
        leg.over is not None and any(one.origin_id == delivery_id for one in leg.leaving)
        for leg in meeting.legs
    )


def _noted(message: QueueMessage) -> str:
    """Return the key of an answered leave, which differs from that of a join."""
    return f"leave {message.delivery_id}"


def _over(meeting: Meeting) -> list[AnswerEnd]:
    return [
        AnswerEnd(leg=leg, end=leg.over)
        for leg in meeting.legs
        if leg.is_gone and leg.over is not None
    ]
