"""Every field of everything stored is generated: no round trip is blind to one."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Any, Literal, TypeAliasType, get_args, get_origin, get_type_hints

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.meeting.days import Brief
from shared.meeting.meeting import LegPage, Meeting
from shared.meeting.packing import KINDS
from shared.sources.kept import KeptSource
from shared.words.outgoing import Outgoing
from tests.property.stored import Field, Strategies, stored

ROOTS: list[Any] = [Meeting, LogEntry, Outgoing, SessionPage, LegPage, Brief, KeptSource]
"""What stands in rows; test_rows_laws.py has a round trip of each."""


def dataclasses_in(kind: Any) -> set[Any]:
    """Return the dataclasses that a type names, and all that theirs name."""
    found: set[Any] = set()
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        if isinstance(one, TypeAliasType):
            waiting.append(one.__value__)
        elif is_dataclass(one) and one not in found:
            found.add(one)
            waiting.extend(get_type_hints(one).values())
        waiting.extend(get_args(one))
    return found


def fields_that_vary(kind: Any) -> set[Field]:
    """Return the fields of all dataclasses in a type; a literal of one value is constant."""
    return {
        (one, name)
        for one in dataclasses_in(kind)
        for name, hint in get_type_hints(one).items()
        if not (get_origin(hint) is Literal and len(get_args(hint)) == 1)
    }


def values_in(value: object) -> Iterator[tuple[Field, object]]:
    """Yield the value of every field in `value`, at any depth."""
    if is_dataclass(value):
        for one in fields(value):
            inner = getattr(value, one.name)
            yield (type(value), one.name), inner
            yield from values_in(inner)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from values_in(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from values_in(inner)


def never_varied(kind: Any, strategy: st.SearchStrategy[Any]) -> set[Field]:
    """Return the fields to which no example gives another value than their default.

    One without a default needs two values that differ. The examples are the same every time, and
    no more than it takes: six rounds of them only where a field is missing.
    """
    usual: dict[Field, object] = {}
    missing = fields_that_vary(kind)

    @settings(max_examples=50, database=None, phases=[Phase.generate])
    @given(strategy)
    def sample(value: object) -> None:
        for one, inner in values_in(value):
            if one in missing and inner != usual.setdefault(one, default_of(one, inner)):
                missing.discard(one)

    for number in range(6):
        if missing:
            seed(number)(sample)()
    return missing


def default_of(one: Field, first: object) -> object:
    """Return the default of a field, `first` where it has none."""
    kind, name = one
    known = next(each for each in fields(kind) if each.name == name)
    if known.default_factory is not MISSING:
        return known.default_factory()
    return first if known.default is MISSING else known.default


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.__name__)
def test_every_field_of_what_is_stored_is_generated(root: Any) -> None:
    """However deep it is, with another value than its default."""
    assert never_varied(root, stored.of(root)) == set()


def test_whatever_is_packed_is_one_of_these() -> None:
    """A row of a new kind has to be named above, and to have its round trip."""
    packed = {get_args(kind)[0] if get_origin(kind) is tuple else kind for kind in KINDS}

    assert packed == set(ROOTS) - {Brief}


@dataclass(frozen=True, kw_only=True)
class Inner:
    """With a field that a strategy may forget."""

    moment: datetime | None = None
    kind: Literal["inner"] = "inner"


@dataclass(frozen=True, kw_only=True)
class Outer:
    """With a field without default that a strategy may never vary."""

    name: str
    inner: tuple[Inner, ...] = ()
    kept: dict[str, int] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("forgotten", "always"),
    [((Inner, "moment"), None), ((Outer, "name"), "ada"), ((Outer, "kept"), {})],
)
def test_a_field_that_never_varies_is_found(forgotten: Field, always: object) -> None:
    """Else the proof would hold because it is blind."""
    strategies = Strategies({forgotten: st.just(always)})

    assert never_varied(Outer, strategies.of(Outer)) == {forgotten}
