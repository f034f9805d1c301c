"""What a meeting keeps of dated sources: in its head, and beside it. Core: values.

The numbers of calls are given once, to those of the fold and to those that only a source knows. The
fold counts its own calls; a number that a source's call has is left out of that count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.words.observations import Basis
from shared.words.sources import Source

type Runs = tuple[tuple[int, int], ...]
"""Numbers in ascending order, as the first and the last of each run."""


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
    and not final, and when they ended as far as was observed. `covered`: calls of the record of
    which a source speaks; `touched`: those that evidence has changed since they were published.

    `seen` has the version of each source that was read, the newest last, by `key_of`. `since` is
    the end from which looks are counted, and `tries` how many there were.
    """

    taken: Runs = ()
    awaited: Mapping[int, datetime] = field(default_factory=dict)
    covered: frozenset[int] = frozenset()
    touched: frozenset[int] = frozenset()
    seen: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None
    tries: int = 0


def number_of(place: int, taken: Runs) -> int:
    """Return the number of the fold's call at `place`, counting from 1."""
    number = place
    for first, last in taken:
        if first > number:
            break
        number += last - first + 1
    return number


def runs_of(numbers: Iterable[int]) -> Runs:
    """Return numbers as runs."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return tuple(runs)


def count_of(taken: Runs) -> int:
    """Return how many numbers the runs hold."""
    return sum(last - first + 1 for first, last in taken)
