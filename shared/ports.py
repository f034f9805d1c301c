"""What the core asks of the world, as Protocols; of Microsoft Graph: graph_port.py.

Each docstring is the contract, and tests/contract holds every implementation, fakes included, to
it.
"""

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.meeting.days import Brief
from shared.meeting.meeting import Change, LegPage, Stored, Traces
from shared.sources.kept import KeptSource
from shared.words.ids import MeetingId
from shared.words.outgoing import Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A meeting in the index, and when it is due; `etag` is the ledger's own."""

    meeting_id: MeetingId
    due_at: datetime
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeEntry:
    """A meeting, and the day on which it is to be purged."""

    meeting_id: MeetingId
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A row that leads to a meeting from outside its partition. All of it is the ledger's own."""

    partition: str
    key: str
    etag: str


class Meetings(Protocol):
    """Every record of every meeting. One meeting is one partition; one commit is one transaction.

    Every method raises `Unavailable` when the store does not answer or is throttled.
    """

    async def load(self, meeting_id: MeetingId, *, likely_new: bool = False) -> Stored | None:
        """Return the meeting with its uncleared outbox rows, oldest first; None if it is unknown.

        One round trip, whose cost does not grow with calls that are over. Raises `Unreadable` for a
        record that this version cannot read. With `likely_new` an unknown meeting costs least, and
        a known one takes a second round trip.
        """
        ...

    async def commit(self, before: Stored | None, change: Change, *, now: datetime) -> Stored:
        """Write `change` on top of `before`, all of it or nothing.

        `before` None inserts the meeting. `change.outgoing` becomes outbox rows written at `now`,
        returned in `Stored.outbox` (the new rows only). What was heard, and the events published
        with it, become an entry of the log. The `version` grows by one. Raises `LostRace`, with
        nothing written, when the meeting has changed since `before` was loaded, or exists
        where `before` is None; ValueError for a change that no transaction can hold.
        """
        ...

    async def clear(self, meeting_id: MeetingId, row_keys: Iterable[str]) -> None:
        """Forget outbox rows whose messages were sent. Unknown keys are no error; idempotent."""
        ...

    async def log(
        self, meeting_id: MeetingId, *, after: int = 0, most: int | None = None
    ) -> Sequence[LogEntry]:
        """Return what commits behind version `after` heard and published, in their order.

        With `most` not all, but whole commits, of so many rows or little more; none where nothing
        was committed behind `after`. The first commit has no entry where it only published
        `meeting.created`: `Meeting.created` says so.
        """
        ...

    async def pages(self, meeting_id: MeetingId) -> Sequence[SessionPage]:
        """Return the sealed sessions of the meeting's calls that are over."""
        ...

    async def older_legs(self, meeting_id: MeetingId) -> Sequence[LegPage]:
        """Return what left the head of our legs, in the order of commits.

        As many pages as `Meeting.leg_pages` counts, or more, if the meeting was changed meanwhile.
        """
        ...

    async def sources(self, meeting_id: MeetingId) -> Sequence[KeptSource]:
        """Return the dated sources of the meeting, each in its newest version."""
        ...


class Aliases(Protocol):
    """The names by which meetings are found: what links carry, and ids of requests.

    Every method raises `Unavailable` when the store does not answer or is throttled.
    """

    async def claim_alias(self, alias: str, meeting_id: MeetingId) -> MeetingId:
        """Let `alias` lead to `meeting_id` unless it leads somewhere; return where it leads.

        `alias` is any text (a thread id, a join id, a link); only a hash of it is stored. The first
        claim wins, until the alias is purged with the meeting.
        """
        ...

    async def resolve_alias(self, alias: str) -> MeetingId | None:
        """Return the meeting that `alias` leads to; None where it is not claimed."""
        ...


class Index(Protocol):
    """Which meetings are to be looked at, and what each day has: rows beside the meetings.

    Every method raises `Unavailable` when the store does not answer or is throttled.
    """

    async def index(self, meeting_id: MeetingId, *, due_at: datetime) -> None:
        """Let the index have the meeting due at `due_at` or before.

        A process that read the entry before may not move it any more: `reindex` leaves it.
        """
        ...

    def overdue(self, *, now: datetime) -> AsyncIterator[Entry]:
        """Yield the entries of the index that are due at `now`; no meeting is loaded for it."""
        ...

    async def reindex(self, entry: Entry, *, due_at: datetime | None) -> None:
        """Move an entry to `due_at`, None: delete it, unless it was written since it was read."""
        ...

    async def list_day(self, meeting_id: MeetingId, day: date, brief: Brief | None) -> None:
        """Let the list of `day` say `brief` of the meeting; None: it does not name it."""
        ...

    def day(
        self,
        day: date,
        *,
        first: MeetingId | None = None,
        open_only: bool = False,
        most: int | None = None,
    ) -> AsyncIterator[tuple[MeetingId, Brief]]:
        """Yield the meetings that a day's list names, by their ids, and what it says of each.

        `first`: begin with this one, or the one that would stand behind it. `open_only`: those in
        which a call that began that day goes on. `most`: only so many, in one round trip up to
        1,000.
        """
        ...

    async def note_walk(self, at: datetime) -> None:
        """Note that the backstop walked the index, and was done at `at`; the last note stands."""
        ...

    async def last_walk(self) -> datetime | None:
        """Return what `note_walk` noted last, in any process; None if it never did."""
        ...


class Purges(Protocol):
    """When meetings are to be purged, and the deletion of what was kept of them.

    Every method raises `Unavailable` when the store does not answer or is throttled.
    """

    async def schedule_purge(self, meeting_id: MeetingId, day: date) -> None:
        """Let the meeting be one of those to be purged on `day`; idempotent."""
        ...

    async def scheduled_purges(self, *, until: date, most: int) -> Sequence[PurgeEntry]:
        """Return at most so many meetings to be purged on `until` or before, the earliest first.

        A meeting that was scheduled for several days stands there for each.
        """
        ...

    async def unschedule_purge(self, entry: PurgeEntry) -> None:
        """Forget an entry. One that is not there is no error."""
        ...

    async def leads(self, meeting_id: MeetingId, traces: Traces) -> Sequence[Lead]:
        """Return which of `traces` lead to the meeting: aliases, and lists of days that name it."""
        ...

    async def drop(self, leads: Iterable[Lead]) -> None:
        """Delete each of these rows, unless it was written, or deleted, since it was read."""
        ...

    async def delete_rows(self, meeting_id: MeetingId, *, up_to: int) -> None:
        """Delete what commits up to version `up_to` wrote beside head and outbox; idempotent."""
        ...


class Ledger(Meetings, Aliases, Index, Purges, Protocol):
    """Everything that is kept."""

    async def check(self) -> None:
        """Return when the store can be read; raise `Unavailable` saying why not otherwise."""
        ...

    async def probe(self) -> None:
        """Return when the store writes, and holds a writer to the state that it has read.

        A row of its own is written, changed and deleted; a second claim of it, and a change of an
        older state, must be refused: leases and commits stand on that. Raises `Unavailable`.
        """
        ...


class Bus(Protocol):
    """Service Bus, as far as Rollcall sends to it."""

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Send every message, those of one entity in the order given; return when all are accepted.

        Messages with `due` are scheduled for then. May be called by many tasks at once; what waits
        for one entity goes as one batch. Raises `NotSent`, an `Unavailable`, when some entities
        take nothing now, after everything for the others was sent; sending again is safe, because
        message ids are deterministic.
        Raises `Rejected` (`undeliverable`), after everything else was sent, for messages that no
        entity takes: it does not exist, or they are too large, or Service Bus or its SDK refuses
        their shape. Its problems say which (`errors.refusal_in`); so do those of a `NotSent`.
        """
        ...

    def expect(self, entities: Iterable[str]) -> None:
        """Learn where something will soon be sent, to get ready meanwhile; never fails.

        Call it in the event loop. Saying nothing, or what is never sent to, does no harm.
        """
        ...

    async def check(self) -> None:
        """Return when the bus can be reached; raise `Unavailable` saying why not otherwise."""
        ...


class Clock(Protocol):
    """The time. The only one that handlers see."""

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKeys:
    """The RSA public keys by id that a signer published, as far as they were fetched.

    `read_at`: when the fetch began that brought them. `failed_at`: when the last fetch began since
    then, if it failed. A fetch is known once it is over.
    """

    by_id: Mapping[str, Any] = field(default_factory=dict)
    read_at: datetime | None = None
    failed_at: datetime | None = None


class SigningKeys(Protocol):
    """The public keys with which Graph signs its callbacks. When to fetch them, the caller says."""

    def known(self) -> KnownKeys:
        """Return what is known of the keys now."""
        ...

    def fetch(self) -> Awaitable[None]:
        """Start to fetch the keys, unless a fetch is on its way; what is returned may be awaited.

        It ends with the fetch, within a few seconds, and raises nothing. A failed fetch leaves the
        keys as they are.
        """
        ...
