"""The page of a day, as a value: the list of the day, by what its meetings are. Core."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from meeting_record.pages.clock import Clock, Time
from meeting_record.pages.facts import Json
from meeting_record.pages.links import Link, Links


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One meeting of the day. `at`: when its open call began, else its first. `failed`: a code."""

    href: str
    title: str
    request_id: str
    at: Time | None
    calls: int
    people: int
    failed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage:
    """The page. `open_only`: of those alone in which a call goes on. `more`: where it goes on."""

    day: str
    clock: str
    open_only: bool
    links: tuple[Link, ...]
    now: tuple[DayRow, ...]
    held: tuple[DayRow, ...]
    failed: tuple[DayRow, ...]
    planned: tuple[DayRow, ...]
    more: str | None


def day_page(listed: Json, day: date, clock: Clock, links: Links, *, open_only: bool) -> DayPage:
    """Return the page of a page of the list of a day."""
    found: list[Json] = listed["meetings"]
    more = listed["continuation"]
    now = [one for one in found if "openSince" in one]
    over = [one for one in found if "openSince" not in one]

    def rows(some: Iterable[Json], *, by: str = "firstStartedAt") -> tuple[DayRow, ...]:
        in_order = sorted(some, key=lambda one: (one.get(by, ""), one["meetingId"]))
        return tuple(_row(one, by, listed["day"], clock, links) for one in in_order)

    return DayPage(
        day=listed["day"],
        clock=clock.name,
        open_only=open_only,
        links=links.of_day(day, open_only=open_only),
        now=rows(now, by="openSince"),
        held=rows(one for one in over if one["calls"]),
        failed=rows(one for one in found if "failed" in one),
        planned=rows(one for one in over if not one["calls"] and "failed" not in one),
        more=None if more is None else links.next_page(listed["day"], more, open_only=open_only),
    )


def _row(one: Json, by: str, day: str, clock: Clock, links: Links) -> DayRow:
    at = one.get(by)
    request_id = one.get("requestId", "")
    return DayRow(
        href=links.to_meeting(one["meetingId"]),
        title=one["subject"] or request_id or f"Meeting {one['meetingId']}",
        request_id=request_id,
        at=None if at is None else clock.short(at, f"{day}T00:00:00.000Z"),
        calls=one["calls"],
        people=one["people"],
        failed=one.get("failed", ""),
    )
