"""The fold on how legs are looked after: requests about them, silence, calls that are given up."""

from datetime import datetime

import pytest

from shared.calls.record import Record
from shared.words.observations import Observation, Phase
from tests.fixtures.evidence import (
    ADA,
    BOTH,
    LEG,
    LEG2,
    REMOVED,
    at,
    ending,
    folded,
    given_up,
    heard,
    kept_alive,
    leaving,
    leg,
    only_call,
    push,
    read,
    session,
    unanswered,
)

# -- requests about a leg


def failures(record: Record) -> tuple[int, datetime | None]:
    return record.legs[LEG].failures, record.legs[LEG].failed_at


def test_requests_without_a_usable_answer_are_counted_and_the_last_one_is_dated() -> None:
    """The next pause follows from both."""
    assert failures(folded(unanswered(60), unanswered(90))) == (2, at(90))


def test_a_keep_alive_that_graph_takes_ends_the_pauses() -> None:
    """It is an answer like any other."""
    record = folded(unanswered(60), unanswered(90), kept_alive(120))

    assert (record.legs[LEG].kept_alive_at, failures(record)) == (at(120), (0, None))


@pytest.mark.parametrize("phase", ["joining", "lobby", "in"])
def test_a_callback_of_a_leg_on_its_way_ends_the_pauses(phase: Phase) -> None:
    """What Graph was asked for has come: how far the leg is."""
    record = heard(leg(0, "joining"), unanswered(60), leg(70, phase))

    assert failures(record) == (0, None)


@pytest.mark.parametrize(
    "later",
    [
        (leg(0, "lobby"), unanswered(60), leg(70, "lobby")),
        (leg(0, "lobby"), unanswered(60), leg(70, "in")),
        (leg(0, "in"), unanswered(60), leg(70, "in")),
        (leg(0, "in"), unanswered(60), push(70, "ada"), read(71, "ada")),
    ],
)
def test_a_callback_or_a_read_answers_for_no_keep_alive_that_failed(
    later: tuple[Observation, ...],
) -> None:
    """In the lobby, or in: Graph may hear no keepAlive all the same."""
    assert failures(heard(*later)) == (1, at(60))


# -- silence


def silent_since(*observations: Observation) -> datetime | None:
    return folded(*observations).legs[LEG].silent_since


def test_callbacks_are_silent_since_the_first_read_that_finds_people_no_push_spoke_of() -> None:
    """Until the next push, whatever it says."""
    found = (*ADA, read(60, "ada", "bo"))

    assert silent_since(*found, read(90, "ada", "bo", "cy")) == at(60)
    assert silent_since(*found, push(90, "ada", "bo")) is None


def test_callbacks_are_not_silent_about_people_of_whom_a_push_spoke() -> None:
    """However long ago: nothing happened since."""
    assert silent_since(*ADA, read(60, "ada")) is None


def test_callbacks_are_not_silent_about_a_room_without_people() -> None:
    """Graph has nothing to push."""
    assert silent_since(read(60)) is None


def test_a_push_has_ten_seconds_from_the_one_before_it() -> None:
    """Bo's may be on its way for so long."""
    assert silent_since(push(20, "ada"), read(25, "ada", "bo")) is None
    assert silent_since(push(20, "ada"), read(30, "ada", "bo")) is None
    assert silent_since(push(20, "ada"), read(30, "ada", "bo", took=0.1)) == at(30.1)


def test_the_first_push_has_ten_seconds_from_when_the_bot_got_in() -> None:
    """Until then it may be on its way."""
    assert silent_since(read(8, "ada")) is None
    assert silent_since(read(10, "ada")) is None
    assert silent_since(read(10, "ada", took=0.1)) == at(10.1)


# -- giving up


def test_a_call_that_is_given_up_is_over_when_it_was_last_seen() -> None:
    """Nothing proves it, so nothing bounds the end or anybody's leaving above."""
    record = folded(*BOTH, leg(9, "gone", *REMOVED), given_up(20_000))

    assert ending(only_call(record)) == (at(5), "assumed", at(5), None)
    assert only_call(record).reason == "unwatched"
    assert not only_call(record).is_unwatched
    assert [leaving(session(record, name)) for name in ("ada", "bo")] == [(at(5), at(5), None)] * 2


def test_a_call_that_is_given_up_lasted_until_the_last_person_came() -> None:
    """Only a push named Bo, which may be an old copy: it bounds nothing."""
    history = (*ADA, push(8, "ada", "bo"), leg(9, "gone", *REMOVED), given_up(20_000))

    record, ours = folded(*history), folded(*history, made_at=at(-9))

    assert ending(only_call(record)) == (at(8), "assumed", at(5), None)
    assert leaving(session(record, "ada")) == (at(8), at(5), None)
    assert leaving(session(record, "bo")) == (at(8), None, None)
    assert leaving(session(ours, "bo")) == (at(8), at(-9), None)


def test_a_call_that_no_read_ever_saw_is_bounded_by_the_making_of_our_own_meeting() -> None:
    """As any other end is."""
    record = folded(push(5, "ada"), leg(9, "gone", *REMOVED), given_up(20_000), made_at=at(-9))

    assert ending(only_call(record)) == (at(5), "assumed", at(-9), None)
    assert leaving(session(record, "ada")) == (at(5), at(-9), None)


def test_a_call_that_is_given_up_keeps_no_doubt_and_no_bound_that_a_read_would_confirm() -> None:
    """No read of this call comes any more."""
    doubted = (*ADA, push(8, "ada", "bo"), push(8.5, "ada"), leg(9, "gone", *REMOVED))
    before, after = folded(*doubted), folded(*doubted, given_up(20_000))

    bo, over = session(before, "bo"), session(after, "bo")
    assert (bo.absent_since, bo.missed_at) == (at(8.5), at(5))
    assert (over.absent_since, over.missed_at) == (None, None)


@pytest.mark.parametrize(
    "history",
    [
        (),
        ADA,
        (*ADA, leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2), read(31, "ada", key=LEG2)),
    ],
)
def test_only_a_call_that_no_leg_hears_is_given_up(history: tuple[Observation, ...]) -> None:
    """There is none, or the bot is back: its commit came before that of the giving up."""
    record = folded(*history)

    assert folded(*history, given_up(20_000)).calls == record.calls
