"""Reads what Graph says of calls when they are over, and lets it be recorded and published."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from functools import partial

from shared.journal.journal import OpenMeeting
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.meeting.older_legs import with_older
from shared.meeting.sourcing import Readable, having_failed, is_patient, readable
from shared.services import Services
from shared.telemetry import log
from shared.words.errors import Rejected, RollcallError, Transient
from shared.words.rules import SourceRules
from shared.words.sources import Source
from tend_meeting.sources.plan import Kept, give_up, record_nothing_new, record_sources
from tend_meeting.sources.reading import MOST_REPORTS, Read, is_of, unread_reports

ROUNDS = 5
"""How often a look starts again because the meeting changed while it gathered."""


async def look_at_sources(opened: OpenMeeting, services: Services) -> None:
    """Read the sources of a meeting whose look is due, and record what is new.

    Where Graph does not answer all, what it does answer is recorded, and the look is repeated.
    Raises `Transient` where the meeting changes too fast.
    """
    meeting, rules = opened.meeting, services.journal.tending.sources
    if meeting is None:
        return
    read = await _read(meeting, rules, services)
    if read.unanswered and not is_patient(meeting, rules, now=services.clock.now()):
        read = replace(read, unanswered=False)
    if read.unanswered and not (read.sources or read.refused):
        await opened.edit(lambda known, now: Step(meeting=having_failed(known, now=now)))
        return
    if await opened.edit(partial(record_nothing_new, read=read, rules=rules)):
        return
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


async def _read(meeting: Meeting, rules: SourceRules, services: Services) -> Read:
    """Return what Graph has that was not read yet. What fails takes nothing from all else."""
    listing, unread = await _listed(meeting, readable(meeting, rules), services)
    if meeting.leg_pages and (unread or rules.call_records):
        # Reports and records list our legs too, also those that left the head.
        meeting = with_older(meeting, await services.ledger.older_legs(meeting.meeting_id))
    what = readable(meeting, rules)
    reports = listing.beside(await _reports(meeting, what, unread, services))
    return reports.beside(await _records(meeting, what, services))


async def _listed(
    meeting: Meeting, what: Readable, services: Services
) -> tuple[Read, Sequence[str]]:
    """Return whether Graph has reports of a meeting, and those that were not read yet."""
    if what.reports is None:
        return Read(), ()
    listed = await _answer(services.graph.attendance_reports(*what.reports))
    if listed is None:
        return Read(reports=0), ()
    if isinstance(listed, RollcallError):
        return Read().having_met(listed), ()
    read = Read(reports=len(listed.reports) + listed.unread)
    return read, unread_reports(meeting, listed)


async def _reports(
    meeting: Meeting, what: Readable, unread: Sequence[str], services: Services
) -> Read:
    read = Read()
    if what.reports is None:
        return read
    organizer_id, online_id = what.reports
    for report_id in unread:
        if read.is_over:
            return read
        if len(read.sources) == MOST_REPORTS:
            return replace(read, more=True)
        source = await _answer(
            services.graph.attendance_report(
                organizer_id,
                online_id,
                report_id,
                own_ids=meeting.own_ids(),
                show_names=services.policy.recording.show_names,
            )
        )
        read = _having_read(read, source, meeting, services)
    return read


async def _records(meeting: Meeting, what: Readable, services: Services) -> Read:
    read = Read()
    for chain_id in what.chain_ids:
        if read.is_over:
            return read
        source = await _answer(
            services.graph.call_record(
                chain_id,
                own_ids=meeting.own_ids(),
                show_names=services.policy.recording.show_names,
            )
        )
        read = _having_read(read, source, meeting, services)
    return read


def _having_read(
    read: Read, answer: Source | Rejected | Transient | None, meeting: Meeting, services: Services
) -> Read:
    if isinstance(answer, Source):
        new = is_of(meeting, answer, now=services.clock.now())
        return replace(read, sources=(*read.sources, answer)) if new else read
    return read.having_met(answer)


async def _answer[T](request: Awaitable[T]) -> T | Rejected | Transient:
    """Return what Graph answers, or why it does not."""
    try:
        return await request
    except Rejected as refused:
        log("sources.refused", code=refused.code)
        return refused
    except Transient as error:
        log("sources.unanswered", error)
        return error
