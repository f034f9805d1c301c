"""The sessions of a queue: who holds each, until when, and the state kept with it. Pure.

`now` (seconds since the epoch) and holders are arguments. A session needs no beginning: it is there
as soon as a message or a receiver names it. Source: the article message-sessions.
"""

from dataclasses import dataclass, replace

SESSION_LOCK_LOST = "com.microsoft:session-lock-lost"


class SessionHeldError(Exception):
    """Another receiver holds the session."""


class SessionLockLostError(Exception):
    """The receiver does not hold the session (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLock:
    """A session in the hands of one receiver, named by its link."""

    session_id: str
    holder: str
    until: float


class Sessions:
    """The locks and states of one queue's sessions."""

    def __init__(self, lock_duration: float) -> None:
        self._lock_duration = lock_duration
        self._locks: dict[str, SessionLock] = {}
        self._states: dict[str, bytes] = {}

    def accept(self, session_id: str, holder: str, *, now: float) -> SessionLock:
        """Give the session to this receiver; raise SessionHeldError where another has it."""
        if session_id in self._locks:
            raise SessionHeldError
        until = now + self._lock_duration
        lock = SessionLock(session_id=session_id, holder=holder, until=until)
        self._locks[session_id] = lock
        return lock

    def renew(self, session_id: str, holder: str | None, *, now: float) -> SessionLock:
        """Extend the lock by a whole lock duration from now; raise SessionLockLostError."""
        lock = replace(self.held(session_id, holder), until=now + self._lock_duration)
        self._locks[session_id] = lock
        return lock

    def held(self, session_id: str, holder: str | None) -> SessionLock:
        """Return the lock of this receiver, None for any; raise SessionLockLostError."""
        lock = self._locks.get(session_id)
        if lock is None or holder not in (None, lock.holder):
            raise SessionLockLostError
        return lock

    def is_held(self, session_id: str) -> bool:
        return session_id in self._locks

    def is_held_by(self, session_id: str | None, holder: str) -> bool:
        lock = self._locks.get(session_id) if session_id is not None else None
        return lock is not None and lock.holder == holder

    def close(self, session_id: str) -> None:
        """Let the session go."""
        self._locks.pop(session_id, None)

    def expire(self, now: float) -> None:
        """Let the sessions go whose locks have ended."""
        for lock in [lock for lock in self._locks.values() if lock.until <= now]:
            del self._locks[lock.session_id]

    def next_due(self) -> float | None:
        """Give the time at which the next lock ends."""
        return min((lock.until for lock in self._locks.values()), default=None)

    def state(self, session_id: str) -> bytes | None:
        return self._states.get(session_id)

    def set_state(self, session_id: str, state: bytes | None) -> None:
        """Keep the state for the next holder of the session, too; None drops it."""
        if state is None:
            self._states.pop(session_id, None)
        else:
            self._states[session_id] = state
