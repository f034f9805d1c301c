"""What became known between two records of a meeting, as facts to publish.

Core: compares values. Starts and arrivals are published when they become known, departures and ends
when they are confirmed. A call that changes after it was published as over is published again, with
a revision.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.calls.record import GroupCall, Record, Session
from shared.legs.end_codes import leg_end, next_step
from shared.legs.leg import BotState, Leg, Why
from shared.words.ids import CallId, LegKey, utc_text, utc_text_or_null
from shared.words.observations import PHASES, Person
from shared.words.outgoing import Fact
from shared.words.rules import Shown

PUBLISHED_AS = {"lobby": "bot.waiting", "in": "bot.joined"}
LEG_OVER = frozenset({"bot.left", "bot.failed"})
"""The names under which the end of a leg is published."""
OURS: tuple[Why, ...] = ("alone", "nobodyCame", "lobbyTimeout", "maxDuration")
"""Why we end a leg that no request was to end; it is the reason that is published."""


def facts_between(
    before: Record,
    after: Record,
    *,
    revisions: Mapping[int, int],
    shown: Shown,
    covered: Collection[int] = (),
    final: Collection[int] = (),
) -> list[Fact]:
    """Return what `after` knows that `before` did not, in the order it is published.

    The calls of both have the numbers under which they are shown. `revisions`: how many corrections
    of each call were published. Of a `covered` call nothing: looks at its sources publish that.
    `final`: of these calls no source is waited for.
    """
    arrivals, departures = _leg_facts(before, after)
    facts = list(arrivals)
    known = {call.number: call for call in before.known_calls}
    for call in after.known_calls:
        if call.number in covered or call == known.get(call.number):
            continue
        revision = revisions.get(call.number, 0) + 1
        outlook = {"final": call.number in final, "confirmed": False, "revision": revision}
        facts += _call_facts(known.get(call.number), call, after, outlook, shown)
    return [*facts, *departures]


def bot_joining(leg_key: LegKey, call_id: CallId, *, at: datetime, state: BotState) -> Fact:
    """Return the fact that Graph accepted a leg; the outcome comes by callback.

    `state`: the bot's as the event is written. A callback may have come before Graph's answer.
    """
    return Fact(
        name="bot.joining",
        at=at,
        key=(leg_key, "joining"),
        data={"legKey": leg_key, "callId": call_id, "state": state},
    )


def leg_over(leg: Leg, *, at: datetime) -> Fact:
    """Return the fact that a leg ended.

    The leg failed if it never came in and had no reason to leave.
    """
    data = _leg_data(leg) | leg_over_data(leg)
    on_purpose = any(one.why != "lobbyTimeout" for one in leg.leaving)
    name = "bot.left" if leg.came_in or on_purpose else "bot.failed"
    if name == "bot.failed":
        data["code"] = "leg_ended"
        data["nextStep"] = next_step(data["reason"])
    return Fact(name=name, at=at, key=(leg.key, "gone"), data=data)


def leg_over_data(leg: Leg) -> dict[str, Any]:
    """Return why a leg that is gone ended, and Graph's result where it gave one."""
    end, why = leg_end(leg.code, leg.subcode), {one.why for one in leg.leaving}
    reason = end.reason
    if why and (leg.code is None or reason == "left"):
        # We ended it; Graph says only that we did.
        reason = next((one for one in OURS if one in why), "left")
    if leg.code is None:
        return {"reason": reason}
    result = {"code": leg.code, "subcode": leg.subcode, "meaning": end.meaning}
    return {"reason": reason, "result": result}


def person_data(person: Person, *, show_names: bool) -> dict[str, Any]:
    """Return a person as events and records show them; names only where the setting allows."""
    shown: dict[str, Any] = {"kind": person.kind}
    if person.user_id is not None:
        shown["userId"] = person.user_id
    if show_names and person.display_name is not None:
        shown["displayName"] = person.display_name
    if person.tenant_id is not None:
        shown["tenantId"] = person.tenant_id
    return shown


def _leg_facts(before: Record, after: Record) -> tuple[list[Fact], list[Fact]]:
    arrivals: list[Fact] = []
    departures: list[Fact] = []
    for key, leg in after.legs.items():
        if leg.place != "here":
            continue
        known = before.legs.get(key)
        reached = max((PHASES.index(phase) for phase in known.phases), default=-1) if known else -1
        for phase, at in leg.passed:
            if phase == "gone" and known is not None and known.is_gone:
                if leg_over_data(leg)["reason"] != leg_over_data(known)["reason"]:
                    # Graph said why only now.
                    fact = leg_over(leg, at=at)
                    departures.append(replace(fact, key=(*fact.key, "result")))
                continue
            if PHASES.index(phase) <= reached:
                continue
            if phase == "gone":
                departures.append(leg_over(leg, at=at))
            elif phase in PUBLISHED_AS:
                since = {"since": utc_text(at)} if phase == "lobby" else {}
                data = _leg_data(leg) | since
                arrivals.append(Fact(name=PUBLISHED_AS[phase], at=at, key=(key, phase), data=data))
    arrivals.sort(key=lambda fact: fact.at)
    return arrivals, departures


def _leg_data(leg: Leg) -> dict[str, Any]:
    return {"legKey": leg.key} | ({"callId": leg.call_id} if leg.call_id is not None else {})


def _call_facts(
    known: GroupCall | None,
    call: GroupCall,
    after: Record,
    outlook: dict[str, Any],
    shown: Shown,
) -> Iterator[Fact]:
    number = call.number
    if known is None:
        yield call_fact("call.started", call, call.started_at, start_data(call, shown))
    yield from _session_facts(known, call, after, shown)
    since = call.unwatched_since
    if since is not None and (known is None or known.unwatched_since != since):
        # The record from which a leg's end is published still holds the leg.
        leg = after.legs.get(call.unwatched_by) if call.unwatched_by is not None else None
        reason = leg_over_data(leg)["reason"] if leg is not None else "unknown"
        data = {"callNumber": number, "since": utc_text(since), "reason": reason}
        # Two legs may fall silent in one millisecond: the key names the leg too.
        by = call.unwatched_by or ""
        yield call_fact("call.unwatched", call, since, data, utc_text(since), by)
    if call.ended_at is None:
        return
    if known is None or known.ended_at is None:
        yield call_fact("call.ended", call, call.ended_at, end_data(call, shown))
        if not outlook["final"]:
            return
    elif end_data(known, shown) == end_data(call, shown):
        return
    data = end_data(call, shown) | outlook
    yield call_fact("call.corrected", call, call.ended_at, data, str(outlook["revision"]))


def call_fact(name: str, call: GroupCall, at: datetime, data: dict[str, Any], *key: str) -> Fact:
    """Return a fact about a call; `key` tells it from others of that name."""
    return Fact(name=name, at=at, key=(str(call.number), *key), data=data, call_number=call.number)


def _session_facts(
    known: GroupCall | None, call: GroupCall, after: Record, shown: Shown
) -> Iterator[Fact]:
    before = known.sessions if known is not None else {}
    sessions = sorted(call.sessions.values(), key=lambda one: (one.first_seen, one.session_id))
    for session in sessions:
        earlier = before.get(session.session_id)
        left_long_ago = known is not None and known.ended_at is None and earlier is None
        if left_long_ago and known is not None and known.has_sealed(session.session_id):
            yield _returned(call, session, session.first_seen, shown)
        elif earlier is None:
            yield _session_fact("participant.joined", call, session, session.first_seen, shown)
        elif earlier.left_at is not None and earlier.left_at != session.left_at:
            yield _returned(call, session, after.moment or session.first_seen, shown)
    left = [(one.left_at, one.session_id, one) for one in sessions if one.left_at is not None]
    for at, session_id, session in sorted(left, key=lambda one: one[:2]):
        earlier = before.get(session_id)
        if earlier is None or earlier.left_at != at:
            yield _session_fact("participant.left", call, session, at, shown, utc_text(at))


def _returned(call: GroupCall, session: Session, at: datetime, shown: Shown) -> Fact:
    """Return the fact that a read found a person who was published as left."""
    here = replace(session, left_at=None)
    fact = _session_fact("participant.joined", call, here, at, shown, "returned", utc_text(at))
    return replace(fact, data=fact.data | {"returned": True})


def _session_fact(
    name: str, call: GroupCall, session: Session, at: datetime, shown: Shown, *key: str
) -> Fact:
    data = {
        "callNumber": call.number,
        "sessionId": session.session_id,
        "participant": person_data(session.person, show_names=shown.names),
        **session_times(session, shown, ended=name == "participant.left"),
    }
    return call_fact(name, call, at, data, session.session_id, *key)


def session_times(session: Session, shown: Shown, *, ended: bool) -> dict[str, Any]:
    """Return when a person joined and, with `ended`, when they left; with the bounds of both."""
    data: dict[str, Any] = {"joinedAt": utc_text_or_null(session.joined_at)}
    data |= shown.lower_bound("joinedNotBefore", session.first_seen, session.joined_not_before)
    if session.present_before:
        data["presentBefore"] = True
    if ended and session.left_at is not None:
        data["leftAt"] = utc_text(session.left_at)
        data |= shown.bounds(session.left_at, session.left_not_before, session.left_not_after)
    return data


def start_data(call: GroupCall, shown: Shown) -> dict[str, Any]:
    """Return what `call.started` says of a call."""
    return {
        "callNumber": call.number,
        "startedAt": utc_text(call.started_at),
        "startBasis": call.start_basis,
        **shown.lower_bound("startNotBefore", call.started_at, call.start_not_before),
    }


def end_data(call: GroupCall, shown: Shown) -> dict[str, Any]:
    """Return what `call.ended`, `call.corrected` and the record say of a call."""
    bounds = (
        shown.bounds(call.ended_at, call.end_not_before, call.end_not_after)
        if call.ended_at is not None
        else {}
    )
    return {
        **start_data(call, shown),
        "endedAt": utc_text_or_null(call.ended_at),
        "endBasis": call.end_basis,
        **bounds,
        "reason": call.reason,
        "participantCount": call.participant_count,
        "participantsComplete": call.complete,
    }
