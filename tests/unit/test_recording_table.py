"""The table of evidence in docs/recording.md: each row has an example that the fold plays."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from shared.calls.record import Record
from shared.meeting.looks import What
from shared.words.observations import Observation
from shared.words.rules import ROOM
from tests.fixtures.evidence import (
    ADA,
    EVERYONE_LEFT,
    LEG,
    LEG2,
    OVER,
    REMOVED,
    at,
    due,
    ending,
    failed,
    folded,
    given_up,
    kept_alive,
    leg,
    only_call,
    push,
    read,
    session,
    there,
    unanswered,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "recording.md"
BACK = (leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2))
SETTLED = (*ADA, read(7, "ada"))
"""Ada's call, and no question open."""

type Example = tuple[tuple[Observation, ...], Callable[[Record], bool]]

EXAMPLES: dict[str, Example] = {
    "a roster with people, no call open": (
        (push(5, "ada"),),
        lambda it: only_call(it).started_at == at(5) == due(it),
    ),
    "the first call of a meeting": (
        (push(5, "ada"),),
        lambda it: len(it.known_calls) == 1,
    ),
    "a later call": (
        (*OVER, push(20, "bo")),
        lambda it: (len(it.calls), len(it.known_calls)) == (2, 1),
    ),
    "a read old enough that names no session of a provisional call": (
        (*OVER, push(20, "bo"), read(21)),
        lambda it: len(it.calls) == 1,
    ),
    "the end of the leg during a provisional call, whatever its code": (
        (*OVER, push(20, "bo"), leg(20.1, "gone", *REMOVED)),
        lambda it: len(it.calls) == 1,
    ),
    "a roster with people, a call open": (
        (*ADA, push(8, "ada", "bo")),
        lambda it: there(it) == {"ada", "bo"},
    ),
    "a push that leaves out somebody held as there": (
        (*SETTLED, push(8, "bo"), push(8.5, "bo")),
        lambda it: (session(it, "ada").absent_since, due(it)) == (at(8), at(9)),
    ),
    "a push without people that lists the bot, a call open": (
        (*SETTLED, push(8), push(8.5)),
        lambda it: (only_call(it).quiet_since, due(it)) == (at(8), at(9)),
    ),
    "a push that names a session of a call that is over": (
        (*OVER, read(12), push(20, "ada", "bo")),
        lambda it: (session(it, "bo").joined_at, due(it)) == (None, at(21)),
    ),
    "a roster without people and without the bot": (
        (*SETTLED, push(8, ourselves=False)),
        lambda it: (there(it), due(it)) == ({"ada"}, None),
    ),
    "a roster of `ROSTER_CAP` entries or more": (
        (*SETTLED, push(8, "bo", entries=100), read(9, "bo", entries=100)),
        lambda it: (there(it), only_call(it).complete) == ({"ada", "bo"}, False),
    ),
    "a roster with entries that name nobody": (
        (*SETTLED, push(8, "bo", hidden=1)),
        lambda it: (there(it), due(it)) == ({"ada", "bo"}, at(9)),
    ),
    "a roster with people who find no room in the call": (
        (*ADA, push(8, "ada", "bo", "cy"), *BACK, read(31, "dan", key=LEG2)),
        lambda it: (
            (there(it), only_call(it).participant_count, only_call(it).complete)
            == (set(), 3, False)
        ),
    ),
    "a read with people": (
        (*ADA, push(8, "bo"), read(9.5, "bo")),
        lambda it: session(it, "ada").left_at == at(8),
    ),
    "a read that lists somebody who had left": (
        (*ADA, push(8, "bo"), read(9.5, "bo"), read(12, "ada", "bo")),
        lambda it: there(it) == {"ada", "bo"},
    ),
    "a read without people that lists the bot": (
        (*ADA, push(8), read(9, took=0.1)),
        lambda it: ending(only_call(it)) == (at(8), "observed", at(5), at(9.1)),
    ),
    "a read that leaves out somebody named less than `SETTLE_SECONDS` before it": (
        (push(5, "ada"), read(5.9)),
        lambda it: (only_call(it).ended_at, it.question is not None) == (None, True),
    ),
    "a read that fails, or lists neither people nor the bot": (
        (*SETTLED, failed(8), read(10, ourselves=False)),
        lambda it: due(it) == at(14),
    ),
    "a read that answers 404": (
        (*ADA, failed(8, 404)),
        lambda it: it.listening is None,
    ),
    "Graph's call of a leg, asked for after five reads that failed, or when it is not known who "
    "the leg is": (
        (leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2)),
        lambda it: (it.listening is it.legs[LEG2], due(it)) == (True, at(30)),
    ),
    "the leg's end, its code says the conversation is over": (
        (*ADA, leg(9, "gone", *EVERYONE_LEFT)),
        lambda it: ending(only_call(it)) == (at(9), "observed", at(5), at(9)),
    ),
    "the leg's end with any other code": (
        (*ADA, leg(9, "gone", *REMOVED)),
        lambda it: (only_call(it).ended_at, only_call(it).unwatched_since) == (None, at(9)),
    ),
    "the leg's end because one participant remained": (
        (*ADA, leg(9, "gone", 200, 5010)),
        lambda it: (only_call(it).ended_at, only_call(it).unwatched_since) == (None, at(9)),
    ),
    "a push through a new leg, the call unwatched": (
        (*ADA, *BACK, push(31, "bo", key=LEG2)),
        lambda it: (there(it), only_call(it).is_unwatched) == ({"ada"}, True),
    ),
    "a read through a new leg that names a session or a person of the unwatched call": (
        (*ADA, *BACK, read(31, "ada", key=LEG2)),
        lambda it: (there(it), only_call(it).is_unwatched) == ({"ada"}, False),
    ),
    "a read through a new leg that finds nobody": (
        (*ADA, *BACK, read(31, took=0.1, key=LEG2)),
        lambda it: ending(only_call(it)) == (at(31.1), "polled", at(5), at(31.1)),
    ),
    "a read through a new leg that finds others only": (
        (*ADA, *BACK, read(31, "bo", key=LEG2)),
        lambda it: (ending(it.calls[0]), there(it)) == ((at(31), "polled", at(5), None), {"bo"}),
    ),
    "a roster through a new leg that names a known person by another id": (
        (*ADA, *BACK, read(31, "a2=ada", key=LEG2)),
        lambda it: session(it, "ada").aliases == ("a2",),
    ),
    "a roster that lists the bot outside the lobby": (
        (leg(9, "gone", *REMOVED), push(20, key=LEG2)),
        lambda it: (it.legs[LEG2].is_in, due(it)) == (True, at(20)),
    ),
    "a roster through a second leg while the first is held as in": (
        (*SETTLED, leg(8, "in", key=LEG2), push(8.5, "bo", key=LEG2)),
        lambda it: (there(it), it.listening is it.legs[LEG2], due(it)) == ({"ada"}, False, at(8)),
    ),
    "a roster through a leg that is gone": (
        (*ADA, leg(9, "gone", *EVERYONE_LEFT), push(9.5, "bo")),
        lambda it: (only_call(it).ended_at, set(only_call(it).sessions)) == (at(9), {"ada", "bo"}),
    ),
    "a keepAlive that Graph takes": (
        (*SETTLED, kept_alive(60)),
        lambda it: (it.legs[LEG].kept_alive_at, due(it), there(it)) == (at(60), None, {"ada"}),
    ),
    "a keepAlive, or a GET of the call, that gives no usable answer": (
        (*SETTLED, unanswered(60)),
        lambda it: (it.legs[LEG].failures, it.legs[LEG].is_in) == (1, True),
    ),
    "a read that finds people of whom no push spoke for 10 seconds": (
        (*SETTLED, read(60, "ada", "bo")),
        lambda it: (there(it), it.legs[LEG].silent_since) == ({"ada", "bo"}, at(60)),
    ),
    "no leg heard the open call for `ASSUME_AFTER_SECONDS`": (
        (*SETTLED, leg(9, "gone", *REMOVED), given_up(20_000)),
        lambda it: ending(only_call(it)) == (at(6), "assumed", at(6), None),
    ),
}
"""What is heard after the bot got in at 0, for each row, and whether the record is as it says."""
ROOMS = {"a roster with people who find no room in the call": 0}
"""How much room calls have where there is little: the first person finds some all the same."""


def rows() -> list[str]:
    """Return the evidence of each row of the table."""
    table = DOCUMENT.read_text().partition("| evidence | effect |\n|---|---|\n")[2]
    lines = table.partition("\n\n")[0].splitlines()
    return [line.strip("| ").split(" | ")[0] for line in lines]


def test_every_row_has_an_example() -> None:
    """And every example its row, in the same order."""
    assert rows() == list(EXAMPLES)


@pytest.mark.parametrize("row", EXAMPLES)
def test_a_row_is_true(row: str) -> None:
    """The fold does what the table says."""
    observations, holds = EXAMPLES[row]

    assert holds(folded(*observations, room=ROOMS.get(row, ROOM)))


def test_the_table_of_looks_is_the_codes_own() -> None:
    """Each kind of look has a row, in the order in which the code says what is due."""
    table = DOCUMENT.read_text().partition("| look | due | does |\n|---|---|---|\n")[2]
    named = [line.split("`")[1] for line in table.partition("\n\n")[0].splitlines()]

    assert named == list(get_args(What.__value__))
