"""The soak notices what differs between record, events and truth: else it would prove nothing."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.soak.truth import differences

type Json = dict[str, Any]

TRUTH: Json = {
    "calls": [
        {"startedAt": "2026-03-02T12:00:01.234567Z", "endedAt": "2026-03-02T12:00:09.000001Z"}
    ],
    "sessions": [
        {
            "userId": "A0000000-0000-4000-8000-00000000000A",
            "joinedAt": "2026-03-02T12:00:01.234567Z",
            "leftAt": "2026-03-02T12:00:09.000001Z",
        }
    ],
}
TIMES: Json = {
    "startedAt": "2026-03-02T12:00:01.234Z",
    "startBasis": "attendanceReport",
    "endedAt": "2026-03-02T12:00:09.000Z",
    "endBasis": "attendanceReport",
    "final": True,
    "confirmed": True,
}
SESSION: Json = {
    "sessionId": "s",
    "participant": {"kind": "user", "userId": "a0000000-0000-4000-8000-00000000000a"},
    "joinedAt": "2026-03-02T12:00:01.234Z",
    "leftAt": "2026-03-02T12:00:09.000Z",
}
RECORD: Json = {
    "meeting": {"sequence": 2},
    "calls": [{"callNumber": 1, **TIMES, "participants": [SESSION]}],
}
EVENTS: list[Json] = [
    {"type": "rollcall.participant.left.v1", "sequence": "1", "data": {"callNumber": 1, **SESSION}},
    {"type": "rollcall.call.corrected.v1", "sequence": "2", "data": {"callNumber": 1, **TIMES}},
]


def found(change: Callable[[Json, Json, list[Json]], object]) -> list[str]:
    """Return what differs after a change of record, truth and events that agreed before it."""
    record, truth, events = deepcopy((RECORD, TRUTH, EVENTS))
    change(record, truth, events)
    return differences(record, truth, events)


def test_what_agrees_differs_in_nothing() -> None:
    """Moments of the room have microseconds, those of records milliseconds."""
    assert differences(RECORD, TRUTH, EVENTS) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda record, *_: record["calls"].clear(), "no call is recorded"),
        (lambda _, truth, __: truth["calls"].clear(), "was never held"),
        (lambda record, *_: record["calls"][0].update(endedAt=SESSION["joinedAt"]), "never held"),
        (lambda record, *_: record["calls"][0].update(final=False), "final False"),
        (lambda record, *_: record["calls"][0].update(confirmed=False), "confirmed False"),
        (lambda record, *_: record["calls"][0].update(endBasis="polled"), "ends by polled"),
        (lambda record, *_: record["calls"][0].update(callNumber=2), "the numbers [2]"),
        (lambda record, *_: record["calls"][0]["participants"].clear(), "lacks a0000000"),
        (lambda _, truth, __: truth["sessions"].clear(), "who was not there then"),
        (lambda _, truth, __: truth["sessions"].append(truth["sessions"][0]), "lacks a0000000"),
        (lambda _, __, events: events.pop(), "of 2 events, [2] lack"),
        (lambda _, __, events: events.append(events[1]), "[2] are double"),
        (lambda _, __, events: events[1]["data"].update(final=False), "another one by its events"),
    ],
)
def test_each_difference_is_found(
    change: Callable[[Json, Json, list[Json]], object], words: str
) -> None:
    """In words that name the call."""
    assert any(words in one for one in found(change))


def test_a_call_that_was_merged_into_another_is_none() -> None:
    """It keeps its number, and events say the same."""
    merged = {**TIMES, "mergedInto": 1, "endedAt": "2026-03-02T12:00:05.000Z"}

    def change(record: Json, _: Json, events: list[Json]) -> None:
        record["meeting"]["sequence"] = 3
        record["calls"].append({"callNumber": 2, **merged, "participants": []})
        data = {"callNumber": 2, **merged}
        events.append({"type": "rollcall.call.corrected.v1", "sequence": "3", "data": data})

    assert found(change) == []
