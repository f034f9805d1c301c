"""What a meeting keeps of dated sources: in its head, and beside it. Core: values.

The numbers of calls are given once, to those of the fold and to those that only a source knows. The
fold counts its own calls; a number that a source's call has is left out of that count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.words.ids import digest
from shared.words.observations import Basis
from shared.words.sources import Source, SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Numbers that follow each other, from the first to the last of them."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


type Runs = tuple[Run, ...]
"""Numbers in ascending order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A call that only a source knew when it got its `number`, and when the source says it was."""

    number: int
    started_at: datetime
    ended_at: datetime
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSource:
    """A source in its newest version, people alone, and the calls that it was the first to know."""

    source: Source
    found: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers given, as the view needs them.

    `found`: of calls that only a source knew. `awaited`: calls that are over, but not final.
    """

    found: tuple[Found, ...] = ()
    awaited: frozenset[int] = frozenset()

    @property
    def taken(self) -> Runs:
        """The numbers that calls of sources have."""
        return runs_of(one.number for one in self.found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourcing:
    """What the head knows of a meeting's sources. Its size does not grow with what is final.

    `taken` are the numbers of calls that only a source knew. `awaited` has the calls that are over
    and not final, and when they ended as far as was observed. `covered`: calls of the head that are
    published as sources say; all others are published as observed. `merged`: those of the head that
    turned out to be part of others. `touched`: calls that evidence
    has changed, or ended, although a source may speak of them: none speaks of what began after
    `until`. `published`: evidence of covered calls up to this version of the meeting was published;
    None: all of it.

    `since` is the newest end of a call, the fold's or a source's: looks are counted from it. `seen`
    has the version of each source that was read, the newest last, by `key_of`. `reported`: Graph
    has listed a report of the meeting, be it one that says nothing. `looked_at` is when the last
    look was. `again_at`: the next one comes then; after so many `failures`, or because not all was
    read.
    """

    taken: Runs = ()
    awaited: Mapping[int, datetime] = field(default_factory=dict)
    covered: frozenset[int] = frozenset()
    merged: frozenset[int] = frozenset()
    touched: frozenset[int] = frozenset()
    published: int | None = None
    until: datetime | None = None
    since: datetime | None = None
    seen: Mapping[str, int] = field(default_factory=dict)
    reported: bool = False
    looked_at: datetime | None = None
    again_at: datetime | None = None
    failures: int = 0


def speaks_until(known: datetime | None, sources: Iterable[Source]) -> datetime | None:
    """Return the newest moment of which sources speak, `known` or not."""
    ends = [
        moment
        for one in sources
        for moment in (
            one.ended_at,
            *(stay.left_at for entry in one.attended for stay in entry.stays),
        )
    ]
    return max((one for one in (known, *ends) if one is not None), default=None)


def key_of(source: Source) -> str:
    """Return the key under which a source is kept, in each of its versions."""
    return key_for(source.kind, source.source_id)


def key_for(kind: SourceKind, source_id: str) -> str:
    """Return the key of the source of a kind and an id."""
    return digest("source", kind, source_id, characters=26)


def number_of(place: int, taken: Runs) -> int:
    """Return the number of the fold's call at `place`, counting from 1."""
    number = place
    for run in taken:
        if run.first > number:
            break
        number += run.count
    return number


def runs_of(numbers: Iterable[int]) -> Runs:
    """Return numbers as runs."""
    runs: list[Run] = []
    for number in sorted(set(numbers)):
        follows = bool(runs) and runs[-1].last == number - 1
        first = runs.pop().first if follows else number
        runs.append(Run(first=first, last=number))
    return tuple(runs)


def count_of(taken: Runs) -> int:
    """Return how many numbers the runs hold."""
    return sum(run.count for run in taken)
