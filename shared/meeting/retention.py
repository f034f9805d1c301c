"""How long a meeting's record is kept, and what stays of it afterwards. Core.

A record is purged as a whole. A tombstone stays in its place: ids, and the counters with which a
new life under the same id goes on. `Traces` name the rows outside the partition that lead to it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta

from shared.calls.record import GroupCall, SessionPage
from shared.legs.leg import Leaver
from shared.meeting.days import day_of
from shared.meeting.legs import standing
from shared.meeting.listing import list_due
from shared.meeting.meeting import LegPage, Meeting, Purged, Tending, Traces
from shared.words.coordinates import alias_of, aliases_of, thread_alias
from shared.words.errors import Transient
from shared.words.ids import join_request_alias

ONE_DAY = timedelta(days=1)


def purge_day(meeting: Meeting, *, now: datetime, days: int) -> date:
    """Return the day (UTC) from which the meeting may be purged.

    On that day each moment that the meeting holds is at least its retention old: the planned end,
    the last call, the last sign of a leg. `days` is the retention where no request named one. While
    the meeting is unfinished, the day is tomorrow or later.
    """
    kept = timedelta(days=meeting.retention_days or days)
    # Which looks are planned is no sign of life: their messages may be of a leg that is gone.
    untended = replace(meeting, tend=Tending())
    newest = max(moments_in(untended), default=now - kept - ONE_DAY)
    # The next day: on it each moment is old enough at any hour.
    day = day_of(newest + kept) + ONE_DAY
    return max(day, day_of(now) + ONE_DAY) if is_unfinished(meeting, now=now) else day


def is_unfinished(meeting: Meeting, *, now: datetime) -> bool:
    """Return whether a leg lives, a call is open or the lists of days are to be written.

    Looks at sources do not count: the retention runs from the last of them. What waits for one that
    comes later than that is purged before it.
    """
    legs = standing(meeting, now=now)
    open_call = meeting.record.open_call is not None
    unlisted = bool(meeting.legs) and list_due(meeting) is not None
    return bool(legs.bound or legs.held) or open_call or unlisted


def moments_in(value: object) -> Iterator[datetime]:
    """Yield every moment in a value, at any depth: no field that is added can be forgotten."""
    match value:
        case datetime():
            yield value
        case Mapping():
            for member in value.values():
                yield from moments_in(member)
        case tuple() | list() | frozenset():
            for member in value:
                yield from moments_in(member)
        case _ if is_dataclass(value):
            for one in fields(value):
                yield from moments_in(getattr(value, one.name))


def must_be_scheduled(before: Meeting | None, after: Meeting) -> bool:
    """Tell whether a commit needs an entry in the index of purges.

    The first commit of a life does, and one that learns the retention that a request names.
    """
    if after.purged is not None:
        return False
    return (
        before is None or before.purged is not None or before.retention_days != after.retention_days
    )


def tombstone_of(meeting: Meeting, *, at: datetime) -> Meeting:
    """Return what stays of a meeting that is purged at `at`, with the traces that its head knows.

    Traces that pages know are read from the pages.
    """
    return Meeting(
        meeting_id=meeting.meeting_id,
        tenant_id=meeting.tenant_id,
        correlation_id=meeting.correlation_id,
        traceparent=meeting.traceparent,
        version=meeting.version,
        sequence=meeting.sequence,
        lives=meeting.lives + 1,
        purged=Purged(at=at, left=traces_of(meeting)),
    )


def begun(known: Meeting | None, newcomer: Meeting) -> Meeting:
    """Return the meeting that a request goes on with: `known`, or `newcomer` where there is none.

    In the place of a tombstone a newcomer goes on counting, so its events are no repeats.
    """
    if known is None:
        return newcomer
    if known.purged is None:
        return known
    return replace(
        newcomer,
        version=known.version,
        sequence=known.sequence,
        lives=known.lives,
        leave_asked=known.leave_asked,
    )


def require_as_seen(meeting: Meeting | None, seen: Meeting | None) -> None:
    """Raise `Transient` if `meeting` was purged since it was `seen`."""
    if meeting is not None and meeting.purged is not None:
        before = seen.purged if seen is not None else None
        if before is None or before.at != meeting.purged.at:
            raise Transient("the meeting was purged meanwhile")


def require_cleared(before: Meeting | None, seen: Meeting | None, after: Meeting) -> None:
    """Raise `Transient` if `after` begins a new life where rows of the last one were `seen` left.

    An alias that was claimed for the new life might be deleted with them.
    """
    if before is None or before.purged is None or after.purged is not None:
        return
    if seen is None or seen.purged is None or seen.purged.left is not None:
        raise Transient("the meeting is being purged")


def traces_of(meeting: Meeting) -> Traces:
    """Return the aliases and the days that a meeting's head knows of."""
    aliases = {*meeting.aliases} | ({meeting.thread} if meeting.thread is not None else set())
    if meeting.online is not None:
        aliases |= aliases_of(meeting.online.coordinates)
    if meeting.target is not None:
        aliases.add(alias_of(meeting.target))
    given = meeting.post_claim.given if meeting.post_claim is not None else None
    if given is not None:
        aliases.add(thread_alias(given.thread_id, given.message_id))
        aliases |= {given.said.join_meeting_id} if given.said.join_meeting_id else set()
    for leg in meeting.legs:
        aliases |= _requests(leg.asked, leg.leaving)
    days = {*meeting.days.listed, *meeting.days.before, *_days_of(meeting.record.calls)}
    if meeting.asked is not None:
        days.add(day_of(meeting.asked.start_date_time))
    return Traces(aliases=frozenset(aliases), days=frozenset(days))


def traces_in(pages: Iterable[SessionPage], leg_pages: Iterable[LegPage]) -> Traces:
    """Return the aliases and the days that are known from what left the head."""
    calls = (page.call for page in pages if page.call is not None)
    aliases = (_requests(page.asked, page.leaving) for page in leg_pages)
    return Traces(aliases=frozenset().union(*aliases), days=frozenset(_days_of(calls)))


def _requests(asked: Iterable[str], leaving: Iterable[Leaver]) -> set[str]:
    """Return the aliases of the requests about a leg. Not every request has one."""
    leavers = (one.request_id for one in leaving if one.why == "requested")
    return {join_request_alias(request_id) for request_id in (*asked, *leavers)}


def _days_of(calls: Iterable[GroupCall]) -> set[date]:
    return {day_of(call.started_at) for call in calls}
