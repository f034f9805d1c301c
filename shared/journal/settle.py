"""Settle the step of a decision: fold its observations, and publish what they show.

Core. The only place that folds, so that what reached us by push or by read is recorded in the same
way. What follows from the meeting as it then stands is in meeting/follow_up.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from operator import attrgetter

from shared.calls.fold import fold
from shared.calls.history import as_change
from shared.calls.record import Commit, GroupCall, Record, SessionPage, seal
from shared.calls.weight import relieved
from shared.events.cloud_events import publish, publish_one, warn_once
from shared.events.facts import LEG_OVER, facts_between
from shared.events.replies import waiting_for
from shared.journal.step import Step
from shared.meeting.follow_up import is_overdue
from shared.meeting.legs import answer_others
from shared.meeting.meeting import Change, Meeting
from shared.meeting.packing import ROW_BYTES, adapter
from shared.meeting.places import sorted_out
from shared.meeting.sourcing import awaiting, number_in, readable
from shared.sources.spans import CLOCKS
from shared.sources.view import numbered
from shared.words.ids import LegKey
from shared.words.observations import LegSeen, Observation, RosterRead, Unparsed
from shared.words.outgoing import Fact, Outgoing
from shared.words.rules import RecordingRules, SourceRules, TendingRules

LIMITED = "recording_limited"
AFTER_JOINING = frozenset({"bot.waiting", "bot.joined"})
"""What callers hear after the answer to their join, though a callback may be recorded before."""
MANY_FAILURES = 5
"""After this many failed reads in a row a warning says that the roster cannot be read."""
UNREADABLE = "roster_unreadable"
SILENT = "callback_silent"
REVISIONS_KEPT = 64
"""Of how many calls, the newest, the head counts the corrections."""
SILENT_FOR = timedelta(minutes=5)
"""After so long without a push of people whom reads found it is said that callbacks are lost."""
# What the fold makes of a meeting; all else is edited by a decision.
_FOLDED = frozenset({"record", "days", "revisions", "version"})
_edited = attrgetter(*(one.name for one in fields(Meeting) if one.name not in _FOLDED))


def settled(
    step: Step,
    before: Meeting | None,
    *,
    now: datetime,
    rules: RecordingRules,
    tending: TendingRules,
) -> Change | None:
    """Return the change that a step makes of the meeting; None where it says nothing new.

    A meeting whose look is overdue is written in any case: that plans the look again.
    """
    meeting, observed = sorted_out(step.meeting, step.observed)
    step = replace(step, meeting=meeting, observed=observed)
    if not (observed or step.facts or step.only_news):
        return Change(meeting=step.meeting, outgoing=step.outgoing, sources=step.sources)
    room = room_of(step.meeting, rules)
    change = _observed(step, room, now=now, rules=rules, sources=tending.sources)
    if step.only_news and before is not None and not _is_news(before, change, room):
        return change if is_overdue(before, now=now, rules=tending) else None
    return change


def _observed(
    step: Step, room: int, *, now: datetime, rules: RecordingRules, sources: SourceRules
) -> Change:
    meeting, before = step.meeting, step.meeting.record
    by = Commit(
        version=meeting.version + 1,
        settle=rules.settle,
        roster_cap=rules.roster_cap,
        made_at=meeting.made_at,
        room=room,
    )
    after, heard = before, []
    for observation in step.observed:
        earlier, after = after, fold(after, [observation], by)
        heard.append(as_change(earlier, observation, after))
    kept, pages = put_away(after, room)
    shown_before, shown_after = _numbered(before, meeting), _numbered(after, meeting)
    meeting = _waiting(meeting, shown_before, shown_after, sources)
    over = {call.number for call in shown_after.known_calls if call.ended_at is not None}
    found = facts_between(
        shown_before,
        shown_after,
        revisions=meeting.revisions,
        shown=rules.shown,
        covered=meeting.sources.covered,
        final=frozenset(over - meeting.sources.awaited.keys()),
    )
    merged = meeting.sources.merged
    days = meeting.days.having_sealed(
        one
        for one in after.calls
        if one.number <= kept.before and number_in(meeting, one.number) not in merged
    )
    revisions = _revised(meeting, after, (*found, *step.facts))
    meeting = replace(meeting, record=kept, revisions=revisions, days=days)
    meeting, answers = publish(meeting, step.facts, now=now, reply=step.reply)
    meeting, events = _published(meeting, found, now=now)
    meeting, limited = _limited(meeting, after, now=now)
    meeting, unreadable = _unreadable(meeting, step.observed, now=now)
    meeting, silent = _silent(meeting, step.observed, now=now)
    return Change(
        meeting=meeting,
        heard=tuple(heard),
        outgoing=(*answers, *events, *limited, *unreadable, *silent, *step.outgoing),
        pages=pages,
        sources=step.sources,
    )


def _numbered(record: Record, meeting: Meeting) -> Record:
    """Return the record with its calls under the numbers by which they are shown."""
    taken = meeting.sources.taken
    return replace(record, calls=numbered(record.calls, taken)) if taken else record


def _waiting(meeting: Meeting, before: Record, after: Record, rules: SourceRules) -> Meeting:
    """Return the meeting that waits for sources of the calls that are over now.

    Both records have their calls under the numbers by which they are shown. A call of which a
    source may have spoken already is looked at next, and published as it says.
    """
    calls = {call.number: call for call in before.known_calls}
    changed = [
        call
        for call in after.known_calls
        if call.ended_at is not None and calls.get(call.number) != call
    ]
    until = meeting.sources.until
    touched = {
        call.number for call in changed if until is not None and call.started_at <= until + CLOCKS
    }
    if touched:
        known = meeting.sources.touched
        meeting = replace(meeting, sources=replace(meeting.sources, touched=known | touched))
    over = [call for call in changed if _is_open(calls.get(call.number))]
    return awaiting(meeting, over) if over and readable(meeting, rules) else meeting


def _is_open(call: GroupCall | None) -> bool:
    return call is None or call.ended_at is None


def room_of(meeting: Meeting, rules: RecordingRules) -> int:
    """Return how many bytes calls and people may take beside all else in the meeting's head.

    A request with a thousand attendees stands in it several times: requested, made, published.
    """
    beside = adapter(Meeting).dump_json(meeting, exclude={"record": {"calls"}})
    return min(rules.room, ROW_BYTES - len(beside))


def put_away(record: Record, room: int) -> tuple[Record, tuple[SessionPage, ...]]:
    """Return the record without what is over or finds no room, and the pages with that."""
    record, pages = seal(record)
    record, early = relieved(record, room)
    return record, (*pages, *early)


def _limited(
    meeting: Meeting, record: Record, *, now: datetime
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Warn, once a meeting, that people found no room in it."""
    full = next((call.number for call in record.calls if call.others), None)
    if full is None:
        return meeting, ()
    return warn_once(
        meeting,
        LIMITED,
        message=f"More people are in call {number_in(meeting, full)} than the record of a meeting "
        "holds. Those who come now are counted, and not listed.",
        next_step="Take participantCount as the least number of people, and the others from the "
        "attendance report of Teams. The bounds of the call's start and end still hold.",
        now=now,
    )


def _is_news(known: Meeting, change: Change, room: int) -> bool:
    """Return whether more changes than the times of the newest evidence, or a shape is to be kept.

    A duplicate of a roster that leaves people out is news: it raises the question again. What is
    over leaves the head with the next news.
    """
    after = change.meeting
    if (
        change.outgoing
        or any(isinstance(one.observation, Unparsed) for one in change.heard)
        or _edited(known) != _edited(after)
    ):
        return True
    aged, _ = put_away(known.record.as_fresh_as(after.record), room)
    return aged != after.record


def _unreadable(
    meeting: Meeting, observed: Sequence[Observation], *, now: datetime
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Warn, once a meeting, that reads fail although Graph says that the bot is in."""
    is_in = any(isinstance(one, LegSeen) and one.phase == "in" for one in observed)
    if not is_in or meeting.record.failures < MANY_FAILURES:
        return meeting, ()
    return warn_once(
        meeting,
        UNREADABLE,
        message=f"Graph says that the bot is in the meeting, but {MANY_FAILURES} reads of its "
        "roster in a row gave no answer that says who is there.",
        next_step="See whether Microsoft Graph is healthy. Ends and departures are published "
        "once a read succeeds, or with the end of the bot's leg.",
        now=now,
    )


def _silent(
    meeting: Meeting, observed: Sequence[Observation], *, now: datetime
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Warn, once a meeting, that reads find people of whom no callback spoke for so long."""

    def shows_silence(read: Observation) -> bool:
        leg = meeting.leg(read.leg_key) if isinstance(read, RosterRead) else None
        since = leg.silent_since if leg is not None else None
        return since is not None and now - since >= SILENT_FOR

    if not any(map(shows_silence, observed)):
        return meeting, ()
    return warn_once(
        meeting,
        SILENT,
        message="The bot is in the meeting and reads of the roster find people, but Graph's "
        "callbacks do not arrive.",
        next_step="See whether Graph reaches PUBLIC_URL: DNS, certificate, firewall, and the "
        "answers in the log of the function call_callback. Until then times are those of reads, a "
        "few minutes apart.",
        now=now,
    )


def _published(
    meeting: Meeting, facts: Iterable[Fact], *, now: datetime
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Publish `facts`; those about a leg also to the requests that wait for them."""
    outgoing: list[Outgoing] = []
    for fact in facts:
        leg = meeting.leg(LegKey(fact.data.get("legKey", "")))
        awaited = leg is not None and leg.over is None
        held = leg is not None and leg.joining is None and fact.name in AFTER_JOINING
        others = waiting_for(fact.name, leg) if leg is not None and awaited and not held else ()
        meeting, kept, events = publish_one(meeting, fact, now=now, to=others)
        outgoing += events
        if leg is None or not awaited:
            continue
        if held and leg.callers:
            meeting = meeting.with_leg(replace(leg, held=kept))
        elif fact.name == "bot.joined":
            meeting = meeting.with_leg(leg.heard_by(()))
        elif fact.name in LEG_OVER:
            if leg.more_leaving:
                outgoing.append(answer_others(meeting, leg))
            over = replace(leg.heard_by(()), over=kept)
            meeting = meeting.with_leg(over)
    return meeting, tuple(outgoing)


def _revised(meeting: Meeting, record: Record, facts: Iterable[Fact]) -> dict[int, int]:
    """Return how many corrections were published of the newest calls, and of those of the head.

    Calls that only a source knew may get many numbers at once, all of them newer.
    """
    revisions = dict(meeting.revisions)
    for fact in facts:
        if fact.name == "call.corrected" and fact.call_number is not None:
            revisions[fact.call_number] = revisions.get(fact.call_number, 0) + 1
    newest = sorted(revisions)[-REVISIONS_KEPT:]
    kept = {*newest, *(number_in(meeting, call.number) for call in record.calls)}
    return {number: revisions[number] for number in sorted(revisions) if number in kept}
