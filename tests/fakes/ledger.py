"""A ledger in memory. The contract suite holds it to what the real one does."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.events.cloud_events import logged_in
from shared.ledger.outbox_rows import outbox_rows, read_outbox
from shared.ledger.rows import (
    HEAD,
    HEAD_AND_OUTBOX,
    LEGS,
    LOG,
    PAGES,
    PAST,
    Row,
    day_row,
    head_row,
    hold_to_limits,
    is_of_commit,
    is_page_of_log,
    leg_rows,
    log_after,
    log_rows,
    page_rows,
    read_day,
    read_head,
    read_legs,
    read_log,
    read_pages,
    read_walk,
    size_of,
    walk_row,
)
from shared.ledger.source_rows import SOURCES, read_sources, source_rows
from shared.meeting.days import Brief
from shared.meeting.meeting import Change, LegPage, Meeting, Stored, Traces
from shared.ports import Entry, Lead, PurgeEntry
from shared.sources.kept import KeptSource
from shared.words.errors import LostRace, Unavailable
from shared.words.ids import MeetingId


class InMemoryLedger:
    """Implements `ports.Ledger`. Keeps the very rows the real one writes, so limits hold here too.

    Other tasks run in every call before anything is read or written, as they do on a network.
    `loads`, `read_bytes`, `commits` and `written_bytes` count what handlers cost.
    """

    def __init__(self) -> None:
        self._partitions: dict[MeetingId, dict[str, Row]] = {}
        self._etags: dict[MeetingId, str] = {}
        self._aliases: dict[str, tuple[MeetingId, str]] = {}
        self._index: dict[MeetingId, Entry] = {}
        self._writes = 0
        self._days: dict[date, dict[MeetingId, Row]] = {}
        self._walk: Row | None = None
        self._purges: set[tuple[date, MeetingId]] = set()
        self._failing = 0
        self.loads = self.read_bytes = self.commits = self.written_bytes = 0

    def fail_next(self, times: int = 1) -> None:
        """Let the next `times` calls raise `Unavailable`, with nothing done."""
        self._failing = times

    def spoil(self, meeting_id: MeetingId) -> None:
        """Let the stored record of a meeting be one that nobody can read."""
        self._partitions[meeting_id][HEAD] |= {"p00": b"spoilt"}

    def meetings(self) -> list[Meeting]:
        """Return every meeting, for tests to look at."""
        return [read_head(rows[HEAD]) for rows in self._partitions.values()]

    def rows_of(self, meeting_id: str) -> dict[str, int]:
        """Return the bytes of each row of a meeting, for tests to look at."""
        rows = self._partitions[MeetingId(meeting_id)]
        return {key: size_of(row) for key, row in rows.items()}

    async def load(self, meeting_id: MeetingId, *, likely_new: bool = False) -> Stored | None:
        """See `ports.Ledger.load`."""
        await self._answer()
        rows = self._range(meeting_id, HEAD_AND_OUTBOX)
        self.loads += 1
        self.read_bytes += sum(size_of(row) for row in rows)
        if not rows:
            return None
        head, *outbox = rows
        return Stored(
            meeting=read_head(head),
            state=self._etags[meeting_id],
            outbox=tuple(read_outbox(row) for row in outbox),
        )

    async def commit(self, before: Stored | None, change: Change, *, now: datetime) -> Stored:
        """See `ports.Ledger.commit`."""
        version = before.meeting.version + 1 if before else 1
        meeting = replace(change.meeting, version=version)
        meeting_id = meeting.meeting_id
        head = head_row(meeting, [])
        outbox = outbox_rows(meeting_id, version=version, written_at=now, messages=change.outgoing)
        pages = page_rows(meeting_id, version=version, pages=change.pages)
        legs = leg_rows(meeting_id, version=version, pages=change.leg_pages)
        sources = source_rows(meeting_id, change.sources)
        published = logged_in(change, None if before is None else before.meeting)
        entry = LogEntry(version=version, heard=change.heard, published=published)
        logged = log_rows(meeting_id, entry)
        written = [head, *outbox, *pages, *legs, *sources, *logged]
        hold_to_limits(written, operations=len(written))
        await self._answer()
        if self._etags.get(meeting_id) != (before.state if before else None):
            raise LostRace(f"meeting {meeting_id} was changed by somebody else")
        rows = self._partitions.setdefault(meeting_id, {})
        rows.update({row["RowKey"]: row for row in written})
        self.commits += 1
        self.written_bytes += sum(size_of(row) for row in written)
        self._etags[meeting_id] = f"etag-{version}"
        return Stored(
            meeting=meeting,
            state=self._etags[meeting_id],
            outbox=tuple(read_outbox(row) for row in outbox),
        )

    async def clear(self, meeting_id: MeetingId, row_keys: Iterable[str]) -> None:
        """See `ports.Ledger.clear`."""
        await self._answer()
        for key in row_keys:
            self._partitions.get(meeting_id, {}).pop(key, None)

    async def log(
        self, meeting_id: MeetingId, *, after: int = 0, most: int | None = None
    ) -> Sequence[LogEntry]:
        """See `ports.Ledger.log`."""
        await self._answer()
        found: list[Row] = []
        for row in self._range(meeting_id, (log_after(after), LOG[1])):
            if is_page_of_log(found, row, most=most):
                break
            found.append(row)
        return read_log(found)

    async def pages(self, meeting_id: MeetingId) -> Sequence[SessionPage]:
        """See `ports.Ledger.pages`."""
        await self._answer()
        return read_pages(self._range(meeting_id, PAGES))

    async def older_legs(self, meeting_id: MeetingId) -> Sequence[LegPage]:
        """See `ports.Ledger.older_legs`."""
        await self._answer()
        return read_legs(self._range(meeting_id, LEGS))

    async def sources(self, meeting_id: MeetingId) -> Sequence[KeptSource]:
        """See `ports.Ledger.sources`."""
        await self._answer()
        return read_sources(self._range(meeting_id, SOURCES))

    async def claim_alias(self, alias: str, meeting_id: MeetingId) -> MeetingId:
        """See `ports.Ledger.claim_alias`."""
        await self._answer()
        if alias not in self._aliases:
            self._aliases[alias] = meeting_id, self._new_etag()
        return self._aliases[alias][0]

    async def resolve_alias(self, alias: str) -> MeetingId | None:
        """See `ports.Ledger.resolve_alias`."""
        await self._answer()
        return self._aliases[alias][0] if alias in self._aliases else None

    async def index(self, meeting_id: MeetingId, *, due_at: datetime) -> None:
        """See `ports.Ledger.index`."""
        await self._answer()
        known = self._index.get(meeting_id)
        self._put(meeting_id, due_at if known is None else min(known.due_at, due_at))

    async def overdue(self, *, now: datetime) -> AsyncIterator[Entry]:
        """See `ports.Ledger.overdue`."""
        await self._answer()
        for _, entry in sorted(self._index.items()):
            if entry.due_at <= now:
                yield entry

    async def reindex(self, entry: Entry, *, due_at: datetime | None) -> None:
        """See `ports.Ledger.reindex`."""
        await self._answer()
        if self._index.get(entry.meeting_id) != entry:
            return
        if due_at is None:
            del self._index[entry.meeting_id]
        else:
            self._put(entry.meeting_id, due_at)

    async def list_day(self, meeting_id: MeetingId, day: date, brief: Brief | None) -> None:
        """See `ports.Ledger.list_day`."""
        await self._answer()
        rows = self._days.setdefault(day, {})
        if brief is None:
            rows.pop(meeting_id, None)
        else:
            rows[meeting_id] = day_row(meeting_id, day, brief) | {"etag": self._new_etag()}

    async def day(
        self,
        day: date,
        *,
        first: MeetingId | None = None,
        open_only: bool = False,
        most: int | None = None,
    ) -> AsyncIterator[tuple[MeetingId, Brief]]:
        """See `ports.Ledger.day`."""
        await self._answer()
        rows = sorted(self._days.get(day, {}).items())
        found = [
            row
            for meeting_id, row in rows
            if meeting_id >= (first or "") and ("openSince" in row or not open_only)
        ]
        for row in found[:most]:
            yield read_day(row)

    async def note_walk(self, at: datetime) -> None:
        """See `ports.Ledger.note_walk`."""
        await self._answer()
        self._walk = walk_row(at)

    async def last_walk(self) -> datetime | None:
        """See `ports.Ledger.last_walk`."""
        await self._answer()
        return None if self._walk is None else read_walk(self._walk)

    async def schedule_purge(self, meeting_id: MeetingId, day: date) -> None:
        """See `ports.Ledger.schedule_purge`."""
        await self._answer()
        self._purges.add((day, meeting_id))

    async def scheduled_purges(self, *, until: date, most: int) -> Sequence[PurgeEntry]:
        """See `ports.Ledger.scheduled_purges`."""
        await self._answer()
        due = sorted(one for one in self._purges if one[0] <= until)
        return [PurgeEntry(meeting_id=meeting_id, day=day) for day, meeting_id in due[:most]]

    async def unschedule_purge(self, entry: PurgeEntry) -> None:
        """See `ports.Ledger.unschedule_purge`."""
        await self._answer()
        self._purges.discard((entry.day, entry.meeting_id))

    async def leads(self, meeting_id: MeetingId, traces: Traces) -> Sequence[Lead]:
        """See `ports.Ledger.leads`."""
        await self._answer()
        aliases = [
            Lead(partition="alias", key=alias, etag=self._aliases[alias][1])
            for alias in sorted(traces.aliases & self._aliases.keys())
            if self._aliases[alias][0] == meeting_id
        ]
        days = [
            Lead(
                partition=day.isoformat(), key=meeting_id, etag=self._days[day][meeting_id]["etag"]
            )
            for day in sorted(traces.days & self._days.keys())
            if meeting_id in self._days[day]
        ]
        return [*aliases, *days]

    async def drop(self, leads: Iterable[Lead]) -> None:
        """See `ports.Ledger.drop`."""
        for lead in leads:
            await self._answer()
            if lead.partition == "alias":
                if self._aliases.get(lead.key, ("", ""))[1] == lead.etag:
                    del self._aliases[lead.key]
                continue
            rows = self._days[date.fromisoformat(lead.partition)]
            if rows.get(MeetingId(lead.key), {}).get("etag") == lead.etag:
                del rows[MeetingId(lead.key)]

    async def delete_rows(self, meeting_id: MeetingId, *, up_to: int) -> None:
        """See `ports.Ledger.delete_rows`."""
        await self._answer()
        for row in self._range(meeting_id, PAST):
            if is_of_commit(row["RowKey"], up_to):
                del self._partitions[meeting_id][row["RowKey"]]

    def _put(self, meeting_id: MeetingId, due_at: datetime) -> None:
        entry = Entry(meeting_id=meeting_id, due_at=due_at, etag=self._new_etag())
        self._index[meeting_id] = entry

    def _new_etag(self) -> str:
        self._writes += 1
        return str(self._writes)

    async def check(self) -> None:
        """See `ports.Ledger.check`."""
        await self._answer()

    async def probe(self) -> None:
        """See `ports.Ledger.probe`."""
        await self._answer()

    def _range(self, meeting_id: MeetingId, bounds: tuple[str, str]) -> list[Row]:
        low, high = bounds
        rows = self._partitions.get(meeting_id, {})
        return [rows[key] for key in sorted(rows) if low <= key < high]

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        if self._failing > 0:
            self._failing -= 1
            raise Unavailable("the tables did not answer (as the test asked)")
