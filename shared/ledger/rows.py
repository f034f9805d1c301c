"""The rows of the ledger's table: their keys, and the values of a meeting in and out of them.

Core. A meeting is one partition. Its RowKeys sort so that one range holds what every handler needs,
and nothing whose size grows with the past: `a-head`, then the outbox (outbox_rows.py). After that
range come `c-log-…`, `d-page-…` and `g-legs-…`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.meeting.days import Brief, Tally
from shared.meeting.meeting import LegPage, Meeting
from shared.meeting.packing import (
    ROW_BYTES,
    LegPages,
    Pages,
    blob_of,
    packed,
    parcels,
    properties,
    unpacked,
)
from shared.words.errors import Unreadable
from shared.words.ids import MeetingId, digest

type Row = dict[str, Any]

HEAD = "a-head"
HEAD_AND_OUTBOX = ("a-", "b.")
LOG = ("c-log-", "c-log.")
PAGES = ("d-page-", "d-page.")
LEGS = ("g-legs-", "g-legs.")
PAST = ("c-", "~")
"""All rows of a meeting but its head and its outbox."""
UNFINISHED = ("unfinished-", "unfinished.")
PURGE = "purge-"
ALIAS = "alias"
WALK = ("backstop", "last-walk")
"""Partition and row of the backstop's note."""

TRANSACTION_OPERATIONS = 100
"""Source: https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions"""

TRANSACTION_BYTES = 2_936_012
"""2.8 MiB raw: the service's 4 MiB count the transaction's base64 text."""

LOG_PAGE_BYTES = 1_000_000
"""Packed bytes after which a page of the log ends; unpacked they are several times that."""

_REMEMBERED_COMMITS = 8
_WRITTEN_BY = re.compile(r"-(\d{12})-\d{3,}$")


def moment_text(moment: datetime) -> str:
    """Return `moment` in UTC with microseconds, so that text order is time order."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def head_row(meeting: Meeting, commits: Iterable[str]) -> Row:
    """Return the head row: the whole meeting, and the newest `commits` that made it, last first.

    Raises ValueError for a meeting that no row can hold.
    """
    try:
        state = properties(packed(Meeting, meeting))
    except ValueError as error:
        raise ValueError(f"meeting {meeting.meeting_id} fits no row: {error}") from error
    newest = " ".join(list(commits)[:_REMEMBERED_COMMITS])
    return {"PartitionKey": meeting.meeting_id, "RowKey": HEAD, "commits": newest, **state}


def read_head(row: Mapping[str, Any]) -> Meeting:
    """Return the meeting of a head row; raise `Unreadable` for a row that cannot be read.

    Requests then wait, and give up with that reason. Callbacks and readers are answered 503.
    """
    try:
        return _meeting_in(blob_of(row))
    except ValueError as error:
        meeting_id = row["PartitionKey"]
        why = f"the stored record of meeting {meeting_id} cannot be read"
        raise Unreadable(why, meeting_id=meeting_id) from error


@lru_cache(maxsize=32)
def _meeting_in(blob: bytes) -> Meeting:
    """Return the meeting of a head, cached: the next push mostly has no news and meets it again.

    Values are frozen, so sharing one is safe.
    """
    return unpacked(Meeting, blob)


def commits_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of the newest commits that made a head row, last first."""
    return tuple(str(row["commits"]).split())


def log_rows(meeting_id: MeetingId, entry: LogEntry) -> list[Row]:
    """Return the row of what one commit heard and published. Keys sort in the order of commits.

    What one row cannot hold becomes several rows. Raises ValueError for an observation that no row
    can hold.
    """
    if not entry.heard and not entry.published:
        return []
    blobs = (packed(LogEntry, part) for part in _log_parts(entry))
    return part_rows(meeting_id, log_after(entry.version - 1), blobs)


def part_rows(meeting_id: MeetingId, key: str, blobs: Iterable[bytes]) -> list[Row]:
    """Return a row for each of `blobs`; their keys are `key` and a number."""
    return [
        {"PartitionKey": meeting_id, "RowKey": f"{key}-{part:03d}", **properties(blob)}
        for part, blob in enumerate(blobs)
    ]


def log_after(version: int) -> str:
    """Return the key that sorts behind the log up to the commit of `version`, before the rest."""
    return f"{LOG[0]}{version + 1:012d}"


def is_page_of_log(rows: Sequence[Row], following: Row, *, most: int | None) -> bool:
    """Return whether `rows` are enough of a log, and `following` is of another commit.

    Enough are `most` rows, or fewer that are large. None: no number is enough.
    """
    if most is None or not rows or _commit_of(rows[-1]) == _commit_of(following):
        return False
    return len(rows) >= most or sum(map(size_of, rows)) >= LOG_PAGE_BYTES


def read_log(rows: Iterable[Mapping[str, Any]]) -> list[LogEntry]:
    """Return the log entries of rows in the order of their keys, each commit's parts as one."""
    entries: list[LogEntry] = []
    for row in rows:
        part = unpacked(LogEntry, blob_of(row))
        if entries and entries[-1].version == part.version:
            entries[-1] = replace(entries[-1], heard=entries[-1].heard + part.heard)
        else:
            entries.append(part)
    return entries


def page_rows(meeting_id: MeetingId, *, version: int, pages: Iterable[SessionPage]) -> list[Row]:
    """Return the rows of sealed sessions, many pages to a row; a page too big becomes several."""
    fitting = [part for page in pages for part in _fitting(page)]
    if not fitting:
        return []
    key = f"{PAGES[0]}{fitting[0].call_number:06d}-{version:012d}"
    return part_rows(meeting_id, key, parcels(Pages, fitting))


def read_pages(rows: Iterable[Mapping[str, Any]]) -> list[SessionPage]:
    """Return the pages of all page rows of a meeting, in the order of their calls."""
    pages = [page for row in rows for page in unpacked(Pages, blob_of(row))]
    return sorted(pages, key=lambda page: page.call_number)


def leg_rows(meeting_id: MeetingId, *, version: int, pages: Sequence[LegPage]) -> list[Row]:
    """Return the rows of the leg pages that one commit moved out of the head, many to a row."""
    if not pages:
        return []
    return part_rows(meeting_id, f"{LEGS[0]}{version:012d}", parcels(LegPages, pages))


def read_legs(rows: Iterable[Mapping[str, Any]]) -> list[LegPage]:
    """Return the leg pages of a meeting, in the order of their rows."""
    return [page for row in rows for page in unpacked(LegPages, blob_of(row))]


def is_of_commit(key: str, version: int) -> bool:
    """Tell by its key whether a row was written up to the commit of `version`.

    One whose key names no commit is taken for one that was.
    """
    found = _WRITTEN_BY.search(key)
    return found is None or int(found[1]) <= version


def alias_row(alias: str, meeting_id: MeetingId) -> Row:
    """Return the row that leads from `alias` to a meeting."""
    return {"PartitionKey": alias_partition(alias), "RowKey": ALIAS, "meetingId": meeting_id}


def alias_partition(alias: str) -> str:
    """Return the partition of an alias: a hash, because links may hold characters no key may."""
    return f"alias-{digest('alias', alias, characters=40)}"


def unfinished_row(meeting_id: MeetingId, *, due_at: datetime) -> Row:
    """Return the meeting's entry in the index of meetings to look at."""
    return {
        "PartitionKey": unfinished_partition(meeting_id),
        "RowKey": meeting_id,
        "dueAt": moment_text(due_at),
    }


def unfinished_partition(meeting_id: MeetingId) -> str:
    """Return the shard of the index that holds a meeting. Shards share the writes."""
    return f"{UNFINISHED[0]}{meeting_id[:1]}"


def walk_row(at: datetime) -> Row:
    """Return the note that the backstop was done with its walk at `at`."""
    partition, key = WALK
    return {"PartitionKey": partition, "RowKey": key, "at": moment_text(at)}


def read_walk(row: Mapping[str, Any]) -> datetime:
    """Return when the backstop was done with the walk that it noted."""
    return datetime.fromisoformat(row["at"])


def size_of(row: Row) -> int:
    """Return the bytes of what is packed in a row."""
    return sum(len(value) for value in row.values() if isinstance(value, bytes))


def day_row(meeting_id: MeetingId, day: date, brief: Brief) -> Row:
    """Return the meeting's row in the list of a day, without the members that are not known."""
    first_at = brief.tally.first_at
    said = {
        "requestId": brief.request_id,
        "subject": brief.subject,
        "calls": brief.tally.calls,
        "people": brief.tally.people,
        "firstStartedAt": None if first_at is None else moment_text(first_at),
        "openSince": None if brief.open_since is None else moment_text(brief.open_since),
        "failed": brief.failed,
    }
    row = {"PartitionKey": day_partition(day), "RowKey": meeting_id}
    return row | {name: value for name, value in said.items() if value is not None}


def read_day(row: Mapping[str, Any]) -> tuple[MeetingId, Brief]:
    """Return what a row of a day's list says."""
    since, first_at = row.get("openSince"), row.get("firstStartedAt")
    tally = Tally(
        calls=int(row["calls"]),
        people=int(row["people"]),
        first_at=None if first_at is None else datetime.fromisoformat(first_at),
    )
    brief = Brief(
        request_id=row.get("requestId"),
        subject=row.get("subject"),
        tally=tally,
        open_since=None if since is None else datetime.fromisoformat(since),
        failed=row.get("failed"),
    )
    return MeetingId(row["RowKey"]), brief


def day_partition(day: date) -> str:
    """Return the partition of a day's list."""
    return f"day-{day.isoformat()}"


def purge_row(meeting_id: MeetingId, day: date) -> Row:
    """Return the entry of a meeting that is to be purged on a day."""
    return {"PartitionKey": purge_partition(day), "RowKey": meeting_id}


def purge_partition(day: date) -> str:
    """Return the partition that holds what is to be purged on a day."""
    return f"{PURGE}{day.isoformat()}"


def read_purge(row: Mapping[str, Any]) -> tuple[MeetingId, date]:
    """Return what an entry says: a meeting, and the day on which it is to be purged."""
    day = date.fromisoformat(row["PartitionKey"].removeprefix(PURGE))
    return MeetingId(row["RowKey"]), day


def hold_to_limits(rows: Sequence[Row], *, operations: int) -> None:
    """Raise ValueError where one transaction cannot write `rows` with that many `operations`."""
    if operations > TRANSACTION_OPERATIONS:
        raise ValueError(
            f"{operations} operations are more than one transaction holds "
            f"({TRANSACTION_OPERATIONS})"
        )
    size = sum(size_of(row) for row in rows)
    if size > TRANSACTION_BYTES:
        raise ValueError(
            f"{size:,} bytes are more than one transaction holds ({TRANSACTION_BYTES:,})"
        )


def _commit_of(row: Mapping[str, Any]) -> str:
    return str(row["RowKey"]).rpartition("-")[0]


def _log_parts(entry: LogEntry) -> Iterator[LogEntry]:
    if len(packed(LogEntry, entry)) <= ROW_BYTES or len(entry.heard) < 2:
        yield entry
        return
    middle = len(entry.heard) // 2
    yield from _log_parts(replace(entry, heard=entry.heard[:middle]))
    yield from _log_parts(replace(entry, heard=entry.heard[middle:], published=()))


def _fitting(page: SessionPage) -> Iterator[SessionPage]:
    if len(packed(Pages, (page,))) <= ROW_BYTES or len(page.sessions) < 2:
        yield page
        return
    middle = len(page.sessions) // 2
    yield from _fitting(replace(page, sessions=page.sessions[:middle]))
    yield from _fitting(replace(page, sessions=page.sessions[middle:]))
