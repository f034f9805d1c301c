"""Service Bus, through the official SDK. The SDK for Python has no transactions."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime

from azure.servicebus import (
    ServiceBusMessageBatch,
    ServiceBusReceivedMessage,
    ServiceBusReceiver,
    ServiceBusSender,
    ServiceBusSubQueue,
)
from azure.servicebus.exceptions import (
    MessageAlreadySettled,
    MessageLockLostError,
    MessageNotFoundError,
    MessageSizeExceededError,
    ServiceBusServerBusyError,
)

from rollcall.bus import open_bus, reaching
from rollcall.requeue.letters import Letter, Place
from rollcall.requeue.messages import copy_of, letter_of, note_in, note_of
from rollcall.requeue.plan import Note
from rollcall.requeue.port import Busy
from rollcall.target import Target

PAGE = 250
"""The most messages that Service Bus shows at a peek."""
WAIT = 3.0
"""Seconds after which a place is taken for empty."""
SENT_WITHIN = 10.0
"""Seconds a batch may take. The lock of its messages must outlast them."""
ALMOST_DEAD = 8
"""Deliveries after which a message of a queue is deferred, not given back: ten are allowed."""


class AzureBus:
    """The bus of `port.Bus`. Used as a context manager; opens each link on first use.

    Several threads may use it, each another place or queue.
    """

    def __init__(self, target: Target, *, now: Callable[[], datetime]) -> None:
        """Open nothing yet. `now`: in UTC. Raises `Failed` where no Service Bus is known."""
        self._now = now
        self._open = ExitStack()
        self._client = open_bus(target, retries=3)
        # A batch that the SDK sent again by itself might be there twice.
        self._once = open_bus(target, retries=0)
        self._receivers: dict[Place, ServiceBusReceiver] = {}
        self._senders: dict[str, ServiceBusSender] = {}
        self._held: dict[tuple[Place, int], ServiceBusReceivedMessage] = {}

    def __enter__(self) -> "AzureBus":
        """Open it."""
        self._open.enter_context(self._client)
        self._open.enter_context(self._once)
        return self

    def __exit__(self, *_: object) -> None:
        """Close its links, side by side: the SDK takes a third of a second for each."""
        links = [*self._receivers.values(), *self._senders.values()]
        with self._open, ThreadPoolExecutor() as pool:
            for closing in [pool.submit(link.close) for link in links]:
                closing.result()

    def peek(self, place: Place, first: int) -> Sequence[Letter]:
        """See `port.Bus`."""
        with reaching():
            found = self._receiver(place).peek_messages(PAGE, sequence_number=first)
        return [letter_of(message, place) for message in found]

    def receive(self, place: Place, at_most: int) -> Sequence[Letter]:
        """See `port.Bus`."""
        with reaching():
            found = self._receiver(place).receive_messages(at_most, max_wait_time=WAIT)
        return [self._hold(message, place) for message in found]

    def fetch(self, place: Place, sequence: int) -> Letter | None:
        """See `port.Bus`."""
        with reaching():
            try:
                [found] = self._receiver(place).receive_deferred_messages([sequence])
            except MessageNotFoundError:
                return None
        return self._hold(found, place)

    def renew(self, letter: Letter) -> bool:
        """See `port.Bus`."""
        with reaching():
            try:
                self._receiver(letter.place).renew_message_lock(self._message(letter))
            except MessageLockLostError:
                return False
        return True

    def complete(self, letter: Letter) -> bool:
        """See `port.Bus`."""
        return self._settle(letter, self._receiver(letter.place).complete_message)

    def put_back(self, letter: Letter) -> None:
        """See `port.Bus`. One that would be dead-lettered is deferred: it stays in its queue."""
        receiver = self._receiver(letter.place)
        deferred = letter.deferred or (not letter.place.dead and letter.deliveries >= ALMOST_DEAD)
        self._settle(letter, receiver.defer_message if deferred else receiver.abandon_message)

    def notes(self, queue: str, first: int) -> tuple[Sequence[Note], int]:
        """See `port.Bus`."""
        place = Place(entity=queue, dead=False)
        with reaching():
            found = self._receiver(place).peek_messages(PAGE, sequence_number=first)
        notes = [note for message in found if (note := note_in(message))]
        return notes, (found[-1].sequence_number or 0) + 1 if found else first

    def send(self, queue: str, letters: Sequence[Letter]) -> int:
        """See `port.Bus`."""
        sender = self._sender(queue)
        with reaching():
            batch, count = self._batch(sender, letters)
            if count:
                try:
                    sender.send_messages(batch, timeout=SENT_WITHIN)
                except ServiceBusServerBusyError as refused:
                    raise Busy(queue) from refused
        return count

    def cancel(self, queue: str, notes: Sequence[Note]) -> None:
        """See `port.Bus`."""
        sender = self._sender(queue)
        with reaching():
            try:
                sender.cancel_scheduled_messages([note.sequence for note in notes])
            except MessageNotFoundError:
                # Service Bus cancels all or none; another run has removed one of them.
                for note in notes if len(notes) > 1 else ():
                    self.cancel(queue, [note])

    def _batch(
        self, sender: ServiceBusSender, letters: Sequence[Letter]
    ) -> tuple[ServiceBusMessageBatch, int]:
        """Return a batch of as many of the first `letters` as fit, and how many those are."""
        batch, now = sender.create_message_batch(), self._now()
        for count, letter in enumerate(letters):
            message = self._message(letter)
            try:
                batch.add_message(copy_of(message))
                batch.add_message(note_of(letter, message, now))
            except MessageSizeExceededError:
                # A batch with half a pair in it must never be sent.
                return (self._batch(sender, letters[:count])[0], count) if count else (batch, 0)
        return batch, len(letters)

    def _settle(self, letter: Letter, settle: Callable[[ServiceBusReceivedMessage], None]) -> bool:
        message = self._held.pop((letter.place, letter.sequence))
        with reaching():
            try:
                settle(message)
            except (MessageLockLostError, MessageAlreadySettled):
                return False
        return True

    def _hold(self, message: ServiceBusReceivedMessage, place: Place) -> Letter:
        letter = letter_of(message, place)
        self._held[place, letter.sequence] = message
        return letter

    def _message(self, letter: Letter) -> ServiceBusReceivedMessage:
        return self._held[letter.place, letter.sequence]

    def _receiver(self, place: Place) -> ServiceBusReceiver:
        if place not in self._receivers:
            sub_queue = ServiceBusSubQueue.DEAD_LETTER if place.dead else None
            receiver = (
                self._client.get_queue_receiver(place.entity, sub_queue=sub_queue)
                if place.subscription is None
                else self._client.get_subscription_receiver(
                    place.entity, place.subscription, sub_queue=sub_queue
                )
            )
            with reaching():
                self._receivers[place] = receiver.__enter__()
        return self._receivers[place]

    def _sender(self, queue: str) -> ServiceBusSender:
        if queue not in self._senders:
            with reaching():
                self._senders[queue] = self._once.get_queue_sender(queue).__enter__()
        return self._senders[queue]
