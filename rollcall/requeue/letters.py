"""The messages that were put aside, as values, and which of them are meant. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CREATE, JOIN, TEND = "create-meeting", "join-meeting", "tend-meeting"
REQUEST_QUEUES = (CREATE, JOIN, TEND)
REJECTED = "rejected-requests"
EVENTS = "meeting-events"
DEAD_LETTERS = "$DeadLetterQueue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where messages lie: a queue, or the dead letters of a queue or of a subscription.

    `entity`: the queue, or the topic of `subscription`.
    """

    entity: str
    subscription: str | None = None
    dead: bool = True

    @property
    def name(self) -> str:
        """The queue, or topic/subscription."""
        return f"{self.entity}/{self.subscription}" if self.subscription else self.entity

    @property
    def path(self) -> str:
        """The name, and whether it is the dead-letter queue of it."""
        return f"{self.name}/{DEAD_LETTERS}" if self.dead else self.name


def places(subscriptions: Iterable[str]) -> list[Place]:
    """Return where messages of Rollcall's are put aside."""
    return [
        *(Place(entity=queue) for queue in REQUEST_QUEUES),
        Place(entity=REJECTED, dead=False),
        # Copies that were received ten times, by this command or in the portal.
        Place(entity=REJECTED),
        *(Place(entity=EVENTS, subscription=name) for name in subscriptions),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message that was put aside, without what it says."""

    place: Place
    sequence: int
    """Its number in `place`: no other message there ever has it."""
    message_id: str
    """"" where it has none."""
    request_id: str
    """The `requestId` of its body, else the id of the message that it is a copy of; or ""."""
    reason: str
    """Why Service Bus or the app put it aside: `MaxDeliveryCountExceeded`, or a refusal's code."""
    code: str
    """The code of the refusal; "" for what was not refused."""
    enqueued_at: datetime
    deliveries: int
    """How often it was received here, and given back."""
    deferred: bool
    """Had by its number alone."""
    from_queue: str | None = None
    """The queue that a copy in `rejected-requests` names as its own."""
    defect: str | None = None
    """Why it cannot be sent as it is; a sentence's end after "it"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which messages are meant: those for which each part that is given holds.

    `older_than`, `newer_than`: by the time since they came into their queue.
    """

    message_ids: frozenset[str] = frozenset()
    sequences: frozenset[int] = frozenset()
    queues: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    older_than: timedelta | None = None
    newer_than: timedelta | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no part is given, so that all messages are meant."""
        return self == Selection()

    def covers(self, place: Place) -> bool:
        """Return whether messages of `place` can be meant."""
        return not self.queues or bool(_names(place) & self.queues)


def chosen(letters: Iterable[Letter], selection: Selection, *, now: datetime) -> list[Letter]:
    """Return the messages that `selection` means, in their order."""
    return [letter for letter in letters if _is_meant(letter, selection, now - letter.enqueued_at)]


def unknown(queues: Iterable[str], known: Iterable[Place]) -> list[str]:
    """Return those of the names of `--queue` that are of no place."""
    names = {name for place in known for name in _names(place)}
    return sorted(name for name in set(queues) if name not in names)


def missing(letters: Sequence[Letter], selection: Selection) -> list[str]:
    """Return the ids and numbers of `selection` that none of the chosen `letters` has."""
    ids = selection.message_ids - {letter.message_id for letter in letters}
    numbers = selection.sequences - {letter.sequence for letter in letters}
    return [*sorted(ids), *(f"sequence number {number}" for number in sorted(numbers))]


def _names(place: Place) -> set[str]:
    """Return what `--queue` may call a place; `list` shows its path."""
    return {place.path, place.name, place.entity}


def _is_meant(letter: Letter, selection: Selection, age: timedelta) -> bool:
    return (
        selection.covers(letter.place)
        and (not selection.message_ids or letter.message_id in selection.message_ids)
        and (not selection.sequences or letter.sequence in selection.sequences)
        and (not selection.reasons or letter.reason in selection.reasons)
        and (not selection.codes or letter.code in selection.codes)
        and (selection.older_than is None or age >= selection.older_than)
        and (selection.newer_than is None or age <= selection.newer_than)
    )
