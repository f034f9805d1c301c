"""Service Bus as `rollcall requeue` uses it, in memory. Held to the real one by a contract."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from rollcall.requeue.letters import Letter, Place
from rollcall.requeue.plan import Note, key_of, origin_text, read_note

LOCK = 60.0
FIRST_DAY = datetime(2026, 11, 26, tzinfo=UTC)


@dataclass(slots=True)
class Stored:
    """A message that was put aside."""

    letter: Letter
    holder: object = None
    until: float = 0.0


@dataclass(slots=True)
class World:
    """What Service Bus keeps, for every connection. `now`: seconds; locks end by it."""

    now: float = 0.0
    pages: int = 250
    fits: int = 50
    """How many messages with their notes a batch takes."""
    aside: dict[Place, dict[int, Stored]] = field(default_factory=dict)
    notes: dict[str, dict[int, Note]] = field(default_factory=dict)
    sent: dict[str, list[str]] = field(default_factory=dict)
    """The ids of all messages that were sent to a queue: Rollcall may have taken them at once."""
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def put(self, place: Place, message_id: str, **parts: object) -> Letter:
        """Put one message aside."""
        number = next(self.numbers)
        letter = Letter(
            place=place,
            sequence=number,
            message_id=message_id,
            request_id=message_id,
            reason="MaxDeliveryCountExceeded",
            code="",
            enqueued_at=FIRST_DAY + timedelta(seconds=self.now),
            deliveries=0,
            deferred=False,
        )
        letter = replace(letter, **parts)  # type: ignore[arg-type]  # parts of a Letter
        self.aside.setdefault(place, {})[number] = Stored(letter)
        return letter


@dataclass(eq=False)
class FakeBus:
    """One run's connection. `step`: called with the name of each operation, before and after it."""

    world: World
    step: Callable[[str], None] = lambda _: None

    def peek(self, place: Place, first: int) -> Sequence[Letter]:
        """See `port.Bus`."""
        self.step("before peek")
        stored = self.world.aside.get(place, {})
        return [stored[number].letter for number in sorted(stored) if number >= first][
            : self.world.pages
        ]

    def receive(self, place: Place, at_most: int) -> Sequence[Letter]:
        """See `port.Bus`."""
        self.step("before receive")
        free = [
            stored
            for _, stored in sorted(self.world.aside.get(place, {}).items())
            if self._is_free(stored) and not stored.letter.deferred
        ][:at_most]
        found = [self._lock(stored) for stored in free]
        self.step("after receive")
        return found

    def fetch(self, place: Place, sequence: int) -> Letter | None:
        """See `port.Bus`."""
        self.step("before fetch")
        stored = self.world.aside.get(place, {}).get(sequence)
        if stored is None or not stored.letter.deferred or not self._is_free(stored):
            return None
        found = self._lock(stored)
        self.step("after fetch")
        return found

    def renew(self, letter: Letter) -> bool:
        """See `port.Bus`."""
        self.step("before renew")
        stored = self._held(letter)
        if stored is not None:
            stored.until = self.world.now + LOCK
        return stored is not None

    def complete(self, letter: Letter) -> bool:
        """See `port.Bus`."""
        self.step("before complete")
        held = self._held(letter) is not None
        if held:
            del self.world.aside[letter.place][letter.sequence]
        self.step("after complete")
        return held

    def put_back(self, letter: Letter) -> None:
        """See `port.Bus`."""
        self.step("before put_back")
        if stored := self._held(letter):
            stored.holder = None
            stored.letter = replace(stored.letter, deliveries=stored.letter.deliveries + 1)
        self.step("after put_back")

    def notes(self, queue: str, first: int) -> tuple[Sequence[Note], int]:
        """See `port.Bus`."""
        self.step("before notes")
        stored = self.world.notes.get(queue, {})
        numbers = sorted(number for number in stored if number >= first)[: self.world.pages]
        return [stored[number] for number in numbers], numbers[-1] + 1 if numbers else first

    def send(self, queue: str, letters: Sequence[Letter]) -> int:
        """See `port.Bus`."""
        self.step("before send")
        taken = letters[: self.world.fits]
        for letter in taken:
            self.world.sent.setdefault(queue, []).append(letter.message_id)
            number = next(self.world.numbers)
            note = read_note(message_id=key_of(letter), origin=origin_text(letter), sequence=number)
            assert note is not None
            self.world.notes.setdefault(queue, {})[number] = note
        self.step("after send")
        return len(taken)

    def cancel(self, queue: str, notes: Sequence[Note]) -> None:
        """See `port.Bus`."""
        self.step("before cancel")
        for note in notes:
            self.world.notes[queue].pop(note.sequence, None)
        self.step("after cancel")

    def _is_free(self, stored: Stored) -> bool:
        return stored.holder is None or stored.until <= self.world.now

    def _lock(self, stored: Stored) -> Letter:
        stored.holder, stored.until = self, self.world.now + LOCK
        return stored.letter

    def _held(self, letter: Letter) -> Stored | None:
        stored = self.world.aside.get(letter.place, {}).get(letter.sequence)
        mine = stored is not None and stored.holder is self and stored.until > self.world.now
        return stored if mine else None
