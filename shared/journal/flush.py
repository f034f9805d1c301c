"""Send committed messages, entity by entity, and clear them; keep those that cannot be sent now.

A queue that takes no messages must not hold up the others, cause them to be sent again and again,
or keep its handlers waiting. Of a row that was sent in part only the rest is kept. A message that
can never be sent is not tried again: an answer is warned of, and of any other a copy is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from shared.meeting.meeting import Change, OutboxRow
from shared.ports import Bus, Clock, Ledger
from shared.telemetry import count, log, measure
from shared.words.entities import OWN_ENTITIES, RESERVED
from shared.words.errors import LostRace, NotSent, Rejected, RollcallError, Transient, refusal_in
from shared.words.ids import MeetingId
from shared.words.outgoing import Outgoing, Undelivered, closed_queue
from shared.words.refused_messages import is_of_entity, lost_answer, refused_copy

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Most seconds between tries. After them, the rest waits for the next handler or the backstop."""
OF_THE_LEASE = 1 / 4
"""The part of a row's lease in which tries begin; the rest is for the last one to end in.

With the default of 40 s these are 10 s, which all pauses fit into, and 30 s, the longest try.
"""
LONGEST_KEPT = timedelta(days=1)
"""How long an answer is kept for a caller's queue that takes nothing. The topic has the event."""
type Lost = dict[str, Undelivered]
"""The callers' queues that answers did not reach, and why."""


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
        missed: Callable[[MeetingId, Sequence[Undelivered]], Awaitable[None]],
        unsent: Callable[[MeetingId, datetime], None],
    ) -> None:
        """`lease`: how long a row is left to the process that wrote it, from when it did.

        `missed` learns of a meeting's answers that never reach the callers' queues, and `unsent` of
        a meeting whose messages to our own entities may be sent again from some moment on.
        """
        self._ledger = ledger
        self._bus = bus
        self._clock = clock
        self._jitter = jitter
        self._lease = lease
        self._missed = missed
        self._unsent = unsent
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
            lost: Lost = {}
            left = await self._try(messages, lost)
            due = max(self._clock.now(), min(row.written_at for row in rows) + self._lease)
            if left and await self._may_go_on_alone(meeting_id, left, due) and not sent.done():
                sent.set_result(None)
            left = self._without_old(rows, await self._retry(rows, left, lost), lost)
            if not left and not sent.done():
                sent.set_result(None)
            if lost:
                await self._missed(meeting_id, [lost[queue] for queue in sorted(lost)])
            if left:
                if any(one.entity in OWN_ENTITIES for one in left):
                    self._unsent(meeting_id, due)
                await self._keep(meeting_id, rows, left, due, whole=left == messages)
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
        self, rows: Sequence[OutboxRow], left: list[Outgoing], lost: Lost
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
            again = await self._try(again, lost)
        return [*(one for one in left if id(one) not in mine), *again]

    async def _try(self, messages: list[Outgoing], lost: Lost) -> list[Outgoing]:
        """Return what could not be sent yet, copies of what never can be included.

        Adds to `lost` the callers' queues that an answer never reaches.
        """
        try:
            await self._bus.send(messages)
        except NotSent as error:
            log("outbox.not_sent", error)
            return await self._left_by(error, messages, lost)
        except Rejected as error:
            return await self._left_by(error, messages, lost)
        except RollcallError as error:
            log("outbox.not_sent", error)
            return messages
        return []

    async def _left_by(
        self, error: Rejected | NotSent, messages: list[Outgoing], lost: Lost
    ) -> list[Outgoing]:
        down = error.entities if isinstance(error, NotSent) else frozenset()
        left = [one for one in messages if one.entity in down]
        copies: list[Outgoing] = []
        for one in messages:
            why = refusal_in(error, one) if one.entity not in down else None
            if why is None:
                continue
            if one.entity not in RESERVED:
                lost[one.entity] = lost_answer(one.entity, why)
                log("outbox.undeliverable", entities=[one.entity])
            elif is_of_entity(why):
                log("outbox.undeliverable", entities=[one.entity])
                left += [one] if one.entity in OWN_ENTITIES else []
            else:
                log("outbox.refused", entity=one.entity, outgoingId=one.message_id, why=why.code)
                count("rollcall.outbox.refused", entity=one.entity, code=why.code)
                copies += [refused_copy(one, why)] if one.entity in OWN_ENTITIES else []
        return [*left, *(await self._try(copies, lost) if copies else [])]

    def _without_old(
        self, rows: Sequence[OutboxRow], left: list[Outgoing], lost: Lost
    ) -> list[Outgoing]:
        """Return what is `left` without answers for which a queue was tried for long enough."""
        since = self._clock.now() - LONGEST_KEPT
        old = {id(one) for row in rows if row.written_at <= since for one in row.messages}
        given_up = [one for one in left if id(one) in old and one.entity not in RESERVED]
        lost |= {one.entity: closed_queue(one.entity) for one in given_up}
        return [one for one in left if one not in given_up]

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
