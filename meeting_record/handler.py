"""Reads a meeting's record, and says whether Rollcall is well.

Changes nothing, but for a broken chain of looks that it meets.
"""

from datetime import datetime, timedelta
from typing import Any

from meeting_record.view import Found, record_view
from shared import VERSION
from shared.health import OK, WALK_LATE_AFTER
from shared.meeting.older_legs import with_older
from shared.meeting.retention import LEAST_DAYS
from shared.services import Services
from shared.words.ids import (
    MEETING_ID,
    MeetingId,
    join_request_alias,
    meeting_id_for,
    utc_text,
)

BACKSTOP_IS_LATE = (
    f"the timer mend_meetings was not done with a walk for {WALK_LATE_AFTER.seconds} seconds"
)

MAY_BE_PURGED = timedelta(days=LEAST_DAYS)
"""How long nothing was heard of a meeting that may be purged."""


async def read_record(meeting_id: str, services: Services) -> Found:
    """Return the record of `meeting_id`. Raises `Unavailable`."""
    if MEETING_ID.fullmatch(meeting_id) is None:
        return None
    ledger = services.ledger
    opened = await services.journal.open(MeetingId(meeting_id))
    meeting = opened.meeting
    if meeting is None:
        return None
    if meeting.purged is not None:
        return meeting.purged if meeting.sequence else None
    if not meeting.known:
        return None
    await opened.mend_in_passing()
    record = meeting.record
    sealed = record.before or any(call.sealed for call in record.calls)
    pages = await ledger.pages(meeting.meeting_id) if sealed else ()
    legs = await ledger.older_legs(meeting.meeting_id) if meeting.leg_pages else ()
    if record.moment is not None and services.clock.now() - record.moment >= MAY_BE_PURGED:
        # A walk may have deleted pages since the head was read.
        again = await ledger.load(meeting.meeting_id)
        if again is not None and again.meeting.purged is not None:
            return again.meeting.purged
    return record_view(with_older(meeting, legs), pages, shown=services.policy.recording.shown)


async def find_record(request_id: str, services: Services) -> Found:
    """Return the record of the meeting that `request_id` requested.

    If one id names a request to make a meeting and a request to join one, the first kind counts.
    """
    meeting_id = meeting_id_for(tenant_id=services.policy.tenant_id, request_id=request_id)
    if (record := await read_record(meeting_id, services)) is not None:
        return record
    joined = await services.ledger.resolve_alias(join_request_alias(request_id))
    return None if joined is None else await read_record(joined, services)


async def health(services: Services) -> dict[str, Any]:
    """Return whether all is well, and nothing more: anybody may ask."""
    return {"status": (await services.checkup.report()).status}


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
