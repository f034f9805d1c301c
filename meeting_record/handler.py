"""Reads a meeting's record, and says whether Rollcall is well.

Changes nothing, but for a broken chain of looks that it meets.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meeting_record.view import Found, in_progress, is_answered, record_view
from shared import VERSION
from shared.health import OK, WALK_LATE_AFTER
from shared.meeting.meeting import Meeting
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


async def read_record(meeting_id: str, services: Services) -> Found:
    """Return the record of `meeting_id`. Raises `Unavailable`."""
    if MEETING_ID.fullmatch(meeting_id) is None:
        return None
    return (await _read(MeetingId(meeting_id), services)).record


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
    """A meeting as it was read, with all its legs, and the record of it that readers see."""

    record: Found = None
    meeting: Meeting | None = None


async def _read(meeting_id: MeetingId, services: Services) -> Read:
    opened = await services.journal.open(meeting_id)
    meeting = opened.meeting
    if meeting is None:
        return Read()
    if meeting.purged is not None:
        return Read(record=meeting.purged if meeting.sequence else None)
    if not meeting.known:
        return Read(meeting=meeting)
    ledger = services.ledger
    await opened.mend_in_passing()
    record = meeting.record
    sealed = record.before or any(call.sealed for call in record.calls)
    pages = await ledger.pages(meeting.meeting_id) if sealed else ()
    legs = await ledger.older_legs(meeting.meeting_id) if meeting.leg_pages else ()
    if record.moment is not None and services.clock.now() - record.moment >= MAY_BE_PURGED:
        # A walk may have deleted pages since the head was read.
        again = await ledger.load(meeting.meeting_id)
        if again is not None and again.meeting.purged is not None:
            return Read(record=again.meeting.purged)
    whole = with_older(meeting, legs)
    record_seen = record_view(whole, pages, shown=services.policy.recording.shown)
    return Read(record=record_seen, meeting=whole)


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
