"""Send committed messages, entity by entity, and clear them; keep those that cannot be sent now.

A queue that takes no messages must not hold up the others, cause them to be sent again and again,
or keep its handlers waiting. Of a row that was sent in part only the rest is kept. Decides nothing
about what is sent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from shared.meeting.meeting import Change, OutboxRow
from shared.ports import Bus, Clock, Ledger
from shared.telemetry import log, measure
from shared.words.entities import OWN_ENTITIES, RESERVED
from shared.words.errors import LostRace, NotSent, Rejected, RollcallError, Transient
from shared.words.ids import MeetingId
from shared.words.outgoing import Outgoing

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Most seconds between tries. After them, the rest waits for the next handler or the backstop."""
OF_THE_LEASE = 1 / 4
"""The part of a row's lease in which tries begin; the rest is for the last one to end in.

With the default of 40 s these are 10 s, which all pauses fit into, and 30 s, the longest try.
"""


class Dispatch:
    """Sends outbox rows. One instance a process; safe for many tasks."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        bus: Bus,
        clock: Clock,
        jitter: Callable[[float], float],
        lease: timedelta,
        missed: Callable[[MeetingId, Sequence[str]], Awaitable[None]],
    ) -> None:
        """`lease`: how long a row is left to the process that wrote it, from when it did.

        `missed` learns of a meeting's answers for which callers' queues do not exist.
        """
        self._ledger = ledger
        self._bus = bus
        self._clock = clock
        self._jitter = jitter
        self._lease = lease
        self._missed = missed
        self._under_way: set[tuple[MeetingId, str]] = set()

    def is_under_way(self, meeting_id: MeetingId, row: OutboxRow) -> bool:
        """Return whether this process is sending `row` right now."""
        return (meeting_id, row.key) in self._under_way

    async def send(
        self, meeting_id: MeetingId, rows: Sequence[OutboxRow], sent: asyncio.Future[None]
    ) -> None:
        """Send the messages of `rows` and clear them; set `sent` once handlers need not wait.

        If only callers' own queues take no messages, that is after the first try; retries follow.
        Messages that are unsent by then are in the outbox, and the index has their meeting due.

        Any process may send a row whose lease is over. So retries end early in the lease, and a row
        that is older gets one try: pauses between tries would let another process double it.
        """
        keys = {(meeting_id, row.key) for row in rows}
        self._under_way |= keys
        try:
            messages = [message for row in rows for message in row.messages]
            missing: set[str] = set()
            left = await self._try(messages, missing)
            due = max(self._clock.now(), min(row.written_at for row in rows) + self._lease)
            if left and await self._may_go_on_alone(meeting_id, left, due) and not sent.done():
                sent.set_result(None)
            left = await self._retry(rows, left, missing)
            if not left and not sent.done():
                sent.set_result(None)
            if missing:
                await self._missed(meeting_id, sorted(missing))
            if left:
                await self._keep(meeting_id, rows, left, due, whole=len(left) == len(messages))
                return
            for row in rows:
                measure_age(row, now=self._clock.now())
            await self._clear(meeting_id, rows)
        finally:
            self._under_way -= keys
            if not sent.done():
                sent.set_result(None)

    async def _may_go_on_alone(
        self, meeting_id: MeetingId, left: list[Outgoing], due: datetime
    ) -> bool:
        """Return whether `left` may be sent later: the index leads to it, even after a crash."""
        if any(one.entity in OWN_ENTITIES for one in left):
            return False
        try:
            await self._ledger.index(meeting_id, due_at=due)
        except Transient as error:
            log("outbox.not_kept", error)
            return False
        return True

    async def _retry(
        self, rows: Sequence[OutboxRow], left: list[Outgoing], missing: set[str]
    ) -> list[Outgoing]:
        """Retry what young rows have `left` some times; return what still could not be sent."""
        part = self._lease * OF_THE_LEASE
        young = [row for row in rows if row.written_at + part > self._clock.now()]
        latest = min((row.written_at for row in young), default=self._clock.now()) + part
        mine = {id(message) for row in young for message in row.messages}
        again = [one for one in left if id(one) in mine]
        for pause in PAUSES:
            wait = timedelta(seconds=self._jitter(pause))
            if not again or self._clock.now() + wait > latest:
                break
            await asyncio.sleep(wait.total_seconds())
            again = await self._try(again, missing)
        return [*(one for one in left if id(one) not in mine), *again]

    async def _try(self, messages: list[Outgoing], missing: set[str]) -> list[Outgoing]:
        """Return what could not be sent yet; add callers' queues that do not exist to `missing`."""
        try:
            await self._bus.send(messages)
        except Rejected as error:
            # The others were sent. A message to a caller's queue that does not exist is dropped.
            refused = {problem.member for problem in error.problems}
            log("outbox.undeliverable", entities=sorted(refused))
            missing |= refused - RESERVED
            return [one for one in messages if one.entity in refused & OWN_ENTITIES]
        except NotSent as error:
            log("outbox.not_sent", error)
            return [one for one in messages if one.entity in error.entities]
        except RollcallError as error:
            log("outbox.not_sent", error)
            return messages
        return []

    async def _keep(
        self,
        meeting_id: MeetingId,
        rows: Sequence[OutboxRow],
        left: list[Outgoing],
        due: datetime,
        *,
        whole: bool,
    ) -> None:
        try:
            await self._ledger.index(meeting_id, due_at=due)
            if not whole and await self._rewritten(meeting_id, rows, left):
                await self._clear(meeting_id, rows)
        except Transient as error:
            # The rows are still there. The next handler of the meeting finds them.
            log("outbox.not_kept", error)

    async def _rewritten(
        self, meeting_id: MeetingId, rows: Sequence[OutboxRow], left: list[Outgoing]
    ) -> bool:
        """Write what is `left` of `rows` under their date: this process does not send it again."""
        stored = await self._ledger.load(meeting_id)
        if stored is None:
            return False
        change = Change(meeting=stored.meeting, outgoing=tuple(left))
        try:
            await self._ledger.commit(stored, change, now=min(row.written_at for row in rows))
        except LostRace:
            return False
        return True

    async def _clear(self, meeting_id: MeetingId, rows: Sequence[OutboxRow]) -> None:
        try:
            await self._ledger.clear(meeting_id, [row.key for row in rows])
        except Transient as error:
            log("outbox.not_cleared", error)


def measure_age(row: OutboxRow, *, now: datetime) -> None:
    """Note how old the messages of a row are."""
    measure("rollcall.outbox.age", (now - row.written_at).total_seconds())
