"""What is sent to: a queue, or a topic with its subscriptions. Pure, as the queue is.

Stands between a sender and the queues behind: sequence numbers, duplicate detection, messages
scheduled for later, and the copies for subscriptions.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from devstack.bus.entry import Entry, State
from devstack.bus.filters import Filter, TrueFilter, any_matches
from devstack.bus.message import Message
from devstack.bus.queue import MessageNotFoundError, Queue
from devstack.bus.timetable import Timetable


@dataclass(slots=True, kw_only=True)
class Subscription:
    """A queue fed by a topic; it counts its own sequence numbers."""

    queue: Queue
    filters: tuple[Filter, ...] = (TrueFilter(),)
    last_sequence: int = 0


class DuplicateHistory:
    """The message ids of the last `window` seconds."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._seen: set[str] = set()
        self._order: deque[tuple[float, str]] = deque()

    def is_new(self, message_id: str, *, now: float) -> bool:
        """Remember the id; False where it was seen within the window before."""
        while self._order and self._order[0][0] <= now - self._window:
            self._seen.discard(self._order.popleft()[1])
        if message_id in self._seen:
            return False
        self._seen.add(message_id)
        self._order.append((now, message_id))
        return True


@dataclass(slots=True, kw_only=True, eq=False)
class Entity:
    """A queue (`queue` given) or a topic (its `subscriptions`).

    `history` is None where duplicate detection is off. A duplicate is dropped without a word, as
    the service does; a scheduled message counts when it is scheduled.
    """

    queue: Queue | None = None
    subscriptions: list[Subscription] = field(default_factory=list)
    history: DuplicateHistory | None = None
    _last_sequence: int = 0
    _scheduled: dict[int, Entry] = field(default_factory=dict)
    _due: Timetable = field(default_factory=Timetable)

    def send(self, message: Message, *, now: float, late: float = 0.0) -> None:
        """Take one message in: at once, or later where it says so itself; see `schedule`."""
        self._publish_due(now)
        if message.scheduled_for is not None and message.scheduled_for > now:
            self.schedule(message, now=now, late=late)
        elif self._is_new(message, now):
            self._publish(message, now)

    def schedule(self, message: Message, *, now: float, late: float = 0.0) -> int:
        """Keep a message until its `scheduled_for`, and return the number that cancels it.

        `late`: how many seconds after that time it becomes active.
        """
        assert message.scheduled_for is not None
        self._last_sequence += 1
        sequence = self._last_sequence
        if self._is_new(message, now):
            self._scheduled[sequence] = Entry(
                sequence=sequence,
                origin=sequence,
                message=message,
                enqueued_at=message.scheduled_for,
                state=State.SCHEDULED,
            )
            self._due.set(sequence, message.scheduled_for + late)
        return sequence

    def cancel(self, sequences: Iterable[int]) -> None:
        """Forget scheduled messages: all of them, or MessageNotFoundError and none."""
        wanted = list(sequences)
        if any(sequence not in self._scheduled for sequence in wanted):
            raise MessageNotFoundError
        for sequence in wanted:
            self._scheduled.pop(sequence, None)
            self._due.set(sequence, None)

    def scheduled(self, first: int) -> Iterator[Entry]:
        """Yield the scheduled messages from this sequence number on, in order."""
        for sequence in sorted(number for number in self._scheduled if number >= first):
            yield self._scheduled[sequence]

    @property
    def requires_session(self) -> bool:
        """Whether a message without a session id is refused; a topic takes all."""
        return self.queue is not None and self.queue.sessions is not None

    def queues(self) -> Iterator[Queue]:
        """Yield every queue behind this entity, without the dead-letter sub-queues."""
        if self.queue is not None:
            yield self.queue
        for subscription in self.subscriptions:
            yield subscription.queue

    def advance(self, now: float) -> None:
        """Let time pass: what was scheduled becomes active, as if it were sent now."""
        self._publish_due(now)
        for queue in self.queues():
            queue.advance(now)

    def next_due(self) -> float | None:
        """Give the next time at which `advance` has something to do."""
        times = [self._due.next(), *(queue.next_due() for queue in self.queues())]
        return min((time for time in times if time is not None), default=None)

    def _is_new(self, message: Message, now: float) -> bool:
        return self.history is None or self.history.is_new(message.message_id, now=now)

    def _publish_due(self, now: float) -> None:
        for sequence in self._due.take_due(now):
            self._publish(self._scheduled.pop(sequence).message, now)

    def _publish(self, message: Message, now: float) -> None:
        self._last_sequence += 1
        origin = self._last_sequence
        if self.queue is not None:
            self.queue.put(message, sequence=origin, origin=origin, now=now)
        for subscription in self.subscriptions:
            if any_matches(subscription.filters, message):
                subscription.last_sequence += 1
                number = subscription.last_sequence
                subscription.queue.put(message, sequence=number, origin=origin, now=now)
