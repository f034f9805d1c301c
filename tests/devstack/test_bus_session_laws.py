"""The laws of sessions, for every history Hypothesis can think of.

A session has one holder at a time. What its holders get of it comes in the order it was sent, with
a message that comes back at its place. Only a lock that ends counts a delivery; nothing is lost.
"""

from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from devstack.bus.message import Message
from devstack.bus.queue import LockLostError, Queue, Rules
from devstack.bus.sessions import SessionHeldError, SessionLockLostError

LOCK, LIMIT = 10.0, 3
NAMES = st.sampled_from(["a", "b", "c"])
HOLDERS = st.sampled_from(["one", "two", "three"])


@dataclass(slots=True)
class Known:
    """What the test itself knows of one session."""

    free: list[int] = field(default_factory=list)
    held: dict[UUID, int] = field(default_factory=dict)
    holder: str | None = None
    until: float = 0.0


class SessionLaws(RuleBasedStateMachine):
    """Drives a queue with sessions and a dictionary side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.dead = Queue(Rules(lock_duration=LOCK))
        rules = Rules(lock_duration=LOCK, max_delivery_count=LIMIT, requires_session=True)
        self.queue = Queue(rules, dead_letters=self.dead)
        self.known = {name: Known() for name in ("a", "b", "c")}
        self.failures: dict[int, int] = {}
        self.gone: set[int] = set()
        self.last = 0
        self.now = 1_000_000.0

    @rule(name=NAMES)
    def send(self, name: str) -> None:
        self.last += 1
        message = Message(message_id=str(self.last), properties={"SessionId": name})
        self.queue.put(message, sequence=self.last, origin=self.last, now=self.now)
        self.known[name].free.append(self.last)
        self.failures[self.last] = 0

    @rule(delay=st.sampled_from([0.0, 3.0, 9.5, 10.0]))
    def time_passes(self, delay: float) -> None:
        self.now += delay
        self.queue.advance(self.now)
        for known in self.known.values():
            if known.holder is not None and known.until <= self.now:
                self._let_go(known, failed=True)
        due = self.queue.next_due()
        assert due is None or due > self.now

    @rule(name=NAMES, holder=HOLDERS)
    def accept(self, name: str, holder: str) -> None:
        known = self.known[name]
        try:
            lock = self.queue.accept_session(name, holder, now=self.now)
        except SessionHeldError:
            assert known.holder is not None
        else:
            assert lock is not None
            assert known.holder is None
            known.holder, known.until = holder, lock.until

    @rule(holder=HOLDERS)
    def accept_next(self, holder: str) -> None:
        free = {k.free[0]: n for n, k in self.known.items() if k.free and k.holder is None}

        lock = self.queue.accept_session(None, holder, now=self.now)

        assert (lock.session_id if lock else None) == (free[min(free)] if free else None)
        if lock is not None:
            known = self.known[lock.session_id]
            known.holder, known.until = holder, lock.until

    @rule(name=NAMES, holder=HOLDERS)
    def renew(self, name: str, holder: str) -> None:
        known = self.known[name]
        try:
            known.until = self.queue.renew_session(name, holder, now=self.now)
        except SessionLockLostError:
            assert known.holder != holder
        else:
            assert known.holder == holder
            assert known.until == self.now + LOCK

    @rule(name=NAMES, holder=HOLDERS)
    def close(self, name: str, holder: str) -> None:
        known = self.known[name]
        try:
            self.queue.close_session(name, holder, now=self.now)
        except SessionLockLostError:
            assert known.holder != holder
        else:
            assert known.holder == holder
            self._let_go(known, failed=False)

    @rule(name=NAMES, token=st.uuids())
    def acquire(self, name: str, token: UUID) -> None:
        known = self.known[name]
        if known.holder is None:  # the broker asks on behalf of a holder alone
            return

        entry = self.queue.acquire(token, now=self.now, session=name)

        assert (entry.sequence if entry else None) == (known.free[0] if known.free else None)
        if entry is not None:
            assert entry.delivery_count == self.failures[entry.sequence]
            known.held[token] = known.free.pop(0)

    @rule(name=NAMES, abandons=st.booleans(), data=st.data())
    def settle(self, name: str, abandons: bool, data: st.DataObject) -> None:
        known = self.known[name]
        if not known.held:
            return
        token = data.draw(st.sampled_from(sorted(known.held)))
        sequence = known.held.pop(token)
        if abandons:
            self.queue.abandon(token, now=self.now)
            self._comes_back(known, sequence, failed=True)
        else:
            self.queue.complete(token, now=self.now)
            self.gone.add(sequence)

    @rule(token=st.uuids())
    def settle_what_nobody_holds(self, token: UUID) -> None:
        try:
            self.queue.complete(token, now=self.now)
        except LockLostError:
            return
        raise AssertionError("a token that was never given out")

    @invariant()
    def nothing_is_lost_or_invented(self) -> None:
        inside = {entry.sequence for entry in self.queue.browse(0, now=self.now)}
        dead = {entry.sequence for entry in self.dead.browse(0, now=self.now)}

        known = {s for k in self.known.values() for s in (*k.free, *k.held.values())}
        assert inside == known
        assert inside | dead | self.gone == set(range(1, self.last + 1))

    def _let_go(self, known: Known, *, failed: bool) -> None:
        held, known.held, known.holder = list(known.held.values()), {}, None
        for sequence in held:
            self._comes_back(known, sequence, failed=failed)

    def _comes_back(self, known: Known, sequence: int, *, failed: bool) -> None:
        self.failures[sequence] += failed
        if self.failures[sequence] < LIMIT:
            known.free = sorted([*known.free, sequence])


TestSessionLaws = SessionLaws.TestCase
TestSessionLaws.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


def test_a_message_without_a_session_is_dead_lettered() -> None:
    """Which happens behind a topic: a queue's sender is refused."""
    dead = Queue(Rules(lock_duration=LOCK))
    queue = Queue(Rules(lock_duration=LOCK, requires_session=True), dead_letters=dead)

    queue.put(Message(message_id="m"), sequence=1, origin=1, now=0)

    [entry] = dead.browse(0, now=0)
    assert entry.dead_letter is not None
    assert entry.dead_letter.reason == "Session ID is null."
    assert len(queue) == 0
    assert queue.accept_session(None, "holder", now=0) is None


def test_a_state_stays_when_its_session_changes_hands() -> None:
    """Until it is dropped, with or without messages."""
    queue = Queue(Rules(lock_duration=LOCK, requires_session=True))
    assert queue.sessions is not None

    queue.accept_session("s", "one", now=0)
    queue.sessions.set_state("s", b"half way")
    queue.close_session("s", "one", now=1)
    queue.accept_session("s", "two", now=2)

    assert queue.sessions.state("s") == b"half way"
    queue.sessions.set_state("s", None)
    assert queue.sessions.state("s") is None
