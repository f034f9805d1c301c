"""The page of a day, as a value: the list of the day, by what its meetings are. Core."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from meeting_record.pages.clock import Clock, Time
from meeting_record.pages.facts import Json
from meeting_record.pages.links import Link, Links


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One meeting of the day. `since`: when the call began that goes on."""

    href: str
    title: str
    request_id: str
    since: Time | None
    calls: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage:
    """The page. `open_only`: of those alone in which a call goes on. `more`: where it goes on."""

    day: str
    clock: str
    open_only: bool
    links: tuple[Link, ...]
    now: tuple[DayRow, ...]
    held: tuple[DayRow, ...]
    planned: tuple[DayRow, ...]
    more: str | None


def day_page(listed: Json, day: date, clock: Clock, links: Links, *, open_only: bool) -> DayPage:
    """Return the page of a page of the list of a day."""
    rows = [_row(one, clock, links) for one in listed["meetings"]]
    more = listed["continuation"]
    return DayPage(
        day=listed["day"],
        clock=clock.name,
        open_only=open_only,
        links=links.of_day(day, open_only=open_only),
        now=_sorted(one for one in rows if one.since is not None),
        held=_sorted(one for one in rows if one.since is None and one.calls),
        planned=_sorted(one for one in rows if not one.calls and one.since is None),
        more=None if more is None else links.next_page(listed["day"], more, open_only=open_only),
    )


def _row(one: Json, clock: Clock, links: Links) -> DayRow:
    since = one.get("openSince")
    return DayRow(
        href=links.to_meeting(one["meetingId"]),
        title=one["subject"] or f"Meeting {one['meetingId']}",
        request_id=one.get("requestId", ""),
        since=None if since is None else clock.whole(since),
        calls=one["calls"],
        people=one["people"],
    )


def _sorted(rows: Iterable[DayRow]) -> tuple[DayRow, ...]:
    return tuple(sorted(rows, key=lambda one: "" if one.since is None else one.since.at))
