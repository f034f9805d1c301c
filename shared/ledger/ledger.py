"""The ledger on Azure Table Storage: `ports.Ledger` over azure-data-tables.

Adapter. rows.py makes the rows; tables.py says what an error of the store means.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import batched
from uuid import uuid4

from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableClient

from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.events.cloud_events import published_in
from shared.ledger.outbox_rows import outbox_of, read_outboxes, rides, riding_properties, sent_row
from shared.ledger.rows import (
    ALIAS,
    HEAD,
    HEAD_AND_OUTBOX,
    LEGS,
    LOG,
    PAGES,
    PAST,
    PURGE,
    TRANSACTION_OPERATIONS,
    UNFINISHED,
    WALK,
    alias_partition,
    alias_row,
    commits_of,
    day_partition,
    day_row,
    head_row,
    hold_to_limits,
    is_of_commit,
    leg_rows,
    log_rows,
    moment_text,
    page_rows,
    purge_partition,
    purge_row,
    read_day,
    read_head,
    read_legs,
    read_log,
    read_pages,
    read_purge,
    read_walk,
    size_of,
    unfinished_partition,
    unfinished_row,
    walk_row,
)
from shared.ledger.tables import (
    Conflict,
    Missing,
    Operation,
    Table,
    create,
    delete,
    exchange,
    open_client,
    put,
)
from shared.meeting.days import Brief
from shared.meeting.meeting import Change, LegPage, Meeting, OutboxRow, Stored, Traces
from shared.ports import Entry, Lead, PurgeEntry
from shared.telemetry import measure
from shared.words.errors import LostRace, Unavailable
from shared.words.ids import MeetingId

_RACES = 8
"""How often writing an entry of the index is tried."""
_AT_ONCE = 16
"""How many rows beside a meeting are read, or deleted, at a time."""
_OVERTAKEN = "W/\"datetime'2000-01-01T00%3A00%3A00.0000000Z'\""
"""An ETag that no row has: the next commit on top of it loses, as it must."""


def open_ledger(
    connection: str, table_name: str, *, credential: AsyncTokenCredential | None = None
) -> "TableLedger":
    """Return a ledger in `table_name`, which sends no request before its first use.

    `connection` is a connection string (it holds `AccountName=`) or, with a `credential`, the
    endpoint's URL. Close it with `aclose`.
    """
    return TableLedger(open_client(connection, table_name, credential=credential))


def _new_id() -> str:
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


class TableLedger:
    """Implements `ports.Ledger`. One instance a process; safe for many tasks."""

    def __init__(self, client: TableClient, *, new_id: Callable[[], str] = _new_id) -> None:
        """`new_id` names commits, so that a commit whose answer was lost is recognised."""
        self._table = Table(client)
        self._new_id = new_id

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._table.client.close()

    async def load(self, meeting_id: MeetingId, *, likely_new: bool = False) -> Stored | None:
        """See `ports.Ledger.load`.

        Reading one row by its keys is the fastest request; Azurite reads its whole table to find a
        range.
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
        """See `ports.Ledger.commit`."""
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
        published = published_in(change.outgoing) if change.heard else ()
        entry = LogEntry(version=version, heard=change.heard, published=published)
        logged = log_rows(meeting.meeting_id, entry)
        operations: list[Operation] = [
            exchange(head, known.etag) if before else create(head),
            *(create(row) for row in logged),
            *(create(row) for row in (*outbox.rows, *pages, *legs)),
        ]
        hold_to_limits([head, *outbox.rows, *pages, *legs, *logged], operations=len(operations))
        etag = await self._write(operations, meeting, commits)
        measure("rollcall.head.size", size_of(head))
        return Stored(
            meeting=meeting,
            state=_State(etag=etag, commits=commits, riding=outbox.riding),
            outbox=outbox.added,
        )

    async def clear(self, meeting_id: MeetingId, row_keys: Iterable[str]) -> None:
        """See `ports.Ledger.clear`."""
        what = "clearing the outbox"
        unique = dict.fromkeys(row_keys)
        if riding := max((key for key in unique if rides(key)), default=None):
            await self._table.write(what, [put(sent_row(meeting_id, riding))])
        await self._delete(what, meeting_id, (key for key in unique if not rides(key)))

    async def log(self, meeting_id: MeetingId) -> Sequence[LogEntry]:
        """See `ports.Ledger.log`."""
        rows = await self._table.rows("reading the log", meeting_id, *LOG)
        return read_log(rows)

    async def pages(self, meeting_id: MeetingId) -> Sequence[SessionPage]:
        """See `ports.Ledger.pages`. A call's sessions may come in several pages."""
        return read_pages(await self._table.rows("reading pages", meeting_id, *PAGES))

    async def older_legs(self, meeting_id: MeetingId) -> Sequence[LegPage]:
        """See `ports.Ledger.older_legs`."""
        return read_legs(await self._table.rows("reading older legs", meeting_id, *LEGS))

    async def claim_alias(self, alias: str, meeting_id: MeetingId) -> MeetingId:
        """See `ports.Ledger.claim_alias`."""
        try:
            await self._table.write("claiming an alias", [create(alias_row(alias, meeting_id))])
        except Conflict:
            # The alias is ours if the store made the row and its answer was lost: read it.
            return await self.resolve_alias(alias) or meeting_id
        return meeting_id

    async def move_alias(self, alias: str, *, since: MeetingId, to: MeetingId) -> MeetingId:
        """See `ports.Ledger.move_alias`."""
        what = "moving an alias"
        for _ in range(_RACES):
            known = await self._table.row(what, alias_partition(alias), ALIAS)
            if known is None:
                return await self.claim_alias(alias, to)
            if known["meetingId"] != since:
                return MeetingId(known["meetingId"])
            moved = exchange(alias_row(alias, to), str(known.metadata["etag"]))
            try:
                await self._table.write(what, [moved])
            except (Conflict, Missing):
                continue  # written or deleted since it was read, or by ourselves: reading tells
            return to
        raise Unavailable(f"others wrote all the time while {what}")

    async def resolve_alias(self, alias: str) -> MeetingId | None:
        """See `ports.Ledger.resolve_alias`."""
        row = await self._table.row("resolving an alias", alias_partition(alias), ALIAS)
        return MeetingId(row["meetingId"]) if row else None

    async def index(self, meeting_id: MeetingId, *, due_at: datetime) -> None:
        """See `ports.Ledger.index`."""
        what, shard = "indexing a meeting", unfinished_partition(meeting_id)
        for _ in range(_RACES):
            known = await self._table.row(what, shard, meeting_id)
            row = unfinished_row(meeting_id, due_at=due_at)
            if known is not None:
                row["dueAt"] = min(row["dueAt"], known["dueAt"])
            written = create(row) if known is None else exchange(row, str(known.metadata["etag"]))
            try:
                await self._table.write(what, [written])
            except (Conflict, Missing):
                continue  # written or deleted since it was read
            return
        raise Unavailable(f"other processes kept writing while {what}")

    async def overdue(self, *, now: datetime) -> AsyncIterator[Entry]:
        """See `ports.Ledger.overdue`."""
        entries = self._table.entries(
            "reading the index",
            "PartitionKey ge @low and PartitionKey lt @high and dueAt le @now",
            {"low": UNFINISHED[0], "high": UNFINISHED[1], "now": moment_text(now)},
        )
        async for entry in entries:
            yield Entry(
                meeting_id=MeetingId(entry["RowKey"]),
                due_at=datetime.fromisoformat(entry["dueAt"]),
                etag=str(entry.metadata["etag"]),
            )

    async def reindex(self, entry: Entry, *, due_at: datetime | None) -> None:
        """See `ports.Ledger.reindex`."""
        what, shard = "moving an entry of the index", unfinished_partition(entry.meeting_id)
        try:
            if due_at is None:
                await self._table.delete(what, shard, entry.meeting_id, etag=entry.etag)
            else:
                row = unfinished_row(entry.meeting_id, due_at=due_at)
                await self._table.write(what, [exchange(row, entry.etag)])
        except (Conflict, Missing):
            return  # written since it was read

    async def list_day(self, meeting_id: MeetingId, day: date, brief: Brief | None) -> None:
        """See `ports.Ledger.list_day`."""
        what = "listing a meeting"
        if brief is None:
            await self._table.delete(what, day_partition(day), meeting_id)
        else:
            await self._table.write(what, [put(day_row(meeting_id, day, brief))])

    async def day(self, day: date) -> AsyncIterator[tuple[MeetingId, Brief]]:
        """See `ports.Ledger.day`."""
        query, words = "PartitionKey eq @day", {"day": day_partition(day)}
        async for row in self._table.entries("reading the list of a day", query, words):
            yield read_day(row)

    async def note_walk(self, at: datetime) -> None:
        """See `ports.Ledger.note_walk`."""
        await self._table.write("noting a walk", [put(walk_row(at))])

    async def last_walk(self) -> datetime | None:
        """See `ports.Ledger.last_walk`."""
        row = await self._table.row("reading the last walk", *WALK)
        return None if row is None else read_walk(row)

    async def schedule_purge(self, meeting_id: MeetingId, day: date) -> None:
        """See `ports.Ledger.schedule_purge`."""
        await self._table.write("scheduling a purge", [put(purge_row(meeting_id, day))])

    async def scheduled_purges(self, *, until: date, most: int) -> Sequence[PurgeEntry]:
        """See `ports.Ledger.scheduled_purges`. A table is in the order of its partitions."""
        entries = self._table.entries(
            "reading what is to be purged",
            "PartitionKey ge @low and PartitionKey le @high",
            {"low": PURGE, "high": purge_partition(until)},
            most=most,
        )
        found: list[PurgeEntry] = []
        async with contextlib.aclosing(entries):
            async for row in entries:
                meeting_id, day = read_purge(row)
                found.append(PurgeEntry(meeting_id=meeting_id, day=day))
                if len(found) == most:
                    break
        return found

    async def unschedule_purge(self, entry: PurgeEntry) -> None:
        """See `ports.Ledger.unschedule_purge`."""
        what = "forgetting a purge"
        await self._table.delete(what, purge_partition(entry.day), entry.meeting_id)

    async def leads(self, meeting_id: MeetingId, traces: Traces) -> Sequence[Lead]:
        """See `ports.Ledger.leads`."""
        aliases = ((alias_partition(alias), ALIAS) for alias in traces.aliases)
        days = ((day_partition(day), meeting_id) for day in traces.days)
        found: list[Lead] = []
        for places in batched((*aliases, *days), _AT_ONCE, strict=False):
            rows = await asyncio.gather(
                *(self._table.row("finding what leads to a meeting", *place) for place in places)
            )
            found += [
                Lead(
                    partition=row["PartitionKey"],
                    key=row["RowKey"],
                    etag=str(row.metadata["etag"]),
                )
                for row in rows
                if row is not None and row.get("meetingId", meeting_id) == meeting_id
            ]
        return found

    async def drop(self, leads: Iterable[Lead]) -> None:
        """See `ports.Ledger.drop`."""
        for some in batched(leads, _AT_ONCE, strict=False):
            await asyncio.gather(*map(self._drop, some))

    async def _drop(self, lead: Lead) -> None:
        what = "deleting what leads to a meeting"
        with contextlib.suppress(Conflict, Missing):
            await self._table.delete(what, lead.partition, lead.key, etag=lead.etag)

    async def delete_rows(self, meeting_id: MeetingId, *, up_to: int) -> None:
        """See `ports.Ledger.delete_rows`."""
        what = "deleting the rows of a meeting"
        rows = await self._table.rows(what, meeting_id, *PAST, select=["RowKey"])
        keys = (str(row["RowKey"]) for row in rows)
        await self._delete(what, meeting_id, (key for key in keys if is_of_commit(key, up_to)))

    async def check(self) -> None:
        """See `ports.Ledger.check`."""
        await self._table.row("checking the tables", "check", "check")

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
