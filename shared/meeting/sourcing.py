"""Whether and when dated sources are read, and which calls wait for them. Core.

A source speaks minutes to hours after a call. Each call is final once a source covers it, at the
latest when the last look is over. The looks go on all the same: people may come back when the bot
has left, and a better source, or another edition of a record, comes later than the first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from shared.calls.record import GroupCall
from shared.legs.leg import Leg
from shared.meeting.meeting import Meeting
from shared.sources.kept import Sourcing, number_of
from shared.words.rules import SourceRules

JITTER = 0.1
"""By which part of its pause a look may come earlier: meetings that end at once are not read so."""
PAUSES = timedelta(seconds=30), timedelta(minutes=5)
"""The first and the longest pause after a look that Graph did not answer."""
OUTLIVED = timedelta(days=1)
"""By how much a call may outlive the last leg that was in it: before that it is taken for over."""
MOST_RECORDS = 20
"""How many call records a look reads, those of the newest legs. Each takes a request or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """What may be read of a meeting: its reports, as (organizer, meeting), and records by chain.

    `older`: records may also be had by legs that left the head.
    """

    reports: tuple[str, str] | None = None
    chain_ids: tuple[str, ...] = ()
    older: bool = False

    def __bool__(self) -> bool:
        """Return whether any source can speak."""
        return self.reports is not None or bool(self.chain_ids) or self.older


def readable(meeting: Meeting, rules: SourceRules) -> Readable:
    """Return which sources can speak of a meeting.

    Reports are of meetings of ours, until they are deleted. A call record is of a conference in
    which a leg of ours was; those of legs are left out that were gone before all that waits.
    """
    if not rules.after or meeting.purged is not None:
        return Readable()
    asked, online, cancelled = meeting.asked, meeting.online, meeting.cancellation
    reports = None
    if asked is not None and online is not None and (cancelled is None or not cancelled.done_at):
        reports = asked.organizer_id, online.coordinates.online_meeting_id
    if not rules.call_records:
        return Readable(reports=reports)
    oldest = min(_ends(meeting), default=None)
    chains = (
        chain
        for leg in meeting.legs
        if leg.came_in and leg.place == "here" and _may_speak(leg, oldest)
        for chain in leg.chain_ids
    )
    return Readable(
        reports=reports,
        chain_ids=tuple(dict.fromkeys(chains))[-MOST_RECORDS:],
        older=meeting.leg_pages > 0,
    )


def looked_since(meeting: Meeting) -> datetime | None:
    """Return the end from which looks are counted; None while there is none.

    It is that of the newest call, or when the open call was heard last. Where no call was seen, it
    is the planned end.
    """
    record, sources = meeting.record, meeting.sources
    if ends := _ends(meeting):
        return max(ends)
    asked = meeting.asked
    if record.before or record.known_calls or sources.taken or asked is None:
        return None
    # A bot that is on its way brings looks of its own.
    expected = asked.join != "never" and not meeting.legs
    return None if expected else asked.end_date_time


def sources_due(meeting: Meeting, rules: SourceRules) -> datetime | None:
    """Return when sources are read next; None where none can speak, or nothing is waited for.

    Calls for which no source can speak any more are final at once. What has changed of calls of
    which sources spoke before is published all the same.
    """
    since, sources = looked_since(meeting), meeting.sources
    can_speak = bool(readable(meeting, rules))
    if can_speak and sources.again_at is not None:
        return sources.again_at
    if sources.touched and meeting.record.moment is not None:
        return meeting.record.moment
    if not can_speak:
        return min(sources.awaited.values(), default=None)
    if since is None:
        return None
    looked_at = sources.looked_at
    coming = (at for at in _moments(meeting, since, rules) if looked_at is None or at > looked_at)
    final = (_final_at(meeting, end, rules) for end in sources.awaited.values())
    return min((*coming, *final), default=None)


def having_looked(meeting: Meeting, rules: SourceRules, *, now: datetime) -> Meeting:
    """Return the meeting after a look: it waits no more for what was waited for long enough."""
    sources = meeting.sources
    awaited = {
        number: end
        for number, end in sources.awaited.items()
        if readable(meeting, rules) and now < _final_at(meeting, end, rules)
    }
    looked = replace(sources, looked_at=now, awaited=awaited, again_at=None, failures=0)
    return replace(meeting, sources=looked)


def is_patient(meeting: Meeting, rules: SourceRules, *, now: datetime) -> bool:
    """Return whether there is time to repeat a look that Graph did not answer."""
    since = looked_since(meeting)
    ends = (since, *meeting.sources.awaited.values())
    return all(end is not None and now < _final_at(meeting, end, rules) for end in ends)


def having_failed(meeting: Meeting, *, now: datetime) -> Meeting:
    """Return the meeting after a look that Graph did not answer: it is repeated before long."""
    sources = meeting.sources
    first, longest = PAUSES
    pause = min(first * (1 << min(sources.failures, 8)), longest)
    failed = replace(sources, failures=sources.failures + 1, again_at=now + pause)
    return replace(meeting, sources=failed)


def awaiting(meeting: Meeting, calls: Iterable[GroupCall]) -> Meeting:
    """Return the meeting that waits for sources of `calls`, which are over."""
    ends = {call.number: call.ended_at for call in calls if call.ended_at is not None}
    sources = having_ended(meeting.sources, ends.values())
    return replace(meeting, sources=replace(sources, awaited={**sources.awaited, **ends}))


def having_ended(sources: Sourcing, ends: Iterable[datetime]) -> Sourcing:
    """Return the sources of a meeting whose looks are counted from the newest end."""
    known = [sources.since] if sources.since is not None else []
    return replace(sources, since=max((*known, *ends), default=None))


def number_in(meeting: Meeting, place: int) -> int:
    """Return the number of the fold's call at `place`."""
    return number_of(place, meeting.sources.taken)


def _ends(meeting: Meeting) -> list[datetime]:
    """Return the ends of the calls that wait and of the newest, and when the open one was heard."""
    call, sources = meeting.record.open_call, meeting.sources
    unheard = call.unwatched_since if call is not None else None
    newest = [one for one in (sources.since, unheard) if one is not None]
    return [*sources.awaited.values(), *newest]


def _may_speak(leg: Leg, oldest: datetime | None) -> bool:
    """Return whether a call that ended at `oldest`, or later, may have been heard by the leg."""
    gone_at = leg.gone_at
    return oldest is None or gone_at is None or gone_at + OUTLIVED >= oldest


def _moments(meeting: Meeting, since: datetime, rules: SourceRules) -> list[datetime]:
    """Return when looks come that are counted from `since`."""
    return [
        since + pause * (1 - JITTER * crc32(f"{meeting.meeting_id} {place}".encode()) / 2**32)
        for place, pause in enumerate(rules.after)
    ]


def _final_at(meeting: Meeting, end: datetime, rules: SourceRules) -> datetime:
    """Return when a call that ended at `end` is final though no source spoke of it."""
    return _moments(meeting, end, rules)[-1]
