"""Ports that die: a process that ends before or after its n-th call to the outside.

The call before which it ends does nothing; the one after which it ends has done its work.
"""

from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any, Literal

from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.graph_port import Graph
from shared.meeting.days import Brief
from shared.meeting.meeting import Change, LegPage, Stored, Traces
from shared.ports import Bus, Entry, Lead, Ledger, PurgeEntry
from shared.sources.kept import KeptSource
from shared.words.answers import Call, GivenMeeting, MeetingAnswer, Roster, UserAnswer
from shared.words.ids import CallId, MeetingId
from shared.words.outgoing import Outgoing
from shared.words.sources import ListedReports, Source

type Moment = Literal["before", "after"]


class Crashed(BaseException):
    """The process ended here. Not an Exception: nothing in the app may survive it."""


@dataclass
class Fuse:
    """Counts calls to the outside, and burns at one of them, once. `at` counts from 1; 0 never."""

    at: int = 0
    after: bool = False
    calls: int = 0
    burnt: bool = False
    mended: bool = False

    async def through[T](self, call: Awaitable[T]) -> T:
        """Let a call through, or end the process before or after it."""
        if self.burnt:
            _close(call)
            raise Crashed
        self.calls += 1
        if self.mended or self.calls != self.at:
            return await call
        self.burnt = True
        if self.after:
            await call
        else:
            _close(call)
        raise Crashed

    def mend(self) -> None:
        """A new process: nothing burns any more."""
        self.burnt, self.mended = False, True


def every_fuse(*moments: Moment) -> Iterator[Fuse]:
    """Yield fuses that burn one call later each time, at each of `moments`: before it, after it.

    The last ones are those with which a story went to its end: so every point of it was visited,
    however many there are.
    """
    for at in count(1):
        fuses = [Fuse(at=at, after=moment == "after") for moment in moments]
        yield from fuses
        if fuses[0].calls < at:
            return


class FusedLedger:
    """Implements `ports.Ledger` through a fuse."""

    def __init__(self, ledger: Ledger, fuse: Fuse) -> None:
        self._ledger, self._fuse = ledger, fuse

    async def load(self, meeting_id: MeetingId, *, likely_new: bool = False) -> Stored | None:
        """See `ports.Ledger.load`."""
        return await self._fuse.through(self._ledger.load(meeting_id, likely_new=likely_new))

    async def commit(self, before: Stored | None, change: Change, *, now: datetime) -> Stored:
        """See `ports.Ledger.commit`."""
        return await self._fuse.through(self._ledger.commit(before, change, now=now))

    async def clear(self, meeting_id: MeetingId, row_keys: Iterable[str]) -> None:
        """See `ports.Ledger.clear`."""
        await self._fuse.through(self._ledger.clear(meeting_id, row_keys))

    async def log(
        self, meeting_id: MeetingId, *, after: int = 0, most: int | None = None
    ) -> Sequence[LogEntry]:
        """See `ports.Ledger.log`."""
        return await self._fuse.through(self._ledger.log(meeting_id, after=after, most=most))

    async def pages(self, meeting_id: MeetingId) -> Sequence[SessionPage]:
        """See `ports.Ledger.pages`."""
        return await self._fuse.through(self._ledger.pages(meeting_id))

    async def older_legs(self, meeting_id: MeetingId) -> Sequence[LegPage]:
        """See `ports.Ledger.older_legs`."""
        return await self._fuse.through(self._ledger.older_legs(meeting_id))

    async def sources(self, meeting_id: MeetingId) -> Sequence[KeptSource]:
        """See `ports.Ledger.sources`."""
        return await self._fuse.through(self._ledger.sources(meeting_id))

    async def claim_alias(self, alias: str, meeting_id: MeetingId) -> MeetingId:
        """See `ports.Ledger.claim_alias`."""
        return await self._fuse.through(self._ledger.claim_alias(alias, meeting_id))

    async def resolve_alias(self, alias: str) -> MeetingId | None:
        """See `ports.Ledger.resolve_alias`."""
        return await self._fuse.through(self._ledger.resolve_alias(alias))

    async def index(self, meeting_id: MeetingId, *, due_at: datetime) -> None:
        """See `ports.Ledger.index`."""
        await self._fuse.through(self._ledger.index(meeting_id, due_at=due_at))

    def overdue(self, *, now: datetime) -> AsyncIterator[Entry]:
        """See `ports.Ledger.overdue`."""
        return self._ledger.overdue(now=now)

    async def reindex(self, entry: Entry, *, due_at: datetime | None) -> None:
        """See `ports.Ledger.reindex`."""
        await self._fuse.through(self._ledger.reindex(entry, due_at=due_at))

    async def list_day(self, meeting_id: MeetingId, day: date, brief: Brief | None) -> None:
        """See `ports.Ledger.list_day`."""
        await self._fuse.through(self._ledger.list_day(meeting_id, day, brief))

    def day(
        self,
        day: date,
        *,
        first: MeetingId | None = None,
        open_only: bool = False,
        most: int | None = None,
    ) -> AsyncIterator[tuple[MeetingId, Brief]]:
        """See `ports.Ledger.day`."""
        return self._ledger.day(day, first=first, open_only=open_only, most=most)

    async def note_walk(self, at: datetime) -> None:
        """See `ports.Ledger.note_walk`."""
        await self._fuse.through(self._ledger.note_walk(at))

    async def last_walk(self) -> datetime | None:
        """See `ports.Ledger.last_walk`."""
        return await self._fuse.through(self._ledger.last_walk())

    async def schedule_purge(self, meeting_id: MeetingId, day: date) -> None:
        """See `ports.Ledger.schedule_purge`."""
        await self._fuse.through(self._ledger.schedule_purge(meeting_id, day))

    async def scheduled_purges(self, *, until: date, most: int) -> Sequence[PurgeEntry]:
        """See `ports.Ledger.scheduled_purges`."""
        return await self._fuse.through(self._ledger.scheduled_purges(until=until, most=most))

    async def unschedule_purge(self, entry: PurgeEntry) -> None:
        """See `ports.Ledger.unschedule_purge`."""
        await self._fuse.through(self._ledger.unschedule_purge(entry))

    async def leads(self, meeting_id: MeetingId, traces: Traces) -> Sequence[Lead]:
        """See `ports.Ledger.leads`."""
        return await self._fuse.through(self._ledger.leads(meeting_id, traces))

    async def drop(self, leads: Iterable[Lead]) -> None:
        """See `ports.Ledger.drop`. The process may end between two of them."""
        for lead in leads:
            await self._fuse.through(self._ledger.drop([lead]))

    async def delete_rows(self, meeting_id: MeetingId, *, up_to: int) -> None:
        """See `ports.Ledger.delete_rows`. The process may end when half of it is deleted."""
        await self._fuse.through(self._ledger.delete_rows(meeting_id, up_to=up_to // 2))
        await self._fuse.through(self._ledger.delete_rows(meeting_id, up_to=up_to))

    async def check(self) -> None:
        """See `ports.Ledger.check`."""
        await self._fuse.through(self._ledger.check())

    async def probe(self) -> None:
        """See `ports.Ledger.probe`."""
        await self._fuse.through(self._ledger.probe())


class FusedBus:
    """Implements `ports.Bus` through a fuse."""

    def __init__(self, bus: Bus, fuse: Fuse) -> None:
        self._bus, self._fuse = bus, fuse

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """See `ports.Bus.send`."""
        await self._fuse.through(self._bus.send(messages))

    def expect(self, entities: Iterable[str]) -> None:
        """See `ports.Bus.expect`. Nothing depends on it, so nobody dies of it."""
        self._bus.expect(entities)

    async def check(self) -> None:
        """See `ports.Bus.check`."""
        await self._fuse.through(self._bus.check())


class FusedGraph:
    """Implements `graph_port.Graph` through a fuse."""

    def __init__(self, graph: Graph, fuse: Fuse) -> None:
        self._graph, self._fuse = graph, fuse

    async def create_or_get_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """See `graph_port.Graph.create_or_get_meeting`."""
        return await self._fuse.through(self._graph.create_or_get_meeting(organizer_id, body))

    async def create_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """See `graph_port.Graph.create_meeting`."""
        return await self._fuse.through(self._graph.create_meeting(organizer_id, body))

    async def read_meeting(self, organizer_id: str, online_meeting_id: str) -> MeetingAnswer:
        """See `graph_port.Graph.read_meeting`."""
        return await self._fuse.through(self._graph.read_meeting(organizer_id, online_meeting_id))

    async def update_meeting(
        self, organizer_id: str, online_meeting_id: str, body: dict[str, Any]
    ) -> MeetingAnswer:
        """See `graph_port.Graph.update_meeting`."""
        return await self._fuse.through(
            self._graph.update_meeting(organizer_id, online_meeting_id, body)
        )

    async def delete_meeting(self, organizer_id: str, online_meeting_id: str) -> None:
        """See `graph_port.Graph.delete_meeting`."""
        await self._fuse.through(self._graph.delete_meeting(organizer_id, online_meeting_id))

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `graph_port.Graph.create_call`."""
        return await self._fuse.through(self._graph.create_call(body))

    async def read_call(self, call_id: CallId) -> Call | None:
        """See `graph_port.Graph.read_call`."""
        return await self._fuse.through(self._graph.read_call(call_id))

    async def read_participants(
        self, call_id: CallId, *, own_ids: frozenset[str], show_names: bool
    ) -> Roster | None:
        """See `graph_port.Graph.read_participants`."""
        return await self._fuse.through(
            self._graph.read_participants(call_id, own_ids=own_ids, show_names=show_names)
        )

    async def keep_alive(self, call_id: CallId) -> bool:
        """See `graph_port.Graph.keep_alive`."""
        return await self._fuse.through(self._graph.keep_alive(call_id))

    async def end_call(self, call_id: CallId) -> None:
        """See `graph_port.Graph.end_call`."""
        await self._fuse.through(self._graph.end_call(call_id))

    async def reject_call(self, call_id: CallId) -> None:
        """See `graph_port.Graph.reject_call`."""
        await self._fuse.through(self._graph.reject_call(call_id))

    async def attendance_reports(
        self, organizer_id: str, online_meeting_id: str
    ) -> ListedReports | None:
        """See `graph_port.Sources.attendance_reports`."""
        return await self._fuse.through(
            self._graph.attendance_reports(organizer_id, online_meeting_id)
        )

    async def attendance_report(
        self,
        organizer_id: str,
        online_meeting_id: str,
        report_id: str,
        *,
        own_ids: frozenset[str],
        show_names: bool,
    ) -> Source | None:
        """See `graph_port.Sources.attendance_report`."""
        return await self._fuse.through(
            self._graph.attendance_report(
                organizer_id, online_meeting_id, report_id, own_ids=own_ids, show_names=show_names
            )
        )

    async def call_record(
        self, chain_id: str, *, own_ids: frozenset[str], show_names: bool
    ) -> Source | None:
        """See `graph_port.Sources.call_record`."""
        return await self._fuse.through(
            self._graph.call_record(chain_id, own_ids=own_ids, show_names=show_names)
        )

    async def granted(self) -> frozenset[str] | None:
        """See `graph_port.Directory.granted`."""
        return await self._fuse.through(self._graph.granted())

    async def read_user(self, user_id: str) -> UserAnswer:
        """See `graph_port.Directory.read_user`."""
        return await self._fuse.through(self._graph.read_user(user_id))

    async def check(self) -> None:
        """See `graph_port.Graph.check`."""
        await self._fuse.through(self._graph.check())


def _close(call: Awaitable[Any]) -> None:
    close = getattr(call, "close", None)
    if close is not None:
        close()
