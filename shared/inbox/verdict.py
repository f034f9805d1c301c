"""One queue message from its arrival to its verdict: done, refused, or retried later.

The type of the exception is the verdict (errors.py). A function completes a message by returning
and abandons it by raising. To retry later, it schedules a copy and returns. If the bus takes no
copy, the message goes back to it, but not at once.
Source: https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.events.cloud_events import reply_message
from shared.inbox.copies import copy_of, kept_copy
from shared.inbox.message import QueueMessage
from shared.inbox.patience import fits_here, hold_before, next_try
from shared.inbox.trying import trying_of
from shared.meeting.meeting import Trying
from shared.ports import Bus, Clock
from shared.telemetry import correlate, count, log, milliseconds, presume
from shared.tracing.work import concluded, current, of_message
from shared.words.entities import OWN_ENTITIES
from shared.words.errors import NotSent, Rejected, Transient, Unreadable, refusal_in
from shared.words.ids import utc_text
from shared.words.outgoing import Outgoing, Undelivered, closed_queue
from shared.words.problems import rejected
from shared.words.refused_messages import is_of_entity, lost_answer, refused_copy
from shared.words.rules import RetryPolicy

LAST_FOR_AN_ANSWER = 8
"""From this delivery on a refusal is given up that only the caller's queue does not take: two
later the message would be dead-lettered, and the topic has it."""
type Work = Callable[[QueueMessage], Awaitable[None]]
type Refuse = Callable[[QueueMessage, Rejected, datetime], Outgoing | None]
"""Makes a refusal, at a moment, the event that publishes it; None: the event has no reader."""
type Noted = Callable[[QueueMessage, Trying], Awaitable[None]]
"""Learns what came of a try that is not the last one, or was refused."""


class ShortWaits:
    """The waits that a process affords inside its invocations.

    A few at a time: an invocation that waits keeps its place among those that run at once. Waiting
    invocations must never take all the places.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[None]], *, seats: int) -> None:
        """`sleep` takes seconds; `seats` is how many invocations may wait at once."""
        self._sleep = sleep
        self._free = seats

    async def wait(self, seconds: float) -> bool:
        """Wait and return True; return False at once where too many wait already."""
        if self._free == 0:
            return False
        self._free -= 1
        try:
            await self._sleep(seconds)
        finally:
            self._free += 1
        return True

    async def hold(self, seconds: float) -> None:
        """Wait, with a seat or without: for what no other invocation gets past either."""
        await self._sleep(seconds)


class Inbox:
    """Bring queue messages to their verdicts. One instance a process; safe for many tasks."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        policy: RetryPolicy,
        jitter: Callable[[float], float],
        waits: ShortWaits,
        namespace: str = "",
    ) -> None:
        """`jitter(most)` returns a random number of seconds from 0 to `most`.

        `waits`: the pauses spent inside an invocation; where no seat is free, a pause is a
        scheduled copy. `namespace`: the host name of our Service Bus, with which messages'
        `reply_to` are read.
        """
        self._bus, self._clock, self._policy = bus, clock, policy
        self._jitter, self._waits, self._namespace = jitter, waits, namespace

    async def handle(
        self,
        message: QueueMessage,
        work: Work,
        refuse: Refuse,
        noted: Noted | None = None,
    ) -> None:
        """Pass `message` to `work` and carry out its verdict.

        Where there is a seat, a short pause is spent here, and `work` gets the message again:
        handlers must be safe to repeat. When the bus itself is down, its error goes on to the host
        after a pause, and the host abandons the message.
        """
        message = replace(message, namespace=self._namespace)
        reply = message.reply
        if reply is not None and reply.problem is not None and message.attempt == 1:
            count("rollcall.answers.undelivered", code=reply.problem.code)
        correlate(queue=message.queue, messageId=message.message_id)
        with of_message(message.queue, message.message_id, message.properties) as traceparent:
            try:
                await self._handle(replace(message, traceparent=traceparent), work, refuse, noted)
            except Transient as down:
                log("message.given_back", down, delivery=message.delivery_count)
                await self._hold(message, down)
                raise

    async def _handle(
        self, message: QueueMessage, work: Work, refuse: Refuse, noted: Noted | None
    ) -> None:
        began, waited = self._clock.now(), 0
        while (failed := await _failure(message, work)) is not None:
            # A request that names no id has that of its meeting, where one was met, else this one.
            presume(requestId=message.origin_id)
            now = self._clock.now()
            due = next_try(message, failed, now=now, policy=self._policy, jitter=self._jitter)
            if due is None:
                refused = final(failed, message, now=now)
                log("message.rejected", code=refused.code, **_times(message, began, now))
                await _refuse(message, refused, refuse, now, self._bus)
                if noted is not None:
                    await noted(message, trying_of(refused, message, at=now, due=None))
                return
            again = message.after(failed, at=now)
            if fits_here(due, now=now, began=began, waits=waited) and await self._waits.wait(
                (due - now).total_seconds()
            ):
                message, waited = again, waited + 1
                continue
            why = _named(failed)
            log("message.deferred", due=utc_text(due), why=why, **_times(message, began, now))
            await _send_ours([copy_of(again, due=due)], self._bus)
            concluded("deferred")
            if noted is not None:
                await noted(message, trying_of(failed, message, at=now, due=due))
            return
        presume(requestId=message.origin_id)
        times = _times(message, began, self._clock.now())
        outcome, code = ("done", "") if (doing := current()) is None else doing.outcome
        if outcome == "rejected":  # by an event that the work itself committed
            log("message.rejected", code=code, **times)
        else:
            log("message.done", **times)

    async def _hold(self, message: QueueMessage, down: Transient) -> None:
        """Keep `message` for a while, so that an outage of minutes does not use up its deliveries.

        It may take every place where the bus takes nothing of ours: a message that went back comes
        first again, so a place left free would only be used to dead-letter it. Where just a
        caller's queue or the copies' is closed, others get past, and a seat is needed.
        """
        seconds = hold_before(message.delivery_count, jitter=self._jitter).total_seconds()
        if isinstance(down, NotSent) and not down.entities & OWN_ENTITIES:
            await self._waits.wait(seconds)
        else:
            await self._waits.hold(seconds)

    def is_last(self, message: QueueMessage, failed: Transient | Rejected) -> bool:
        """Return whether `message` may be refused for `failed` now, as after the longest pause."""
        now, policy = self._clock.now(), self._policy
        due = next_try(message, failed, now=now, policy=policy, jitter=lambda most: most)
        return due is None


def final(failed: Transient | Rejected, message: QueueMessage, *, now: datetime) -> Rejected:
    """Return the refusal of a message that is not retried, with every try before."""
    history = message.after(failed, at=now).history
    if isinstance(failed, Rejected):
        return replace(failed, history=history if len(history) > 1 else ())
    if isinstance(failed, Unreadable):
        refused = rejected("record_unreadable", meeting_id=failed.meeting_id)
        return replace(refused, history=history)
    refused = rejected(
        "gave_up",
        graph=failed.graph,
        times="once" if message.attempt == 1 else f"{message.attempt} times",
        since=utc_text(message.first_tried(now=now)),
        what=str(failed),
    )
    return replace(refused, history=history)


async def _failure(message: QueueMessage, work: Work) -> Transient | Rejected | None:
    try:
        await work(message)
    except (Transient, Rejected) as failed:
        return failed
    return None


async def _refuse(
    message: QueueMessage, refused: Rejected, refuse: Refuse, now: datetime, bus: Bus
) -> None:
    event, reply, not_sent = refuse(message, refused, now), message.reply, None
    if event is not None and reply is not None:
        # The answer goes first: what the topic says depends on it.
        problem = reply.problem
        try:
            problem = problem or await _undelivered(reply_message(event, reply), bus)
        except NotSent as error:
            if message.delivery_count < LAST_FOR_AN_ANSWER:
                not_sent = error
            else:
                problem = _lost(closed_queue(reply.queue))
        if problem is not None:
            event = refuse(message, replace(refused, undelivered=problem), now)
    published = [] if event is None else [event]
    await _send_ours([*published, kept_copy(message, refused)], bus)
    if not_sent is not None:
        raise not_sent
    concluded("rejected", refused.code)


async def _undelivered(answer: Outgoing, bus: Bus) -> Undelivered | None:
    """Send an answer to the caller's queue; return why it can never be delivered."""
    try:
        await bus.send([answer])
    except Rejected as error:
        if (why := refusal_in(error, answer)) is None:
            raise
        return _lost(lost_answer(answer.entity, why))
    return None


def _lost(problem: Undelivered) -> Undelivered:
    log("refusal.undeliverable", problem.code)
    count("rollcall.answers.undelivered", code=problem.code)
    return problem


async def _send_ours(messages: Sequence[Outgoing], bus: Bus) -> None:
    """Send messages to our own entities; raise `NotSent` where one is missing.

    Of a message that can never be sent a copy is kept. Copies of a caller's message are within the
    quotas, and events are shortened, so that is a fault.
    """
    try:
        await bus.send(messages)
    except Rejected as error:
        refusals = [(one, refusal_in(error, one)) for one in messages]
        closed = {one.entity for one, why in refusals if why is not None and is_of_entity(why)}
        if closed:
            raise NotSent(f"missing: {', '.join(closed)}", entities=frozenset(closed)) from error
        for one, why in refusals:
            if why is not None:
                log("outbox.refused", entity=one.entity, outgoingId=one.message_id, why=why.code)
                count("rollcall.outbox.refused", entity=one.entity, code=why.code)
                await bus.send([refused_copy(one, why)])


def _times(message: QueueMessage, began: datetime, ended: datetime) -> dict[str, Any]:
    """Return which try this was, and how long it took: in the queue, in all, and of that at Graph.

    The time in the queue is that of this message, a scheduled copy's since it was due.
    """
    work = current()
    return {
        "attempt": message.attempt,
        "queuedMs": milliseconds(began - message.enqueued_at),
        "graphMs": milliseconds(work.graph_time) if work is not None else 0,
        "tookMs": milliseconds(ended - began),
    }


def _named(failed: Transient | Rejected) -> str:
    """Return why, for the log: the code of a refusal, whose text may quote the request."""
    return failed.code if isinstance(failed, Rejected) else str(failed)
