"""What the broker is on a client's link: the sink of a sender, the source of a receiver.

Translates between deliveries of the AMQP engine and operations on queues; decides nothing itself.
"""

import contextlib
import logging
from collections.abc import Callable
from typing import cast
from uuid import UUID, uuid4

from proton import Condition, Delivery, Disposition, Link, Receiver, Sender, symbol

from devstack.bus.amqp_message import batch, delivery_tag, parse, render
from devstack.bus.amqp_types import MalformedAmqpError
from devstack.bus.directory import Place
from devstack.bus.entry import DeadLetter
from devstack.bus.limits import MAX_MESSAGE_BYTES, SIZE_EXCEEDED, refusal_of
from devstack.bus.queue import LockLostError, Queue
from devstack.bus.sessions import SESSION_LOCK_LOST, SessionLock, SessionLockLostError
from devstack.bus.station import Station
from devstack.bus.trouble import Trouble

logger = logging.getLogger(__name__)

_SENDER_CREDIT = 1000
SESSION_FILTER = "com.microsoft:session-filter"
_LOCKED_UNTIL = symbol("com.microsoft:locked-until-utc")
# .NET counts time in ticks of 100 ns since the year 1.
_TICKS_BEFORE_1970 = 621_355_968_000_000_000


def refuse(link: Link, condition: str, description: str) -> None:
    """Answer an attach as the service refuses one: attached first, then detached with an error."""
    if link.is_receiver:
        link.max_message_size = MAX_MESSAGE_BYTES
    link.open()
    logger.info("link to %s closed: %s", link.remote_target.address, condition)
    link.condition = Condition(condition, description)
    link.close()


def reject(delivery: Delivery, condition: str, description: str) -> None:
    """Refuse a message or a disposition with an error."""
    # The SDK reads all three members of an error, and proton leaves out an empty last one.
    delivery.local.condition = Condition(condition, description, {"from": "local Service Bus"})
    delivery.update(Disposition.REJECTED)


def read(link: Receiver, delivery: Delivery) -> bytes | None:
    """Give the whole bytes of an arrived message; None where more is to come, or it is gone."""
    if not delivery.readable or delivery.partial:
        return None
    data = link.recv(delivery.pending)
    return b"" if data is None else bytes(data)


class Intake:
    """The sink of a client that sends to a queue or topic."""

    def __init__(
        self,
        link: Receiver,
        place: Place,
        station: Station,
        *,
        trouble: Trouble,
        clock: Callable[[], float],
    ) -> None:
        assert place.entity is not None
        self.path = place.path
        self._link = link
        self._entity = place.entity
        self._station = station
        self._trouble = trouble
        self._clock = clock
        self._arrived = bytearray()
        self._size = 0
        link.max_message_size = MAX_MESSAGE_BYTES
        link.open()
        link.flow(_SENDER_CREDIT)

    def flow(self) -> None:
        """Credit is the broker's to give here."""

    def gone(self, *, closed: bool) -> None:
        """What was accepted stays."""

    def delivery(self, delivery: Delivery) -> None:
        if delivery.aborted:
            self._finish(delivery)
            return
        if not delivery.readable:
            return
        self._size += delivery.pending
        arrived = self._link.recv(delivery.pending) or b""
        # What is over the limit is dropped as it comes: a sender may not fill the memory.
        if self._size <= MAX_MESSAGE_BYTES:
            self._arrived += arrived
        if delivery.partial:
            return
        if self._size > MAX_MESSAGE_BYTES:
            text = f"The message is larger than the limit of {MAX_MESSAGE_BYTES} bytes."
            reject(delivery, SIZE_EXCEEDED, text)
        elif (refusal := self._trouble.of(self.path, "transfer")) is not None:
            reject(delivery, refusal.condition, refusal.description)
        else:
            self._store(bytes(self._arrived), delivery)
        self._finish(delivery)

    def _finish(self, delivery: Delivery) -> None:
        self._size = 0
        self._arrived.clear()
        self._link.advance()
        delivery.settle()
        if self._link.credit < _SENDER_CREDIT // 2:
            self._link.flow(_SENDER_CREDIT - self._link.credit)

    def _store(self, encoded: bytes, delivery: Delivery) -> None:
        try:
            messages = [parse(each, new_id=uuid4().hex) for each in batch(encoded) or [encoded]]
        except MalformedAmqpError as exc:
            reject(delivery, "amqp:decode-error", str(exc))
            return
        refusal = refusal_of(
            messages,
            head_quotas=self._trouble.switches.head_quotas,
            requires_session=self._entity.requires_session,
        )
        if refusal is not None:
            reject(delivery, refusal.condition, refusal.description)
            return
        now = self._clock()
        for message in messages:
            self._entity.send(message, now=now, late=self._trouble.lateness())
        delivery.update(Disposition.ACCEPTED)
        self._station.changed()


class Outlet:
    """The source of a client that receives, in peek-lock or receive-and-delete mode.

    With a session's `lock` it gives that session's messages, for as long as the lock lasts.
    """

    def __init__(
        self,
        link: Sender,
        place: Place,
        station: Station,
        *,
        clock: Callable[[], float],
        sent: Callable[[Link], None],
        end: Callable[[Link, str, str], None],
        lock: SessionLock | None = None,
    ) -> None:
        assert place.queue is not None
        self.path = place.path
        self._link = link
        self._place = place
        self._queue = place.queue
        self._station = station
        self._clock = clock
        self._sent = sent
        self._end = end
        self._holder = lock.holder if lock else ""
        self.session = lock.session_id if lock else None
        self._deletes = link.remote_snd_settle_mode == Link.SND_SETTLED
        self._held: dict[Delivery, UUID] = {}
        link.snd_settle_mode = link.remote_snd_settle_mode
        link.rcv_settle_mode = link.remote_rcv_settle_mode
        if lock is not None:
            station.hold(self, self._queue, lock)
            _name_session(link, lock)
        link.open()

    def wants_more(self) -> bool:
        return self._link.credit > 0

    def give_next(self, queue: Queue, *, now: float) -> None:
        token = uuid4()
        session = self.session
        if self._deletes:
            entry = queue.take(now=now, session=session)
        else:
            entry = queue.acquire(token, now=now, session=session)
        if entry is None:  # it expired between the look and the reach
            return
        delivery = self._link.delivery(cast("str", delivery_tag(token)))
        self._link.send(render(entry, dead_letter_source=self._place.dead_letter_source))
        self._link.advance()
        if self._deletes:
            delivery.settle()
        else:
            self._held[delivery] = token
        self._sent(self._link)

    def flow(self) -> None:
        self._station.ready(self, self._queue)
        if self._link.drain_mode:
            self._link.drained()
            self._sent(self._link)

    def gone(self, *, closed: bool) -> None:
        """Let a session go that the client, or the broker, closed.

        All other locks outlive the link: what it held comes back when they end.
        """
        self._station.gone(self, self._queue)
        self._held.clear()
        if closed and self.session is not None:
            with contextlib.suppress(SessionLockLostError):  # its time may have ended before
                self._queue.close_session(self.session, self._holder, now=self._clock())
            self._station.changed()

    def lose_session(self) -> None:
        text = f"The session lock has expired on the session with id {self.session}."
        self._end(self._link, SESSION_LOCK_LOST, text)

    def delivery(self, delivery: Delivery) -> None:
        """Apply the client's disposition, and answer with the same outcome, settled."""
        state = delivery.remote_state
        final = delivery.settled or (state and state != Disposition.RECEIVED)
        if delivery not in self._held or not final:
            return
        token = self._held.pop(delivery)
        delivery.local.failed = delivery.remote.failed
        delivery.local.undeliverable = delivery.remote.undeliverable
        try:
            self._apply(delivery, token)
        except LockLostError:
            reject(
                delivery,
                SESSION_LOCK_LOST if self.session else "com.microsoft:message-lock-lost",
                "The lock supplied is invalid: it expired, or the message was settled.",
            )
        else:
            delivery.update(state)
        delivery.settle()
        self._station.changed()

    def _apply(self, delivery: Delivery, token: UUID) -> None:
        now = self._clock()
        match delivery.remote_state:
            case Disposition.ACCEPTED:
                self._queue.complete(token, now=now)
            case Disposition.REJECTED:
                self._queue.dead_letter(token, _cause(delivery), now=now)
            case Disposition.MODIFIED if delivery.remote.undeliverable:
                self._queue.defer(token, now=now)
            case Disposition.MODIFIED:  # the JavaScript SDK abandons without `delivery-failed`
                self._queue.abandon(token, now=now)
            case _:
                self._queue.release(token, now=now)


def _name_session(link: Sender, lock: SessionLock) -> None:
    link.source.filter.clear()
    link.source.filter.put_object({symbol(SESSION_FILTER): lock.session_id})
    link.properties = {_LOCKED_UNTIL: round(lock.until * 10_000_000) + _TICKS_BEFORE_1970}


def _cause(delivery: Delivery) -> DeadLetter:
    condition = delivery.remote.condition
    info = condition.info if condition else None
    if not isinstance(info, dict):
        return DeadLetter(reason=None, description=None)
    given = {str(name): str(text) for name, text in info.items() if text is not None}
    return DeadLetter(
        reason=given.get("DeadLetterReason"), description=given.get("DeadLetterErrorDescription")
    )
