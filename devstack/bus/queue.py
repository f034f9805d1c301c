"""The queue itself: locks, delivery counts, deferral, expiry and the dead-letter sub-queue.

Pure: `now` (seconds since the epoch) and lock tokens are arguments; time passes only through calls.
A message that comes back keeps its place, for the order is that of the sequence numbers. In a queue
with sessions each session is such an order of its own, and messages are held as long as it is.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from devstack.bus.entry import DeadLetter, Entry, Lock, State
from devstack.bus.message import Message
from devstack.bus.sessions import SessionLock, Sessions
from devstack.bus.timetable import Timetable


class LockLostError(Exception):
    """The token holds no message (any more): its lock expired, or it was settled before."""


class MessageNotFoundError(Exception):
    """No message of that sequence number is in the state asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a queue treats its messages; durations in seconds, None for no limit."""

    lock_duration: float
    max_delivery_count: int | None = None
    time_to_live: float | None = None
    dead_letters_expired: bool = False
    lost_locks_count: bool = True
    """Whether a delivery whose lock ends counts as a failed one."""
    requires_session: bool = False


class Queue:
    """Messages in order, each held by at most one receiver at a time."""

    def __init__(self, rules: Rules, *, dead_letters: "Queue | None" = None) -> None:
        self.rules = rules
        self.dead_letters = dead_letters
        self._entries: dict[int, Entry] = {}
        self.sessions = Sessions(rules.lock_duration) if rules.requires_session else None
        # By session; without sessions there is one order, under None.
        self._available: dict[str | None, list[int]] = defaultdict(list)
        self._locked: dict[UUID, int] = {}
        self._due = Timetable()

    def __len__(self) -> int:
        """Count every message, available or not."""
        return len(self._entries)

    def put(self, message: Message, *, sequence: int, origin: int, now: float) -> None:
        """Append a message; `sequence` must be higher than any given before."""
        lives = [t for t in (message.time_to_live, self.rules.time_to_live) if t is not None]
        entry = Entry(
            sequence=sequence,
            origin=origin,
            message=message,
            enqueued_at=now,
            expires_at=now + min(lives) if lives else None,
        )
        self._keep(entry)
        if self.sessions is not None and message.session_id is None:
            text = "Session enabled entity doesn't allow a message whose session identifier is null"
            self._bury(entry, DeadLetter(reason="Session ID is null.", description=f"{text}."))

    def acquire(self, token: UUID, *, now: float, session: str | None = None) -> Entry | None:
        """Lock the first available message under this token; None when there is none."""
        self.advance(now)
        entry = self._next_available(session)
        return self._lock(entry, token, now) if entry else None

    def take(self, *, now: float, session: str | None = None) -> Entry | None:
        """Remove and return the first available message (receive-and-delete)."""
        self.advance(now)
        entry = self._next_available(session)
        if entry:
            self._forget(entry)
        return entry

    def complete(self, token: UUID, *, now: float) -> None:
        self._forget(self._held(token, now))

    def abandon(self, token: UUID, *, now: float) -> None:
        """Give the message back as a failed delivery; the last allowed one dead-letters it."""
        self._give_back(self._held(token, now), now, failed=True)

    def release(self, token: UUID, *, now: float) -> None:
        """Give the message back unused: this delivery does not count."""
        self._give_back(self._held(token, now), now, failed=False)

    def defer(self, token: UUID, *, now: float) -> None:
        """Set the message aside, to be had by its sequence number only."""
        entry = self._held(token, now)
        self._keep(replace(entry, state=State.DEFERRED, lock=None))

    def dead_letter(self, token: UUID, cause: DeadLetter, *, now: float) -> None:
        self._bury(self._held(token, now), cause)

    def renew(self, token: UUID, *, now: float) -> float:
        """Extend the lock by a whole lock duration from now, and return when it ends."""
        until = now + self.rules.lock_duration
        self._keep(replace(self._held(token, now), lock=Lock(token=token, until=until)))
        return until

    def accept_session(
        self, session_id: str | None, holder: str, *, now: float
    ) -> SessionLock | None:
        """Give a session to a receiver: the named one, or the free one whose turn it is.

        That is the one with the oldest available message; None where there is none.
        Raises SessionHeldError where another receiver holds the named one.
        """
        self.advance(now)
        assert self.sessions is not None
        if session_id is None:
            waiting = [name for name in list(self._available) if self.has_available(name)]
            free = [name for name in waiting if name and not self.sessions.is_held(name)]
            if not free:
                return None
            session_id = min(free, key=lambda name: self._available[name][0])
        return self.sessions.accept(session_id, holder, now=now)

    def renew_session(self, session_id: str, holder: str | None, *, now: float) -> float:
        """Extend a session's lock, and that of the messages held in it; return when it ends."""
        self.advance(now)
        assert self.sessions is not None
        lock = self.sessions.renew(session_id, holder, now=now)
        for entry in self._held_in(session_id):
            assert entry.lock is not None
            self._keep(replace(entry, lock=replace(entry.lock, until=lock.until)))
        return lock.until

    def close_session(self, session_id: str, holder: str, *, now: float) -> None:
        """Let a session go; what was held in it comes back uncounted.

        Raises SessionLockLostError.
        """
        self.advance(now)
        assert self.sessions is not None
        self.sessions.held(session_id, holder)
        for entry in self._held_in(session_id):
            self._give_back(entry, now, failed=False)
        self.sessions.close(session_id)

    def fetch_deferred(self, wanted: dict[int, UUID], *, now: float) -> list[Entry]:
        """Lock deferred messages by sequence number, each under its token: all of them or none."""
        return [
            self._lock(entry, wanted[entry.sequence], now)
            for entry in self._deferred(wanted, now=now)
        ]

    def take_deferred(self, wanted: Iterable[int], *, now: float) -> list[Entry]:
        """Remove and return deferred messages by sequence number: all of them or none."""
        found = self._deferred(wanted, now=now)
        for entry in found:
            self._forget(entry)
        return found

    def browse(self, first: int, *, now: float) -> Iterator[Entry]:
        """Yield every message from this sequence number on, in order, without touching it."""
        self.advance(now)
        for sequence in sorted(number for number in self._entries if number >= first):
            yield self._entries[sequence]

    def advance(self, now: float) -> None:
        """Let time pass, here and in the dead-letter sub-queue: locks end, messages expire."""
        for sequence in self._due.take_due(now):
            entry = self._entries[sequence]
            if entry.lock is not None:
                self._give_back(entry, now, failed=self.rules.lost_locks_count)
            else:
                self._expire(entry)
        if self.sessions is not None:
            self.sessions.expire(now)
        if self.dead_letters is not None:
            self.dead_letters.advance(now)

    def next_due(self) -> float | None:
        """Give the next time at which `advance` has something to do."""
        parts = (self._due.next, *(p.next_due for p in (self.dead_letters, self.sessions) if p))
        times = [next_due() for next_due in parts]
        return min((time for time in times if time is not None), default=None)

    def has_available(self, session: str | None = None) -> bool:
        """Return whether `acquire` would find a message, as of the last call that let time pass."""
        available = self._available.get(session, [])
        while available:
            entry = self._entries.get(available[0])
            if entry is not None and entry.lock is None and entry.state is State.ACTIVE:
                return True
            heapq.heappop(available)
        self._available.pop(session, None)
        return False

    def _keep(self, entry: Entry) -> None:
        previous = self._entries.get(entry.sequence)
        if previous is not None and previous.lock is not None:
            self._locked.pop(previous.lock.token, None)
        self._entries[entry.sequence] = entry
        if entry.lock is not None:
            self._locked[entry.lock.token] = entry.sequence
        elif entry.state is State.ACTIVE:
            heapq.heappush(self._available[self._session_of(entry)], entry.sequence)
        # A held message does not expire under its holder: the lock's end comes first.
        self._due.set(entry.sequence, entry.lock.until if entry.lock else entry.expires_at)

    def _forget(self, entry: Entry) -> None:
        previous = self._entries.pop(entry.sequence)
        self._due.set(entry.sequence, None)
        if previous.lock is not None:
            del self._locked[previous.lock.token]

    def _session_of(self, entry: Entry) -> str | None:
        return entry.message.session_id if self.sessions is not None else None

    def _held_in(self, session_id: str) -> list[Entry]:
        held = [self._entries[sequence] for sequence in self._locked.values()]
        return [entry for entry in held if entry.message.session_id == session_id]

    def _next_available(self, session: str | None) -> Entry | None:
        if not self.has_available(session):
            return None
        return self._entries[heapq.heappop(self._available[session])]

    def _lock(self, entry: Entry, token: UUID, now: float) -> Entry:
        until = now + self.rules.lock_duration
        session = self._session_of(entry)
        if self.sessions is not None and session is not None:
            until = self.sessions.held(session, None).until
        locked = replace(entry, lock=Lock(token=token, until=until))
        self._keep(locked)
        return locked

    def _held(self, token: UUID, now: float) -> Entry:
        self.advance(now)
        if token not in self._locked:
            raise LockLostError
        return self._entries[self._locked[token]]

    def _give_back(self, entry: Entry, now: float, *, failed: bool) -> None:
        back = replace(entry, lock=None, delivery_count=entry.delivery_count + failed)
        limit = self.rules.max_delivery_count
        if failed and limit is not None and back.delivery_count >= limit:
            text = f"Message could not be consumed after {limit} delivery attempts."
            self._bury(back, DeadLetter(reason="MaxDeliveryCountExceeded", description=text))
        elif back.expires_at is not None and back.expires_at <= now:
            self._expire(back)
        else:
            self._keep(back)

    def _expire(self, entry: Entry) -> None:
        if self.rules.dead_letters_expired:
            text = "The message expired and was dead lettered."
            self._bury(entry, DeadLetter(reason="TTLExpiredException", description=text))
        else:
            self._forget(entry)

    def _bury(self, entry: Entry, cause: DeadLetter) -> None:
        dead = replace(entry, state=State.ACTIVE, lock=None, expires_at=None, dead_letter=cause)
        if self.dead_letters is None:
            self._keep(dead)
        else:
            self._forget(entry)
            self.dead_letters._keep(dead)

    def _deferred(self, wanted: Iterable[int], *, now: float) -> list[Entry]:
        self.advance(now)
        found = [self._entries.get(sequence) for sequence in dict.fromkeys(wanted)]
        free = [e for e in found if e and e.state is State.DEFERRED and e.lock is None]
        if len(free) < len(found):
            raise MessageNotFoundError
        return free
