"""What came of a request to join, as changes of the meeting: accepted, adopted, refused, undone.

Core. Each request is answered once; `bot.joining` is told once a leg, by whoever hears of it first.
"""

from dataclasses import replace
from datetime import datetime

from join_meeting.join.decision import Adopt, Join
from join_meeting.join.plan import FIRST_PAUSE
from join_meeting.repeats import Wish
from shared.events.cloud_events import Fact, event_message, refusal_data, reply_message, tell
from shared.events.facts import bot_joining
from shared.graph.call import evidence_of
from shared.inbox.copies import kept_copy
from shared.inbox.message import QueueMessage
from shared.journal.step import Step
from shared.meeting.legs import (
    answered_elsewhere,
    asked_to_leave,
    bind,
    learned,
    standing,
    with_claim,
)
from shared.meeting.meeting import Leaver, LegClaim, Meeting
from shared.words.answers import Call
from shared.words.errors import Rejected
from shared.words.ids import CallId, LegKey, MeetingId
from shared.words.observations import LegSeen
from shared.words.outgoing import Outgoing


def record_joining(
    meeting: Meeting,
    join: Join,
    call: Call,
    message: QueueMessage,
    *,
    answered_at: datetime,
    now: datetime,
) -> Step:
    """Return the step that records Graph's acceptance, its `call`, and answers `bot.joining`.

    A callback may have been here first; the leg is bound to the call all the same.
    """
    leg_key, call_id = join.claim.leg_key, call.call_id
    meeting = bind(meeting, leg_key, call_id) or meeting
    claim = meeting.claim(leg_key) or join.claim
    if claim.call_id == call_id:
        claim = learned(claim, call)
    fact = bot_joining(leg_key, call_id, at=claim.told_at or answered_at)
    again = _again(meeting, claim, fact, message, now=now) if claim.told else ()
    return Step(
        meeting=_told(meeting, claim, message, fact),
        observed=(LegSeen(at=answered_at, leg_key=leg_key, phase="joining"),),
        facts=() if claim.told else (fact,),
        reply=message.reply,
        outgoing=again,
    )


def record_moved(
    meeting: Meeting,
    leg_key: LegKey,
    call_id: CallId,
    wish: Wish,
    owner: MeetingId,
    *,
    now: datetime,
) -> Step:
    """Return the step for a meeting that a call of Graph's shows to be another, `owner`, of ours.

    Two forms of its coordinates came to us unconnected: this leg has to go, and whoever asked is
    answered there. So is whoever asked it to leave: the retry of that finds the owner.
    """
    meeting = answered_elsewhere(bind(meeting, leg_key, call_id) or meeting)
    moved = replace(meeting.having_answered(wish.message.delivery_id), same_as=owner)
    leaver = Leaver(why="meetingMoved")
    return Step(
        meeting=asked_to_leave(moved, standing(moved, now=now), leaver),
        observed=(LegSeen(at=now, leg_key=leg_key, phase="joining"),),
        outgoing=(wish.elsewhere(owner, due=now + FIRST_PAUSE),),
    )


def record_adopted(meeting: Meeting, adopt: Adopt, wish: Wish, *, now: datetime) -> Step | None:
    """Return the step that answers a request with the leg that is there already.

    Where a crash lost Graph's answer to our own POST, nobody has been told of the leg yet.
    """
    claim, message = meeting.claim(adopt.leg_key), wish.message
    if claim is None:
        return None
    leg = meeting.record.legs.get(adopt.leg_key)
    seen = min(leg.phases.values(), default=now) if leg else now
    fact = bot_joining(adopt.leg_key, adopt.call_id, at=claim.told_at or seen)
    asked = {**claim.asked, **wish.asked()}
    remembered = asked == claim.asked
    claim = replace(claim, asked=asked)
    answered = _told(meeting, claim, message, fact)
    if not claim.told:
        answered, events = tell(answered, [fact], now=now, reply=message.reply)
        return Step(meeting=answered, outgoing=events)
    answers = _again(meeting, claim, fact, message, now=now)
    # Without an answer, too: the same id may come again, with other content, or once the leg left.
    return Step(meeting=answered, outgoing=answers) if answers or not remembered else None


def record_call(
    meeting: Meeting,
    leg_key: LegKey,
    call: Call | None,
    *,
    at: datetime,
) -> Step | None:
    """Return the step that records what GET call said of a leg; None where it is known.

    `call` None is Graph's 404: the leg is gone.
    """
    leg, claim = meeting.record.legs.get(leg_key), meeting.claim(leg_key)
    if claim is None or (leg is not None and leg.is_gone):
        return None
    seen = evidence_of(call, leg_key=leg_key, at=at)
    learnt = claim if call is None else learned(claim, call)
    known = isinstance(seen, LegSeen) and leg is not None and seen.phase in leg.phases
    meeting = with_claim(meeting, learnt)
    if seen is not None and not known:
        return Step(meeting=meeting, observed=(seen,))
    return Step(meeting=meeting) if learnt != claim else None


def record_released(meeting: Meeting, leg_key: LegKey) -> Step | None:
    """Return the step that gives back a claim whose POST certainly did nothing."""
    claim = meeting.claim(leg_key)
    if claim is None or claim.call_id is not None:
        return None
    return Step(meeting=with_claim(meeting, replace(claim, state="failed")))


def record_failed(
    meeting: Meeting, join: Join, refused: Rejected, message: QueueMessage, *, now: datetime
) -> Step:
    """Return the step that ends the claim and tells `bot.failed` with what Graph said.

    Whoever asked the leg to leave meanwhile is told so too.
    """
    leg_key = join.claim.leg_key
    claim = meeting.claim(leg_key) or join.claim
    claim = replace(claim, state="failed", over_sequence=meeting.sequence + 1)
    fact = Fact(
        name="bot.failed",
        at=now,
        key=(leg_key, "refused"),
        data={"legKey": leg_key, "reason": refused.code, **refusal_data(refused)},
    )
    meeting = with_claim(meeting, claim).having_answered(message.delivery_id)
    meeting, (event, *answers) = tell(meeting, [fact], now=now, reply=message.reply)
    leavers = [reply_message(event, one.reply) for one in claim.leaving if one.reply is not None]
    kept = kept_copy(message, refused)
    return Step(
        meeting=meeting,
        outgoing=(event, *answers, *leavers, replace(kept, body=message.body.decode())),
    )


def _told(meeting: Meeting, claim: LegClaim, message: QueueMessage, fact: Fact) -> Meeting:
    """Note that `fact`, a `bot.joining`, is told, if it was not: as the meeting's next event."""
    if not claim.told:
        claim = replace(claim, told=True, told_sequence=meeting.sequence + 1, told_at=fact.at)
    return with_claim(meeting, claim).having_answered(message.delivery_id)


def _again(
    meeting: Meeting, claim: LegClaim, fact: Fact, message: QueueMessage, *, now: datetime
) -> tuple[Outgoing, ...]:
    """Return the answer for one who asks for a leg that was told already: the same event."""
    if message.reply is None:
        return ()
    event = event_message(meeting, fact, sequence=claim.told_sequence, now=now)
    return (reply_message(event, message.reply),)
