"""What became known between two records of a meeting, as facts to tell.

Core: compares values. Starts and arrivals are told as they are seen, departures and ends when they
are confirmed, and a call that was told as over and changed is told again with a revision.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.domain import CallId, LegKey, Person, utc_text
from shared.end_codes import leg_end, next_step
from shared.events import Fact
from shared.meeting import SURPLUS, Leaver, Meeting
from shared.record import GroupCall, Leg, Record, Session

ORDER = ("joining", "lobby", "in", "gone")
TOLD_AS = {"lobby": "bot.waiting", "in": "bot.joined"}
LEG_OVER = frozenset({"bot.left", "bot.failed"})
"""What the end of a leg is told as."""


def facts_between(
    meeting: Meeting, before: Record, after: Record, *, show_names: bool
) -> list[Fact]:
    """Return what `after` knows that `before` did not, in the order it is told."""
    arrivals, departures = _leg_facts(meeting, before, after)
    facts = list(arrivals)
    known = {call.number: call for call in before.calls}
    for call in after.calls:
        facts.extend(_call_facts(meeting, known.get(call.number), call, show_names=show_names))
    return [*facts, *departures]


def bot_joining(leg_key: LegKey, call_id: CallId, *, at: datetime) -> Fact:
    """Return the fact that Graph accepted a leg; the outcome comes by callback."""
    return Fact(
        name="bot.joining",
        at=at,
        key=(leg_key, "joining"),
        data={"legKey": leg_key, "callId": call_id},
    )


def leg_over(meeting: Meeting, leg: Leg, *, at: datetime) -> Fact:
    """Return the fact that a leg ended.

    It failed where it never came in, unless somebody asked it to leave meanwhile.
    """
    claim = meeting.claim(leg.key)
    asked = claim is not None and bool(claim.leaving)
    end = leg_end(leg.code, leg.subcode)
    data = _leg_data(meeting, leg.key)
    data["reason"] = "left" if asked and leg.code is None else end.reason
    if claim is not None and claim.leaving == (Leaver(request_id=SURPLUS),):
        data["reason"] = "anotherLegStays"
    if leg.code is not None:
        data["result"] = {"code": leg.code, "subcode": leg.subcode, "meaning": end.meaning}
    name = "bot.left" if "in" in leg.phases or asked else "bot.failed"
    if name == "bot.failed":
        data["code"] = "leg_ended"
        data["nextStep"] = next_step(end)
    return Fact(name=name, at=at, key=(leg.key, "gone"), data=data)


def person_data(person: Person, *, show_names: bool) -> dict[str, Any]:
    """Return a person as events and records show them; names only where the setting allows."""
    shown = {
        "kind": person.kind,
        "userId": person.user_id,
        "displayName": person.display_name if show_names else None,
        "tenantId": person.tenant_id,
    }
    return {member: value for member, value in shown.items() if value is not None}


def _leg_facts(meeting: Meeting, before: Record, after: Record) -> tuple[list[Fact], list[Fact]]:
    arrivals: list[Fact] = []
    departures: list[Fact] = []
    for key, leg in after.legs.items():
        known = before.legs.get(key)
        reached = max((ORDER.index(phase) for phase in known.phases), default=-1) if known else -1
        for phase, at in leg.phases.items():
            if ORDER.index(phase) <= reached:
                continue
            if phase == "gone":
                departures.append(leg_over(meeting, leg, at=at))
            elif phase in TOLD_AS:
                arrivals.append(
                    Fact(name=TOLD_AS[phase], at=at, key=(key, phase), data=_leg_data(meeting, key))
                )
    arrivals.sort(key=lambda fact: fact.at)
    return arrivals, departures


def _leg_data(meeting: Meeting, leg_key: LegKey) -> dict[str, Any]:
    claim = meeting.claim(leg_key)
    data: dict[str, Any] = {"legKey": leg_key}
    if claim is not None and claim.call_id is not None:
        data["callId"] = claim.call_id
    return data


def _call_facts(
    meeting: Meeting, known: GroupCall | None, call: GroupCall, *, show_names: bool
) -> Iterator[Fact]:
    number = call.number
    if known is None:
        yield Fact(
            name="call.started",
            at=call.started_at,
            key=(str(number),),
            data=_start_data(call),
            call_number=number,
        )
    sessions = sorted(call.sessions.values(), key=lambda one: (one.first_seen, one.session_id))
    for session in sessions:
        if known is None or not known.holds(session.session_id):
            yield _session_fact("participant.joined", call, session, show_names=show_names)
    left = (session for session in sessions if session.left_at is not None)
    for session in sorted(left, key=lambda one: (one.left_at or one.last_seen, one.session_id)):
        if not _was_told_as_left(known, session):
            yield _session_fact("participant.left", call, session, show_names=show_names)
    if call.ended_at is None:
        return
    if known is None or known.ended_at is None:
        yield Fact(
            name="call.ended",
            at=call.ended_at,
            key=(str(number),),
            data=end_data(call),
            call_number=number,
        )
    elif end_data(known) != end_data(call):
        revision = meeting.revisions.get(number, 0) + 1
        yield Fact(
            name="call.corrected",
            at=call.ended_at,
            key=(str(number), str(revision)),
            data=end_data(call) | {"revision": revision, "final": False},
            call_number=number,
        )


def _was_told_as_left(known: GroupCall | None, session: Session) -> bool:
    if known is None:
        return False
    before = known.sessions.get(session.session_id)
    if before is None:
        return known.holds(session.session_id)
    return before.left_at is not None


def _session_fact(name: str, call: GroupCall, session: Session, *, show_names: bool) -> Fact:
    data: dict[str, Any] = {
        "callNumber": call.number,
        "sessionId": session.session_id,
        "participant": person_data(session.person, show_names=show_names),
        "joinedAt": utc_text(session.joined_at) if session.joined_at else None,
    }
    if session.present_before:
        data["presentBefore"] = True
    at = session.first_seen
    key: tuple[str, ...] = (str(call.number), session.session_id)
    if name == "participant.left" and session.left_at is not None:
        data["leftAt"] = utc_text(session.left_at)
        # A read may find somebody again who had left: they can leave once more.
        at, key = session.left_at, (*key, data["leftAt"])
    return Fact(
        name=name,
        at=at,
        key=key,
        data=data,
        call_number=call.number,
    )


def _start_data(call: GroupCall) -> dict[str, Any]:
    return {
        "callNumber": call.number,
        "startedAt": utc_text(call.started_at),
        "startBasis": call.start_basis,
    }


def end_data(call: GroupCall) -> dict[str, Any]:
    """Return what `call.ended` and `call.corrected` say of a call that is over."""
    return _start_data(call) | {
        "endedAt": utc_text(call.ended_at) if call.ended_at else None,
        "endBasis": call.end_basis,
        "reason": call.reason,
        "participantCount": call.participant_count,
    }
