"""How every change of a meeting is carried out: load, decide, commit, send what was committed.

Changes that wait for one meeting in one process are decided one after another and committed
together. A lost race starts this again. Changes that no transaction holds are halved until the
change at fault stands alone; only that one fails. Messages are sent from the outbox, so a crash
after the commit loses none. A commit plans the meeting's next looks; before it, the ledger's index
has the meeting due in time. Nothing is decided here.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.events.cloud_events import warn_undelivered
from shared.journal.flush import Dispatch, measure_age
from shared.journal.together import Decision, decide_together
from shared.journal.unsent import Unsent
from shared.meeting.follow_up import followed_up, is_overdue
from shared.meeting.listing import having_listed, unlisted
from shared.meeting.meeting import Change, Meeting, OutboxRow, Stored
from shared.meeting.older_legs import KEPT, Kept
from shared.meeting.retention import must_be_scheduled, purge_day
from shared.ports import Bus, Clock, Ledger
from shared.telemetry import correlate, correlated, count, log, measure
from shared.tracing.spans import committing
from shared.tracing.work import Work, apart, current
from shared.words.errors import LostRace, Transient
from shared.words.ids import MeetingId
from shared.words.outgoing import Undelivered
from shared.words.rules import RecordingRules, TendingRules

ATTEMPTS = 40
"""How often one change starts again after a lost race before it gives up as `Transient`."""
LONGEST_RETRY_PAUSE = 0.06


@dataclass(frozen=True, slots=True)
class Loaded:
    """A meeting as its handler loaded it, to begin with instead of loading it again."""

    stored: Stored | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a change: the meeting as stored, and the sending of what it committed."""

    meeting: Meeting | None
    sent: asyncio.Future[None]


@dataclass(slots=True)
class _Waiting:
    decide: Decision
    receipt: asyncio.Future[Receipt]
    resend: bool
    work: Work | None


class Commits:
    """Changes meetings. One instance a process; safe for many tasks."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        bus: Bus,
        clock: Clock,
        recording: RecordingRules,
        tending: TendingRules,
        jitter: Callable[[float], float],
        retention_days: int,
        kept: Kept = KEPT,
        pause: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        """`jitter(most)` returns a random number of seconds from 0 to `most`.

        `pause` takes seconds: after pauses what could not be sent is sent again once Service Bus
        takes messages. None: the next change of its meeting, or the backstop, sends it.

        `kept`: how much of our legs stays in the head. `retention_days`: how long a record is kept.
        """
        self.ledger, self.recording, self.tending = ledger, recording, tending
        self._dispatch = Dispatch(
            ledger=ledger,
            bus=bus,
            clock=clock,
            jitter=jitter,
            lease=tending.grace,
            missed=self._warn_of_lost,
            unsent=self._note_unsent,
        )
        self._unsent = (
            Unsent(bus=bus, clock=clock, pause=pause, resend=self._resend)
            if pause is not None
            else None
        )
        self._clock = clock
        self._jitter = jitter
        self._kept = kept
        self._retention_days = retention_days
        self._waiting: dict[MeetingId, list[_Waiting]] = defaultdict(list)
        self._leading: set[MeetingId] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def change(
        self,
        meeting_id: MeetingId,
        decide: Decision,
        *,
        loaded: Loaded | None = None,
        resend: bool = False,
    ) -> Receipt:
        """Load the meeting, let `decide` say what to write, commit it, and start to send.

        `loaded` saves the first load. Where it is out of date the race is lost, and the meeting is
        loaded again. `resend` also sends messages of any age that other handlers committed but did
        not clear yet: a redelivered message finishes what its first delivery began.
        Raises as `OpenMeeting.change` does. The receipt says when the sending is done. Messages
        that cannot be sent are kept.
        """
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(decide, receipt, resend, current())
        self._waiting[meeting_id].append(waiting)
        if meeting_id not in self._leading:
            # A task of its own: no change waits for the changes that come after it.
            self._leading.add(meeting_id)
            self._begin(meeting_id, self._lead(meeting_id, loaded))
        return await receipt

    def measure_age(self, row: OutboxRow) -> None:
        """Note how old messages are that another process left unsent."""
        measure_age(row, now=self._clock.now())

    def is_overdue(self, meeting: Meeting) -> bool:
        """Return whether the message of a planned look seems to be lost."""
        return is_overdue(meeting, now=self._clock.now(), rules=self.tending)

    async def settled(self) -> None:
        """Return when all messages committed so far were sent and cleared, or kept."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(
        self,
        meeting_id: MeetingId,
        work: Coroutine[None, None, None],
        request_id: str | None = None,
    ) -> None:
        # Its lines and spans belong to all changes that wait for the meeting, not to the first one.
        with correlated(meetingId=meeting_id, requestId=request_id), apart():
            task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lead(self, meeting_id: MeetingId, loaded: Loaded | None) -> None:
        try:
            while together := self._waiting.pop(meeting_id, None):
                try:
                    await self._serve(meeting_id, together, loaded)
                except Exception as error:  # noqa: BLE001 - passed to all that wait
                    _fail(together, error)
                except BaseException:
                    _fail([*together, *self._waiting.pop(meeting_id, [])], Transient("interrupted"))
                    raise
                loaded = None
        finally:
            self._leading.discard(meeting_id)

    async def _serve(
        self,
        meeting_id: MeetingId,
        together: list[_Waiting],
        loaded: Loaded | None,
    ) -> None:
        resend = any(waiting.resend for waiting in together)
        for attempt in range(ATTEMPTS):
            if loaded is not None:
                stored, loaded = loaded.stored, None
            else:
                stored = await self.ledger.load(meeting_id)
            together = [waiting for waiting in together if not waiting.receipt.done()]
            decisions = [waiting.decide for waiting in together]
            meeting, now = stored.meeting if stored else None, self._clock.now()
            correlate(requestId=meeting.correlation_id if meeting is not None else None)
            decided = decide_together(decisions, meeting, now=now, kept=self._kept)
            for place, error in decided.failures.items():
                _fail([together[place]], error)
            served, left = together[: decided.count], together[decided.count :]
            stale = self._stale(meeting_id, stored, now, resend=resend)
            if decided.change is None:
                self._hand_out(meeting_id, served, stored, stale)
                return
            try:
                works = [waiting.work for waiting in served if waiting.work is not None]
                after = await self._commit(stored, decided.change, now, works)
            except LostRace:
                most = min(0.01 * 2**attempt, LONGEST_RETRY_PAUSE)
                await asyncio.sleep(self._jitter(most))
                continue
            except ValueError as error:
                self._waiting[meeting_id] = [*left, *self._waiting[meeting_id]]
                await self._serve_apart(meeting_id, served, error)
                return
            self._waiting[meeting_id] = [*left, *self._waiting[meeting_id]]
            measure("rollcall.commit.attempts", attempt + 1)
            self._hand_out(meeting_id, served, after, (*stale, *after.outbox))
            return
        measure("rollcall.commit.attempts", ATTEMPTS)
        raise Transient("the meeting is being changed by others too often")

    async def _commit(
        self, before: Stored | None, change: Change, now: datetime, works: list[Work]
    ) -> Stored:
        """Commit the change with what follows from it, after the index has the meeting due.

        So no crash leaves a commit that the index does not know. An index that has the meeting due
        already is not written: it may be early, never late.
        """
        meeting = before.meeting if before is not None else None
        with committing(works, change.meeting.traceparent) as commit:
            followed = followed_up(change, now=now, rules=self.tending)
            followed = replace(followed, outgoing=commit.stamp(followed.outgoing))
            change = await self._listed(meeting, followed, now)
            known = meeting.tend.indexed if meeting is not None else None
            by = change.meeting.tend.indexed
            if by is not None and (known is None or by < known):
                await self.ledger.index(change.meeting.meeting_id, due_at=by)
            stored = await self.ledger.commit(before, change, now=now)
        correlate(requestId=stored.meeting.correlation_id)
        for code in change.meeting.warned[len(meeting.warned) if meeting else 0 :]:
            log("meeting.warned", code=code)
        return stored

    def _note_unsent(self, meeting_id: MeetingId, due: datetime) -> None:
        if self._unsent is not None:
            self._unsent.note(meeting_id, due=due)

    async def _resend(self, meeting_id: MeetingId) -> None:
        """Send what the meeting has unsent, where the lease of it is over; change nothing."""
        receipt = await self.change(meeting_id, lambda *_: None)
        await receipt.sent

    async def _warn_of_lost(self, meeting_id: MeetingId, lost: Sequence[Undelivered]) -> None:
        """Publish that answers of a meeting reached no queue, and count them."""
        for one in lost:
            count("rollcall.answers.undelivered", code=one.code)

        def decide(known: Meeting | None, now: datetime) -> Change | None:
            if known is None or not known.known:
                return None
            warned, events = warn_undelivered(known, lost[0], now=now)
            return Change(meeting=warned, outgoing=events) if events else None

        try:
            await self.change(meeting_id, decide)
        except Transient as error:
            log("outbox.not_kept", error)

    async def _listed(self, before: Meeting | None, change: Change, now: datetime) -> Change:
        """List what was just made or moved, and once the day on which it is to be purged.

        Once a bot was asked for, looks list it. What has a head is purged one day, be it only a
        claim that came to nothing; the purge moves a day that is too early on.
        """
        after, ledger = change.meeting, self.ledger
        briefs = {} if after.legs else unlisted(after)
        rows = [ledger.list_day(after.meeting_id, day, brief) for day, brief in briefs.items()]
        if must_be_scheduled(before, after):
            day = purge_day(after, now=now, days=self._retention_days)
            rows.append(ledger.schedule_purge(after.meeting_id, day))
        await asyncio.gather(*rows)
        if not briefs:
            return change
        return replace(change, meeting=having_listed(after, briefs, at=now))

    async def _serve_apart(
        self, meeting_id: MeetingId, together: list[_Waiting], refused: ValueError
    ) -> None:
        """Serve the halves of changes that no transaction holds; a change that is alone fails."""
        if len(together) == 1:
            _fail(together, refused)
            return
        middle = len(together) // 2
        for half in (together[:middle], together[middle:]):
            try:
                await self._serve(meeting_id, half, None)
            except Exception as error:  # noqa: BLE001 - passed to the changes of this half
                _fail(half, error)

    def _stale(
        self, meeting_id: MeetingId, stored: Stored | None, now: datetime, *, resend: bool
    ) -> tuple[OutboxRow, ...]:
        rows = stored.outbox if stored else ()
        return tuple(
            row
            for row in rows
            if (resend or row.written_at <= now - self.tending.grace)
            and not self._dispatch.is_under_way(meeting_id, row)
        )

    def _hand_out(
        self,
        meeting_id: MeetingId,
        served: list[_Waiting],
        stored: Stored | None,
        rows: tuple[OutboxRow, ...],
    ) -> None:
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if rows:
            request_id = stored.meeting.correlation_id if stored is not None else None
            self._begin(meeting_id, self._dispatch.send(meeting_id, rows, sent), request_id)
        else:
            sent.set_result(None)
        receipt = Receipt(meeting=stored.meeting if stored else None, sent=sent)
        for waiting in served:
            if not waiting.receipt.done():
                waiting.receipt.set_result(receipt)


def _fail(waiting: list[_Waiting], error: Exception) -> None:
    for one in waiting:
        if not one.receipt.done():
            one.receipt.set_exception(error)
            one.receipt.exception()  # marks it as seen: the caller may be gone
