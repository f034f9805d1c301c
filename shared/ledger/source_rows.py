"""The rows of a meeting's dated sources: one each, in its newest version.

Core. Their keys come after the log and the pages; a reader of the record reads them all at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from shared.ledger.rows import Row, part_rows
from shared.meeting.packing import ROW_BYTES, blob_of, packed, unpacked
from shared.sources.kept import KeptSource, key_of
from shared.words.ids import MeetingId

SOURCES = ("e-source-", "e-source.")


def source_rows(meeting_id: MeetingId, sources: Iterable[KeptSource]) -> list[Row]:
    """Return the rows that replace what is kept of these sources; one too large has several."""
    return [
        row
        for one in sources
        for row in part_rows(meeting_id, f"{SOURCES[0]}{key_of(one.source)}", _parts(one))
    ]


def read_sources(rows: Iterable[Mapping[str, Any]]) -> list[KeptSource]:
    """Return the sources of all source rows of a meeting, in the order of their keys.

    A version of fewer rows than the one before it leaves the others, which count no more.
    """
    found: dict[str, KeptSource] = {}
    for row in rows:
        part, key = unpacked(KeptSource, blob_of(row)), row["RowKey"].rpartition("-")[0]
        known = found.get(key)
        if known is None or known.source.version < part.source.version:
            found[key] = part
        elif known.source.version == part.source.version:
            attended = known.source.attended + part.source.attended
            found[key] = replace(known, source=replace(known.source, attended=attended))
    return list(found.values())


def _parts(kept: KeptSource) -> Iterator[bytes]:
    blob, attended = packed(KeptSource, kept), kept.source.attended
    if len(blob) <= ROW_BYTES or len(attended) < 2:
        yield blob
        return
    middle = len(attended) // 2
    yield from _parts(replace(kept, source=replace(kept.source, attended=attended[:middle])))
    rest = replace(kept.source, attended=attended[middle:])
    yield from _parts(replace(kept, source=rest, found=()))
