"""The meetings of a day as a table. Pure: rows of `GET /api/meetings?day=` in, lines out."""

from collections.abc import Iterable, Iterator
from typing import Any

from rollcall.plain import cells, clipped, plain
from rollcall.reading.page import INDENT, Line, Page

type Json = dict[str, Any]

ID, CALLS, PEOPLE, OPEN = 26, 5, 6, 10
HEAD = f"{'meeting':<{ID}}  {'calls':>{CALLS}}  {'people':>{PEOPLE}}  {'open since':<{OPEN}}"
SUBJECT = "  subject"


def in_order(meetings: Iterable[Json]) -> list[Json]:
    """Return meetings with an open call first, the longest call at the top.

    Then come those in which calls were held, by the start of the first one; the others stay as they
    come, by their ids.
    """
    return sorted(meetings, key=_rank)


def _rank(meeting: Json) -> tuple[int, str]:
    since = meeting.get("openSince")
    if since is not None:
        return 0, since
    return (1 if meeting["calls"] else 2), meeting.get("firstStartedAt", "")


def day_lines(meetings: Iterable[Json], page: Page) -> Iterator[Line]:
    """Draw the meetings; ids whole, also where one is wider than the page: it has its own line.

    `openSince` is a time of the day, in the zone of the page.
    """
    room = page.width - cells(HEAD) - len("  ")
    fits = room >= len(SUBJECT)
    yield Line(HEAD + SUBJECT if fits else HEAD.rstrip(), "bold")
    for meeting in in_order(meetings):
        since = meeting.get("openSince")
        clock = "" if since is None else f"{page.at(since):%H:%M:%S}"
        row = f"{plain(meeting['meetingId']):<{ID}}  {meeting['calls']:>{CALLS}}"
        row += f"  {meeting['people']:>{PEOPLE}}  {clock:<{OPEN}}"
        subject = plain(meeting["subject"] or "")
        if fits and subject:
            row += f"  {clipped(subject, room, cut=page.marks.cut)}"
        yield Line(row.rstrip(), None if since is None else "green")
        if not fits and subject:
            yield Line(f"{INDENT}{clipped(subject, page.width - 2, cut=page.marks.cut)}")
        if "requestId" in meeting:
            yield Line(f"{INDENT}{plain(meeting['requestId'])}", "dim")
        if "failed" in meeting:
            yield Line(f"{INDENT}failed: {plain(meeting['failed'])}", "red")
