"""A message's place in a queue, as a value: its number, its count, its lock, its cause of death."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from devstack.bus.message import Message


class State(Enum):
    """The wire's `x-opt-message-state`."""

    ACTIVE = 0
    DEFERRED = 1
    SCHEDULED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Who holds a message, and until when."""

    token: UUID
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Why a message was moved to the dead-letter sub-queue."""

    reason: str | None
    description: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message in a queue. `delivery_count` counts the deliveries that failed before."""

    sequence: int
    origin: int
    """The number it got where it was first sent to, such as a subscription's topic."""
    message: Message
    enqueued_at: float
    expires_at: float | None = None
    delivery_count: int = 0
    state: State = State.ACTIVE
    lock: Lock | None = None
    dead_letter: DeadLetter | None = None
