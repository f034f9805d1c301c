"""What is done when a meeting is looked after, given its record and the time.

Core. One chain a meeting: each look plans the next, and a message of an older generation is stale.
shared/meeting/looks.py says what is due.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from shared.events.cloud_events import publish_again
from shared.inbox.models import Message, read_message
from shared.journal.settle import MANY_FAILURES, UNREADABLE
from shared.journal.step import Step, record_call
from shared.legs.leg import Leaver, Leg
from shared.meeting.days import Brief
from shared.meeting.listing import having_listed, unlisted
from shared.meeting.looks import Confirm, HangUpAgain, ListDays, Look, looks
from shared.meeting.meeting import Meeting, Planned
from shared.words.answers import Call, Roster
from shared.words.ids import LEG_KEY, MEETING_ID, CallId, LegKey
from shared.words.observations import GONE, Observation, ReadFailed, RosterRead
from shared.words.outside import CALL_ID


def _meeting_id(text: str) -> str:
    if MEETING_ID.fullmatch(text) is None:
        raise ValueError("must be a meetingId of Rollcall's")
    return text


def _leg_key(text: str) -> str:
    if LEG_KEY.fullmatch(text) is None:
        raise ValueError("must be the key of a leg of Rollcall's")
    return text


def _call_id(text: str) -> str:
    if CALL_ID.fullmatch(text) is None:
        raise ValueError("must be the id of a call")
    return text


class TendMessage(Message):
    """What Rollcall sends itself: look at a meeting (`generation`), or end a leg that is to go.

    `hung_up`, some time after that: Graph confirmed `at` that the leg ended; was that published?
    `answer`: a leg ended, and more requests to leave wait for that than the head holds.
    """

    meeting_id: Annotated[str, AfterValidator(_meeting_id)]
    generation: Annotated[int, Field(ge=1)] | None = None
    hang_up: Annotated[str, AfterValidator(_call_id)] | None = None
    hung_up: Annotated[str, AfterValidator(_call_id)] | None = None
    at: AwareDatetime | None = None
    answer: Annotated[str, AfterValidator(_leg_key)] | None = None


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


def read_tend_message(body: bytes) -> TendMessage:
    """Return the message in `body`; raise `Rejected` for what Rollcall never sent."""
    return read_message(TendMessage, body)


def plan(meeting: Meeting, generation: int, *, now: datetime, settle: timedelta) -> Read | None:
    """Return what a tend message of `generation` has to ask Graph; None for a stale one, too."""
    confirm = next(
        (look for look in _due(meeting, now=now, settle=settle) if isinstance(look, Confirm)), None
    )
    if confirm is None or _planned(meeting, generation) is None:
        return None
    leg = meeting.leg(confirm.leg_key)
    return Read(
        leg_key=confirm.leg_key,
        call_id=confirm.call_id,
        not_before=max(now, meeting.record.moment or now),
        version=meeting.version,
        own_ids=meeting.own_ids(),
        call_first=leg is None or leg.participant_id is None or _is_unreadable(meeting),
    )


def to_list(
    meeting: Meeting, generation: int, *, now: datetime, settle: timedelta
) -> dict[date, Brief | None]:
    """Return what a tend message of `generation` has to write into the lists of days."""
    due = _due(meeting, now=now, settle=settle)
    is_due = _planned(meeting, generation) is not None and ListDays() in due
    return unlisted(meeting) if is_due else {}


def read_result(
    read: Read, roster: Roster | None, *, asked_at: datetime, answered_at: datetime
) -> Observation:
    """Return what an answer to the read says; None, Graph's 404, means that the leg is gone."""
    if roster is None:
        return read_failed(read, GONE, at=answered_at)
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
    call: Call | None,
    listed: Mapping[date, Brief | None],
    *,
    now: datetime,
    settle: timedelta,
) -> Step | None:
    """Return the step that records a look; None where nothing changes.

    `call` is Graph's call of the leg that was looked through; None where it was not read.
    `listed` is what was written into the lists of days.
    """
    mine = _planned(meeting, generation)
    if not observations and mine is None:
        return None
    if mine is not None:
        meeting = _looked(meeting, mine, now=now, settle=settle)
    if listed:
        meeting = having_listed(meeting, listed, at=now)
    leg = meeting.leg(observations[0].leg_key) if observations else None
    if leg is None:
        observations = ()  # the leg left the head meanwhile: it is over
    elif call is not None:
        meeting = meeting.with_leg(leg.learned(call))
    return Step(meeting=meeting, observed=observations)


def _planned(meeting: Meeting, generation: int) -> Planned | None:
    tend = meeting.tend
    slots = (one for one in (tend.soon, tend.later) if one is not None)
    return next((one for one in slots if one.generation == generation), None)


def _due(meeting: Meeting, *, now: datetime, settle: timedelta) -> list[Look]:
    latest = max(now, meeting.record.moment or now)
    return [look for due, look in looks(meeting, settle=settle) if due <= latest]


def _looked(meeting: Meeting, mine: Planned, *, now: datetime, settle: timedelta) -> Meeting:
    """Return the meeting whose planned look came: what it needs no answer of Graph's for is done.

    A message that came early shows a bus whose clock is ahead: the next allows for as much.
    """
    tend = meeting.tend
    tend = replace(
        tend,
        soon=None if tend.soon == mine else tend.soon,
        later=None if tend.later == mine else tend.later,
        ahead=max(mine.due - now, timedelta(0)),
    )
    meeting = replace(meeting, tend=tend)
    for look in _due(meeting, now=now, settle=settle):
        leg = meeting.leg(look.leg_key) if isinstance(look, HangUpAgain) else None
        if leg is not None:
            meeting = meeting.with_leg(replace(leg, hang_up_at=None))
    return meeting


def _is_unreadable(meeting: Meeting) -> bool:
    return meeting.record.failures >= MANY_FAILURES and UNREADABLE not in meeting.warned


def record_hung_up(meeting: Meeting, call_id: CallId, *, at: datetime) -> Step | None:
    """Return the step that records the end of a leg we hung up; None where it is recorded.

    Its notification says more, but it may be lost.
    """
    leg = next((leg for leg in meeting.legs if leg.call_id == call_id), None)
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
    answers = tuple(publish_again(meeting, published, reply, now=now) for reply in replies)
    return Step(meeting=meeting.having_answered(key), outgoing=answers)
