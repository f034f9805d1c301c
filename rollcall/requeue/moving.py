"""Sending again and dropping, step by step, so that a run may be killed between any two.

The order is the guarantee: lock, read the notes, send with a note, complete, remove the note. A run
that is killed leaves a lock that ends by itself, and at most a note. The next run locks the
message, finds the note, and completes the message without sending it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from rollcall.console import Exit, Failed
from rollcall.requeue.letters import Letter, Place
from rollcall.requeue.plan import Note, Stays, destination, done_with, key_of
from rollcall.requeue.port import Bus, Busy

BATCH = 50
"""How many messages are locked at a time: so few that their locks outlast what is done."""
FRESH = 2.0
"""Seconds after which a lock is renewed before a message is sent; the shortest lasts 5."""
RENEWED = 10
"""How many locks are renewed within that time."""
BUSY_PAUSE = 2.0
"""Seconds before a batch is sent again that was refused as a whole."""
BUSY_TIMES = 10


class Outcome(StrEnum):
    """What became of a message."""

    SENT = "sent"
    ALREADY_SENT = "alreadySent"
    """An earlier run had sent it, and was killed; now the original is gone too."""
    DROPPED = "dropped"
    GONE = "gone"
    """Another run took it meanwhile."""
    HELD = "held"
    """Another receiver has it locked, or this run's lock was lost."""
    STAYS = "stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """A message, and what became of it. `why`: a sentence, for those that stay."""

    letter: Letter
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`clock`: seconds that never jump. `pause`: waits seconds. `stopped`: whether to end soon."""

    clock: Callable[[], float]
    pause: Callable[[float], None]
    stopped: Callable[[], bool]


class Notebook:
    """The notes of one queue, read page by page and never twice."""

    def __init__(self, bus: Bus, queue: str) -> None:
        self._bus = bus
        self._queue = queue
        self._next = 1
        self.notes: dict[str, Note] = {}
        """What was read so far, by key."""

    def read(self) -> dict[str, Note]:
        """Read on to the end; return all notes, by key."""
        while True:
            notes, following = self._bus.notes(self._queue, self._next)
            self.notes |= {note.key: note for note in notes}
            if following == self._next:
                return self.notes
            self._next = following

    def remove(self, keys: Iterable[str]) -> None:
        """Remove the notes under `keys`; call it once their messages are gone."""
        found = [self.notes.pop(key) for key in keys if key in self.notes]
        if found:
            self._bus.cancel(self._queue, found)


def listing(bus: Bus, place: Place) -> Iterator[Letter]:
    """Yield every message of a place, by peek: nothing is locked or counted."""
    first = 1
    while page := bus.peek(place, first):
        yield from page
        first = page[-1].sequence + 1


def tidy(notebooks: Iterable[Notebook], letters: Sequence[Letter], listed: Sequence[Place]) -> None:
    """Remove the notes of runs that were killed after their messages were gone.

    The notebooks were read before `letters` were listed, and not since; see `done_with`.
    """
    for notebook in notebooks:
        gone = done_with(notebook.notes.values(), letters, listed)
        notebook.remove([note.key for note in gone])


def send(
    bus: Bus, letters: Iterable[Letter], notebooks: dict[str, Notebook], pace: Pace
) -> Iterator[Handled]:
    """Send messages again, each to its queue; `notebooks` by queue, one for each request queue."""
    for place, group in _by_place(letters):
        going = []
        for letter in group:
            match destination(letter):
                case Stays(why=why):
                    yield Handled(letter=letter, outcome=Outcome.STAYS, why=why)
                case _:
                    going.append(letter)
        yield from _Walk(bus, place, pace).over(going, _Sending(bus, notebooks, pace).of)


def drop(bus: Bus, letters: Iterable[Letter], pace: Pace) -> Iterator[Handled]:
    """Remove messages for good."""

    def dropped(locked: Sequence[Letter], _: float) -> Iterator[Handled]:
        yield from _complete(bus, locked, Outcome.DROPPED)

    for place, group in _by_place(letters):
        yield from _Walk(bus, place, pace).over(group, dropped)


class _Walk:
    """Locks the messages that are meant, in a place that gives them in its own order alone."""

    def __init__(self, bus: Bus, place: Place, pace: Pace) -> None:
        self._bus = bus
        self._place = place
        self._pace = pace
        self._passed: dict[int, Letter] = {}

    def over(
        self,
        letters: Sequence[Letter],
        handle: Callable[[Sequence[Letter], float], Iterator[Handled]],
    ) -> Iterator[Handled]:
        """Yield what became of each of `letters`; of none where the run is stopped first.

        `handle` gets messages that were locked since a time of the clock.
        """
        wanted = {letter.sequence: letter for letter in letters}
        for locked, since in self._locked(wanted):
            for handled in handle(locked, since):
                del wanted[handled.letter.sequence]
                yield handled
        for letter in self._passed.values():
            self._bus.put_back(letter)
        if wanted and not self._pace.stopped():
            there = {letter.sequence for letter in listing(self._bus, self._place)}
            for number, letter in wanted.items():
                outcome = Outcome.HELD if number in there else Outcome.GONE
                yield Handled(letter=letter, outcome=outcome)

    def _locked(self, wanted: dict[int, Letter]) -> Iterator[tuple[Sequence[Letter], float]]:
        for letter in [letter for letter in wanted.values() if letter.deferred]:
            if self._pace.stopped():
                return
            since = self._pace.clock()
            if found := self._bus.fetch(self._place, letter.sequence):
                yield [found], since
        while wanted and not self._pace.stopped():
            since = self._pace.clock()
            received = self._bus.receive(self._place, BATCH)
            meant = [letter for letter in received if letter.sequence in wanted]
            others = {each.sequence: each for each in received if each.sequence not in wanted}
            if not meant and others.keys() <= self._passed.keys():
                self._passed |= others
                return
            # Those ahead of the ones that are meant stay locked, else they would come again.
            self._passed |= others
            if meant:
                yield meant, since


class _Sending:
    """Sends messages that are locked."""

    def __init__(self, bus: Bus, notebooks: dict[str, Notebook], pace: Pace) -> None:
        self._bus = bus
        self._notebooks = notebooks
        self._pace = pace

    def of(self, locked: Sequence[Letter], since: float) -> Iterator[Handled]:
        """Yield what became of each of the messages `locked` since a time of the clock."""
        for queue, notebook in self._notebooks.items():
            group = [letter for letter in locked if destination(letter) == queue]
            if not group:
                continue
            # Read while the messages are locked: no other run sends them from here on.
            notes = notebook.read()
            known = [letter for letter in group if key_of(letter) in notes]
            unknown = [letter for letter in group if key_of(letter) not in notes]
            handled = list(_complete(self._bus, known, Outcome.ALREADY_SENT))
            handled += self._send(queue, unknown, since)
            notebook.read()
            done = (Outcome.SENT, Outcome.ALREADY_SENT)
            notebook.remove(key_of(each.letter) for each in handled if each.outcome in done)
            yield from handled

    def _send(self, queue: str, letters: Sequence[Letter], since: float) -> Iterator[Handled]:
        rest, busy = list(letters), 0
        while rest:
            first = rest
            if self._pace.clock() - since > FRESH:
                since, tried = self._pace.clock(), rest[:RENEWED]
                first = [letter for letter in tried if self._bus.renew(letter)]
                for lost in [letter for letter in tried if letter not in first]:
                    rest.remove(lost)
                    yield Handled(letter=lost, outcome=Outcome.HELD)
                if self._pace.clock() - since > FRESH:
                    raise Failed(
                        "Service Bus takes too long to renew locks for a message to be sent safely."
                        " Run it again, from nearer to the namespace if you can.",
                        Exit.UNREACHABLE,
                    )
            if not first:
                continue
            try:
                count = self._bus.send(queue, first)
            except Busy as refused:
                busy += 1
                if busy == BUSY_TIMES:
                    raise Failed(
                        f"Service Bus is too busy: it refused {BUSY_TIMES} batches in a row."
                        " Run it again later.",
                        Exit.UNREACHABLE,
                    ) from refused
                self._pace.pause(BUSY_PAUSE)
                continue
            busy = 0
            if count == 0:
                large = rest.pop(rest.index(first[0]))
                self._bus.put_back(large)
                why = "it is too large for a batch with its note; send it in the portal"
                yield Handled(letter=large, outcome=Outcome.STAYS, why=why)
                continue
            yield from _complete(self._bus, first[:count], Outcome.SENT)
            rest = [letter for letter in rest if letter not in first[:count]]


def _complete(bus: Bus, letters: Sequence[Letter], outcome: Outcome) -> Iterator[Handled]:
    for letter in letters:
        done = bus.complete(letter)
        yield Handled(letter=letter, outcome=outcome if done else Outcome.HELD)


def _by_place(letters: Iterable[Letter]) -> Iterator[tuple[Place, list[Letter]]]:
    ordered = sorted(letters, key=lambda letter: letter.place.path)
    for _, group in groupby(ordered, key=lambda letter: letter.place.path):
        found = list(group)
        yield found[0].place, found
