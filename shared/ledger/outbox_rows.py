"""How a meeting's partition keeps the messages of a commit until they are sent and cleared.

Core. Few messages ride in the head row itself, so a commit without observations is one plain write:
a transaction of two rows costs three times as much. The mark `b-sent` beside the head clears them
and leaves the head's ETag alone. The messages of only one commit ride at a time. All others have
rows of their own, `b-outbox-…`; deleting these rows clears them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.ledger.rows import Row, moment_text, part_rows
from shared.meeting.meeting import OutboxRow
from shared.meeting.packing import Messages, blob_of, packed, parcels, unpacked
from shared.words.ids import MeetingId
from shared.words.outgoing import Outgoing

SENT = "b-sent"

RIDING_BYTES = 16_000
"""Most bytes of messages that ride: every load reads them until the next commit."""

_RIDING = "-head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The outbox after one commit: the messages that ride in the head, and the rows of others.

    `added` are the commit's own messages, riding or in rows.
    """

    riding: OutboxRow | None
    rows: tuple[Row, ...]
    added: tuple[OutboxRow, ...]


def outbox_of(
    meeting_id: MeetingId,
    riding: OutboxRow | None,
    *,
    version: int,
    written_at: datetime,
    messages: Sequence[Outgoing],
) -> Outbox:
    """Return the outbox of the commit that makes `version`, while `riding` is not cleared yet.

    Raises ValueError for a message that no row can hold.
    """
    if not messages:
        return Outbox(riding=riding, rows=(), added=())
    if riding is None and len(packed(Messages, tuple(messages))) <= RIDING_BYTES:
        key = f"b-outbox-{version:012d}{_RIDING}"
        boarding = OutboxRow(key=key, written_at=written_at, messages=tuple(messages))
        return Outbox(riding=boarding, rows=(), added=(boarding,))
    rows = outbox_rows(meeting_id, version=version, written_at=written_at, messages=messages)
    return Outbox(riding=riding, rows=tuple(rows), added=tuple(read_outbox(row) for row in rows))


def outbox_rows(
    meeting_id: MeetingId, *, version: int, written_at: datetime, messages: Sequence[Outgoing]
) -> list[Row]:
    """Return rows for the messages of the commit that makes `version`; none for no messages.

    Raises ValueError for a message that no row can hold.
    """
    blobs = parcels(Messages, messages) if messages else ()
    rows = part_rows(meeting_id, f"b-outbox-{version:012d}", blobs)
    return [row | {"writtenAt": moment_text(written_at)} for row in rows]


def read_outbox(row: Mapping[str, Any]) -> OutboxRow:
    """Return what one outbox row holds."""
    return OutboxRow(
        key=str(row["RowKey"]),
        written_at=datetime.fromisoformat(str(row["writtenAt"])),
        messages=unpacked(Messages, blob_of(row)),
    )


def riding_properties(riding: OutboxRow | None) -> Row:
    """Return what riding messages add to a head row."""
    if riding is None:
        return {}
    return {
        "riding": riding.key,
        "writtenAt": moment_text(riding.written_at),
        "messages": packed(Messages, riding.messages),
    }


def read_outboxes(
    head: Mapping[str, Any], beside: Iterable[Mapping[str, Any]]
) -> tuple[OutboxRow | None, tuple[OutboxRow, ...]]:
    """Return the uncleared messages that ride in a head row, and all uncleared, oldest first."""
    rows = {str(row["RowKey"]): row for row in beside}
    mark = rows.pop(SENT, None)
    riding = _read_riding(head, mark)
    uncleared = [read_outbox(row) for row in rows.values()]
    if riding is not None:
        uncleared.append(riding)
    return riding, tuple(sorted(uncleared, key=lambda row: row.key))


def rides(key: str) -> bool:
    """Return whether an outbox key names messages that ride, or rode, in the head."""
    return key.endswith(_RIDING)


def sent_row(meeting_id: MeetingId, key: str) -> Row:
    """Return the mark that the messages under `key`, and all that rode before, were sent."""
    return {"PartitionKey": meeting_id, "RowKey": SENT, "riding": key}


def _read_riding(head: Mapping[str, Any], mark: Mapping[str, Any] | None) -> OutboxRow | None:
    key = head.get("riding")
    if key is None or (mark is not None and key <= mark["riding"]):
        return None
    return OutboxRow(
        key=str(key),
        written_at=datetime.fromisoformat(str(head["writtenAt"])),
        messages=unpacked(Messages, head["messages"]),
    )
