"""The app's own pages of records, as it answers them: rendered, with its headers."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from meeting_record.answers import Answer as AppAnswer
from meeting_record.pages.clock import Clock
from meeting_record.pages.day_page import day_page
from meeting_record.pages.html import page_answer
from meeting_record.pages.links import Links
from meeting_record.pages.meeting_page import meeting_page
from meeting_record.pages.notice import notice
from tests.browser.loopback import Answer
from tests.browser.records import DAY, Json


def of_meeting(
    record: Json, log: Iterable[Json] = (), *, zone: str | None = None, code: str | None = None
) -> Answer:
    """Return the page of a record. `code`: the key that the request had in its address."""
    clock = _clock(zone)
    return _answer(page_answer(meeting_page(record, log, clock, Links(clock=clock, code=code))))


def of_day(listed: Json) -> Answer:
    """Return the page of the list of a day."""
    clock = _clock(None)
    return _answer(page_answer(day_page(listed, DAY, clock, Links(clock=clock), open_only=False)))


def of_status(status: int, message: str) -> Answer:
    """Return the page that says why there is no other."""
    links = Links(clock=_clock(None)).from_notice(up="../../")
    return _answer(page_answer(notice(status, message, links), status))


def _clock(zone: str | None) -> Clock:
    return Clock(zone=None if zone is None else ZoneInfo(zone))


def _answer(answer: AppAnswer) -> Answer:
    headers = {**answer.headers, "Content-Type": f"{answer.media}; charset=utf-8"}
    return Answer(body=answer.body, status=answer.status, headers=headers)
