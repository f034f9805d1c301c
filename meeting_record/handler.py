"""Reads records, lists and logs of meetings, and says whether Rollcall is well.

Changes nothing, but for a broken chain of looks that it meets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meeting_record.answers import (
    Answer,
    gone,
    json_answer,
    log_answer,
    record_answer,
)
from meeting_record.asked import (
    OF_REQUEST,
    Asked,
    day_of_list,
    form_of,
    whole_number,
    without_parameters,
)
from meeting_record.day_list import PAGE, day_view, first_of
from meeting_record.log_lines import LAST_VERSION, MOST_ROWS, log_lines, names_of, with_creation
from meeting_record.now import now_view
from meeting_record.view import Found, in_progress, is_answered, record_view
from shared import VERSION
from shared.calls.record import SessionPage
from shared.health import OK, WALK_LATE_AFTER
from shared.meeting.meeting import Meeting, Purged
from shared.meeting.older_legs import with_older
from shared.services import Services
from shared.words.ids import (
    MEETING_ID,
    MeetingId,
    join_request_alias,
    meeting_id_for,
    utc_text,
)
from shared.words.rules import LEAST_DAYS

BACKSTOP_IS_LATE = (
    f"the timer mend_meetings was not done with a walk for {WALK_LATE_AFTER.seconds} seconds"
)

MAY_BE_PURGED = timedelta(days=LEAST_DAYS)
"""How long nothing was heard of a meeting that may be purged."""


async def answer_record(meeting_id: str, asked: Asked, services: Services) -> Answer:
    """Answer the record of a meeting. Raises `BadRequest` and `Unavailable`, as all here do."""
    form = form_of(asked)
    return record_answer(await read_record(meeting_id, services), form)


async def answer_meetings(asked: Asked, services: Services) -> Answer:
    """Answer the record of the meeting that a request requested, or the meetings of a day."""
    request_id = asked.parameters.get("requestId")
    if request_id is not None:
        form = form_of(asked, beside=OF_REQUEST)
        return record_answer(await find_record(request_id, services), form)
    day = day_of_list(asked)
    tenant_id = services.policy.tenant_id
    first = first_of(day, tenant_id)
    listed = services.ledger.day(day.day, first=first, open_only=day.open_only, most=PAGE + 1)
    return json_answer(day_view([one async for one in listed], day, tenant_id))


async def answer_log(meeting_id: str, asked: Asked, services: Services) -> Answer:
    """Answer a page of what a meeting's commits heard and published."""
    after = whole_number(asked, "after", most=LAST_VERSION)
    meeting = await _head(meeting_id, services)
    if not isinstance(meeting, Meeting):
        return gone(meeting)
    ledger = services.ledger
    entries = await ledger.log(meeting.meeting_id, after=after, most=MOST_ROWS)
    entries = entries if after else with_creation(meeting, entries)
    pages = await ledger.pages(meeting.meeting_id) if _has_pages(meeting) and entries else ()
    if (purged := await purged_meanwhile(meeting, services)) is not None:
        return gone(purged)
    lines = log_lines(entries, names_of(meeting, pages), shown=services.policy.recording.shown)
    return log_answer(lines, meeting_id, entries[-1].version if entries else None)


async def answer_now(meeting_id: str, asked: Asked, services: Services) -> Answer:
    """Answer who is in a meeting, from one request to the tables."""
    without_parameters(asked)
    meeting = await _head(meeting_id, services)
    if not isinstance(meeting, Meeting):
        return gone(meeting)
    return json_answer(now_view(meeting, shown=services.policy.recording.shown))


async def _head(meeting_id: str, services: Services) -> Meeting | Purged | None:
    """Return what the head says: of a meeting that is known, or that it was purged."""
    if MEETING_ID.fullmatch(meeting_id) is None:
        return None
    stored = await services.ledger.load(MeetingId(meeting_id))
    if stored is None:
        return None
    meeting = stored.meeting
    if meeting.purged is not None:
        return meeting.purged if meeting.sequence else None
    return meeting if meeting.known else None


def _has_pages(meeting: Meeting) -> bool:
    record = meeting.record
    return bool(record.before) or any(call.sealed for call in record.calls)


async def read_record(meeting_id: str, services: Services) -> Found:
    """Return the record of `meeting_id`. Raises `Unavailable`."""
    return (await read_meeting(meeting_id, services)).record


async def read_meeting(meeting_id: str, services: Services) -> "Read":
    """Return the meeting of `meeting_id`, or that to which it turned out to lead."""
    if MEETING_ID.fullmatch(meeting_id) is None:
        return Read()
    return await _read(MeetingId(meeting_id), services)


async def find_record(request_id: str, services: Services) -> Found:
    """Return the record of the meeting that `request_id` requested, or how far the request is.

    If one id names a request to make a meeting and a request to join one, the first kind counts.
    """
    own_id = meeting_id_for(tenant_id=services.policy.tenant_id, request_id=request_id)
    own = await _read(own_id, services)
    if own.record is not None:
        return own.record
    joined_id = await services.ledger.resolve_alias(join_request_alias(request_id))
    joined = await _read(joined_id, services) if joined_id is not None else Read()
    trying = own.meeting.trying if own.meeting is not None else None
    if trying is None:
        return joined.record
    meeting = joined.meeting
    if meeting is not None and is_answered(meeting, request_id, since=trying.tried_at):
        return joined.record
    return in_progress(request_id, trying, joined.record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A meeting as it was read, with all its legs, and the record of it that readers see.

    `pages`: what left its head.
    """

    record: Found = None
    meeting: Meeting | None = None
    pages: Sequence[SessionPage] = ()


async def _read(meeting_id: MeetingId, services: Services) -> Read:
    opened = await services.journal.open(meeting_id)
    meeting = opened.meeting
    if meeting is None:
        return Read()
    if meeting.purged is not None:
        return Read(record=meeting.purged if meeting.sequence else None)
    if meeting.same_as is not None:
        return await _read(meeting.same_as, services)
    if not meeting.known:
        return Read(meeting=meeting)
    ledger = services.ledger
    await opened.mend_in_passing()
    pages = await ledger.pages(meeting.meeting_id) if _has_pages(meeting) else ()
    # A source may have been read since the head was: it corrects, and contradicts nothing.
    sources = await ledger.sources(meeting.meeting_id) if meeting.sources.seen else ()
    legs = await ledger.older_legs(meeting.meeting_id) if meeting.leg_pages else ()
    if (purged := await purged_meanwhile(meeting, services)) is not None:
        return Read(record=purged)
    whole = with_older(meeting, legs)
    recording = services.policy.recording
    record_seen = record_view(whole, pages, sources, shown=recording.shown, settle=recording.settle)
    return Read(record=record_seen, meeting=whole, pages=pages)


async def purged_meanwhile(meeting: Meeting, services: Services) -> Purged | None:
    """Return that a walk may have deleted rows of the meeting since its head was read."""
    moment = meeting.record.moment
    if moment is None or services.clock.now() - moment < MAY_BE_PURGED:
        return None
    again = await services.ledger.load(meeting.meeting_id)
    return None if again is None else again.meeting.purged


async def health(services: Services) -> dict[str, Any]:
    """Return whether all is well, and nothing more: anybody may ask."""
    return {"status": await services.checkup.status()}


async def health_details(services: Services) -> dict[str, Any]:
    """Return the version, how each part is, and when the backstop last walked."""
    report = await services.checkup.report()
    return {
        "status": report.status,
        "version": VERSION,
        **report.parts,
        "backstop": BACKSTOP_IS_LATE if report.walk_is_late else OK,
        "lastWalk": _walk(report.last_walk, report.at),
        "examinedAt": utc_text(report.at),
    }


def _walk(at: datetime | None, now: datetime) -> dict[str, Any] | None:
    if at is None:
        return None
    # The process that noted it may have a clock ahead of ours.
    return {"at": utc_text(at), "ageSeconds": max(0.0, round((now - at).total_seconds(), 1))}
