"""Which calls the sources of a meeting show, each for itself and all together. Core.

A source's calls are the maximal unions of people's stays. Calls of different sources that overlap
are one call; sources of two kinds may have clocks that differ by `CLOCKS`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import get_args

from shared.words.observations import Basis
from shared.words.sources import Attended, Source, SourceKind, Stay

CLOCKS = timedelta(seconds=5)
"""How far the clocks of two sources, or of a source and ours, may differ."""
RANK: Mapping[Basis, int] = {basis: rank for rank, basis in enumerate(get_args(Basis))}
"""From the best basis, 0, to the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one moment to another."""

    started_at: datetime
    ended_at: datetime

    def overlap(self, other: "Span") -> timedelta:
        """Return for how long two spans overlap; less than nothing where they lie apart."""
        return min(self.ended_at, other.ended_at) - max(self.started_at, other.started_at)

    def reaches(self, other: "Span") -> bool:
        """Return whether two spans overlap."""
        return self.overlap(other) >= timedelta(0)

    def meets(self, other: "Span") -> bool:
        """Return whether two spans overlap, as far as clocks allow to say so."""
        return self.overlap(other) + CLOCKS >= timedelta(0)

    def hull(self, other: "Span") -> "Span":
        """Return the shortest span that holds both."""
        return Span(
            started_at=min(self.started_at, other.started_at),
            ended_at=max(self.ended_at, other.ended_at),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What the sources of one kind say of one call. Each stay of `attended` has an end.

    `listed`: who is named by an identity. `unnamed`: how many entries have none. `named`: whom the
    sources list at any time, in this call or in another one. `layer_of` makes it.
    """

    kind: SourceKind
    source_ids: tuple[str, ...]
    span: Span
    attended: tuple[Attended, ...]
    listed: frozenset[str]
    unnamed: int
    named: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCall:
    """A call as sources show it: what each kind of source says, the best kind first."""

    layers: tuple[Layer, ...]

    @property
    def best(self) -> Layer:
        """What the best source says: its times and people count."""
        return self.layers[0]

    @property
    def hull(self) -> Span:
        """The span of all that is said of the call."""
        span = self.best.span
        for layer in self.layers[1:]:
            span = span.hull(layer.span)
        return span


def layer_of(
    kind: SourceKind,
    source_ids: tuple[str, ...],
    span: Span,
    entries: Iterable[Attended],
    *,
    named: frozenset[str],
) -> Layer:
    """Return what sources of a kind, which list those who are `named`, say of a call."""
    attended = tuple(entries)
    keys = [one.person.user_id for one in attended]
    return Layer(
        kind=kind,
        source_ids=source_ids,
        span=span,
        attended=attended,
        listed=frozenset(key for key in keys if key is not None),
        unnamed=keys.count(None),
        named=named,
    )


def speaks(source: Source) -> bool:
    """Return whether a source says anything: it is complete, and names when people were there."""
    return source.ended_at is not None and any(one.stays for one in source.attended)


def newest(sources: Iterable[Source]) -> list[Source]:
    """Return each source that speaks in its newest version, in an order of their own."""
    found: dict[tuple[int, str], Source] = {}
    for source in sources:
        key = RANK[source.kind], source.source_id
        if key not in found or found[key].version < source.version:
            found[key] = source
    return [found[key] for key in sorted(found) if speaks(found[key])]


def calls_of(source: Source, *, settle: timedelta) -> list[Layer]:
    """Return the calls that one source shows: people's stays, gaps of up to `settle` bridged."""
    stays = sorted(
        ((_ended(stay, source), entry) for entry in source.attended for stay in entry.stays),
        key=lambda one: (one[0].started_at, one[0].ended_at),
    )
    calls: list[tuple[Span, list[tuple[Span, Attended]]]] = []
    for stay, entry in stays:
        if calls and stay.started_at - calls[-1][0].ended_at <= settle:
            span, members = calls[-1]
            members.append((stay, entry))
            if stay.ended_at > span.ended_at:
                calls[-1] = span.hull(stay), members
        else:
            calls.append((stay, [(stay, entry)]))
    keys = (one.person.user_id for one in source.attended if one.stays)
    named = frozenset(key for key in keys if key is not None)
    return [
        layer_of(source.kind, (source.source_id,), span, _entries(members), named=named)
        for span, members in calls
    ]


def source_calls(sources: Iterable[Source], *, settle: timedelta) -> list[SourceCall]:
    """Return the calls that all sources together show, by start."""
    pieces = [piece for one in newest(sources) for piece in calls_of(one, settle=settle)]
    pieces.sort(key=lambda piece: (piece.span.started_at, piece.span.ended_at))
    groups, apart = Groups(len(pieces)), list[tuple[int, int]]()
    overlapping: list[set[object]] = [set() for _ in pieces]
    for at, piece in enumerate(pieces):
        for other in range(at + 1, len(pieces)):
            if pieces[other].span.started_at - CLOCKS > piece.span.ended_at:
                break
            one, two = _source_of(piece), _source_of(pieces[other])
            if one == two:
                continue
            if pieces[other].span.started_at > piece.span.ended_at:
                if piece.kind != pieces[other].kind:
                    apart.append((at, other))
                continue
            groups.join(at, other)
            overlapping[at].add(two)
            overlapping[other].add(one)
    for at, other in apart:
        # Calls that both sources have in common show that their clocks agree.
        one, two = _source_of(pieces[at]), _source_of(pieces[other])
        if two not in overlapping[at] and one not in overlapping[other]:
            groups.join(at, other)
    return joined_calls([SourceCall(layers=(piece,)) for piece in pieces], groups)


def joined_calls(calls: Sequence[SourceCall], groups: "Groups") -> list[SourceCall]:
    """Return the calls with those of one group as one, by start."""
    found = [_as_one([calls[place] for place in group]) for group in groups.all()]
    return sorted(found, key=lambda call: (call.hull.started_at, call.hull.ended_at))


class Groups:
    """Places, from 0, of which some are found to belong together."""

    def __init__(self, count: int) -> None:
        self._of = list(range(count))

    def join(self, one: int, other: int) -> None:
        """Note that two places belong to one group."""
        first, second = sorted((self._root(one), self._root(other)))
        self._of[second] = first

    def all(self) -> list[list[int]]:
        """Return the groups, each in ascending order."""
        found: dict[int, list[int]] = {}
        for place in range(len(self._of)):
            found.setdefault(self._root(place), []).append(place)
        return list(found.values())

    def _root(self, place: int) -> int:
        while self._of[place] != place:
            self._of[place] = place = self._of[self._of[place]]
        return place


def _as_one(calls: Sequence[SourceCall]) -> SourceCall:
    if len(calls) == 1:
        return calls[0]
    layers: dict[SourceKind, list[Layer]] = {}
    for call in calls:
        for layer in call.layers:
            layers.setdefault(layer.kind, []).append(layer)
    return SourceCall(
        layers=tuple(_one_layer(layers[kind]) for kind in sorted(layers, key=RANK.__getitem__))
    )


def _one_layer(layers: Sequence[Layer]) -> Layer:
    span = layers[0].span
    for layer in layers[1:]:
        span = span.hull(layer.span)
    entries = [entry for layer in layers for entry in layer.attended]
    ids = tuple(sorted({one for layer in layers for one in layer.source_ids}))
    named = frozenset[str]().union(*(layer.named for layer in layers))
    return layer_of(layers[0].kind, ids, span, entries, named=named)


def _entries(members: Sequence[tuple[Span, Attended]]) -> Iterator[Attended]:
    """Yield entries with those of their stays that are of one call."""
    found: dict[int, tuple[Attended, list[Span]]] = {}
    for span, entry in members:
        found.setdefault(id(entry), (entry, []))[1].append(span)
    for entry, spans in found.values():
        if len(spans) == len(entry.stays) and all(stay.left_at for stay in entry.stays):
            yield entry
        else:
            stays = (Stay(joined_at=one.started_at, left_at=one.ended_at) for one in spans)
            yield replace(entry, stays=tuple(stays))


def _source_of(piece: Layer) -> tuple[SourceKind, tuple[str, ...]]:
    return piece.kind, piece.source_ids


def _ended(stay: Stay, source: Source) -> Span:
    """Return a stay as a span. One without an end lasts to that of the source."""
    ended_at = stay.left_at or source.ended_at or stay.joined_at
    return Span(started_at=stay.joined_at, ended_at=max(stay.joined_at, ended_at))
