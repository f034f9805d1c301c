"""What requeueing needs of Service Bus."""

from collections.abc import Sequence
from typing import Protocol

from rollcall.requeue.letters import Letter, Place
from rollcall.requeue.plan import Note


class Busy(Exception):
    """Service Bus refused a batch for now, whole."""


class Bus(Protocol):
    """Each operation raises `Failed` where Service Bus does not answer or refuses it."""

    def peek(self, place: Place, first: int) -> Sequence[Letter]:
        """Return the next messages from the number `first` on, locked or not; none at the end."""

    def receive(self, place: Place, at_most: int) -> Sequence[Letter]:
        """Lock the first messages that no receiver has locked. None: there was none for seconds."""

    def fetch(self, place: Place, sequence: int) -> Letter | None:
        """Lock one deferred message; None where it is gone or locked."""

    def renew(self, letter: Letter) -> bool:
        """Renew the lock of a message; False where it was lost."""

    def complete(self, letter: Letter) -> bool:
        """Remove a locked message; False where the lock was lost."""

    def put_back(self, letter: Letter) -> None:
        """Give a locked message back. Its delivery count rises."""

    def notes(self, queue: str, first: int) -> tuple[Sequence[Note], int]:
        """Return the notes of one page of a queue from `first` on, and where the next page begins.

        At the end that is `first`.
        """

    def send(self, queue: str, letters: Sequence[Letter]) -> int:
        """Send locked messages, each as it was and with its note, as many as one batch takes.

        Returns how many of the first ones were sent; 0 where the first is too large. Never tries
        twice. Raises `Busy`; after `Failed` it is not known whether they were sent.
        """

    def cancel(self, queue: str, notes: Sequence[Note]) -> None:
        """Remove notes; those that are gone are no error."""
