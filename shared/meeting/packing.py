"""How values become the binary properties of table rows, and values again.

Core. JSON through the dataclasses' own types, compressed, cut into properties the store accepts.
Never decides what goes into which row: that is rows.py.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.meeting.meeting import LegPage, Meeting
from shared.sources.kept import KeptSource
from shared.words.outgoing import Outgoing

PROPERTY_BYTES = 60_000
"""Most bytes of one binary property; the store takes 65,536."""

PROPERTIES = 14
"""Most packed properties of one row: with them an entity stays under the store's 1 MiB."""

ROW_BYTES = PROPERTY_BYTES * PROPERTIES

# Most of what is packed are random ids: the fastest level takes half the default's time for a
# tenth more bytes.
_LEVEL = 1

Messages = tuple[Outgoing, ...]
Pages = tuple[SessionPage, ...]
LegPages = tuple[LegPage, ...]
KINDS = (Meeting, LogEntry, Messages, Pages, LegPages, KeptSource)
"""What stands in rows; the `kind` of each observation in a log entry says which one it is."""
_adapters: dict[Any, TypeAdapter[Any] | None] = dict.fromkeys(KINDS)


def adapter[T](kind: type[T]) -> TypeAdapter[T]:
    """Return the adapter of one of `KINDS`, built on first use: building it costs a cold start."""
    found = _adapters[kind]
    if found is None:
        found = _adapters[kind] = TypeAdapter(kind)
    return found


def packed[T](kind: type[T], value: T) -> bytes:
    """Return `value` as compressed JSON; `unpacked` gives it back equal."""
    return zlib.compress(adapter(kind).dump_json(value), _LEVEL)


def unpacked[T](kind: type[T], blob: bytes) -> T:
    """Return the value of that type that `packed` made `blob` of.

    Raises ValueError for what is none; it quotes nothing of it, names and links least of all.
    """
    try:
        return adapter(kind).validate_json(zlib.decompress(blob))
    except (ValueError, zlib.error) as error:
        why = type(error).__name__
    raise ValueError(f"what is stored cannot be read ({why})")


def properties(blob: bytes) -> dict[str, bytes]:
    """Return `blob` cut into the properties `p00`, `p01`, … of one row.

    Raises ValueError for more than `ROW_BYTES`.
    """
    if len(blob) > ROW_BYTES:
        raise ValueError(f"{len(blob):,} bytes are more than one row holds ({ROW_BYTES:,})")
    starts = range(0, len(blob), PROPERTY_BYTES)
    return {f"p{n:02d}": blob[at : at + PROPERTY_BYTES] for n, at in enumerate(starts)}


def blob_of(row: Mapping[str, Any]) -> bytes:
    """Return the bytes that `properties` cut, from a row that was read."""
    names = sorted(name for name in row if len(name) == 3 and name[0] == "p" and name[1:].isdigit())
    return b"".join(row[name] for name in names)


def parcels[T](kind: type[tuple[T, ...]], items: Sequence[T]) -> Iterator[bytes]:
    """Yield `items`, in order, packed into as few rows as halving finds, each readable by itself.

    Raises ValueError for a single item that no row can hold.
    """
    blob = packed(kind, tuple(items))
    if len(blob) <= ROW_BYTES:
        yield blob
    elif len(items) == 1:
        raise ValueError(f"one {type(items[0]).__name__} of {len(blob):,} bytes fits no row")
    else:
        middle = len(items) // 2
        yield from parcels(kind, items[:middle])
        yield from parcels(kind, items[middle:])
