"""An entity in service: hands its messages to waiting receivers, and wakes up when one is due."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from devstack.bus.entity import Entity
from devstack.bus.queue import Queue
from devstack.bus.sessions import SessionLock


class Receiver(Protocol):
    """A client's receiving link."""

    @property
    def session(self) -> str | None:
        """The session that it holds; None in a queue without sessions."""

    def wants_more(self) -> bool:
        """Return whether the client has credit left."""

    def give_next(self, queue: Queue, *, now: float) -> None:
        """Take one message from the queue, which has one, and send it."""

    def lose_session(self) -> None:
        """Tell the client that the session's lock has ended."""


class Waiter(Protocol):
    """A client's link that takes the next session there is."""

    @property
    def holder(self) -> str:
        """The name of the link."""

    @property
    def accepted(self) -> Callable[[SessionLock], None]:
        """Take the session."""


class Station:
    """One entity with the receivers of its queues."""

    def __init__(
        self, entity: Entity, queues: Iterable[Queue], *, clock: Callable[[], float]
    ) -> None:
        self._entity = entity
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        # Receivers with credit, first come first served; a dict for its order and quick removal.
        self._hungry: dict[Queue, dict[Receiver, None]] = {}
        self._waiting: dict[Queue, dict[Waiter, None]] = {}
        self._holding: dict[Queue, dict[Receiver, str]] = {}
        for queue in queues:
            self.add(queue)
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0

    def add(self, queue: Queue) -> None:
        """Serve one more queue."""
        self._hungry[queue], self._waiting[queue], self._holding[queue] = {}, {}, {}

    def drop(self, queue: Queue) -> None:
        """Serve a queue no longer; its links are ended."""
        for receivers in (self._hungry, self._waiting, self._holding):
            del receivers[queue]

    def ready(self, receiver: Receiver, queue: Queue) -> None:
        """Note that a receiver's credit changed."""
        if receiver.wants_more():
            self._hungry[queue].setdefault(receiver)
        else:
            self._hungry[queue].pop(receiver, None)
        self.changed()

    def hold(self, receiver: Receiver, queue: Queue, lock: SessionLock) -> None:
        """Note that a receiver holds a session: it hears when the lock ends."""
        self._holding[queue][receiver] = lock.holder

    def gone(self, receiver: Receiver, queue: Queue) -> None:
        self._hungry[queue].pop(receiver, None)
        self._holding[queue].pop(receiver, None)

    def wait(self, waiter: Waiter, queue: Queue) -> None:
        """Give this link the next session there is."""
        self._waiting[queue].setdefault(waiter)
        self.changed()

    def stop_waiting(self, waiter: Waiter, queue: Queue) -> None:
        self._waiting[queue].pop(waiter, None)

    def changed(self) -> None:
        """Hand out what can be handed out; to be called after every change of the entity."""
        now = self._clock()
        for queue, hungry in self._hungry.items():
            if queue.sessions is not None:
                self._hand_out_sessions(queue, now)
            while (receiver := _next_served(queue, hungry)) is not None:
                del hungry[receiver]
                receiver.give_next(queue, now=now)
                if receiver.wants_more():
                    hungry[receiver] = None
        self._set_alarm(now)

    def close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()

    def _hand_out_sessions(self, queue: Queue, now: float) -> None:
        queue.advance(now)
        assert queue.sessions is not None
        for receiver, holder in list(self._holding[queue].items()):
            if not queue.sessions.is_held_by(receiver.session, holder):
                receiver.lose_session()
        waiting = self._waiting[queue]
        while waiting:
            waiter = next(iter(waiting))
            lock = queue.accept_session(None, waiter.holder, now=now)
            if lock is None:
                return
            del waiting[waiter]
            waiter.accepted(lock)

    def _set_alarm(self, now: float) -> None:
        due = self._entity.next_due()
        # An alarm that rings too early does no harm and sets the next one; it is cheaper than
        # moving it with every message.
        if due is None or (self._alarm is not None and self._alarm_at <= due):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = due
        self._alarm = self._loop.call_later(max(0.0, due - now), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._entity.advance(self._clock())
        self.changed()


def _next_served(queue: Queue, hungry: Iterable[Receiver]) -> Receiver | None:
    return next((each for each in hungry if queue.has_available(each.session)), None)
