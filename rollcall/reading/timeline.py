"""A meeting's record as lines of a terminal. Pure: a record in, lines out.

No line is wider than the page, and no text of the record does more than stand in its place.
"""

from collections.abc import Iterator
from typing import Any

from rollcall.plain import clipped, padded, wrapped
from rollcall.reading.axis import axis_over, bar, times
from rollcall.reading.group_call import call_lines, call_spans, leg_spans, people_of
from rollcall.reading.meeting_head import bot_lines, meeting_lines, request_lines
from rollcall.reading.page import INDENT, Line, Page, field, moment, title

type Json = dict[str, Any]

NO_BREAK = "\N{NO-BREAK SPACE}"
LABEL, COUNT = 9, 12
"""Cells of the names of rows, and of the number of people behind them."""


def timeline(record: Json, page: Page) -> Iterator[Line]:
    """Draw the record: the meeting and its request, the calls, the bot."""
    yield from meeting_lines(record, page)
    yield from field("times", str(page.zone), page)
    yield from request_lines(record.get("request"), page)
    calls, legs = record["calls"], record["bot"]["legs"]
    if calls:
        yield from _legend(page)
    if len(calls) > 1:
        yield from _overview(calls, legs, page)
    for call in calls:
        yield from call_lines(call, legs, page)
    if not calls and record["meeting"] is not None:
        yield Line("")
        yield Line("No group call is known.", "bold")
    yield from bot_lines(record["bot"], page)


def _overview(calls: list[Json], legs: list[Json], page: Page) -> Iterator[Line]:
    """Draw all calls, and when the bot was in, on one axis."""
    yield from title("All calls", page)
    moments = [moment(one["startedAt"]) for one in calls]
    moments += [moment(one["endedAt"] or one["lastEvidenceAt"]) for one in calls]
    axis = axis_over(moments, page.width - len(INDENT) - LABEL - COUNT)
    yield Line(f"{INDENT}{'':<{LABEL}}{times(axis, page)}".rstrip(), "dim")
    for call in calls:
        drawn = bar(axis, call_spans(call, page))
        name = padded(f"call {call['callNumber']}", LABEL, cut=page.marks.cut)
        count = clipped(f" {people_of(call)}", COUNT, cut=page.marks.cut)
        yield Line(f"{INDENT}{name}{drawn}{count}")
    if legs:
        drawn = bar(axis, leg_spans(legs, axis, page), empty=page.marks.unheard)
        yield Line(f"{INDENT}{'bot':<{LABEL}}{drawn}", "dim")


def _legend(page: Page) -> Iterator[Line]:
    marks = page.marks
    said = (
        f"{marks.there} there",
        f"{marks.likely} likely",
        f"{marks.possible} possible",
        f"{marks.unbounded} no bound",
        f"{marks.bot} bot in",
        f"{marks.unheard} unheard",
        f"{marks.before} there before",
        f"{marks.goes_on} goes on",
    )
    yield Line("")
    for line in wrapped(", ".join(one.replace(" ", NO_BREAK) for one in said), page.width):
        yield Line(line.replace(NO_BREAK, " "), "dim")
