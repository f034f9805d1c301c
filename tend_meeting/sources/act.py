"""Reads what Graph says of calls when they are over, and lets it be recorded and published."""

from functools import partial

from shared.journal.door import OpenMeeting
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.meeting.older_legs import with_older
from shared.meeting.sourcing import Readable, having_failed, is_patient, readable
from shared.services import Services
from shared.telemetry import log
from shared.words.errors import Rejected, Transient
from shared.words.sources import Source
from tend_meeting.sources.plan import (
    MOST_REPORTS,
    Kept,
    Read,
    give_up,
    is_of,
    record_sources,
    unread_reports,
)

ROUNDS = 5
"""How often a look starts again because the meeting changed while it gathered."""


async def look_at_sources(opened: OpenMeeting, services: Services) -> None:
    """Read the sources of a meeting whose look is due, and record what is new.

    Where Graph does not answer, the look is repeated. Raises `Transient` where the meeting changes
    too fast.
    """
    meeting, rules = opened.meeting, services.journal.tending.sources
    if meeting is None:
        return
    # Reports and records list our legs too, also those that left the head.
    older = await services.ledger.older_legs(meeting.meeting_id) if meeting.leg_pages else ()
    meeting = with_older(meeting, older)
    try:
        read = await _read(meeting, readable(meeting, rules), services)
    except Transient as error:
        log("sources.unanswered", error)
        if is_patient(meeting, rules, now=services.clock.now()):
            await opened.edit(lambda known, now: Step(meeting=having_failed(known, now=now)))
            return
        read = Read()
    settle, shown = services.policy.recording.settle, services.policy.recording.shown
    await opened.edit(lambda known, now: give_up(known, read, settle=settle, now=now))
    for _ in range(ROUNDS):
        kept = await _kept(opened, services)
        step_of = partial(
            record_sources, kept=kept, read=read, rules=rules, settle=settle, shown=shown
        )
        if kept is None or await opened.edit(step_of):
            return
    raise Transient("the meeting changes too fast to record its sources")


async def _kept(opened: OpenMeeting, services: Services) -> Kept | None:
    await opened.load()
    meeting, ledger = opened.meeting, services.ledger
    if meeting is None:
        return None
    return Kept(
        meeting=meeting,
        pages=await ledger.pages(meeting.meeting_id),
        sources=await ledger.sources(meeting.meeting_id),
    )


async def _read(meeting: Meeting, what: Readable, services: Services) -> Read:
    """Return what Graph has that was not read yet. Raises `Transient`."""
    try:
        reports, more = await _reports(meeting, what, services)
        records = await _records(meeting, what, services)
    except Rejected as refused:
        log("sources.refused", code=refused.code)
        return Read(refused=refused)
    return Read(sources=(*reports, *records), more=more)


async def _reports(
    meeting: Meeting, what: Readable, services: Services
) -> tuple[list[Source], bool]:
    if what.reports is None:
        return [], False
    organizer_id, online_id = what.reports
    listed = await services.graph.attendance_reports(organizer_id, online_id)
    unread = unread_reports(meeting, listed) if listed is not None else []
    found = [
        await services.graph.attendance_report(
            organizer_id,
            online_id,
            report_id,
            own_ids=meeting.own_ids(),
            show_names=services.policy.recording.show_names,
        )
        for report_id in unread[:MOST_REPORTS]
    ]
    new = [one for one in found if one is not None and is_of(meeting, one)]
    return new, len(unread) > MOST_REPORTS


async def _records(meeting: Meeting, what: Readable, services: Services) -> list[Source]:
    found = [
        await services.graph.call_record(
            chain_id,
            own_ids=meeting.own_ids(),
            show_names=services.policy.recording.show_names,
        )
        for chain_id in what.chain_ids
    ]
    return [one for one in found if one is not None and is_of(meeting, one)]
