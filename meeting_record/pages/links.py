"""The links of a page: relative, so of its own origin, and only to what is read here. Core.

The function key stands in them where the request itself came with it in its address. A page that
was requested with the header holds no key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote, urlencode

from meeting_record.pages.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a link leads, and what it is called."""

    href: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Makes the links of one request. `code`: its key, where it came in its address."""

    clock: Clock
    code: str | None = None

    def of_meeting(self, meeting_id: str, day: str | None) -> tuple[Link, ...]:
        """Return where the page of a meeting leads; `day`: whose list has the meeting."""
        record = f"../{quote(meeting_id, safe='')}"
        of_day = {"day": day} if day is not None else {}
        zone = self._zone()
        found = (
            (self._to("../../timeline", of_day | zone), "The day"),
            (self._to(record, {"format": "csv", **zone}), "Attendance sheet"),
            (self._to(record, {}), "Record"),
            (self._to(f"{record}/log", {}), "Log"),
            *(((self._to("timeline", {}), "In UTC"),) if zone else ()),
        )
        return tuple(Link(href=href, text=text) for href, text in found)

    def of_request(self, day: str) -> tuple[Link, ...]:
        """Return where the page of a request without a meeting leads; `day`: of its last try."""
        return (Link(href=self._to("../../timeline", {"day": day} | self._zone()), text="The day"),)

    def of_day(self, day: date, *, open_only: bool) -> tuple[Link, ...]:
        """Return where the page of a day leads: to the days around it, and its other list."""
        same = {"day": day.isoformat()}
        found = [(text, {"day": one}) for text, one in _around(day)]
        other = ("All", same) if open_only else ("Open calls", same | {"open": "true"})
        return tuple(
            Link(href=self._to("timeline", members | self._zone()), text=text)
            for text, members in [*found, other]
        )

    def next_page(self, day: str, continuation: str, *, open_only: bool) -> str:
        """Return where the list of a day goes on."""
        still = {"open": "true"} if open_only else {}
        members = {"day": day, **still, "continuation": continuation}
        return self._to("timeline", members | self._zone())

    def to_meeting(self, meeting_id: str) -> str:
        """Return where the page of a day finds that of a meeting."""
        return self._to(f"meetings/{quote(meeting_id, safe='')}/timeline", self._zone())

    def from_notice(self, *, up: str) -> tuple[Link, ...]:
        """Return where a page leads that has nothing to show. `up`: the way to the root."""
        return (Link(href=self._to(f"{up}timeline", self._zone()), text="Today"),)

    def _zone(self) -> dict[str, str]:
        return {} if self.clock.zone is None else {"tz": self.clock.name}

    def _to(self, path: str, members: Mapping[str, str]) -> str:
        query = urlencode({**members, **({"code": self.code} if self.code else {})})
        return f"{path}?{query}" if query else path


def _around(day: date) -> list[tuple[str, str]]:
    found = []
    if day > date.min:
        found.append(("The day before", (day - timedelta(days=1)).isoformat()))
    if day < date.max:
        found.append(("The day after", (day + timedelta(days=1)).isoformat()))
    return found
