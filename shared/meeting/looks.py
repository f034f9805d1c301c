"""What follows from a meeting as it stands: legs that are hung up, looks that are planned.

Core. One function, `looks`, says what is due; the chain of tend messages and the backstop follow
it, and a meeting of which nothing is due is finished.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from shared.calls.fold import next_read
from shared.meeting.legs import hang_up, tend_message, unwanted
from shared.meeting.listing import list_due
from shared.meeting.meeting import Change, Meeting, Planned
from shared.words.ids import CallId, LegKey, utc_text
from shared.words.outgoing import Outgoing

HANG_UP_AGAIN = timedelta(minutes=2)
"""How long after a hang-up a leg that is still there is hung up again. Twice does no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TendingRules:
    """Settings that looks follow.

    `settle`: how long after a hint a read confirms it. `grace`: how old an unsent message must be
    before another process sends it. `backstop`: how long a look may be overdue before it is mended.
    """

    settle: timedelta
    grace: timedelta
    backstop: timedelta
    keep_alive: timedelta = timedelta(minutes=15)
    leave_when_alone: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """Ask Graph who is there, through this leg."""

    leg_key: LegKey
    call_id: CallId
    slot: Literal["soon"] = "soon"


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpAgain:
    """End a leg that was to go and is not known to be gone."""

    leg_key: LegKey
    slot: Literal["later"] = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDays:
    """Write into the lists of days what they do not say yet of the meeting."""

    slot: Literal["later"] = "later"


type Look = Confirm | HangUpAgain | ListDays


def looks(meeting: Meeting, *, settle: timedelta) -> list[tuple[datetime, Look]]:
    """Return what is to be done about the meeting, and when; nothing: it is finished."""
    found: list[tuple[datetime, Look]] = []
    leg, due = meeting.record.listening, next_read(meeting.record, settle=settle)
    if due is not None and leg is not None and leg.call_id is not None:
        found.append((due, Confirm(leg_key=leg.key, call_id=leg.call_id)))
    found += [
        (leg.hang_up_at + HANG_UP_AGAIN, HangUpAgain(leg_key=leg.key))
        for leg in unwanted(meeting)
        if leg.hang_up_at is not None
    ]
    if meeting.legs and (due := list_due(meeting)) is not None:
        found.append((due, ListDays()))
    return found


def followed_up(change: Change, *, now: datetime, rules: TendingRules) -> Change:
    """Return the change with what follows from it: hang-ups, the next looks, the index."""
    meeting, hang_ups = _hung_up(change.meeting, now=now)
    due = looks(meeting, settle=rules.settle)
    meeting, tending = _with_looks(meeting, due, now=now)
    outgoing = (*change.outgoing, *tending, *hang_ups)
    # Until a bot is requested, the request's own message stands behind all that is sent.
    unsent = bool(outgoing) and bool(meeting.legs)
    by = _indexed_by(meeting, now=now, rules=rules, due=bool(due), unsent=unsent)
    indexed = meeting.tend.indexed
    if by is not None and (indexed is None or by < indexed):
        meeting = replace(meeting, tend=replace(meeting.tend, indexed=by))
    return replace(change, meeting=meeting, outgoing=outgoing)


def mended(meeting: Meeting, *, now: datetime, rules: TendingRules, unsent: bool) -> Change:
    """Return the change that starts a broken chain again, and moves on what the index says.

    A look that is overdue for `rules.backstop` lost its message. It is written even where it
    changes nothing, so that a commit under way, which relies on the entry, loses.
    """

    def kept(planned: Planned | None) -> Planned | None:
        lost = planned is not None and planned.due + rules.backstop <= now
        return None if lost else planned

    before = meeting.tend
    tend = replace(before, soon=kept(before.soon), later=kept(before.later))
    due = looks(meeting, settle=rules.settle)
    meeting, again = _with_looks(replace(meeting, tend=tend), due, now=now)
    unsent = unsent or bool(again)
    by = _indexed_by(meeting, now=now, rules=rules, due=bool(due), unsent=unsent)
    meeting = replace(meeting, tend=replace(meeting.tend, indexed=by))
    return Change(meeting=meeting, outgoing=again)


def _indexed_by(
    meeting: Meeting, *, now: datetime, rules: TendingRules, due: bool, unsent: bool
) -> datetime | None:
    """Return when the backstop is to look at the meeting, whose looks are planned; None: never.

    `due`: there are any looks. `unsent` messages may be sent by others after the grace.
    """
    slots = (meeting.tend.soon, meeting.tend.later) if due else ()
    moments = [planned.due for planned in slots if planned is not None]
    if unsent:
        moments.append(now + rules.grace)
    return min(moments) + rules.backstop if moments else None


def _hung_up(meeting: Meeting, *, now: datetime) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Return the meeting whose legs that must not stay are being hung up, each once."""
    outgoing: list[Outgoing] = []
    for leg in unwanted(meeting):
        if leg.call_id is not None and leg.hang_up_at is None:
            outgoing.append(hang_up(meeting, leg.call_id, again=utc_text(now)))
            meeting = meeting.with_leg(replace(leg, hang_up_at=now))
    return meeting, tuple(outgoing)


def _with_looks(
    meeting: Meeting, due: Iterable[tuple[datetime, Look]], *, now: datetime
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Return the meeting with its looks, `due`, planned, and the messages they need.

    A look needs no message where that of either slot comes by then.
    """
    outgoing: list[Outgoing] = []
    slots: Iterable[Literal["soon", "later"]] = ("soon", "later")
    for slot in slots:
        earliest = min((at for at, look in due if look.slot == slot), default=None)
        tend = meeting.tend
        if earliest is None:
            continue
        at = max(earliest, now)
        if any(one is not None and one.due <= at for one in (tend.soon, tend.later)):
            continue
        planned = Planned(generation=tend.generation + 1, due=at)
        tend = replace(tend, generation=planned.generation)
        tend = replace(tend, soon=planned) if slot == "soon" else replace(tend, later=planned)
        meeting = replace(meeting, tend=tend)
        outgoing.append(
            tend_message(
                meeting.meeting_id,
                {"generation": planned.generation},
                key=str(planned.generation),
                correlation_id=meeting.correlation_id,
                due=at + tend.ahead,
            )
        )
    return meeting, tuple(outgoing)
