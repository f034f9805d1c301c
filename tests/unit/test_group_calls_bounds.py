"""The fold on bounds: of a start, of joining, of an end, of leaving, and on moments."""

from datetime import datetime

import pytest

from shared.words.ids import SessionId
from tests.fixtures.evidence import (
    ADA,
    BOTH,
    EVERYONE_LEFT,
    LEG,
    LEG2,
    OVER,
    REMOVED,
    Moments,
    at,
    due,
    ending,
    folded,
    heard,
    leaving,
    leg,
    only_call,
    push,
    read,
    session,
)

# -- bounds of a start, and of joining


def test_a_start_is_bounded_once_a_read_names_one_of_those_the_call_opened_with() -> None:
    """By the last whole read that found nobody; until then the opening push may be an old copy."""
    opened = (read(3), push(5, "ada", "bo"))

    pushed = folded(*opened)
    by_opener = folded(*opened, push(5.5, "cy"), read(6.5, "bo", "cy"))
    by_other = folded(*opened, push(5.5, "cy"), read(6.5, "cy"))

    assert only_call(pushed).start_not_before is None
    assert only_call(by_opener).start_not_before == at(2)
    assert only_call(by_other).start_not_before is None
    assert only_call(by_other).ended_at is None


def test_a_start_without_such_a_read_is_bounded_by_the_making_of_our_own_meeting() -> None:
    """Nobody was in it before it was made."""
    pushed = folded(push(5, "ada"), made_at=at(-9))
    never_empty = heard(leg(0, "in"), push(5, "ada"), read(6, "ada"), made_at=at(-9))
    confirmed = folded(*ADA, made_at=at(-9))
    made_later = folded(read(5, "ada"), made_at=at(2))

    assert only_call(pushed).start_not_before == at(-9)
    assert only_call(never_empty).start_not_before == at(-9)
    assert session(never_empty, "ada").joined_not_before == at(-9)
    assert only_call(confirmed).start_not_before == at(0)
    assert only_call(made_later).start_not_before == at(2)


def test_a_later_call_is_bounded_by_the_last_read_that_found_nobody() -> None:
    """The read that ended the call before, or a poll since."""
    at_once = folded(*OVER, push(20, "bo"), read(21, "bo"))
    polled = folded(*OVER, read(15), push(20, "bo"), read(21, "bo"), read(300, "bo"))

    assert at_once.calls[1].start_not_before == at(9)
    assert polled.calls[1].start_not_before == at(14)
    assert session(polled, "bo").joined_not_before == at(14)


def test_joining_is_bounded_once_a_read_names_the_session() -> None:
    """By the last whole read that did not list it; by a push nothing is known for certain."""
    pushed = folded(*ADA, push(20, "ada", "bo"), push(20.5, "ada", "bo"))
    confirmed = folded(*ADA, push(20, "ada", "bo"), read(21, "ada", "bo"), read(30, "ada", "bo"))
    found = folded(*ADA, read(20, "ada", "bo", took=0.2))

    assert session(pushed, "bo").joined_not_before is None
    assert session(confirmed, "bo").joined_not_before == at(5)
    assert session(confirmed, "bo").missed_at is None  # it has counted, and is not stored any more
    assert session(found, "bo").joined_at == at(20.2)
    assert session(found, "bo").joined_not_before == at(5)


def test_a_read_that_was_too_early_to_find_them_bounds_a_start_and_joining() -> None:
    """It is the last that found nobody (did not list Bo), though they were pushed before it."""
    opened = folded(push(5.2, "ada"), read(5.5), read(6.5, "ada"))
    joined = folded(*ADA, push(20.2, "ada", "bo"), read(20.5, "ada"), read(21.5, "ada", "bo"))

    assert only_call(opened).start_not_before == at(4.5)
    assert session(opened, "ada").joined_not_before == at(4.5)
    assert session(joined, "bo").joined_not_before == at(19.5)


def test_a_read_that_finds_others_or_comes_after_a_read_bounds_no_start() -> None:
    """Cy was in the call before the push of Ada; a call that a read has seen began before."""
    others = folded(push(5.2, "ada"), read(5.5, "cy"), read(6.6, "ada", "cy"))
    seen = folded(*ADA, push(8, "ada", "bo"), read(8.5), read(9.6, "ada", "bo"))

    assert only_call(others).start_not_before == at(0)
    assert only_call(seen).start_not_before == at(0)


def test_a_read_that_lists_somebody_is_no_lower_bound_of_their_joining() -> None:
    """Too young to decide of Bo, it names Cy: he may have come at any time since the one before."""
    provisional = (*OVER, push(20, "bo"), read(20.5, "cy"))
    gap = (*ADA, push(8.8, "bo"), leg(9, "gone", *REMOVED), leg(9.2, "in", key=LEG2))

    taken_back = folded(*provisional, read(21.5, "cy"))
    confirmed = folded(*provisional, read(21.5, "bo", "cy"))
    others = folded(*gap, read(9.4, "cy", key=LEG2), read(10.4, "cy", key=LEG2))

    assert session(taken_back, "cy").joined_not_before == at(9)
    assert session(confirmed, "cy").joined_not_before == at(9)
    assert session(others, "cy").joined_not_before == at(5)
    assert session(others, "cy").joined_at is None  # there when the leg first looked


# -- bounds of an end, and of leaving


@pytest.mark.parametrize(
    ("made_at", "expected"),
    [(None, (at(8), None, at(9))), (at(-9), (at(8), at(-9), at(9)))],
)
def test_leaving_of_whom_no_read_ever_named_is_bounded_by_the_making_of_our_own_meeting(
    made_at: datetime | None, expected: Moments
) -> None:
    """Their push may be an old copy of any age."""
    record = folded(push(5, "ada", "bo"), push(8, "ada"), read(9, "ada"), made_at=made_at)
    over = folded(push(5, "ada"), push(8), leg(9, "gone", *EVERYONE_LEFT), made_at=made_at)

    assert leaving(session(record, "bo")) == expected
    assert leaving(session(over, "ada")) == expected
    assert ending(only_call(over)) == (at(8), "observed", *expected[1:])


def test_a_call_goes_on_to_be_seen_when_one_of_its_people_has_left() -> None:
    """Its end is bounded by the last read that listed anybody, a session's leaving by its own."""
    record = folded(*BOTH, read(20, "ada"), read(40))

    assert ending(only_call(record)) == (at(40), "polled", at(19), at(40))
    assert leaving(session(record, "bo")) == (at(20), at(5), at(20))
    assert leaving(session(record, "ada")) == (at(40), at(19), at(40))


def test_no_end_is_dated_before_somebody_who_came_after_the_doubt() -> None:
    """An empty roster, then Bo for the first time: the room was not quiet since the roster."""
    polled = folded(*ADA, push(9), push(9.5, "bo"), read(11))
    observed = folded(*ADA, push(9), push(9.5, "bo"), push(10), read(11))

    assert ending(only_call(polled)) == (at(11), "polled", at(5), at(11))
    assert leaving(session(polled, "ada")) == (at(9), at(5), at(11))
    assert leaving(session(polled, "bo")) == (at(11), None, at(11))
    assert ending(only_call(observed)) == (at(10), "observed", at(5), at(11))


# -- moments


def test_a_push_is_never_earlier_than_what_was_committed_before_it() -> None:
    """A read keeps its own moments, though a push overtook it."""
    stamped = folded(*ADA, push(4, "ada", "bo"))
    overtaken = folded(
        *(*ADA, push(9.1, "ada", "cy"), read(9, "ada", "bo", took=0.05, behind=1)),
    )

    assert session(stamped, "bo").joined_at == at(6)
    assert due(stamped) is None
    assert session(overtaken, "bo").joined_at == at(9.05)
    assert overtaken.moment == at(9.1)


def test_nobody_leaves_later_than_the_answer_of_the_read_that_missed_them() -> None:
    """The push that told it has the later time: it crossed the read, or its clock is ahead."""
    left = folded(*BOTH, push(20.2, "ada"), read(20, "ada", took=0.1, behind=1))
    ended = folded(*ADA, push(20.2), read(20, took=0.1, behind=1))

    assert leaving(session(left, "bo")) == (at(20.1), at(5), at(20.1))
    assert ending(only_call(ended)) == (at(20.1), "observed", at(5), at(20.1))


def test_every_evidence_about_a_call_is_noted() -> None:
    """Readers see when a call was last heard of, and each leg's last sign of life."""
    pushed, read_again = folded(*ADA, push(30, "ada")), folded(*ADA, read(30, "ada", took=0.2))
    missed = folded(*BOTH, push(30, "ada"))
    gone = folded(*ADA, leg(9, "gone"), push(9.5, "ada"))

    assert (only_call(pushed).heard_at, pushed.legs[LEG].last_sign) == (at(30), at(30))
    assert only_call(read_again).heard_at == read_again.legs[LEG].last_sign == at(30.2)
    assert only_call(missed).heard_at == at(30)
    assert only_call(folded(push(29.5, "ada"), read(30, took=0.2))).heard_at == at(30.2)
    assert only_call(folded(*ADA, push(29), read(30, took=0.2))).heard_at == at(30.2)
    assert gone.legs[LEG].last_sign == at(9)


def test_a_session_may_be_held_by_two_calls() -> None:
    """Ada came back under her old session: late rosters speak of the newer call."""
    record = folded(*OVER, read(20, "ada"), push(30), read(31), push(32, "ada", "bo"))

    assert [set(call.sessions) for call in record.calls] == [{"ada"}, {"ada", "bo"}]
    assert record.calls[1].sessions[SessionId("bo")].left_at == at(30)
