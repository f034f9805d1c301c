"""Answers the pages. Reads what the record, the log and the lists are read from."""

from collections.abc import Awaitable, Callable
from typing import Any

from meeting_record.answers import Answer
from meeting_record.asked import Asked, BadRequest, day_of_page, zone_of_page
from meeting_record.day_list import PAGE, day_view, first_of
from meeting_record.handler import Read, find_record, purged_meanwhile, read_meeting
from meeting_record.log_lines import logged, names_of, with_creation
from meeting_record.pages.clock import Clock
from meeting_record.pages.day_page import day_page
from meeting_record.pages.html import page_answer
from meeting_record.pages.links import Links
from meeting_record.pages.meeting_page import meeting_page
from meeting_record.pages.notice import notice, refused
from meeting_record.view import answer_of
from shared.meeting.days import day_of
from shared.services import Services
from shared.words.errors import Unavailable

LOGGED = 60
"""So many commits, the newest, show on the page of a meeting."""
OF_MEETING, OF_DAY = "../../", ""
"""From the address of each page, the way to where both begin."""


async def answer_timeline(meeting_id: str, asked: Asked, services: Services) -> Answer:
    """Answer the page of a meeting, or the page that says why there is none."""

    async def page(links: Links) -> Answer:
        clock = Clock(zone=zone_of_page(asked))
        links = Links(clock=clock, code=links.code)
        read = await read_meeting(meeting_id, services)
        found = read.record
        if found is None and read.meeting is not None and read.meeting.trying is not None:
            found = await find_record(read.meeting.correlation_id, services)
        log = await _newest_log(read, services)
        if read.meeting is not None and read.meeting.known:
            found = await purged_meanwhile(read.meeting, services) or found
        status, body = answer_of(found)
        if status != 200:
            said = notice(status, body["message"], links.from_notice(up=OF_MEETING))
            return page_answer(said, status)
        return page_answer(meeting_page(body, log, clock, links))

    return await _as_page(page, asked, up=OF_MEETING)


async def answer_day(asked: Asked, services: Services) -> Answer:
    """Answer the page of a day: today's where none is named."""

    async def page(links: Links) -> Answer:
        day, zone = day_of_page(asked, today=day_of(services.clock.now()))
        tenant_id = services.policy.tenant_id
        first = first_of(day, tenant_id)
        ledger = services.ledger
        rows = ledger.day(day.day, first=first, open_only=day.open_only, most=PAGE + 1)
        listed = day_view([one async for one in rows], day, tenant_id)
        clock = Clock(zone=zone)
        links = Links(clock=clock, code=links.code)
        return page_answer(day_page(listed, day.day, clock, links, open_only=day.open_only))

    return await _as_page(page, asked, up=OF_DAY)


async def _as_page(page: Callable[[Links], Awaitable[Answer]], asked: Asked, *, up: str) -> Answer:
    """Answer a page; where it cannot be, a page that says why."""
    links = Links(clock=Clock(), code=asked.parameters.get("code"))
    ways = links.from_notice(up=up)
    try:
        return await page(links)
    except BadRequest as found:
        return page_answer(refused(found, ways), found.status)
    except Unavailable as error:
        return page_answer(notice(503, f"It cannot be read now: {error}", ways), 503)


async def _newest_log(read: Read, services: Services) -> list[dict[str, Any]]:
    """Return the lines of the newest commits, in their order."""
    meeting = read.meeting
    if meeting is None or not meeting.known:
        return []
    after = max(0, meeting.version - LOGGED)
    entries = await services.ledger.log(meeting.meeting_id, after=after, most=LOGGED)
    if not after:
        entries = with_creation(meeting, entries)
    names = names_of(meeting, read.pages)
    return [*logged(entries, names, shown=services.policy.recording.shown)]
