"""Strategies of what the ledger keeps, made from its types: a new field is generated as it is."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    NewType,
    TypeAliasType,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from hypothesis import strategies as st

from shared.words.outgoing import Outgoing

type Field = tuple[type, str]
"""A field: its dataclass, and its name."""

MOST = 3
"""Items of a collection at most: values as deep as a meeting are large enough."""

words = st.text(max_size=8)
numbers = st.integers(min_value=0, max_value=10**6)
moments = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone itself
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
PLAIN: Mapping[object, st.SearchStrategy[Any]] = {
    str: words,
    int: numbers,
    bool: st.booleans(),
    bytes: st.binary(max_size=8),
    datetime: moments,
    date: st.dates(),
    timedelta: st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1)),
    NoneType: st.none(),
    Any: documents,
}


class Strategies:
    """Makes the strategy of a type, each once. `instead` are those of single fields."""

    def __init__(self, instead: Mapping[Field, st.SearchStrategy[Any]]) -> None:
        self._instead = instead
        self._made: dict[object, st.SearchStrategy[Any]] = dict(PLAIN)

    def of(self, kind: Any) -> st.SearchStrategy[Any]:
        """Return the strategy of a type. Raises NotImplementedError for one it cannot make."""
        if kind not in self._made:
            self._made[kind] = self._new(kind)
        return self._made[kind]

    def _new(self, kind: Any) -> st.SearchStrategy[Any]:
        if isinstance(kind, NewType):
            return self.of(kind.__supertype__)
        if isinstance(kind, TypeAliasType):
            return self.of(kind.__value__)
        if isinstance(kind, type) and is_dataclass(kind):
            return st.builds(kind, **self._fields(kind))
        parts = get_args(kind)
        match get_origin(kind):
            case origin if origin is Literal:
                return st.sampled_from(parts)
            case origin if origin in {Union, UnionType}:
                return st.one_of(*map(self.of, parts))
            case origin if origin is tuple and parts[1:] == (...,):
                return st.lists(self.of(parts[0]), max_size=MOST).map(tuple)
            case origin if origin is list:
                return st.lists(self.of(parts[0]), max_size=MOST)
            case origin if origin is frozenset:
                return st.frozensets(self.of(parts[0]), max_size=MOST)
            case origin if origin in {dict, Mapping}:
                return st.dictionaries(*map(self.of, parts), max_size=MOST)
            case _:
                raise NotImplementedError(f"no strategy is made of {kind}")

    def _fields(self, kind: Any) -> dict[str, st.SearchStrategy[Any]]:
        hints = get_type_hints(kind)
        return {
            one.name: self._instead[kind, one.name]
            if (kind, one.name) in self._instead
            else self.of(hints[one.name])
            for one in fields(kind)
        }


# Only copies of what somebody sent us have bytes, and the outbox holds none of them.
stored = Strategies({(Outgoing, "body"): words})
