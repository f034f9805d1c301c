"""What differs between the record of a meeting, its events and the log of the room. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.fixtures.rebuilt import rebuilt, shown

REPORT = "attendanceReport"

type Json = Mapping[str, Any]
type Stay = tuple[str, str | None, str | None]
type Held = tuple[str, str]


def differences(
    record: Json, truth: Json, events: Sequence[Json], *, basis: str = REPORT
) -> list[str]:
    """Return, in words, what is wrong in a record that sources of one basis have corrected.

    `record` is what GET answers, `truth` the meeting in `/lab/meetings`, `events` what was
    published of it, by sequence.
    """
    return [
        *_of_calls(record, truth, basis),
        *_of_sequences(record, events),
        *_of_events(record, events),
    ]


def _of_calls(record: Json, truth: Json, basis: str) -> Iterator[str]:
    recorded = {_held(one): one for one in record["calls"] if "mergedInto" not in one}
    true = {_truly_held(one): one for one in truth["calls"]}
    for held in sorted(true.keys() - recorded.keys()):
        yield f"no call is recorded from {held[0]} to {held[1]}"
    for held in sorted(recorded.keys() - true.keys()):
        yield f"call {recorded[held]['callNumber']}, {held[0]} to {held[1]}, was never held"
    for held in sorted(true.keys() & recorded.keys()):
        yield from _of_call(recorded[held], Counter(_stays(truth, true[held])), basis)
    numbers = [one["callNumber"] for one in record["calls"]]
    if sorted(numbers) != list(range(1, len(numbers) + 1)):
        yield f"the calls have the numbers {sorted(numbers)}"


def _of_call(call: Json, true: Counter[Stay], basis: str) -> Iterator[str]:
    name = f"call {call['callNumber']}"
    if not (call["final"] and call["confirmed"]):
        yield f"{name} has final {call['final']}, confirmed {call['confirmed']}"
    if (call["startBasis"], call["endBasis"]) != (basis, basis):
        yield f"{name} starts by {call['startBasis']} and ends by {call['endBasis']}"
    recorded = Counter(
        (_plain(one["participant"]["userId"]), one["joinedAt"], one["leftAt"])
        for one in call["participants"]
    )
    for user_id, joined_at, left_at in (true - recorded).elements():
        yield f"{name} lacks {user_id} from {joined_at} to {left_at}"
    for user_id, joined_at, left_at in (recorded - true).elements():
        yield f"{name} has {user_id} from {joined_at} to {left_at}, who was not there then"


def _of_sequences(record: Json, events: Sequence[Json]) -> Iterator[str]:
    sequences = [int(one["sequence"]) for one in events]
    if sequences != list(range(1, record["meeting"]["sequence"] + 1)):
        missing = sorted(set(range(1, record["meeting"]["sequence"] + 1)) - set(sequences))
        repeated = sorted(number for number, count in Counter(sequences).items() if count > 1)
        yield f"of {record['meeting']['sequence']} events, {missing} lack and {repeated} are double"


def _of_events(record: Json, events: Sequence[Json]) -> Iterator[str]:
    told, read = rebuilt(events), shown(record)
    for number in sorted(told.keys() | read.keys()):
        if told.get(number) != read.get(number):
            yield f"call {number} is another one by its events than in the record"


def _stays(truth: Json, call: Json) -> Iterator[Stay]:
    for one in truth["sessions"]:
        if call["startedAt"] <= one["joinedAt"] <= call["endedAt"]:
            yield _plain(one["userId"]), _shown(one["joinedAt"]), _shown(one["leftAt"])


def _held(call: Json) -> Held:
    return str(call["startedAt"]), str(call["endedAt"])


def _truly_held(call: Json) -> Held:
    return str(_shown(call["startedAt"])), str(_shown(call["endedAt"]))


def _shown(moment: str | None) -> str | None:
    """Return a moment of the log, which has microseconds, as records have it."""
    return None if moment is None else f"{moment.removesuffix('Z')[:-3]}Z"


def _plain(guid: str) -> str:
    return guid.replace("-", "").lower()
