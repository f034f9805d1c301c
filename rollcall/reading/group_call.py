"""One group call of a record: its times and how they are known, and its people as bars. Pure.

All that is drawn stands in the record. Where the bot was not in, its row shows the call unheard.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from rollcall.plain import cells, clipped, counted, padded, plain
from rollcall.reading.axis import Axis, Span, axis_over, bar, times
from rollcall.reading.page import INDENT, Line, Page, field, moment, title

type Json = dict[str, Any]

SECONDS = 11
"""Cells of how often a person was there, and for how long."""
WIDE = 110
"""From so many columns on each person has the times of coming and leaving, too."""
LEAST_LABEL = 8
UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
"""Seconds of the units of a length of time."""


def call_lines(call: Json, legs: list[Json], page: Page) -> Iterator[Line]:
    """Draw one call: what is known of it, the bot and the people on one axis."""
    yield from title(_heading(call, page), page)
    yield from _times(call, page)
    if "mergedInto" in call:
        merged = f"into call {call['mergedInto']}, which has its people"
        yield from field("merged", merged, page)
        return
    people = call["people"]
    drawn = people if page.people is None else people[: page.people]
    label = _label_width(drawn, page)
    axis = _axis(call, drawn, page, label)
    ruler = times(axis, page)
    if ruler:
        yield Line(f"{INDENT}{' ' * label} {ruler}", "dim")
    yield _row("call", bar(axis, call_spans(call, page)), "", label, "bold")
    if legs:
        mark = page.marks.unheard
        yield _row("bot", bar(axis, leg_spans(legs, axis, page), empty=mark), "", label, "dim")
    for person, sessions in zip(drawn, _sessions_of(call), strict=False):
        drawn_bar = bar(axis, person_spans(person, sessions, page))
        name = clipped(_name(person), label, cut=page.marks.cut)
        yield _row(name, drawn_bar, _notes(person, page), label, None)
    if len(drawn) < len(people):
        left = f"and {len(people) - len(drawn)} more; --all draws them"
        yield Line(clipped(f"{INDENT}{left}", page.width, cut=page.marks.cut), "dim")


def call_spans(call: Json, page: Page) -> Iterator[Span]:
    """Yield the time of a call, and around it what lies within the bounds of its ends.

    A start is no later than its time, and an end on either side of it. Since no bot hears the call,
    nothing of it is certain.
    """
    marks = page.marks
    start, ended = moment(call["startedAt"]), call["endedAt"]
    earliest, latest = call.get("startNotBefore"), call.get("notAfter")
    if earliest:
        yield Span(start=moment(earliest), end=start, mark=marks.possible)
    first = marks.unbounded if "startNotBefore" in call and not earliest else ""
    if ended is None:
        yield Span(start=start, end=None, mark=marks.there, first=first, last=marks.goes_on)
        if "unwatchedSince" in call:
            since = max(start, moment(call["unwatchedSince"]))
            yield Span(start=since, end=None, mark=marks.likely, last=marks.goes_on)
        return
    end = moment(ended)
    if latest:
        yield Span(start=end, end=moment(latest), mark=marks.possible)
    yield from _stay(start, end, call, first, page)


def person_spans(person: Json, sessions: list[Json], page: Page) -> Iterator[Span]:
    """Yield when a person was there, and around it what lies within the bounds of the sessions."""
    marks = page.marks
    for one in sessions:
        earliest, latest = one.get("joinedNotBefore"), one.get("notAfter")
        if earliest and one["joinedAt"]:
            yield Span(start=moment(earliest), end=moment(one["joinedAt"]), mark=marks.possible)
        if latest and one["leftAt"]:
            yield Span(start=moment(one["leftAt"]), end=moment(latest), mark=marks.possible)
    ends = {one["leftAt"]: one for one in sessions}
    for one in person["intervals"]:
        start, left = moment(one["joinedAt"]), one["leftAt"]
        first = marks.before if one.get("presentBefore") else ""
        if left is None:
            yield Span(start=start, end=None, mark=marks.there, first=first, last=marks.goes_on)
        else:
            yield from _stay(start, moment(left), ends.get(left, {}), first, page)


def _stay(start: datetime, end: datetime, bounds: Json, first: str, page: Page) -> Iterator[Span]:
    """Yield a time that is over: what is certain of it, and what is by the best estimate alone.

    `bounds` of its end are `notBefore` and `notAfter`: both are there or none is, and null is
    unknown.
    """
    marks = page.marks
    known = "notAfter" not in bounds or bounds["notAfter"] is not None
    last = "" if known else marks.unbounded
    yield Span(start=start, end=end, mark=marks.there, first=first, last=last)
    if "notBefore" not in bounds:
        return
    surely = max(start, moment(bounds["notBefore"])) if bounds["notBefore"] else start
    if surely < end:
        first = first if surely == start else ""
        yield Span(start=surely, end=end, mark=marks.likely, first=first, last=last)


def leg_spans(legs: list[Json], axis: Axis, page: Page) -> Iterator[Span]:
    """Yield the times for which a leg of the bot was in, as far as they lie on the axis."""
    for leg in legs:
        if leg["joinedAt"] is None:
            continue
        start = moment(leg["joinedAt"])
        end = None if leg["leftAt"] is None else moment(leg["leftAt"])
        if start < axis.end and (end is None or end > axis.start):
            yield Span(start=start, end=end, mark=page.marks.bot)


def _heading(call: Json, page: Page) -> str:
    least = "" if call["participantsComplete"] else "at least "
    people = f"{least}{people_of(call)}"
    if call["endedAt"] is None:
        known = "goes on, unheard" if "unwatchedSince" in call else "goes on"
    else:
        known = "final" if call["final"] else "not final: Graph may still correct it"
    confirmed = ("confirmed by Graph",) if call["confirmed"] else ()
    return page.marks.dot.join((f"Call {call['callNumber']}", people, known, *confirmed))


def _times(call: Json, page: Page) -> Iterator[Line]:
    started, ended = call["startedAt"], call["endedAt"]
    bounds = ""
    if "startNotBefore" in call:
        bounds = f", not before {page.clock(call['startNotBefore'], started)}"
    yield from field("start", f"{page.time(started)} {call['startBasis']}{bounds}", page)
    if ended is not None:
        bounds = ""
        if "notBefore" in call or "notAfter" in call:
            between = (page.clock(call.get(one), ended) for one in ("notBefore", "notAfter"))
            bounds = f", between {' and '.join(between)}"
        why = f", {call['reason']}" if call["reason"] else ""
        yield from field("end", f"{page.time(ended)} {call['endBasis']}{why}{bounds}", page)
    if "unwatchedSince" in call:
        unheard = f"since {page.clock(call['unwatchedSince'], started)}: no bot hears the call"
        yield from field("unheard", unheard, page, style="yellow")
    if ended is None:
        yield from field("heard", page.clock(call["lastEvidenceAt"], started), page)


def _axis(call: Json, people: list[Json], page: Page, label: int) -> Axis:
    """Return the axis of the call and those who are drawn; bounds far away are beyond it."""
    moments = [moment(call["startedAt"]), moment(call["endedAt"] or call["lastEvidenceAt"])]
    for person in people:
        for one in person["intervals"]:
            moments += [moment(one["joinedAt"]), *_end(one)]
    bounds = [call.get(one) for one in ("startNotBefore", "notAfter")]
    length = max(moments) - min(moments)
    for bound in (moment(one) for one in bounds if one is not None):
        if min(abs(bound - one) for one in (min(moments), max(moments))) <= length / 4:
            moments.append(bound)
    return axis_over(moments, page.width - len(INDENT) - label - 1 - _notes_width(page))


def _end(interval: Json) -> list[datetime]:
    return [] if interval["leftAt"] is None else [moment(interval["leftAt"])]


def _row(name: str, drawn: str, notes: str, label: int, style: str | None) -> Line:
    line = f"{INDENT}{padded(name, label)} {drawn}{notes}".rstrip()
    return Line(line, style)


def people_of(call: Json) -> str:
    """Return how many people a call had."""
    return counted(call["participantCount"], "person", "people")


def name_of(participant: Json) -> str:
    """Return what a person is called: the name where it is shown, else the id, else the kind."""
    known = participant.get("displayName"), participant.get("userId")
    return next((plain(one) for one in known if one and plain(one)), plain(participant["kind"]))


def _name(person: Json) -> str:
    role = [plain(person["role"])] if "role" in person else []
    notes = [*role, *(["external"] if person["external"] else [])]
    return name_of(person["participant"]) + (f" ({', '.join(notes)})" if notes else "")


def _sessions_of(call: Json) -> list[list[Json]]:
    """Return the sessions of each of the call's people, in the order of `people`.

    Source: docs/reading.md, "People": sessions with the same `userId` are one person.
    """
    found = dict[str, list[Json]]()
    for one in call["participants"]:
        user_id = one["participant"].get("userId")
        found.setdefault(user_id or f"session {one['sessionId']}", []).append(one)
    return list(found.values())


def _label_width(people: list[Json], page: Page) -> int:
    longest = max((cells(_name(one)) for one in people), default=0)
    return min(max(longest, LEAST_LABEL), page.width * 3 // 10)


def _notes(person: Json, page: Page) -> str:
    """Return how long a person was there, and, where there is room, from when to when."""
    notes = length(person["seconds"])
    if len(person["intervals"]) > 1:
        notes = f"{len(person['intervals'])}x {notes}"
    notes = f" {clipped(notes, SECONDS, cut=page.marks.cut):>{SECONDS}}"
    if page.width < WIDE:
        return notes
    clocks = (_clock(person[one], page) for one in ("firstJoinedAt", "lastLeftAt"))
    return f"{notes}  {'-'.join(clocks)}"


def _notes_width(page: Page) -> int:
    clock = len(_clock("2000-01-01T00:00:00Z", page))
    return 1 + SECONDS + (2 * clock + 3 if page.width >= WIDE else 0)


def _clock(text: str | None, page: Page) -> str:
    return "" if text is None else f"{(at := page.at(text)):%H:%M:%S}{page.offset(at)}"


def length(seconds: float) -> str:
    """Return a length of time in its two largest units."""
    whole = int(seconds)
    for (unit, name), (part, smaller) in pairwise(UNITS):
        if whole >= unit:
            return f"{whole // unit}{name}{whole % unit // part:02d}{smaller}"
    return f"{seconds:.1f}s"
