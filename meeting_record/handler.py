"""Reads a meeting's record, and asks each part whether it is well. Changes nothing."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from meeting_record.view import record_view
from shared.meeting.older_legs import with_older
from shared.services import Services
from shared.words.errors import RollcallError
from shared.words.ids import MEETING_ID, MeetingId, join_request_alias, meeting_id_for


async def read_record(meeting_id: str, services: Services) -> dict[str, Any] | None:
    """Return the record under `meeting_id`; None where none is known. Raises `Unavailable`."""
    if MEETING_ID.fullmatch(meeting_id) is None:
        return None
    stored = await services.ledger.load(MeetingId(meeting_id))
    if stored is None or not stored.meeting.known:
        return None
    record = stored.meeting.record
    pages = (
        await services.ledger.pages(MeetingId(meeting_id))
        if record.before or any(call.sealed for call in record.calls)
        else ()
    )
    legs = (
        await services.ledger.older_legs(MeetingId(meeting_id)) if stored.meeting.leg_pages else ()
    )
    return record_view(
        with_older(stored.meeting, legs), pages, shown=services.policy.recording.shown
    )


async def find_record(request_id: str, services: Services) -> dict[str, Any] | None:
    """Return the record of the meeting that `request_id` asked for; None where none is known.

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
