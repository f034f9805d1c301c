"""What follows from what a look at sources read. Core.

New calls get their numbers here, in the commit that publishes them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.calls.record import GroupCall, SessionPage
from shared.events.cloud_events import warn_once
from shared.events.corrections import corrections
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.meeting.shown import numbers_in, whole_calls
from shared.meeting.sourcing import (
    having_ended,
    having_failed,
    having_looked,
    number_in,
)
from shared.sources.kept import (
    Found,
    KeptSource,
    Numbers,
    Runs,
    count_of,
    key_for,
    key_of,
    speaks_until,
)
from shared.sources.spans import CLOCKS, SourceCall, source_calls
from shared.sources.view import ShownCall, view, without_number
from shared.words.observations import GivenUp
from shared.words.outgoing import Outgoing
from shared.words.rules import Shown, SourceRules
from shared.words.sources import Source
from tend_meeting.sources.reading import NOT_READABLE, Read, is_of

SEEN_KEPT = 96
"""Of how many sources, the newest, the head knows the version. Graph lists 50 reports."""
MISSING = "source_missing"
MISSING_NEXT = (
    "Where reports never come, a Teams administrator lets them be made: Set-CsTeamsMeetingPolicy "
    "-AllowEngagementReport Enabled, in the policy of the organizer {organizer}; an organizer may "
    "also have turned them off in the options of the meeting. A call without a report stays as the "
    "bot saw it."
)
"""Source: https://learn.microsoft.com/microsoftteams/teams-analytics-and-reporting/meeting-attendance-report"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the ledger had of a meeting when a look began."""

    meeting: Meeting
    pages: Sequence[SessionPage]
    sources: Sequence[KeptSource]

    def is_of(self, meeting: Meeting) -> bool:
        """Return whether that is still all there is of its calls and sources."""
        known = self.meeting
        same = meeting.record.calls == known.record.calls
        return same and meeting.sources == known.sources


def give_up(meeting: Meeting, read: Read, *, settle: timedelta, now: datetime) -> Step | None:
    """Return the step that ends an unwatched call of which a source says that it is over.

    The bot may have stayed when all had left, so when it was heard last says nothing of people.
    """
    call, legs = meeting.record.open_call, meeting.legs
    if call is None or call.provisional or call.unwatched_since is None or not legs:
        return None
    if any(leg.has_call for leg in legs):
        return None
    seen = [moment for one in call.there() for moment in (one.first_seen, one.last_seen)]
    last = max((call.started_at, *(one for one in seen if one is not None)))
    for said in source_calls(map(_people, read.sources), settle=settle):
        if said.hull.started_at - CLOCKS <= last <= said.hull.ended_at + CLOCKS:
            return Step(meeting=meeting, observed=(GivenUp(at=now, leg_key=legs[-1].key),))
    return None


def record_nothing_new(
    known: Meeting, now: datetime, *, read: Read, rules: SourceRules
) -> Step | None:
    """Return the step of a look that changes nothing that is shown; None where it may.

    It needs the head alone. Most looks are such. A covered call that left the head was counted for
    the lists of days as it was observed: it is to be counted anew, as sources say.
    """
    left = known.sources.covered - _in_head(known)
    if left or known.sources.touched or any(is_of(known, one, now=now) for one in read.sources):
        return None
    looked = _looked(known, read, {}, (), rules, now=now)
    if looked.sources.awaited != known.sources.awaited:
        return None
    meeting, warning = _warned(looked, read, (), now=now)
    return Step(meeting=meeting, outgoing=warning)


def record_sources(
    known: Meeting,
    now: datetime,
    *,
    kept: Kept | None,
    read: Read,
    rules: SourceRules,
    settle: timedelta,
    shown: Shown,
) -> Step | None:
    """Return the step that records and publishes what was read; None where `kept` is out of date.

    Two workers may read one source: the second finds that the head has it.
    """
    if kept is None or not kept.is_of(known):
        return None
    observed = whole_calls(known.record, kept.pages)
    before = _published(known, observed, kept.sources, settle)
    sources = {key_of(one.source): one for one in kept.sources}
    new = {key_of(one): _people(one) for one in read.sources if is_of(known, one, now=now)}
    for key, source in new.items():
        given = sources[key].found if key in sources else ()
        sources[key] = KeptSource(source=source, found=given)
    sources, changed = _with_numbers(known, observed, sources, settle)
    found = [one for key in changed for one in sources[key].found]
    looked = _looked(known, read, new, found, rules, now=now)
    numbers = numbers_in(looked, sources.values())
    after = _shown(observed, sources.values(), numbers, settle)
    meeting, after = _covered(looked, numbers.taken, after)
    meeting = replace(meeting, days=meeting.days.having_counted(_beside_head(meeting, after)))
    uncovered = known.sources.awaited.keys() - meeting.sources.awaited.keys()
    uncovered -= {one.call.number for one in after if one.confirmed or one.merged_into is not None}
    never = read.reports == 0 and not meeting.sources.reported
    meeting, warning = _warned(meeting, read, uncovered if never else (), now=now)
    facts = corrections(
        before,
        after,
        touched=_changed(known, observed, (*before, *after)),
        revisions=known.revisions,
        version=known.version + 1,
        shown=shown,
    )
    return Step(
        meeting=meeting,
        facts=tuple(facts),
        outgoing=warning,
        sources=tuple(sources[key] for key in sorted(new.keys() | changed)),
    )


def _shown(
    observed: Iterable[GroupCall],
    sources: Iterable[KeptSource],
    numbers: Numbers,
    settle: timedelta,
) -> tuple[ShownCall, ...]:
    return view(observed, [one.source for one in sources], numbers, settle=settle)


def _published(
    known: Meeting,
    observed: Sequence[GroupCall],
    sources: Sequence[KeptSource],
    settle: timedelta,
) -> tuple[ShownCall, ...]:
    """Return the calls as they were published: as observed, where no look covered them yet.

    Of those that one covered, what was heard since is not published yet.
    """
    numbers = numbers_in(known, sources)
    waits = (known.sources.awaited.keys() | _in_head(known)) - known.sources.covered
    covered = [
        _as_of(one, known.sources.published) if number in known.sources.covered else one
        for one in observed
        if (number := number_in(known, one.number)) not in waits
    ]
    alone = view(observed, (), numbers, settle=settle)
    return (
        *_shown(covered, sources, numbers, settle),
        *(one for one in alone if one.call.number in waits),
    )


def _as_of(call: GroupCall, version: int | None) -> GroupCall:
    """Return a call without the people that commits after `version` named."""
    if version is None:
        return call
    known = {key: one for key, one in call.sessions.items() if one.first_version <= version}
    return replace(call, sessions=known)


def _changed(known: Meeting, observed: Iterable[GroupCall], shown: Iterable[ShownCall]) -> set[int]:
    """Return the covered calls that evidence changed, and those that sources made of them."""
    touched = known.sources.touched & known.sources.covered
    sessions = {
        name for one in observed if number_in(known, one.number) in touched for name in one.sessions
    }
    into = {one.merged_into for one in shown if one.call.number in touched}
    holding = {one.call.number for one in shown if sessions & one.call.sessions.keys()}
    return {number for number in touched | into | holding if number is not None}


def _people(source: Source) -> Source:
    """Return a source without applications, ours among them."""
    people = tuple(one for one in source.attended if not one.is_application)
    return replace(source, attended=people)


def _with_numbers(
    meeting: Meeting,
    observed: Sequence[GroupCall],
    sources: Mapping[str, KeptSource],
    settle: timedelta,
) -> tuple[dict[str, KeptSource], set[str]]:
    """Return the sources with a number for each call that only they know, and which have new."""
    numbered, changed = dict(sources), set[str]()
    numbers = numbers_in(meeting, sources.values())
    said = [one.source for one in sources.values()]
    last = len(observed) + count_of(numbers.taken)
    for call in without_number(observed, said, numbers, settle=settle):
        last += 1
        key = _key_in(call)
        span = call.best.span
        found = Found(
            number=last,
            started_at=span.started_at,
            ended_at=span.ended_at,
            basis=call.best.kind,
        )
        holder = numbered[key]
        numbered[key] = replace(holder, found=(*holder.found, found))
        changed.add(key)
    return numbered, changed


def _looked(
    meeting: Meeting,
    read: Read,
    new: Mapping[str, Source],
    found: Iterable[Found],
    rules: SourceRules,
    *,
    now: datetime,
) -> Meeting:
    looked = (
        having_failed(meeting, now=now)
        if read.unanswered
        else having_looked(meeting, rules, now=now)
    )
    seen = {key: version for key, version in meeting.sources.seen.items() if key not in new}
    seen |= {key: source.version for key, source in new.items()}
    kept = dict(list(seen.items())[-SEEN_KEPT:])
    again_at = now if read.more and new else looked.sources.again_at
    until = speaks_until(looked.sources.until, new.values())
    sources = having_ended(looked.sources, (one.ended_at for one in found))
    reported = sources.reported or bool(read.reports)
    sources = replace(sources, until=until, seen=kept, again_at=again_at, reported=reported)
    return replace(looked, sources=sources)


def _covered(
    meeting: Meeting, taken: Runs, after: Sequence[ShownCall]
) -> tuple[Meeting, tuple[ShownCall, ...]]:
    """Return the meeting that waits no more for calls of which a source speaks; they are final."""
    confirmed = {one.call.number for one in after if one.confirmed}
    sources = meeting.sources
    awaited = {key: end for key, end in sources.awaited.items() if key not in confirmed}
    meeting = replace(meeting, sources=replace(sources, taken=taken, awaited=awaited))
    in_head = _in_head(meeting)
    merged = {one.call.number for one in after if one.merged_into is not None}
    sources = replace(
        meeting.sources,
        covered=frozenset(confirmed & in_head),
        merged=frozenset(merged & in_head),
        touched=frozenset(),
        # What is heard in the same transaction, by a later decision, is not published with this.
        published=meeting.version,
    )
    final = tuple(
        replace(one, final=one.call.ended_at is not None and one.call.number not in awaited)
        for one in after
    )
    return replace(meeting, sources=sources), final


def _beside_head(meeting: Meeting, after: Sequence[ShownCall]) -> list[GroupCall]:
    """Return the calls that the head does not hold, but for those that are part of others."""
    in_head = _in_head(meeting)
    return [one.call for one in after if one.call.number not in in_head and one.merged_into is None]


def _in_head(meeting: Meeting) -> set[int]:
    return {number_in(meeting, call.number) for call in meeting.record.calls}


def _warned(
    meeting: Meeting, read: Read, missing: Collection[int], *, now: datetime
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Return the warning that reports may not be read; else, that none came.

    `missing`: calls of which no source spoke, where Graph never listed a report of the meeting.
    """
    refused = read.refused
    if refused is not None and read.lacks_permission:
        said, next_step = refused.message, refused.next_step
        return warn_once(meeting, NOT_READABLE, message=said, next_step=next_step, now=now)
    if not missing or meeting.asked is None:
        return meeting, ()
    return warn_once(
        meeting,
        MISSING,
        message="Graph had no attendance report of the meeting, as long as one was looked for. The "
        f"times of group call {min(missing)} are those that the bot saw.",
        next_step=MISSING_NEXT.format(organizer=meeting.asked.organizer_id),
        now=now,
    )


def _key_in(call: SourceCall) -> str:
    """Return the key of the source that keeps the number of a call."""
    layer = call.best
    return key_for(layer.kind, layer.source_ids[0])
