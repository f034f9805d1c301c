"""One group call on its axis: when it was, how that is known, who heard it, who was in it. Core."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meeting_record.pages.axis import Axis, Bar, Tick, axis_of
from meeting_record.pages.clock import Clock
from meeting_record.pages.facts import Fact, Json
from meeting_record.pages.people_rows import (
    WITH_BARS,
    Around,
    PersonRow,
    person_rows,
)
from meeting_record.pages.phrases import HOW, how_known

EARLIEST = ("not before", "earliest unknown")
LATEST = ("not after", "latest unknown")
"""A bound that is known, before its time; and one that is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardBy:
    """A leg of the bot beside a call: in words, and as a bar."""

    text: str
    bar: Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBlock:
    """One group call. `day`: the date and the offset of its times, where they name no other.

    `how`: how it is drawn. `bars`: of the call itself, its bounds among them. `watched`: of the
    call alone, with the legs over it: what is left free was not heard.
    """

    number: int
    marks: tuple[str, ...]
    day: str
    how: str
    facts: tuple[Fact, ...]
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    watched: tuple[Bar, ...]
    heard_by: tuple[HeardBy, ...]
    people: tuple[PersonRow, ...]
    more: tuple[PersonRow, ...]


def call_block(call: Json, legs: Sequence[Json], tenant_id: str, clock: Clock) -> CallBlock:
    """Return a call of a record, whose bot had these legs."""
    start: str = call["startedAt"]
    until: str = call["endedAt"] or call["lastEvidenceAt"]
    axis = axis_of(_moments(call, until))
    how = how_known(call["startBasis"], call["endBasis"])
    around = Around(clock=clock, axis=axis, start=start, until=until, tenant_id=tenant_id)
    people = person_rows(call, around, kind=how)
    span, heard_by = axis.bar(start, until, "g"), tuple(_heard_by(legs, around))
    return CallBlock(
        number=call["callNumber"],
        marks=tuple(_marks(call)),
        day=clock.date_and_offset(start),
        how=how,
        facts=tuple(_facts(call, clock)),
        ticks=axis.ticks(clock),
        bars=tuple(_bars(call, axis, until, how)),
        watched=(*((span,) if span is not None else ()), *(one.bar for one in heard_by)),
        heard_by=heard_by,
        people=people[:WITH_BARS],
        more=people[WITH_BARS:],
    )


def _moments(call: Json, until: str) -> Iterator[str]:
    yield call["startedAt"]
    yield until
    yield call.get("unwatchedSince", until)
    for person in call["people"]:
        yield person["firstJoinedAt"]
        yield person["lastLeftAt"] or until


def _marks(call: Json) -> Iterator[str]:
    if call["endedAt"] is None:
        yield "open"
    if "mergedInto" in call:
        yield f"part of call {call['mergedInto']}"
    if call["confirmed"]:
        yield "confirmed"
    if call["final"]:
        yield "final"
    if "revision" in call:
        yield f"revision {call['revision']}"


def _facts(call: Json, clock: Clock) -> Iterator[Fact]:
    start, end = call["startedAt"], call["endedAt"]
    yield Fact(
        name="Started",
        value=clock.short(start, start),
        basis=call["startBasis"],
        how=HOW[call["startBasis"]],
        notes=tuple(_notes(call, clock, startNotBefore=EARLIEST)),
    )
    if end is not None:
        yield Fact(
            name="Ended",
            value=clock.short(end, start),
            basis=call["endBasis"] or "",
            how=HOW.get(call["endBasis"], ""),
            notes=tuple(_notes(call, clock, notBefore=EARLIEST, notAfter=LATEST)),
        )
    if call["reason"] is not None:
        yield Fact(name="Why it ended", value=call["reason"])
    since = call.get("unwatchedSince")
    if since is not None:
        yield Fact(name="Not heard since", value=clock.short(since, start))
    yield Fact(name="Last heard of", value=clock.short(call["lastEvidenceAt"], start))
    few = () if call["participantsComplete"] else ("people may be missing",)
    yield Fact(name="People", value=str(call["participantCount"]), notes=few)


def _notes(call: Json, clock: Clock, **bounds: tuple[str, str]) -> Iterator[str]:
    for member, (known, unknown) in bounds.items():
        if member in call:
            at = call[member]
            yield unknown if at is None else f"{known} {clock.beside(at, call['startedAt'])}"


def _bars(call: Json, axis: Axis, until: str, how: str) -> Iterator[Bar]:
    """Yield the call, and within lighter bars its bounds, where they are known."""
    start = call["startedAt"]
    for begin, end, kind in (
        (call.get("startNotBefore"), start, "u"),
        (call.get("notBefore"), call.get("notAfter"), "u"),
        (start, until, how),
    ):
        bar = None if begin is None or end is None else axis.bar(begin, end, kind)
        if bar is not None:
            yield bar
    since = call.get("unwatchedSince")
    if since is not None and (gap := axis.bar(since, call["endedAt"], "g")) is not None:
        yield gap


def _heard_by(legs: Sequence[Json], around: Around) -> Iterator[HeardBy]:
    """Yield the legs that were in during the call."""
    for number, leg in enumerate(legs, start=1):
        joined_at, left_at = leg["joinedAt"], leg["leftAt"]
        if joined_at is None:
            continue
        bar = around.axis.bar(joined_at, left_at or around.until, "b")
        if bar is None:
            continue
        clock, start = around.clock, around.start
        begin = clock.beside(joined_at, start)
        end = "now" if left_at is None else clock.beside(left_at, start)
        yield HeardBy(text=f"leg {number}: {begin} to {end}", bar=bar)
