"""New observations of a meeting, decided: the change that records them and tells what they mean.

Core. One function serves the callback, the join and the tending: whatever reached us, by push or by
read, is recorded in the same way.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain import CallId, LegKey, Observation
from shared.events import Fact, ReplyAddress, tell
from shared.facts import facts_between
from shared.group_calls import next_read
from shared.history import absorb, rebuild, seal
from shared.meeting import Change, LegClaim, Meeting, Outgoing, TendPlan
from shared.record import Record

TEND_QUEUE = "tend-meeting"


class OlderThanTail(Exception):
    """An observation is older than what the meeting carries unfolded; all of them are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRules:
    """Settings that recording follows: when a hint is confirmed, and whether names are told."""

    settle: timedelta
    show_names: bool = False


def observe(
    meeting: Meeting,
    observations: Iterable[Observation],
    *,
    now: datetime,
    rules: RecordingRules,
    facts: Sequence[Fact] = (),
    reply: ReplyAddress | None = None,
    everything: Iterable[Observation] | None = None,
) -> Change:
    """Return the change that records `observations` and tells what became known.

    `facts` are told first, and to `reply` as well. `everything` is all observations the ledger
    has of the meeting, needed after `OlderThanTail` was raised.
    """
    new = tuple(observations)
    before = meeting.history.record()
    history = absorb(meeting.history, new) if everything is None else rebuild((*everything, *new))
    if history is None:
        raise OlderThanTail
    after = history.record()
    history, pages = seal(history)
    found = facts_between(meeting, before, after, show_names=rules.show_names)
    meeting = replace(meeting, history=history, revisions=_revised(meeting, found))
    known = _surplus(meeting, before)
    surplus = [hang_up(meeting, leg) for leg in _surplus(meeting, after) if leg not in known]
    meeting, tending = plan_tending(meeting, after, rules=rules)
    meeting, answers = tell(meeting, facts, now=now, reply=reply)
    meeting, events = tell(meeting, found, now=now)
    return Change(
        meeting=meeting,
        observations=new,
        outgoing=(*answers, *events, *tending, *surplus),
        pages=pages,
        rebuilt=everything is not None,
    )


def plan_tending(
    meeting: Meeting, record: Record, *, rules: RecordingRules
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Return the meeting with its next look planned, and the message for it if it needs one.

    A look that is already planned for that moment or before it needs no second message.
    """
    due = next_read(record, settle=rules.settle)
    if due is None or (meeting.tend.due is not None and meeting.tend.due <= due):
        return meeting, ()
    return tend_at(meeting, due)


def tend_at(meeting: Meeting, due: datetime) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Return the meeting with a new generation of tending, due at `due`, and its message."""
    generation = meeting.tend.generation + 1
    message = _tend_message(
        meeting,
        {"meetingId": meeting.meeting_id, "generation": generation},
        key=str(generation),
        due=due,
    )
    return replace(meeting, tend=TendPlan(generation=generation, due=due)), (message,)


def bind(meeting: Meeting, leg_key: LegKey, call_id: CallId) -> Meeting | None:
    """Return the meeting with `call_id` bound to the leg; None when another call is bound to it.

    The first call seen under a key is the leg, whoever sees it first: Graph's answer or a callback.
    """
    claim = meeting.claim(leg_key)
    if claim is None or (claim.call_id is not None and claim.call_id != call_id):
        return None
    if claim.call_id == call_id and claim.state == "joined":
        return meeting
    return with_claim(meeting, replace(claim, call_id=call_id, state="joined"))


def with_claim(meeting: Meeting, claim: LegClaim) -> Meeting:
    """Return the meeting with `claim` in place of the one under its key, or added."""
    others = tuple(one for one in meeting.claims if one.leg_key != claim.leg_key)
    claims = sorted((*others, claim), key=lambda one: one.attempt)
    return replace(meeting, claims=tuple(claims))


def hang_up(meeting: Meeting, call_id: CallId) -> Outgoing:
    """Return the message that makes a surplus leg leave."""
    return _tend_message(
        meeting, {"meetingId": meeting.meeting_id, "hangUp": call_id}, key=f"hang-up-{call_id}"
    )


def _surplus(meeting: Meeting, record: Record) -> list[CallId]:
    """Return the legs of ours that live beside an earlier one: one bot a meeting is enough."""
    alive = [
        claim.call_id
        for claim in meeting.claims
        if claim.call_id is not None
        and (leg := record.legs.get(claim.leg_key)) is not None
        and "gone" not in leg.phases
    ]
    return alive[1:]


def _revised(meeting: Meeting, facts: Iterable[Fact]) -> dict[int, int]:
    revisions = dict(meeting.revisions)
    for fact in facts:
        if fact.name == "call.corrected" and fact.call_number is not None:
            revisions[fact.call_number] = revisions.get(fact.call_number, 0) + 1
    return revisions


def _tend_message(
    meeting: Meeting, body: dict[str, object], *, key: str, due: datetime | None = None
) -> Outgoing:
    return Outgoing(
        entity=TEND_QUEUE,
        message_id=f"{meeting.meeting_id}-{key}",
        body=json.dumps(body, separators=(",", ":")),
        correlation_id=meeting.correlation_id,
        due=due,
    )
