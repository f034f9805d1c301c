"""An entity in service: hands its messages to waiting receivers, and wakes up when one is due."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from devstack.bus.entity import Entity
from devstack.bus.queue import Queue


class Receiver(Protocol):
    """A client's receiving link."""

    def wants_more(self) -> bool:
        """Tell whether the client has credit left."""

    def give_next(self, queue: Queue, *, now: float) -> None:
        """Take one message from the queue, which has one, and send it."""


class Station:
    """One entity with the receivers of its queues."""

    def __init__(
        self, entity: Entity, queues: Iterable[Queue], *, clock: Callable[[], float]
    ) -> None:
        self._entity = entity
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        # Receivers with credit, first come first served; a dict for its order and quick removal.
        self._hungry: dict[Queue, dict[Receiver, None]] = {queue: {} for queue in queues}
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0

    def ready(self, receiver: Receiver, queue: Queue) -> None:
        """Note that a receiver's credit changed."""
        if receiver.wants_more():
            self._hungry[queue].setdefault(receiver)
        else:
            self._hungry[queue].pop(receiver, None)
        self.changed()

    def gone(self, receiver: Receiver, queue: Queue) -> None:
        self._hungry[queue].pop(receiver, None)

    def changed(self) -> None:
        """Hand out what can be handed out; to be called after every change of the entity."""
        now = self._clock()
        for queue, hungry in self._hungry.items():
            while hungry and queue.has_available():
                receiver = next(iter(hungry))
                del hungry[receiver]
                receiver.give_next(queue, now=now)
                if receiver.wants_more():
                    hungry[receiver] = None
        self._set_alarm(now)

    def close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()

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
