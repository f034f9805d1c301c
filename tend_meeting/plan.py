"""What is done when a meeting is looked after, given its record and the time.

Core. One chain a meeting: each look plans the next, and a message of an older generation is stale.
shared/meeting/looks.py says what is due.
"""

import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from shared.events.cloud_events import publish_again
from shared.inbox.models import Message, read_message
from shared.journal.settle import MANY_FAILURES, UNREADABLE
from shared.journal.step import Step, record_call
from shared.legs.leg import Leaver, Leg
from shared.meeting.days import Brief
from shared.meeting.legs import evidence_of, leg_of
from shared.meeting.listing import having_listed, unlisted
from shared.meeting.looks import Look, looks
from shared.meeting.meeting import Meeting, Planned
from shared.meeting.places import placed
from shared.words.answers import Call, Roster
from shared.words.entities import JOIN_QUEUE
from shared.words.ids import (
    LEG_KEY,
    MEETING_ID,
    CallId,
    LegKey,
    MeetingId,
    digest,
    utc_text,
)
from shared.words.observations import (
    GONE,
    GivenUp,
    LegSeen,
    Observation,
    ReadFailed,
    RosterRead,
    Unanswered,
)
from shared.words.outgoing import Outgoing
from shared.words.outside import CALL_ID
from shared.words.rules import TendingRules


def _matching(pattern: re.Pattern[str], what: str) -> AfterValidator:
    def checked(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(f"must be {what}")
        return text

    return AfterValidator(checked)


GraphCall = Annotated[str, _matching(CALL_ID, "the id of a call")]


class TendMessage(Message):
    """What Rollcall sends itself: look at a meeting (`generation`), or end a leg that is to go.

    `hung_up`, some time after that: Graph confirmed `at` that the leg ended; was that published?
    `answer`: a leg ended, and more requests to leave wait for that than the head holds.
    """

    meeting_id: Annotated[str, _matching(MEETING_ID, "a meetingId of Rollcall's")]
    generation: Annotated[int, Field(ge=1)] | None = None
    hang_up: GraphCall | None = None
    hung_up: GraphCall | None = None
    at: AwareDatetime | None = None
    answer: Annotated[str, _matching(LEG_KEY, "the key of a leg of Rollcall's")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """The requests to Graph about one leg, in this order: keepAlive, the call, the roster.

    The roster is requested not before `not_before` on any clock, for that `version` of the meeting.
    `own_ids` are how rosters name legs of ours. `unplaced`: the call is to say which meeting it is.
    """

    leg_key: LegKey
    call_id: CallId
    not_before: datetime
    version: int
    own_ids: frozenset[str]
    keep_alive: bool = False
    call: bool = False
    roster: bool = False
    unplaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one tend message has to do: visit legs, and write into the lists of days.

    `sources`: what Graph says of calls afterwards is to be read.
    """

    visits: tuple[Visit, ...] = ()
    listed: Mapping[date, Brief | None] = field(default_factory=dict)
    sources: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a visit found: observations in their order, and Graph's call where it was read.

    `owner`: the meeting to which the call's thread leads, where the visit was to learn that.
    """

    leg_key: LegKey
    observations: tuple[Observation, ...]
    call: Call | None = None
    owner: MeetingId | None = None


def read_tend_message(body: bytes) -> TendMessage:
    """Return the message in `body`; raise `Rejected` for what Rollcall never sent."""
    return read_message(TendMessage, body)


def plan(meeting: Meeting, generation: int, *, now: datetime, rules: TendingRules) -> Plan:
    """Return what a tend message of `generation` has to do; nothing for a stale one."""
    if _planned(meeting, generation, now=now) is None:
        return Plan()
    due = _due(meeting, now=now, rules=rules)
    visits = (_visit(meeting, leg, due, now=now) for leg in meeting.legs)
    return Plan(
        visits=tuple(visit for visit in visits if visit is not None),
        listed=unlisted(meeting) if Look(what="listDays") in due else {},
        sources=Look(what="sources") in due,
    )


def _visit(meeting: Meeting, leg: Leg, due: list[Look], *, now: datetime) -> Visit | None:
    wanted = {look.what for look in due if look.leg_key == leg.key}
    if leg.call_id is None or not wanted & {"confirm", "poll", "keepAlive", "readCall"}:
        return None
    listening = meeting.record.listening
    roster = "readCall" not in wanted and listening is not None and listening.key == leg.key
    unclear = leg.participant_id is None or _is_unreadable(meeting) or leg.silent_since is not None
    return Visit(
        leg_key=leg.key,
        call_id=leg.call_id,
        not_before=max(now, meeting.record.moment or now),
        version=meeting.version,
        own_ids=meeting.own_ids(),
        keep_alive="keepAlive" in wanted,
        call="readCall" in wanted or (roster and unclear),
        roster=roster,
        unplaced=leg.place == "unknown",
    )


def read_result(
    visit: Visit, roster: Roster | None, *, asked_at: datetime, answered_at: datetime
) -> Observation:
    """Return what an answer to a read says; None, Graph's 404, means that the leg is gone."""
    if roster is None:
        return ReadFailed(at=answered_at, leg_key=visit.leg_key, status=GONE)
    return RosterRead(
        asked_at=asked_at,
        answered_at=answered_at,
        leg_key=visit.leg_key,
        people=roster.people,
        lists_ourselves=roster.lists_ourselves,
        entries=roster.entries,
        hidden=roster.hidden,
        version=visit.version,
    )


def without_rosters(found: Iterable[Seen], *, at: datetime) -> list[Seen]:
    """Return what was found as if each roster had been no answer: it is larger than any row."""

    def kept(one: Observation) -> Observation:
        too_large = isinstance(one, RosterRead)
        return ReadFailed(at=at, leg_key=one.leg_key, status=0) if too_large else one

    return [replace(seen, observations=tuple(map(kept, seen.observations))) for seen in found]


def call_result(visit: Visit, call: Call | None, *, at: datetime) -> Observation:
    """Return what GET call says; a call that is still on its way is a sign of life.

    One that does not name its meeting yet is no usable answer for a leg of unknown place.
    """
    if visit.unplaced and call is not None and call.thread_id is None and call.is_on_its_way:
        return Unanswered(at=at, leg_key=visit.leg_key, status=0)
    joining = LegSeen(at=at, leg_key=visit.leg_key, phase="joining")
    return evidence_of(call, leg_key=visit.leg_key, at=at) or joining


def record_look(
    meeting: Meeting,
    generation: int,
    seen: Iterable[Seen],
    listed: Mapping[date, Brief | None],
    *,
    now: datetime,
    rules: TendingRules,
) -> Step | None:
    """Return the step that records a look; None where nothing changes.

    `listed` is what was written into the lists of days.
    """
    mine = _planned(meeting, generation, now=now)
    known = [one for one in seen if meeting.leg(one.leg_key)]
    observed = tuple(observation for one in known for observation in one.observations)
    if not observed and mine is None:
        return None
    outgoing: tuple[Outgoing, ...] = ()
    if mine is not None:
        alive = {one.leg_key for one in observed if not isinstance(one, ReadFailed | Unanswered)}
        meeting, given_up, outgoing = _looked(meeting, mine, alive, now=now, rules=rules)
        observed = (*observed, *given_up)
    if listed:
        meeting = having_listed(meeting, listed, at=now)
    for one in known:
        leg = meeting.leg(one.leg_key)
        if leg is not None and one.call is not None:
            learned = meeting.with_leg(leg.learned(one.call))
            meeting = placed(learned, one.leg_key, one.call, one.owner)
    return Step(meeting=meeting, observed=observed, outgoing=outgoing)


def _planned(meeting: Meeting, generation: int, *, now: datetime) -> Planned | None:
    """Return the planned look that the message of `generation` carries out; None for a stale one.

    An older message does for a look whose time has come: where the queue is late, each message may
    be planned again before it arrives.
    """
    tend = meeting.tend
    slots = [one for one in (tend.soon, tend.later) if one is not None]
    own = (one for one in slots if one.generation == generation)
    overdue = (one for one in slots if generation < one.generation and one.due <= now)
    return next(own, None) or next(overdue, None)


def _due(meeting: Meeting, *, now: datetime, rules: TendingRules) -> list[Look]:
    latest = max(now, meeting.record.moment or now)
    return [look for due, look in looks(meeting, rules) if due <= latest]


def _looked(
    meeting: Meeting, mine: Planned, alive: Container[LegKey], *, now: datetime, rules: TendingRules
) -> tuple[Meeting, tuple[Observation, ...], tuple[Outgoing, ...]]:
    """Return the meeting whose planned look came, and what needs no answer of Graph's.

    `alive`: legs that just showed a sign of life. A message that came early shows a bus whose clock
    is ahead: the next allows for as much more, and for less again where one comes late.
    """
    tend = meeting.tend
    tend = replace(
        tend,
        soon=None if tend.soon == mine else tend.soon,
        later=None if tend.later == mine else tend.later,
        ahead=max(tend.ahead + mine.due - now, timedelta(0)),
    )
    meeting = replace(meeting, tend=tend)
    given_up: list[Observation] = []
    outgoing: list[Outgoing] = []
    for look in _due(meeting, now=now, rules=rules):
        leg = meeting.leg(look.leg_key) if look.leg_key is not None else None
        if leg is None:
            continue
        match look.what:
            case "hangUpAgain":
                meeting = meeting.with_leg(replace(leg, hang_up_at=None))
            case "rejoin":
                outgoing.append(rejoin_message(meeting, leg, at=now))
                meeting = meeting.with_leg(replace(leg, rejoin_at=now))
            case "lapse" if leg.key not in alive:
                given_up.append(Unanswered(at=now, leg_key=leg.key, status=GONE))
            case "assume":
                given_up.append(GivenUp(at=now, leg_key=leg.key))
            case _:
                pass  # a request to Graph did it, or it follows from the commit
    return meeting, tuple(given_up), tuple(outgoing)


def rejoin_message(meeting: Meeting, leg: Leg, *, at: datetime) -> Outgoing:
    """Return the request for another leg in the place of one that a fault threw out."""
    manner = {"guestName": leg.guest_name} if leg.guest_name is not None else {}
    body = {
        "meetingId": meeting.meeting_id,
        **manner,
        **({} if leg.without_host else {"allowConversationWithoutHost": False}),
    }
    again = digest("rejoin", leg.key, utc_text(at), characters=13)
    return Outgoing(
        entity=JOIN_QUEUE,
        message_id=f"{meeting.meeting_id}-rejoin-{again}",
        body=json.dumps(body),
        correlation_id=meeting.correlation_id,
    )


def _is_unreadable(meeting: Meeting) -> bool:
    return meeting.record.failures >= MANY_FAILURES and UNREADABLE not in meeting.warned


def is_plausible_end(meeting: Meeting, call_id: CallId, *, at: datetime, now: datetime) -> bool:
    """Return whether we may have ended a leg of this call at that moment."""
    leg = leg_of(meeting, call_id)
    if leg is None or not (leg.leaving or leg.place == "surplus"):
        return False
    return min(leg.phases.values(), default=leg.claim.claimed_at) <= at <= now


def record_hung_up(meeting: Meeting, call_id: CallId, *, at: datetime) -> Step | None:
    """Return the step that records the end of a leg we hung up; None where it is recorded.

    Its notification says more, but it may be lost.
    """
    leg = leg_of(meeting, call_id)
    over = Call(call_id=call_id, state="terminated")
    return record_call(meeting, leg.key, over, at=at) if leg is not None else None


def record_answers(
    meeting: Meeting, leg: Leg, leavers: Iterable[Leaver], *, now: datetime
) -> Step | None:
    """Return the step that answers `leavers` with the end of the leg; None where it did."""
    key, published = f"leavers of {leg.key}", leg.over
    if published is None or key in meeting.answered:
        return None
    replies = (one.reply for one in leavers if one.reply is not None)
    answers = tuple(publish_again(meeting, published, reply) for reply in replies)
    return Step(meeting=meeting.having_answered(key), outgoing=answers)
