"""Reads a meeting's record, and asks each part whether it is well. Changes nothing."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

from meeting_record.view import Found, record_view
from shared.meeting.older_legs import with_older
from shared.meeting.retention import LEAST_DAYS
from shared.services import Services
from shared.words.errors import RollcallError
from shared.words.ids import MEETING_ID, MeetingId, join_request_alias, meeting_id_for

MAY_BE_PURGED = timedelta(days=LEAST_DAYS)
"""How long nothing was heard of a meeting that may be purged."""


async def read_record(meeting_id: str, services: Services) -> Found:
    """Return the record under `meeting_id`. Raises `Unavailable`."""
    if MEETING_ID.fullmatch(meeting_id) is None:
        return None
    ledger = services.ledger
    stored = await ledger.load(MeetingId(meeting_id))
    if stored is None:
        return None
    meeting, record = stored.meeting, stored.meeting.record
    if meeting.purged is not None:
        return meeting.purged if meeting.sequence else None
    if not meeting.known:
        return None
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
    """Return the record of the meeting that `request_id` asked for.

    Of two requests under one id, to make a meeting and to join one, the first kind counts.
    """
    meeting_id = meeting_id_for(tenant_id=services.policy.tenant_id, request_id=request_id)
    if (record := await read_record(meeting_id, services)) is not None:
        return record
    joined = await services.ledger.resolve_alias(join_request_alias(request_id))
    return None if joined is None else await read_record(joined, services)


async def health(services: Services) -> dict[str, str]:
    """Return for each part `ok` or what is wrong with it."""
    parts: dict[str, Awaitable[None]] = {
        "tables": services.ledger.check(),
        "serviceBus": services.bus.check(),
        "graphToken": services.graph.check(),
    }
    results = await asyncio.gather(*(_word(check) for check in parts.values()))
    return dict(zip(parts, results, strict=True))


async def _word(check: Awaitable[None]) -> str:
    try:
        await check
    except RollcallError as error:
        return str(error)
    return "ok"
