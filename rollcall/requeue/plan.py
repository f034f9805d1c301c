"""Where a message goes that is sent again, and how a run knows what an earlier run sent. Pure.

A message and its note are sent in one batch, which Service Bus takes whole or not at all. The note
is a scheduled message of a day far away. It stays when Rollcall has taken the message, and so it
says that the message was sent, until the original is gone.

Source: https://github.com/Azure/azure-service-bus-java/issues/111: "If you use sendBatch API, it is
all or none."
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from rollcall.requeue.letters import EVENTS, REQUEST_QUEUES, Letter, Place

FROM = "rollcall-requeued-from"
"""The property of a note: the place and the number of the message that was sent again."""
NOTE_AHEAD = timedelta(days=365)
"""How far away the day of a note is: longer than any message is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stays:
    """A message is not sent again. `why`: a sentence."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """That a message was sent again. `sequence`: the note's own number in its queue."""

    key: str
    path: str
    origin: int
    sequence: int


def destination(letter: Letter) -> str | Stays:
    """Return the queue that a message is sent to, or why it stays where it is."""
    if letter.place.subscription is not None:
        return Stays(
            why="an event that is sent again reaches every subscription;"
            " the owner of this one reads it from its dead letters"
        )
    queue = letter.place.entity if letter.place.entity in REQUEST_QUEUES else letter.from_queue
    if queue is None:
        return Stays(why="its property rollcall-queue does not say which queue it came from")
    if queue == EVENTS:
        return Stays(why="an event that is sent again reaches every subscription")
    if queue not in REQUEST_QUEUES:
        return Stays(why=f"the queue it names, {queue!r}, is not one that Rollcall reads")
    if letter.defect is not None:
        return Stays(why=f"it {letter.defect}")
    return queue


def key_of(letter: Letter) -> str:
    """Return what a note calls a message: its place, its number there, and its id.

    The id is part of it because numbers begin again where a queue is deleted and made again.
    """
    named = "\0".join((letter.place.path, str(letter.sequence), letter.message_id))
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def origin_text(letter: Letter) -> str:
    """Return the text of the property `FROM` for a message."""
    return f"{letter.place.path}#{letter.sequence}"


def read_note(*, message_id: str, origin: str, sequence: int) -> Note | None:
    """Return the note whose property `FROM` is `origin`; None where that is not readable."""
    path, _, number = origin.rpartition("#")
    if not number.isdecimal():
        return None
    return Note(key=message_id, path=path, origin=int(number), sequence=sequence)


def done_with(
    notes: Iterable[Note], letters: Iterable[Letter], listed: Iterable[Place]
) -> list[Note]:
    """Return the notes of messages that are gone. The runs that sent them were killed.

    `letters` were listed after `notes` were read, else a message that came in between would be
    missing. `listed`: the places that were read whole.
    """
    there = {key_of(letter) for letter in letters}
    paths = {place.path for place in listed}
    return [note for note in notes if note.path in paths and note.key not in there]
