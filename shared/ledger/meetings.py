"""The partition of a meeting: `ports.Meetings` over azure-data-tables.

Adapter. rows.py makes the rows; tables.py says what an error of the store means.
"""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched
from uuid import uuid4

from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.events.cloud_events import logged_in
from shared.ledger.outbox_rows import outbox_of, read_outboxes, rides, riding_properties, sent_row
from shared.ledger.rows import (
    HEAD,
    HEAD_AND_OUTBOX,
    LEGS,
    LOG,
    PAGES,
    PAST,
    TRANSACTION_OPERATIONS,
    Row,
    commits_of,
    head_row,
    hold_to_limits,
    is_of_commit,
    is_page_of_log,
    leg_rows,
    log_after,
    log_rows,
    page_rows,
    read_head,
    read_legs,
    read_log,
    read_pages,
    size_of,
)
from shared.ledger.source_rows import SOURCES, read_sources, source_rows
from shared.ledger.tables import (
    Conflict,
    Missing,
    Operation,
    Table,
    create,
    delete,
    exchange,
    put,
)
from shared.meeting.meeting import Change, LegPage, Meeting, OutboxRow, Stored
from shared.sources.kept import KeptSource
from shared.telemetry import measure
from shared.words.errors import LostRace
from shared.words.ids import MeetingId

_OVERTAKEN = "W/\"datetime'2000-01-01T00%3A00%3A00.0000000Z'\""
"""An ETag that no row has: the next commit on top of it loses, as it must."""


def new_id() -> str:
    """Return an id that no other commit has."""
    return uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What the next commit builds on: the head row as it is in the store.

    `commits` are the ids of the commits that made it, the newest first. `riding` are the messages
    in it that are not cleared yet: the next commit must keep them.
    """

    etag: str = ""
    commits: tuple[str, ...] = ()
    riding: OutboxRow | None = None


class TableMeetings:
    """Implements `ports.Meetings`, and the part of `ports.Purges` that deletes a meeting's rows."""

    def __init__(self, table: Table, *, new_id: Callable[[], str] = new_id) -> None:
        """`new_id` names commits, so that a commit whose answer was lost is recognised."""
        self._table = table
        self._new_id = new_id

    async def load(self, meeting_id: MeetingId, *, likely_new: bool = False) -> Stored | None:
        """See `ports.Ledger.load`.

        Reading one row by its keys is the fastest request.
        Source: https://learn.microsoft.com/azure/storage/tables/table-storage-design-for-query
        """
        what = "loading a meeting"
        if likely_new and await self._table.row(what, meeting_id, HEAD) is None:
            return None
        rows = await self._table.rows(what, meeting_id, *HEAD_AND_OUTBOX)
        if not rows or rows[0]["RowKey"] != HEAD:
            return None
        head, *beside = rows
        riding, outbox = read_outboxes(head, beside)
        return Stored(
            meeting=read_head(head),
            state=_State(etag=str(head.metadata["etag"]), commits=commits_of(head), riding=riding),
            outbox=outbox,
        )

    async def commit(self, before: Stored | None, change: Change, *, now: datetime) -> Stored:
        version = before.meeting.version + 1 if before else 1
        meeting = replace(change.meeting, version=version)
        known = before.state if before is not None else None
        known = known if isinstance(known, _State) else _State()
        commits = (self._new_id(), *known.commits)
        outbox = outbox_of(
            meeting.meeting_id,
            known.riding,
            version=version,
            written_at=now,
            messages=change.outgoing,
        )
        head = head_row(meeting, commits) | riding_properties(outbox.riding)
        pages = page_rows(meeting.meeting_id, version=version, pages=change.pages)
        legs = leg_rows(meeting.meeting_id, version=version, pages=change.leg_pages)
        sources = source_rows(meeting.meeting_id, change.sources)
        published = logged_in(change, None if before is None else before.meeting)
        entry = LogEntry(version=version, heard=change.heard, published=published)
        logged = log_rows(meeting.meeting_id, entry)
        operations: list[Operation] = [
            exchange(head, known.etag) if before else create(head),
            *(create(row) for row in logged),
            *(create(row) for row in (*outbox.rows, *pages, *legs)),
            *(put(row) for row in sources),
        ]
        written = [head, *outbox.rows, *pages, *legs, *sources, *logged]
        hold_to_limits(written, operations=len(operations))
        etag = await self._write(operations, meeting, commits)
        measure("rollcall.head.size", size_of(head))
        return Stored(
            meeting=meeting,
            state=_State(etag=etag, commits=commits, riding=outbox.riding),
            outbox=outbox.added,
        )

    async def clear(self, meeting_id: MeetingId, row_keys: Iterable[str]) -> None:
        what = "clearing the outbox"
        unique = dict.fromkeys(row_keys)
        if riding := max((key for key in unique if rides(key)), default=None):
            await self._table.write(what, [put(sent_row(meeting_id, riding))])
        await self._delete(what, meeting_id, (key for key in unique if not rides(key)))

    async def log(
        self, meeting_id: MeetingId, *, after: int = 0, most: int | None = None
    ) -> Sequence[LogEntry]:
        entries = self._table.entries(
            "reading the log",
            "PartitionKey eq @partition and RowKey ge @low and RowKey lt @high",
            {"partition": meeting_id, "low": log_after(after), "high": LOG[1]},
            most=most,
        )
        found: list[Row] = []
        async with contextlib.aclosing(entries):
            async for row in entries:
                if is_page_of_log(found, row, most=most):
                    break
                found.append(row)
        return read_log(found)

    async def pages(self, meeting_id: MeetingId) -> Sequence[SessionPage]:
        """See `ports.Ledger.pages`. A call's sessions may come in several pages."""
        return read_pages(await self._table.rows("reading pages", meeting_id, *PAGES))

    async def older_legs(self, meeting_id: MeetingId) -> Sequence[LegPage]:
        return read_legs(await self._table.rows("reading older legs", meeting_id, *LEGS))

    async def sources(self, meeting_id: MeetingId) -> Sequence[KeptSource]:
        return read_sources(await self._table.rows("reading sources", meeting_id, *SOURCES))

    async def delete_rows(self, meeting_id: MeetingId, *, up_to: int) -> None:
        what = "deleting the rows of a meeting"
        rows = await self._table.rows(what, meeting_id, *PAST, select=["RowKey"])
        keys = (str(row["RowKey"]) for row in rows)
        await self._delete(what, meeting_id, (key for key in keys if is_of_commit(key, up_to)))

    async def _delete(self, what: str, meeting_id: MeetingId, keys: Iterable[str]) -> None:
        for some in batched(keys, TRANSACTION_OPERATIONS, strict=False):
            try:
                await self._table.write(what, [delete(meeting_id, key) for key in some])
            except Missing:
                # Another process deleted one of them, which undid the whole transaction.
                for key in some:
                    await self._table.delete(what, meeting_id, key)

    async def _write(
        self, operations: list[Operation], meeting: Meeting, commits: tuple[str, ...]
    ) -> str:
        what = "committing a meeting"
        try:
            return await self._table.write(what, operations)
        except (Conflict, Missing) as error:
            # The client retries a write whose answer was a 5xx. If the write had happened, the
            # retry loses against it.
            head = await self._table.row(what, meeting.meeting_id, HEAD)
            if head is not None and commits[0] in commits_of(head):
                if commits_of(head)[0] == commits[0]:
                    return str(head.metadata["etag"])
                return _OVERTAKEN
            raise LostRace(f"another commit changed meeting {meeting.meeting_id}") from error
