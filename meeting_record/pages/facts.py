"""What a page is made of: names with what is said under them, and what is to be acted on. Core."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meeting_record.pages.clock import Clock, Time

type Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name, and what is said under it.

    `basis`: how a time is known, as the record says it. `how`: how that is drawn. `notes`: bounds.
    """

    name: str
    value: Time | str
    basis: str = ""
    how: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something to act on: a request that is not done, a failure, a warning."""

    title: str
    message: str
    next_step: str | None = None
    facts: tuple[Fact, ...] = ()


def time_fact(name: str, at: str | None, clock: Clock) -> Iterator[Fact]:
    """Yield the fact of a moment, unless it is not known."""
    if at is not None:
        yield Fact(name=name, value=clock.whole(at))


def graph_facts(graph: Json | None) -> Iterator[Fact]:
    """Yield what Microsoft's support needs, where Graph answered something."""
    if graph is None:
        return
    for name, member in (
        ("Graph's status", "status"),
        ("Graph's code", "code"),
        ("Graph's request", "requestId"),
        ("Our request to Graph", "clientRequestId"),
        ("Graph's date", "date"),
    ):
        if graph[member]:
            yield Fact(name=name, value=str(graph[member]))
