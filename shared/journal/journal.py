"""The one way to read and change a meeting. It hides loading, lost races and sending."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from shared.journal.commits import Commits, Loaded
from shared.journal.settle import settled
from shared.journal.step import Decide, Step
from shared.meeting.follow_up import mended
from shared.meeting.meeting import Change, Meeting
from shared.meeting.older_legs import Older
from shared.meeting.retention import require_as_seen, require_cleared
from shared.telemetry import correlate, log, presume
from shared.tracing.work import current
from shared.words.answers import Call
from shared.words.coordinates import thread_alias
from shared.words.errors import RollcallError, Transient
from shared.words.ids import MeetingId

ROUNDS = 12
"""How often a decision that must know what left the head starts again because more left it."""


class _MoreLeft(Exception):
    """More left the head since it was read: the decision might not know all of it."""


class Delivered(Protocol):
    """A message as far as the journal knows it."""

    @property
    def delivery_count(self) -> int:
        """How often it was delivered, this time included."""
        ...


class OpenMeeting:
    """One meeting, to be read and changed; `Journal.open` and `Journal.unread` make it.

    Hides loading, lost races, redelivery, sending, and what left the head. `meeting` is the meeting
    as last seen here; None where it is not known. `written`: the last change wrote a commit.

    Where the meeting was purged since it was last seen here, loading and changing it raise
    `Transient`: an alias that was claimed meanwhile may have been purged with it.
    """

    def __init__(self, commits: Commits, meeting_id: MeetingId, *, resend: bool) -> None:
        self._commits, self._resend = commits, resend
        self._loaded: Loaded | None = None
        self._older = Older(pages=None)
        self._looked = False
        self.meeting_id = meeting_id
        self.meeting: Meeting | None = None
        self.written = False

    async def load(self, *, likely_new: bool = False, whole: bool = False) -> None:
        """Load the meeting; with `whole`, also the legs and requests that left the head."""
        ledger = self._commits.ledger
        stored = await ledger.load(self.meeting_id, likely_new=likely_new)
        head = stored.meeting if stored is not None else None
        self._require_as_seen(head)
        self._older = Older(pages=() if whole else None)
        if whole and head is not None and head.leg_pages:
            self._older = Older(pages=tuple(await ledger.older_legs(self.meeting_id)))
        if head is not None and (work := current()) is not None:
            work.part_of(head.traceparent)
        self._loaded = Loaded(stored)
        self._see(head)

    async def owner_of(self, call: Call) -> MeetingId | None:
        """Return the meeting to which the thread of Graph's `call` leads; None if it names none.

        A thread that led nowhere leads to this meeting from now on. Raises `Unavailable`.
        """
        if call.thread_id is None:
            return None
        alias = thread_alias(call.thread_id, call.message_id)
        return await self._commits.ledger.claim_alias(alias, self.meeting_id)

    async def change[D](self, decide: Decide[D], *, within: float | None = None) -> D:
        """Let `decide` say what to write, commit it, and send; return what it decided.

        `decide` starts from the meeting as it was loaded. After a lost race it is called again.
        `within`: the most seconds to wait for the sending, which goes on after that.
        Raises what `decide` raised, `Transient` when the race is lost too often or the store is
        down, and ValueError for a change that no transaction can hold.
        """
        decided: list[D] = []
        # Decisions run in the task of the first that waits, which is no part of this work.
        work = current()

        def settle(before: Meeting | None, now: datetime) -> Change | None:
            self._require_as_seen(before)
            if before is not None and work is not None:
                work.part_of(before.traceparent)
            if not self._older.is_of(before):
                raise _MoreLeft
            step, result = decide(self._older.beside(before), now)
            if step is not None:
                require_cleared(before, self.meeting, step.meeting)
            decided.append(result)
            change = None
            if step is not None:
                alone = replace(step, meeting=self._older.kept_apart(step.meeting, before))
                change = settled(
                    alone,
                    before,
                    now=now,
                    rules=self._commits.recording,
                    tending=self._commits.tending,
                )
            self.written = change is not None
            if change is not None and work is not None:
                change = replace(change, outgoing=tuple(map(work.stamp, change.outgoing)))
            return change

        for _ in range(ROUNDS):
            loaded, self._loaded = self._loaded, None
            try:
                receipt = await self._commits.change(
                    self.meeting_id, settle, loaded=loaded, resend=self._resend
                )
            except _MoreLeft:
                await self.load(whole=True)
                continue
            self._see(receipt.meeting)
            await asyncio.wait({receipt.sent}, timeout=within)
            return decided[-1]
        raise Transient("the legs of the bot in this meeting change too fast")

    def _see(self, head: Meeting | None) -> None:
        self.meeting, self._looked = self._older.beside(head), True
        # A request keeps an id of its own; callbacks and looks are named by the meeting's first.
        presume(requestId=head.correlation_id if head is not None else None)

    def _require_as_seen(self, head: Meeting | None) -> None:
        if self._looked:
            require_as_seen(head, self.meeting)

    async def record(self, step_of: Callable[[Meeting | None, datetime], Step | None]) -> None:
        """Change the meeting by a decision that has no other result than its step."""
        await self.change(lambda meeting, now: (step_of(meeting, now), None))

    async def edit(self, step_of: Callable[[Meeting, datetime], Step | None]) -> bool:
        """Change a meeting that is known; return whether the decision returned a step."""

        def decide(meeting: Meeting | None, now: datetime) -> tuple[Step | None, bool]:
            step = None if meeting is None else step_of(meeting, now)
            return step, step is not None

        return await self.change(decide)

    async def mend_in_passing(self) -> None:
        """Mend a meeting whose look is overdue; what fails is left to the backstop."""
        if self.meeting is None or not self._commits.is_overdue(self.meeting):
            return
        try:
            await self.mend()
        except RollcallError as error:
            log("look.not_mended", error)

    async def mend(self) -> None:
        """Send what is unsent, restart a broken chain of looks, and update the index.

        Commit in any case: a commit under way relies on what the index says now, and must lose.
        """
        stored = self._loaded.stored if self._loaded is not None else None
        for row in stored.outbox if stored is not None else ():
            self._commits.measure_age(row)

        def decide(meeting: Meeting | None, now: datetime) -> tuple[Step | None, None]:
            if meeting is None or stored is None:
                return None, None
            # A handler that changed it since it was loaded may have left messages unsent.
            unsent = bool(stored.outbox) or meeting.version != stored.meeting.version
            change = mended(meeting, now=now, rules=self._commits.tending, unsent=unsent)
            return Step(meeting=change.meeting, outgoing=change.outgoing), None

        await self.change(decide)


class Journal:
    """All meetings, to be read and changed. One instance a process; safe for many tasks."""

    def __init__(self, commits: Commits) -> None:
        self.commits = commits
        self.tending = commits.tending

    async def open(
        self,
        meeting_id: MeetingId,
        *,
        for_message: Delivered | None = None,
        likely_new: bool = False,
        whole: bool = False,
    ) -> OpenMeeting:
        """Load a meeting; `likely_new`: see `ports.Ledger.load`. Raises `Unavailable`.

        `whole`: load and change the meeting as if no leg and no request had left the head. For a
        redelivered message, the first change also sends what the first delivery committed.
        """
        opened = self.unread(meeting_id, for_message=for_message)
        await opened.load(likely_new=likely_new, whole=whole)
        return opened

    def unread(self, meeting_id: MeetingId, *, for_message: Delivered | None = None) -> OpenMeeting:
        """Return a meeting that its first change loads, once for all changes that wait for it."""
        correlate(meetingId=meeting_id)
        again = for_message is not None and for_message.delivery_count > 1
        return OpenMeeting(self.commits, meeting_id, resend=again)

    async def settled(self) -> None:
        """Return when all messages committed so far were sent and cleared, or kept."""
        await self.commits.settled()
