"""The laws of the local Service Bus queue, for every history Hypothesis can think of.

Nothing is lost or invented, nothing is held by two at once, order is kept with redelivered messages
at their place, deliveries are counted right, and a message is dead-lettered exactly at its limit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from devstack.bus.entity import Entity
from devstack.bus.entry import DeadLetter
from devstack.bus.message import Message
from devstack.bus.queue import LockLostError, Queue, Rules

LOCK, LIMIT, LIFE = 10.0, 3, 20.0
DELAYS = st.sampled_from([0.0, 0.5, 3.0, 9.5, 10.0, 25.0])


@dataclass(slots=True)
class Known:
    """What the test itself knows of one message: the simplest model there is."""

    failures: int = 0
    state: str = "active"
    token: UUID | None = None
    until: float = 0.0
    dies: float = 0.0
    due: float = 0.0
    number: int = 0


class QueueLaws(RuleBasedStateMachine):
    """Drives a queue and a dictionary side by side."""

    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.dead = Queue(Rules(lock_duration=LOCK))
        self.queue = Queue(
            Rules(
                lock_duration=LOCK,
                max_delivery_count=LIMIT,
                time_to_live=LIFE,
                dead_letters_expired=True,
            ),
            dead_letters=self.dead,
        )
        self.entity = Entity(queue=self.queue)
        self.known: dict[str, Known] = {}
        self.now = 1_000_000.0

    @rule(waits=st.sampled_from([None, 1.0, 20.0]))
    def send(self, waits: float | None) -> None:
        name = f"m{len(self.known)}"
        due = None if waits is None else self.now + waits
        self.entity.send(Message(message_id=name, scheduled_for=due), now=self.now)
        self.known[name] = Known()
        if due is None:
            self._becomes_active(self.known[name], self.now)
        else:
            self.known[name].state, self.known[name].due = "scheduled", due

    @rule(delay=DELAYS)
    def time_passes(self, delay: float) -> None:
        self.now += delay
        self.entity.advance(self.now)
        self._nothing_is_overdue()
        waiting = [k for k in self.known.values() if k.state == "scheduled" and k.due <= self.now]
        for known in sorted(waiting, key=lambda known: known.due):
            self._becomes_active(known, self.now)
        for known in self.known.values():
            if known.token is not None and known.until <= self.now:
                self._fails(known)
            elif known.token is None and self._expired(known):
                known.state = "dead"

    @rule(target=tokens, token=st.uuids())
    def acquire(self, token: UUID) -> UUID:
        free = [k for k in self.known.values() if k.state == "active" and k.token is None]
        expected = min(free, key=lambda known: known.number, default=None)

        entry = self.queue.acquire(token, now=self.now)

        if entry is None:
            assert expected is None
            return token
        known = self.known[entry.message.message_id]
        assert known is expected
        assert entry.delivery_count == known.failures
        known.token, known.until = token, self.now + LOCK
        return token

    @rule(token=tokens)
    def complete(self, token: UUID) -> None:
        known = self._settle(token, lambda: self.queue.complete(token, now=self.now))
        if known:
            known.state = "done"

    @rule(token=tokens)
    def abandon(self, token: UUID) -> None:
        known = self._settle(token, lambda: self.queue.abandon(token, now=self.now))
        if known:
            self._fails(known)

    @rule(token=tokens)
    def release(self, token: UUID) -> None:
        known = self._settle(token, lambda: self.queue.release(token, now=self.now))
        if known and self._expired(known):
            known.state = "dead"
        self._nothing_is_overdue()

    @rule(token=tokens)
    def defer(self, token: UUID) -> None:
        known = self._settle(token, lambda: self.queue.defer(token, now=self.now))
        if known:
            known.state = "deferred"
        self.time_passes(0)  # what was held past its life and deferred expires at the next look

    @rule(token=tokens)
    def dead_letter(self, token: UUID) -> None:
        cause = DeadLetter(reason="r", description=None)
        known = self._settle(token, lambda: self.queue.dead_letter(token, cause, now=self.now))
        if known:
            known.state = "dead"

    @rule(token=tokens)
    def renew(self, token: UUID) -> None:
        holder = self._holder(token)
        try:
            until = self.queue.renew(token, now=self.now)
        except LockLostError:
            assert holder is None
        else:
            assert holder is not None
            assert until == self.now + LOCK
            holder.until = until

    @precondition(lambda self: any(k.state == "deferred" for k in self.known.values()))
    @rule(target=tokens, token=st.uuids(), data=st.data())
    def fetch(self, token: UUID, data: st.DataObject) -> UUID:
        free = [k for k in self.known.values() if k.state == "deferred" and k.token is None]
        if free:
            known = data.draw(st.sampled_from(free))
            [entry] = self.queue.fetch_deferred({known.number: token}, now=self.now)
            assert self.known[entry.message.message_id] is known
            known.token, known.until = token, self.now + LOCK
        return token

    @invariant()
    def nothing_is_lost_or_invented(self) -> None:
        inside = {e.message.message_id for e in self.queue.browse(0, now=self.now)}
        dead = {e.message.message_id for e in self.dead.browse(0, now=self.now)}
        scheduled = {e.message.message_id for e in self.entity.scheduled(0)}

        assert inside == self._in("active") | self._in("deferred")
        assert dead == self._in("dead")
        assert scheduled == self._in("scheduled")
        assert len(self.queue) == len(inside)

    @invariant()
    def counts_and_holders_are_as_known(self) -> None:
        tokens = []
        for entry in self.queue.browse(0, now=self.now):
            known = self.known[entry.message.message_id]
            assert entry.delivery_count == known.failures < LIMIT
            assert (entry.lock.token if entry.lock else None) == known.token
            tokens += [entry.lock.token] if entry.lock else []
        assert len(tokens) == len(set(tokens))

    def _nothing_is_overdue(self) -> None:
        due = self.entity.next_due()
        assert due is None or due > self.now

    def _becomes_active(self, known: Known, now: float) -> None:
        # A scheduled message takes a number when it is sent and another when it becomes active.
        sequences = {e.message.message_id: e.sequence for e in self.queue.browse(0, now=now)}
        name = next(name for name, each in self.known.items() if each is known)
        known.state, known.number, known.dies = "active", sequences[name], now + LIFE

    def _fails(self, known: Known) -> None:
        known.failures += 1
        known.token = None
        if known.failures >= LIMIT or self._expired(known):
            known.state = "dead"

    def _expired(self, known: Known) -> bool:
        return known.state in ("active", "deferred") and known.dies <= self.now

    def _holder(self, token: UUID) -> Known | None:
        return next((k for k in self.known.values() if k.token == token), None)

    def _settle(self, token: UUID, act: Callable[[], None]) -> Known | None:
        holder = self._holder(token)
        try:
            act()
        except LockLostError:
            assert holder is None
            return None
        assert holder is not None
        holder.token = None
        return holder

    def _in(self, state: str) -> set[str]:
        return {name for name, known in self.known.items() if known.state == state}


TestQueueLaws = QueueLaws.TestCase
TestQueueLaws.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
