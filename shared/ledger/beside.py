"""The rows beside the meetings: aliases, the index, lists of days, walks and purges.

Adapter. No transaction spans them and a meeting: what a crash may leave is said in docs/storage.md.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from itertools import batched

from shared.ledger.rows import (
    ALIAS,
    PURGE,
    UNFINISHED,
    WALK,
    alias_partition,
    alias_row,
    day_partition,
    day_row,
    moment_text,
    purge_partition,
    purge_row,
    read_day,
    read_purge,
    read_walk,
    unfinished_partition,
    unfinished_row,
    walk_row,
)
from shared.ledger.tables import (
    Conflict,
    Missing,
    Table,
    create,
    exchange,
    put,
)
from shared.meeting.days import Brief
from shared.meeting.meeting import Traces
from shared.ports import Entry, Lead, PurgeEntry
from shared.words.errors import Unavailable
from shared.words.ids import MeetingId

_RACES = 8
"""How often writing an entry of the index is tried."""
_AT_ONCE = 16
"""How many rows beside a meeting are read, or deleted, at a time."""


class RowsBeside:
    """Implements `ports.Aliases`, `ports.Index`, and the part of `ports.Purges` beside meetings."""

    def __init__(self, table: Table) -> None:
        """`table` is the one table of the app."""
        self._table = table

    async def claim_alias(self, alias: str, meeting_id: MeetingId) -> MeetingId:
        try:
            await self._table.write("claiming an alias", [create(alias_row(alias, meeting_id))])
        except Conflict:
            # The alias is ours if the store made the row and its answer was lost: read it.
            return await self.resolve_alias(alias) or meeting_id
        return meeting_id

    async def resolve_alias(self, alias: str) -> MeetingId | None:
        row = await self._table.row("resolving an alias", alias_partition(alias), ALIAS)
        return MeetingId(row["meetingId"]) if row else None

    async def index(self, meeting_id: MeetingId, *, due_at: datetime) -> None:
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
        what = "listing a meeting"
        if brief is None:
            await self._table.delete(what, day_partition(day), meeting_id)
        else:
            await self._table.write(what, [put(day_row(meeting_id, day, brief))])

    async def day(
        self,
        day: date,
        *,
        first: MeetingId | None = None,
        open_only: bool = False,
        most: int | None = None,
    ) -> AsyncIterator[tuple[MeetingId, Brief]]:
        query, words = "PartitionKey eq @day", {"day": day_partition(day)}
        if first is not None:
            query, words = f"{query} and RowKey ge @first", words | {"first": first}
        if open_only:
            # A row without the member fulfils no comparison of it.
            query, words = f"{query} and openSince ge @any", words | {"any": "0"}
        rows, count = self._table.entries("reading the list of a day", query, words, most=most), 0
        async with contextlib.aclosing(rows):
            async for row in rows:
                yield read_day(row)
                count += 1
                if count == most:
                    return

    async def note_walk(self, at: datetime) -> None:
        await self._table.write("noting a walk", [put(walk_row(at))])

    async def last_walk(self) -> datetime | None:
        row = await self._table.row("reading the last walk", *WALK)
        return None if row is None else read_walk(row)

    async def schedule_purge(self, meeting_id: MeetingId, day: date) -> None:
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
        what = "forgetting a purge"
        await self._table.delete(what, purge_partition(entry.day), entry.meeting_id)

    async def leads(self, meeting_id: MeetingId, traces: Traces) -> Sequence[Lead]:
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
        for some in batched(leads, _AT_ONCE, strict=False):
            await asyncio.gather(*map(self._drop, some))

    async def _drop(self, lead: Lead) -> None:
        what = "deleting what leads to a meeting"
        with contextlib.suppress(Conflict, Missing):
            await self._table.delete(what, lead.partition, lead.key, etag=lead.etag)
