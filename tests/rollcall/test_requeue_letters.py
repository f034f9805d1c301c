"""Which of the messages that were put aside are meant, and where each goes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rollcall.requeue.letters import (
    CREATE,
    REJECTED,
    Letter,
    Place,
    Selection,
    chosen,
    missing,
    places,
    unknown,
)
from rollcall.requeue.plan import Note, done_with, key_of, origin_text, read_note

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DEAD = Letter(
    place=Place(entity=CREATE),
    sequence=7,
    message_id="dead",
    request_id="INC-1",
    reason="MaxDeliveryCountExceeded",
    code="",
    enqueued_at=NOW - timedelta(hours=2),
    deliveries=0,
    deferred=False,
)
REFUSED = replace(
    DEAD,
    place=Place(entity=REJECTED, dead=False),
    message_id="refused",
    sequence=8,
    reason="gave_up",
    code="gave_up",
    enqueued_at=NOW - timedelta(minutes=5),
)
EVENT = replace(DEAD, place=Place(entity="meeting-events", subscription="all"), message_id="event")
ALL = [DEAD, REFUSED, EVENT]


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (Selection(), ALL),
        (Selection(queues=frozenset({CREATE})), [DEAD]),
        (Selection(queues=frozenset({"meeting-events/all"})), [EVENT]),
        (Selection(queues=frozenset({"meeting-events"})), [EVENT]),
        (Selection(queues=frozenset({"meeting-events/all/$DeadLetterQueue"})), [EVENT]),
        (Selection(queues=frozenset({"rejected-requests/$DeadLetterQueue"})), []),
        (Selection(codes=frozenset({"gave_up"})), [REFUSED]),
        (Selection(reasons=frozenset({"gave_up"})), [REFUSED]),
        (Selection(older_than=timedelta(hours=1)), [DEAD, EVENT]),
        (Selection(newer_than=timedelta(hours=1)), [REFUSED]),
        (Selection(older_than=timedelta(hours=1), queues=frozenset({REJECTED})), []),
        (Selection(message_ids=frozenset({"dead", "refused"})), [DEAD, REFUSED]),
        (Selection(sequences=frozenset({7}), queues=frozenset({CREATE})), [DEAD]),
    ],
)
def test_a_message_is_meant_where_every_part_holds(
    selection: Selection, found: list[Letter]
) -> None:
    """Parts that are not given hold for all."""
    assert chosen(ALL, selection, now=NOW) == found


def test_ids_and_numbers_that_no_message_has_are_named() -> None:
    """A typing error is no success."""
    selection = Selection(message_ids=frozenset({"dead", "deed"}), sequences=frozenset({7, 9}))

    assert missing([DEAD], selection) == ["deed", "sequence number 9"]


def test_names_of_no_place_are_named() -> None:
    """A typing error beside a good name is no success; what `list` prints is a name."""
    queues = ["$DeadLetterQueue", CREATE, "meeting-events/x", "create-meeting/$DeadLetterQueue"]

    assert unknown(queues, places(["all"])) == ["$DeadLetterQueue", "meeting-events/x"]


def test_the_dead_letters_of_rejected_requests_are_a_place_too() -> None:
    """Copies come there that were received ten times."""
    assert Place(entity=REJECTED) in places([])


def test_a_key_names_one_message_of_one_place() -> None:
    """Another number, place or id is another message."""
    others = [
        replace(DEAD, sequence=8),
        replace(DEAD, message_id="other"),
        replace(DEAD, place=Place(entity="join-meeting")),
        replace(DEAD, place=Place(entity=CREATE, dead=False)),
    ]

    assert len({key_of(letter) for letter in [DEAD, *others]}) == 5


def note_of(letter: Letter) -> Note:
    """Return the note of a message, as it is read."""
    note = read_note(message_id=key_of(letter), origin=origin_text(letter), sequence=1)
    assert note is not None
    return note


def test_a_note_says_which_message_was_sent() -> None:
    """Its place and number, for an operator who looks into the queue."""
    note = note_of(DEAD)

    assert (note.path, note.origin) == ("create-meeting/$DeadLetterQueue", 7)


@pytest.mark.parametrize("origin", ["", "create-meeting", "create-meeting#", "q#seven"])
def test_what_is_not_readable_is_no_note(origin: str) -> None:
    """Such a message is not ours."""
    assert read_note(message_id="k", origin=origin, sequence=1) is None


def test_a_note_is_done_with_once_its_message_is_gone() -> None:
    """Only where its place was read whole."""
    notes = [note_of(DEAD), note_of(REFUSED)]

    assert done_with(notes, [DEAD], [DEAD.place]) == []
    assert done_with(notes, [], [DEAD.place]) == [notes[0]]
