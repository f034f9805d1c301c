"""Purges the meetings whose day has come, within the bounds of one walk.

The tombstone is committed first. Then what leads to the meeting is deleted, then its rows, and at
last its entry. Where a crash ends a walk, the next one goes on.
"""

from datetime import timedelta

from shared.journal.journal import OpenMeeting
from shared.meeting.days import day_of
from shared.meeting.meeting import Meeting, Purged, Traces
from shared.meeting.retention import ONE_DAY, traces_in
from shared.ports import PurgeEntry
from shared.services import Services
from shared.telemetry import correlated, count, log
from shared.tracing.work import of_mending
from shared.words.errors import Transient, Unreadable
from shared.words.ids import MeetingId
from tend_meeting.purge.plan import plan_purge, record_cleared

MOST_MEETINGS = 50
LONGEST_WALK = timedelta(seconds=60)
"""After so long a walk begins no further meeting; the next walk comes in two minutes."""


async def purge_meetings(services: Services) -> None:
    """Purge what is due, and move the entries of what is not due after all."""
    began = services.clock.now()
    entries = await services.ledger.scheduled_purges(until=day_of(began), most=MOST_MEETINGS)
    for entry in entries:
        if services.clock.now() - began > LONGEST_WALK:
            return
        with correlated(meetingId=entry.meeting_id), of_mending():
            await _attend(entry, services)


async def _attend(entry: PurgeEntry, services: Services) -> None:
    try:
        await _purge(entry, services)
    except Transient as error:
        log("purge.failed", error)
        if not isinstance(error, Unreadable):
            return  # the next walk comes by itself
    except Exception as error:  # noqa: BLE001 - the line has it
        log("purge.failed", error=error)
    else:
        return
    # What fails each time must not take the place of others in every walk.
    await services.ledger.schedule_purge(entry.meeting_id, day_of(services.clock.now()) + ONE_DAY)
    await services.ledger.unschedule_purge(entry)


async def _purge(entry: PurgeEntry, services: Services) -> None:
    ledger, days = services.ledger, services.policy.retention_days
    opened = await services.journal.open(entry.meeting_id)
    other = await _other(opened.meeting, services)
    later = await opened.change(lambda known, now: plan_purge(known, other, now=now, days=days))
    if later is not None:
        await ledger.schedule_purge(entry.meeting_id, later)
    elif opened.meeting is not None and opened.meeting.purged is not None:
        if opened.written:
            count("rollcall.purged")
        await _clear(opened, opened.meeting.purged, services)
        stored = await ledger.load(entry.meeting_id)
        if stored is not None and stored.outbox:
            return  # the next walk sends it
    await ledger.unschedule_purge(entry)


async def _other(meeting: Meeting | None, services: Services) -> Meeting | None:
    """Return the meeting of ours that this one turned out to be."""
    if meeting is None or meeting.same_as is None:
        return None
    return (await services.journal.open(meeting.same_as)).meeting


async def _clear(opened: OpenMeeting, purged: Purged, services: Services) -> None:
    """Delete what is left of a meeting that was purged."""
    ledger, meeting_id = services.ledger, opened.meeting_id
    if purged.left is None:
        return
    left = purged.left | await _traces_in_pages(meeting_id, services)
    leads = await ledger.leads(meeting_id, left)
    # Another walk may have cleared it since; then these rows may be those of a new life.
    stored = await ledger.load(meeting_id)
    if stored is None or stored.meeting.purged != purged:
        return
    await ledger.drop(leads)
    await ledger.delete_rows(meeting_id, up_to=stored.meeting.version)
    await opened.edit(lambda known, _: record_cleared(known, purged))


async def _traces_in_pages(meeting_id: MeetingId, services: Services) -> Traces:
    """Return the traces that pages know. Pages that cannot be read are deleted all the same."""
    try:
        pages = await services.ledger.pages(meeting_id)
        return traces_in(pages, await services.ledger.older_legs(meeting_id))
    except ValueError as error:
        log("purge.page_unreadable", error)
        return Traces()
