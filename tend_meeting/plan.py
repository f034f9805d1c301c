"""What is done when a meeting is looked after, given its record and the time.

Core. One chain a meeting: each look plans the next, and a message of an older generation is stale.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field

from shared.domain import (
    MEETING_ID,
    CallId,
    LegKey,
    LegSeen,
    Observation,
    ReadFailed,
    RosterRead,
    utc_text,
)
from shared.events import warn_once
from shared.group_calls import GONE, next_read
from shared.legs import hang_up, learned, unwanted, with_claim
from shared.meeting import Change, Meeting, Stored, TendPlan
from shared.messages import Message, read_message
from shared.outside import CALL_ID
from shared.recording import RecordingRules, observe, plan_tending, tend_at
from shared.roster import read_roster

MANY_FAILURES = 5
"""After so many reads in a row that gave nothing it is said that the roster cannot be read."""
UNREADABLE = "roster_unreadable"


def _meeting_id(text: str) -> str:
    if MEETING_ID.fullmatch(text) is None:
        raise ValueError("must be a meetingId of Rollcall's")
    return text


def _call_id(text: str) -> str:
    if CALL_ID.fullmatch(text) is None:
        raise ValueError("must be the id of a call")
    return text


class TendMessage(Message):
    """What Rollcall sends itself: look at a meeting (`generation`), or end a leg that is to go.

    `hung_up`, some time after that: Graph said `at` that the leg ended; was it told?
    """

    meeting_id: Annotated[str, AfterValidator(_meeting_id)]
    generation: Annotated[int, Field(ge=1)] | None = None
    hang_up: Annotated[str, AfterValidator(_call_id)] | None = None
    hung_up: Annotated[str, AfterValidator(_call_id)] | None = None
    at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Ask Graph who is there, through this leg; not before `not_before` on any clock.

    `version` is that of the meeting it is asked for, `own_ids` how rosters name legs of ours. With
    `call_first` Graph is asked for the call too: who the leg is, or whether it is there at all.
    """

    leg_key: LegKey
    call_id: CallId
    not_before: datetime
    version: int
    own_ids: frozenset[str]
    call_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """The message is stale, or there is nothing to confirm."""


def read_tend_message(body: bytes) -> TendMessage:
    """Return the message in `body`; raise `Rejected` for what Rollcall never sent."""
    return read_message(TendMessage, body)


def plan(meeting: Meeting, generation: int, *, now: datetime, settle: timedelta) -> Read | Nothing:
    """Return what a tend message of `generation` has to do now."""
    if generation != meeting.tend.generation:
        return Nothing()
    record = meeting.record
    leg, due = record.listening, next_read(record, settle=settle)
    claim = meeting.claim(leg.key) if leg else None
    latest = max(now, record.moment or now)
    if due is None or due > latest or claim is None or claim.call_id is None:
        return Nothing()
    return Read(
        leg_key=claim.leg_key,
        call_id=claim.call_id,
        not_before=latest,
        version=meeting.version,
        own_ids=meeting.own_ids(),
        call_first=claim.participant_id is None or _is_unreadable(meeting),
    )


def read_result(
    read: Read,
    participants: list[dict[str, Any]] | None,
    *,
    asked_at: datetime,
    answered_at: datetime,
    own_ids: frozenset[str],
    bot_app_id: str,
    show_names: bool,
) -> Observation:
    """Return what an answer to the read says; None, Graph's 404, means that the leg is gone."""
    if participants is None:
        return read_failed(read, GONE, at=answered_at)
    roster = read_roster(
        participants, bot_app_id=bot_app_id, my_participant_ids=own_ids, show_names=show_names
    )
    return RosterRead(
        asked_at=asked_at,
        answered_at=answered_at,
        leg_key=read.leg_key,
        people=roster.people,
        lists_ourselves=roster.lists_ourselves,
        entries=roster.entries,
        hidden=roster.hidden,
        version=read.version,
    )


def read_failed(read: Read, status: int, *, at: datetime) -> Observation:
    """Return that a read gave nothing; the fold asks again with growing pauses."""
    return ReadFailed(at=at, leg_key=read.leg_key, status=status)


def record_look(
    meeting: Meeting,
    generation: int,
    observations: tuple[Observation, ...],
    call: Mapping[str, Any],
    *,
    now: datetime,
    rules: RecordingRules,
) -> Change | None:
    """Return the change that records a look and plans the next; None where nothing changes.

    `call` is Graph's call of the leg that was looked through; empty where it was not read.
    """
    mine = meeting.tend.generation == generation and meeting.tend.due is not None
    if not observations and not mine:
        return None
    if mine:
        meeting = replace(meeting, tend=TendPlan(generation=generation, due=None))
    claim = meeting.claim(observations[0].leg_key) if observations else None
    if call and claim is not None:
        meeting = with_claim(meeting, learned(claim, call))
    if observations:
        change = observe(meeting, observations, now=now, rules=rules)
        there = str(call.get("state")).lower() == "established"
        return _warned(change, now=now) if there and _is_unreadable(change.meeting) else change
    meeting, tending = plan_tending(meeting, meeting.record, rules=rules)
    # A message that came early shows a bus whose clock is ahead: the next allows for as much.
    early = tuple(
        replace(one, due=one.due + (one.due - now))
        if one.due is not None and one.due > now
        else one
        for one in tending
    )
    return Change(meeting=meeting, outgoing=early)


def _is_unreadable(meeting: Meeting) -> bool:
    return meeting.record.failures >= MANY_FAILURES and UNREADABLE not in meeting.warned


def _warned(change: Change, *, now: datetime) -> Change:
    """Return the change that also warns, once a meeting, that its roster cannot be read."""
    meeting, events = warn_once(
        change.meeting,
        UNREADABLE,
        message=f"Graph says that the bot is in the meeting, but {MANY_FAILURES} reads of its "
        "roster in a row gave no answer that says who is there.",
        next_step="See whether Microsoft Graph is healthy. Ends and departures are published "
        "once a read succeeds, or with the end of the bot's leg.",
        now=now,
    )
    return replace(change, meeting=meeting, outgoing=(*change.outgoing, *events))


def record_hung_up(
    meeting: Meeting,
    call_id: CallId,
    *,
    at: datetime,
    now: datetime,
    rules: RecordingRules,
) -> Change | None:
    """Return the change that records the end of a leg we hung up; None where it is recorded.

    Its notification says more, but it may be lost.
    """
    claim = next((claim for claim in meeting.claims if claim.call_id == call_id), None)
    leg = meeting.record.legs.get(claim.leg_key) if claim else None
    if claim is None or (leg is not None and "gone" in leg.phases):
        return None
    gone = LegSeen(at=at, leg_key=claim.leg_key, phase="gone")
    return observe(meeting, [gone], now=now, rules=rules)


def is_finished(stored: Stored, *, now: datetime) -> bool:
    """Tell whether nothing more will happen to a meeting by itself.

    No call open, no leg that lives, no claim whose POST may still be answered, nothing unsent.
    """
    record = stored.meeting.record
    waiting = any(
        claim.state != "failed"
        and "gone" not in getattr(record.legs.get(claim.leg_key), "phases", {})
        and (claim.call_id is not None or now < claim.lease_until)
        for claim in stored.meeting.claims
    )
    return record.open_call is None and not waiting and not stored.outbox


def mend(
    meeting: Meeting, *, now: datetime, overdue: timedelta, rules: RecordingRules
) -> Change | None:
    """Return the change that mends what a lost or refused message left; None where nothing is.

    Legs that are to go and live are hung up again. The chain of looks is broken, and started
    again, when something is to be confirmed and the look planned for it is `overdue`.
    """
    record = meeting.record
    hang_ups = tuple(
        hang_up(meeting, call_id, again=utc_text(now)) for call_id in unwanted(meeting, record)
    )
    due, planned = next_read(record, settle=rules.settle), meeting.tend.due
    if due is None or (planned is not None and now < planned + overdue):
        return Change(meeting=meeting, outgoing=hang_ups) if hang_ups else None
    meeting, tending = tend_at(meeting, max(due, now))
    return Change(meeting=meeting, outgoing=(*hang_ups, *tending))
