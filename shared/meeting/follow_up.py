"""What follows from a meeting as it now stands: legs that are hung up, looks that are planned.

Core. looks.py says what is due; here it becomes messages, and what the index says.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from shared.legs.leg import Leaver
from shared.meeting.legs import hang_up, tend_message, unwanted
from shared.meeting.looks import Due, Slot, looks, overstaying
from shared.meeting.meeting import Change, Meeting, Planned
from shared.words.ids import utc_text
from shared.words.outgoing import Outgoing
from shared.words.rules import TendingRules


def followed_up(change: Change, *, now: datetime, rules: TendingRules) -> Change:
    """Return the change with what follows from it: hang-ups, the next looks, the index."""
    meeting, messages, due = _planned(change.meeting, now=now, rules=rules)
    outgoing = (*change.outgoing, *messages)
    # Until a bot is requested, the request's own message stands behind all that is sent.
    unsent = bool(outgoing) and bool(meeting.legs)
    due = due and _needs_index(meeting)
    by = _indexed_by(meeting, now=now, rules=rules, due=due, unsent=unsent)
    indexed = meeting.tend.indexed
    if by is not None and (indexed is None or by < indexed):
        meeting = replace(meeting, tend=replace(meeting.tend, indexed=by))
    return replace(change, meeting=meeting, outgoing=outgoing)


def mended(meeting: Meeting, *, now: datetime, rules: TendingRules, unsent: bool) -> Change:
    """Return the change that starts a broken chain again, and moves on what the index says.

    It is written even where it changes nothing, so that a commit under way, which relies on the
    entry, loses.
    """
    meeting, messages, due = _planned(meeting, now=now, rules=rules)
    unsent = unsent or bool(messages)
    by = _indexed_by(meeting, now=now, rules=rules, due=due, unsent=unsent)
    meeting = replace(meeting, tend=replace(meeting.tend, indexed=by))
    return Change(meeting=meeting, outgoing=messages)


def is_overdue(meeting: Meeting, *, now: datetime, rules: TendingRules) -> bool:
    """Return whether the message of a planned look seems to be lost."""
    planned = (meeting.tend.soon, meeting.tend.later)
    return any(_is_lost(one, now=now, rules=rules) for one in planned)


def _is_lost(planned: Planned | None, *, now: datetime, rules: TendingRules) -> bool:
    """Return whether the message of a planned look did not come for so long."""
    return planned is not None and planned.due + rules.backstop <= now


def _without_lost(meeting: Meeting, *, now: datetime, rules: TendingRules) -> Meeting:
    """Return the meeting without planned looks whose messages seem to be lost."""
    if not is_overdue(meeting, now=now, rules=rules):
        return meeting
    tend = meeting.tend
    soon = None if _is_lost(tend.soon, now=now, rules=rules) else tend.soon
    later = None if _is_lost(tend.later, now=now, rules=rules) else tend.later
    return replace(meeting, tend=replace(tend, soon=soon, later=later))


def _planned(
    meeting: Meeting, *, now: datetime, rules: TendingRules
) -> tuple[Meeting, tuple[Outgoing, ...], bool]:
    """Return the meeting with its looks planned, the messages for them, and if there are any."""
    meeting, hang_ups = _hung_up(meeting, now=now, rules=rules)
    due = looks(meeting, rules)
    meeting, tending = _with_looks(_without_lost(meeting, now=now, rules=rules), due, now=now)
    return meeting, (*tending, *hang_ups), bool(due)


def _indexed_by(
    meeting: Meeting, *, now: datetime, rules: TendingRules, due: bool, unsent: bool
) -> datetime | None:
    """Return when the backstop is to look at the meeting, whose looks are planned; None: never.

    `due`: there are any looks. `unsent` messages may be sent by other processes after the grace.
    """
    slots = (meeting.tend.soon, meeting.tend.later) if due else ()
    moments = [planned.due for planned in slots if planned is not None]
    if unsent:
        moments.append(now + rules.grace)
    return min(moments) + rules.backstop if moments else None


def _needs_index(meeting: Meeting) -> bool:
    """Return whether the backstop must know the meeting.

    Of a meeting without a bot the message of the first look is committed with its creation.
    """
    return bool(meeting.legs) or meeting.sources.looked_at is not None


def _hung_up(
    meeting: Meeting, *, now: datetime, rules: TendingRules
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Return the meeting whose legs that must not stay are being hung up, each once."""
    for leg, why in overstaying(meeting, rules, now=now):
        meeting = meeting.with_leg(replace(leg, leaving=(Leaver(why=why),), hang_up_at=None))
    outgoing: list[Outgoing] = []
    for leg in unwanted(meeting):
        if leg.call_id is not None and leg.hang_up_at is None:
            outgoing.append(hang_up(meeting, leg.call_id, again=utc_text(now)))
            meeting = meeting.with_leg(replace(leg, hang_up_at=now))
    return meeting, tuple(outgoing)


def _with_looks(
    meeting: Meeting, due: Iterable[Due], *, now: datetime
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Return the meeting with its looks, `due`, planned, and the messages they need.

    A look needs no message where that of either slot comes by then.
    """
    outgoing: list[Outgoing] = []
    slots: Iterable[Slot] = ("soon", "later")
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
