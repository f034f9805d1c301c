"""Reads a meeting's record, and says whether Rollcall is well.

Changes nothing, but for a broken chain of looks that it meets.
"""

from datetime import datetime
from typing import Any

from meeting_record.view import record_view
from shared.health import OK, WALK_LATE_AFTER
from shared.meeting.older_legs import with_older
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


async def read_record(meeting_id: str, services: Services) -> dict[str, Any] | None:
    """Return the record of `meeting_id`; None where it is not known. Raises `Unavailable`."""
    if MEETING_ID.fullmatch(meeting_id) is None:
        return None
    opened = await services.journal.open(MeetingId(meeting_id))
    meeting = opened.meeting
    if meeting is None or not meeting.known:
        return None
    await opened.mend_in_passing()
    record = meeting.record
    pages = (
        await services.ledger.pages(MeetingId(meeting_id))
        if record.before or any(call.sealed for call in record.calls)
        else ()
    )
    legs = await services.ledger.older_legs(MeetingId(meeting_id)) if meeting.leg_pages else ()
    return record_view(with_older(meeting, legs), pages, shown=services.policy.recording.shown)


async def find_record(request_id: str, services: Services) -> dict[str, Any] | None:
    """Return the record of the meeting that `request_id` requested; None where it is not known.

    If one id names a request to make a meeting and a request to join one, the first kind counts.
    """
    meeting_id = meeting_id_for(tenant_id=services.policy.tenant_id, request_id=request_id)
    if (record := await read_record(meeting_id, services)) is not None:
        return record
    joined, number = None, 1
    while later := await services.ledger.resolve_alias(join_request_alias(request_id, number)):
        joined, number = later, number + 1
    return None if joined is None else await read_record(joined, services)


async def health(services: Services) -> dict[str, Any]:
    """Return whether all is well, and nothing more: anybody may ask."""
    return {"status": (await services.checkup.report()).status}


async def health_details(services: Services) -> dict[str, Any]:
    """Return for each part `ok` or what is wrong with it, and when the backstop last walked."""
    report = await services.checkup.report()
    return {
        "status": report.status,
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
