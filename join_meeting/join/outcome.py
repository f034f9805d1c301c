"""What came of a request to join, as changes of the meeting: accepted, adopted, refused, undone.

Core. Each request is answered once. `bot.joining` is published once a leg, by the first handler
that learns of its call.
"""

from dataclasses import replace
from datetime import datetime

from join_meeting.join.decision import Adopt, Join
from join_meeting.repeats import Wish
from shared.events.cloud_events import (
    as_published,
    publish_again,
    publish_one,
    refusal_data,
)
from shared.events.facts import bot_joining
from shared.events.replies import awaited_by, waiting_for
from shared.inbox.bodies import read_body
from shared.inbox.copies import kept_copy
from shared.inbox.message import QueueMessage
from shared.journal.step import Step
from shared.legs.leg import Leg
from shared.meeting.legs import bind, hang_up
from shared.meeting.meeting import Meeting
from shared.meeting.places import one_stays, placed
from shared.words.answers import Call
from shared.words.errors import Rejected
from shared.words.ids import LegKey, MeetingId
from shared.words.observations import LegSeen
from shared.words.outgoing import Fact, Outgoing, Published


def record_joining(
    meeting: Meeting,
    join: Join,
    call: Call,
    message: QueueMessage,
    *,
    owner: MeetingId | None,
    answered_at: datetime,
    now: datetime,
) -> tuple[Step, bool]:
    """Return the step that records the `call` that Graph accepted, and whether it answers.

    The answer is `bot.joining`; none where the leg is not known to be the bot of this meeting.
    `owner`: see `placed`. A callback may have come first: the leg is bound to the call anyway.
    """
    leg_key, call_id = join.leg.key, call.call_id
    meeting = placed(bind(meeting, leg_key, call_id) or meeting, leg_key, call, owner)
    meeting = one_stays(meeting)
    leg = meeting.leg(leg_key) or join.leg
    seen = (LegSeen(at=answered_at, leg_key=leg_key, phase="joining"),)
    if leg.call_id != call_id:
        return Step(meeting=meeting, outgoing=(hang_up(meeting, call_id),)), False
    leg = leg.learned(call)
    if leg.place != "here":
        return Step(meeting=meeting.with_leg(leg), observed=seen), False
    joining = bot_joining(leg_key, call_id, at=answered_at, state=leg.shown_as)
    published = leg.joining or _next(meeting, joining, message, now=now)
    again = _again(meeting, published, message) if leg.joining is not None else ()
    leg, held = _released(meeting, leg)
    step = Step(
        meeting=_answered(meeting, leg, published, message),
        observed=seen,
        facts=() if leg.joining is not None else (published.fact,),
        reply=message.reply,
        outgoing=(*again, *held),
    )
    return step, True


def record_adopted(meeting: Meeting, adopt: Adopt, wish: Wish, *, now: datetime) -> Step | None:
    """Return the step that answers a request with the leg that is there already.

    Where a crash lost Graph's answer to our own POST, `bot.joining` is not published yet.
    """
    leg, message, stay = meeting.leg(adopt.leg_key), wish.message, wish.stay(meeting.stay)
    if leg is None:
        return None
    requests = {**leg.asked, **wish.asked()}
    remembered = requests == leg.asked and stay == meeting.stay
    meeting = replace(meeting, stay=stay)
    seen = min(leg.phases.values(), default=now)
    joining = bot_joining(leg.key, adopt.call_id, at=seen, state=leg.shown_as)
    published = leg.joining or _next(meeting, joining, message, now=now)
    awaited, held = _released(meeting, replace(leg, asked=requests))
    awaited = awaited_by(awaited, message.reply)
    answered = _answered(meeting, awaited, published, message)
    if leg.joining is None:
        answered, _, events = publish_one(answered, published.fact, now=now, to=[message.reply])
        return Step(meeting=answered, outgoing=(*events, *held))
    answers = _again(meeting, published, message, repeated=remembered and bool(wish.asked()))
    # Remember a request even if no queue waits for its answer: its id may come again, with other
    # content or once the leg has left.
    return Step(meeting=answered, outgoing=answers) if answers or not remembered else None


def record_released(meeting: Meeting, leg_key: LegKey) -> Step | None:
    """Return the step that gives back a claim whose POST certainly sent no bot."""
    leg = meeting.leg(leg_key)
    if leg is None or leg.call_id is not None:
        return None
    return Step(meeting=meeting.with_leg(leg.now("unsent")))


def record_failed(
    meeting: Meeting, join: Join, refused: Rejected, message: QueueMessage, *, now: datetime
) -> Step:
    """Return the step that ends the claim and publishes `bot.failed` with what Graph said.

    Callers who requested meanwhile that the leg leave get the event as their answer.
    """
    leg = meeting.leg(join.leg.key) or join.leg
    fact = Fact(
        name="bot.failed",
        at=now,
        key=(leg.key, "refused"),
        data={"legKey": leg.key, "reason": refused.code, **refusal_data(refused)},
    )
    to = (message.reply, *waiting_for(fact.name, leg))
    meeting, over, events = publish_one(meeting, fact, now=now, to=to)
    failed = replace(leg.now("refused").heard_by(()), over=over)
    meeting = meeting.with_leg(failed).having_answered(message.delivery_id)
    return Step(meeting=meeting, outgoing=(*events, _kept(message, refused)))


def _kept(message: QueueMessage, refused: Rejected) -> Outgoing:
    """Return the copy that is kept of the message, with its body as text: the outbox holds text.

    The body was read, so it is JSON in some encoding; this has what was read of it.
    """
    body = read_body(message.body).text.encode()
    copy = kept_copy(replace(message, body=body), refused)
    return replace(copy, body=body[: len(copy.body)].decode(errors="ignore"))


def _next(meeting: Meeting, fact: Fact, message: QueueMessage, *, now: datetime) -> Published:
    """Return `fact` as the meeting's next event, which also answers `message`."""
    sequence = meeting.sequence + 1
    return as_published(meeting, fact, sequence=sequence, now=now, to=[message.reply])


def _answered(meeting: Meeting, leg: Leg, joining: Published, message: QueueMessage) -> Meeting:
    leg = replace(leg, joining=joining)
    return meeting.with_leg(leg).having_answered(message.delivery_id)


def _released(meeting: Meeting, leg: Leg) -> tuple[Leg, tuple[Outgoing, ...]]:
    """Return the leg, and for its callers what was published of it before `bot.joining` was."""
    held = leg.held
    if held is None:
        return leg, ()
    known = [one for one in leg.callers if one.problem is None]
    answers = tuple(publish_again(meeting, held, one) for one in known)
    callers = () if held.fact.name == "bot.joined" else leg.callers
    return replace(leg, held=None, callers=callers), answers


def _again(
    meeting: Meeting, joining: Published, message: QueueMessage, *, repeated: bool = False
) -> tuple[Outgoing, ...]:
    """Return the answer to another request for a leg that was published.

    On its queue it is the same event while the bot has the `state` of then; with the state of now
    it is another event. On the topic, where it is the same, a `repeated` request has it again.
    """
    if message.reply is None or message.reply.problem is not None:
        return (publish_again(meeting, joining, None),) if repeated else ()
    leg, fact = meeting.leg(LegKey(joining.fact.data["legKey"])), joining.fact
    if leg is not None and leg.shown_as != fact.data["state"]:
        state = leg.shown_as
        fact = replace(fact, key=(*fact.key, state), data=fact.data | {"state": state})
    return (publish_again(meeting, replace(joining, fact=fact), message.reply),)
