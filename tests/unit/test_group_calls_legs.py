"""The fold, row by row, on our legs: how they get in, and how they end."""

import pytest

from shared.legs.end_codes import LEG_ENDS
from shared.words.observations import Observation
from tests.fixtures.evidence import (
    ADA,
    BOTH,
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
    heard,
    leaving,
    leg,
    only_call,
    push,
    read,
    session,
    there,
)

SAYS_OVER = [(200, 5001), EVERYONE_LEFT, (200, 5003), (200, 5007), (200, 5012), (200, 5020)]
ONE_REMAINED = (200, 5010)
GOES_ON: list[tuple[int | None, int | None]] = [
    *(pair for pair, end in LEG_ENDS.items() if not end.over),
    ONE_REMAINED,
    (None, None),
    (200, 4097),
]


# -- a leg gets in


def test_a_leg_that_gets_in_requests_a_read_at_once() -> None:
    """People may have been there before; it is said once, and also after reads that failed."""
    again = (leg(29.5, "gone", *REMOVED), leg(30, "in", key=LEG2))

    assert due(heard(leg(0, "joining"), leg(1, "lobby"))) is None
    assert due(heard(leg(0, "joining"), leg(3, "in"))) == at(3)
    assert due(folded(leg(2, "in"))) is None
    assert due(folded(*ADA, push(8), leg(8.1, "gone"), leg(8.2, "in", key=LEG2))) == at(8.2)
    assert due(folded(*ADA, push(9), *(failed(29) for _ in range(9)), *again)) == at(10)


def test_a_roster_that_lists_the_bot_shows_that_its_leg_is_in() -> None:
    """Its `in` comes later or never; the roster is believed, and a read requested at once."""
    record = heard(leg(0, "joining"), push(2, "ada"))
    late = heard(leg(0, "joining"), push(2, "ada"), read(3, "ada"), leg(4, "in"))
    by_read = heard(leg(0, "lobby"), read(2, "ada"))

    assert (only_call(record).started_at, due(record)) == (at(2), at(2))
    assert record.legs[LEG].phases["in"] == at(2)
    assert (late.legs[LEG].phases["in"], due(late)) == (at(2), None)
    assert (there(by_read), by_read.legs[LEG].state) == ({"ada"}, "in")
    assert due(heard(leg(0, "lobby"), read(2))) == at(3)


def test_a_leg_that_never_got_in_opens_and_closes_nothing() -> None:
    """A roster that does not list it says nothing, and neither does its end, whatever the code."""
    opened = heard(leg(0, "joining"), push(2, "ada", ourselves=False), leg(9, "gone", 200, 5013))
    closed = folded(*ADA, leg(7, "lobby", key=LEG2), leg(9, "gone", *EVERYONE_LEFT, key=LEG2))

    assert (opened.calls, due(opened)) == ((), None)
    assert heard(leg(0, "lobby"), read(2, "ada", ourselves=False)).calls == ()
    unwatched = folded(
        *(*ADA, leg(9, "gone", *REMOVED), leg(10, "lobby", key=LEG2)),
        leg(20, "gone", *EVERYONE_LEFT, key=LEG2),
    )

    assert (only_call(closed).ended_at, only_call(closed).is_unwatched) == (None, False)
    assert (only_call(unwatched).ended_at, only_call(unwatched).unwatched_since) == (None, at(9))


def test_a_leg_that_ended_in_the_lobby_was_never_in() -> None:
    """Neither a late `established` nor a late roster that lists it says otherwise."""
    record = heard(leg(0, "lobby"), leg(5, "gone", 200, 5855), leg(6, "in"), push(7, "ada"))

    assert set(record.legs[LEG].phases) == {"lobby", "gone"}
    assert (record.calls, due(record)) == ((), None)


def test_gone_is_final_and_each_phase_keeps_its_earliest_moment() -> None:
    """A late `established` does not bring a leg back."""
    record = heard(leg(0, "in"), leg(1, "in"), leg(5, "gone"), leg(6, "in"), leg(7, "gone", 1, 2))

    assert record.legs[LEG].state == "gone"
    assert (record.legs[LEG].phases["in"], record.legs[LEG].phases["gone"]) == (at(0), at(5))
    assert record.listening is None
    assert (due(record), record.legs[LEG].code, record.legs[LEG].subcode) == (None, 1, 2)


def test_a_second_leg_is_not_heard_while_the_first_is_held_as_in() -> None:
    """Its rosters only request a read, at once and through the first."""
    second = (leg(8, "in", key=LEG2), read(9, "ada"))
    history = (*ADA, *second, push(20, "bo", key=LEG2))

    record, read_through = folded(*history), folded(*history, read(20.1, "bo", key=LEG2))

    assert there(record) == there(read_through) == {"ada"}
    assert (due(record), record.listening) == (at(20), record.legs[LEG])
    assert due(folded(*ADA, *second, push(20, "ada", ourselves=False, key=LEG2))) == at(20)


def test_a_404_of_the_first_leg_makes_the_second_the_listening_one() -> None:
    """The call is unwatched until a read through the second, which is due at once, answers."""
    second = (leg(8, "in", key=LEG2), read(9, "ada"))
    history = (*ADA, *second, push(20, "bo", key=LEG2), failed(20.1, 404))

    record, answered = folded(*history), folded(*history, read(20.2, "ada", "bo", key=LEG2))

    assert record.listening == record.legs[LEG2]
    assert only_call(record).unwatched_since == at(9)
    assert due(record) == at(20)
    assert due(folded(*ADA, *second, failed(20.1, 404))) == at(20.1)
    assert not only_call(answered).is_unwatched
    assert there(answered) == {"ada", "bo"}


# -- a leg ends


@pytest.mark.parametrize("pair", SAYS_OVER)
def test_a_code_that_says_over_ends_the_call(pair: tuple[int, int]) -> None:
    """When it was quiet, else at the receipt, which is also the upper bound."""
    loud = folded(*ADA, leg(9, "gone", *pair))
    quiet = folded(*ADA, push(8), leg(9, "gone", *pair))

    assert ending(only_call(loud)) == (at(9), "observed", at(5), at(9))
    assert ending(only_call(quiet)) == (at(8), "observed", at(5), at(9))
    assert leaving(session(loud, "ada")) == (at(9), at(5), at(9))
    assert only_call(loud).reason == LEG_ENDS[pair].reason
    assert due(quiet) is None


def test_a_code_that_says_over_is_not_dated_by_an_old_doubt() -> None:
    """A stray empty roster a minute before says nothing of when they left."""
    record = folded(*ADA, push(20), failed(21), failed(23), leg(80, "gone", *EVERYONE_LEFT))

    assert ending(only_call(record))[0] == at(80)
    assert ending(only_call(record))[2:] == (at(5), at(80))


@pytest.mark.parametrize(("code", "subcode"), GOES_ON)
def test_any_other_code_leaves_the_call_open_and_unwatched(
    code: int | None, subcode: int | None
) -> None:
    """Also where we left ourselves, and where one participant remained: people may talk on."""
    record = folded(*ADA, leg(9, "gone", code, subcode))

    call = only_call(record)
    assert (call.ended_at, call.unwatched_since, call.unwatched_by) == (None, at(9), LEG)
    assert (there(record), due(record)) == ({"ada"}, None)


def test_one_participant_remained_is_a_question_to_another_leg() -> None:
    """One person is still a call: a read through the leg that is left decides."""
    second = (leg(7, "in", key=LEG2), read(8, "ada", "bo"))
    history = (*BOTH, *second, leg(9, "gone", *ONE_REMAINED))

    record, answered = folded(*history), folded(*history, read(9.1, "bo", key=LEG2))

    assert (only_call(record).ended_at, due(record)) == (None, at(9))
    assert only_call(answered).ended_at is None
    assert there(answered) == {"bo"}


def test_a_call_is_unwatched_since_the_last_sign_of_its_leg() -> None:
    """A 404 came long after the leg was gone; a callback, even one of its end, is a sign."""
    found = folded(*ADA, push(20, "ada"), read(21, "ada"), failed(300, 404))
    told = folded(*ADA, leg(300, "gone", *REMOVED))

    assert only_call(found).unwatched_since == at(21)
    assert found.legs[LEG].is_gone
    assert due(found) is None
    assert only_call(told).unwatched_since == at(300)


def test_a_result_that_comes_after_the_end_counts() -> None:
    """`terminated` said nothing, `deleted` says over; not where another leg listens again."""
    alone = folded(*ADA, leg(9, "gone"), leg(9.5, "gone", *EVERYONE_LEFT))
    again = folded(*ADA, leg(9, "gone"), leg(9.2, "in", key=LEG2), leg(9.5, "gone", *EVERYONE_LEFT))

    first = folded(*ADA, leg(9, "gone", *REMOVED), leg(9.5, "gone", *EVERYONE_LEFT))

    assert ending(only_call(alone)) == (at(9.5), "observed", at(5), at(9.5))
    assert not only_call(alone).is_unwatched
    assert (only_call(first).ended_at, (first.legs[LEG].code, first.legs[LEG].subcode)) == (
        None,
        REMOVED,
    )
    assert (only_call(again).ended_at, only_call(again).is_unwatched) == (None, True)


def test_an_end_that_overtakes_the_last_roster_closes_the_call() -> None:
    """Whom the roster adds were in the call that is over; it is not opened again."""
    record = folded(*ADA, leg(9, "gone", *EVERYONE_LEFT), push(9.3, "ada", "bo"))

    assert ending(only_call(record)) == (at(9), "observed", at(5), at(9))
    assert session(record, "bo").joined_at is None
    assert leaving(session(record, "bo")) == (at(9), None, None)
    assert due(record) is None


def test_the_end_of_a_leg_that_only_stood_by_says_nothing_of_the_call() -> None:
    """The first leg listens on, and a provisional call is not taken back."""
    second = (leg(12, "in", key=LEG2), read(13, "ada"))

    record = folded(*ADA, *second, leg(20, "gone", *EVERYONE_LEFT, key=LEG2))
    provisional = folded(
        *(*OVER, leg(12, "in", key=LEG2), read(13), push(20, "bo")),
        leg(20.5, "gone", *REMOVED, key=LEG2),
    )

    assert (only_call(record).ended_at, only_call(record).is_unwatched) == (None, False)
    assert due(record) is None
    assert len(provisional.calls) == 2


def test_a_late_leg_changes_nothing_of_what_an_end_closed() -> None:
    """Commits may come in either order: the code says that the conversation is over."""
    other = leg(8, "in", key=LEG2)

    early = folded(*ADA, other, leg(9, "gone", *EVERYONE_LEFT))
    late = folded(*ADA, leg(9, "gone", *EVERYONE_LEFT), other)

    assert ending(only_call(early)) == ending(only_call(late)) == (at(9), "observed", at(5), at(9))


def test_a_read_that_may_show_a_call_that_is_over_opens_only_a_provisional_one() -> None:
    """It was asked within SETTLE of the end; the next one is old enough to tell."""
    history = (*ADA, leg(8, "in", key=LEG2), leg(9, "gone", *EVERYONE_LEFT))

    young = folded(*history, read(9.5, "ada", key=LEG2))
    old = folded(*history, read(10, "ada", key=LEG2))
    taken_back = folded(*history, read(9.5, "ada", key=LEG2), read(10.5, key=LEG2))

    assert (len(young.known_calls), due(young)) == (1, at(10.5))
    assert len(old.known_calls) == 2
    assert len(taken_back.calls) == 1


@pytest.mark.parametrize("end", [leg(20.5, "gone", *REMOVED), leg(20.5, "gone", *EVERYONE_LEFT)])
def test_a_provisional_call_is_taken_back_by_its_legs_end_whatever_the_code(
    end: Observation,
) -> None:
    """It is never unwatched, and what its leg still says of it belongs to no call."""
    record = folded(*OVER, push(20, "bo"), end, push(20.8, "bo", "cy"))

    assert record.calls == folded(*OVER).calls
    assert folded(*OVER, push(20, "bo"), failed(20.5, 404)).calls == record.calls


def test_a_roster_through_a_leg_that_is_gone_opens_nothing() -> None:
    """No read could ever confirm such a call."""
    record = folded(leg(9, "gone", *REMOVED), push(9.5, "ada"), read(9.7, "ada"))

    assert (record.calls, due(record)) == ((), None)


def test_a_read_through_a_leg_that_is_gone_is_late_as_well() -> None:
    """It was asked before the end: whom it names was in the call, and nobody has left by it."""
    record = folded(*BOTH, leg(9, "gone", *REMOVED), read(9.5, "ada", "cy"))

    assert there(record) == {"ada", "bo", "cy"}
    assert session(record, "cy").joined_at is None
    assert (session(record, "cy").last_seen, only_call(record).last_seen) == (at(8.5), at(5))
    assert only_call(record).is_unwatched


def test_reads_through_two_legs_move_last_seen_forward_only() -> None:
    """The read through the leg that is gone was asked later, and committed first."""
    gap = (leg(9, "gone", *REMOVED), leg(9.2, "in", key=LEG2))

    record = folded(*ADA, *gap, read(10, "cy"), read(9.9, "ada", "cy", key=LEG2))

    assert (session(record, "cy").last_seen, session(record, "ada").last_seen) == (at(9), at(8.9))


def test_a_leg_speaks_on_of_its_own_call_when_that_of_another_is_taken_back() -> None:
    """Leg 1 heard call 1; the provisional call of leg 2 was none."""
    record = folded(
        *(*OVER, leg(12, "gone", *REMOVED), leg(13, "in", key=LEG2), read(14, key=LEG2)),
        *(push(20, "cy", key=LEG2), read(21, key=LEG2), push(22, "ada", "bo")),
    )

    assert set(only_call(record).sessions) == {"ada", "bo"}


def test_failures_of_one_leg_do_not_delay_reads_through_the_next() -> None:
    """The pauses grow again."""
    fails = [failed(29) for _ in range(9)]

    gap = (leg(29.5, "gone", *REMOVED), leg(30, "in", key=LEG2))
    record = folded(*ADA, push(9), *fails, *gap, failed(31, key=LEG2))

    assert due(record) == at(33)


def test_a_call_opened_by_a_read_that_may_be_old_is_confirmed_by_those_it_opened_with() -> None:
    """The bot was back half a second after an end; the second read names them again."""
    over = (*ADA, leg(6.5, "in", key=LEG2), leg(10, "gone", *EVERYONE_LEFT))

    old = folded(*over, read(10.3, "x", key=LEG2))
    again = folded(*over, read(10.3, "x", key=LEG2), read(12, "x", key=LEG2))

    assert [call.number for call in old.known_calls] == [1]
    assert [call.started_at for call in again.known_calls] == [at(5), at(10.3)]
