"""The fold on histories that broke earlier rules, and the bounds that every time has.

Where a history says `truth`, those are the moments at which people really came and went: each time
may be an estimate, but the truth lies within its bounds.
"""

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

# -- counterexamples


def test_the_first_read_does_not_kill_the_call() -> None:
    """C1, a stale first read: asked at once, it shows the room of before Ada came."""
    first = (push(5.62, "ada"), read(5.67, took=0.1))

    record = folded(*first)
    whole = folded(*first, read(6.77, "ada"), push(11.15, "ada"), push(12.7), read(13.7))

    assert (there(record), due(record)) == ({"ada"}, at(6.77))
    assert ending(only_call(whole)) == (at(12.7), "observed", at(5.77), at(13.7))


def test_a_stale_answer_does_not_close_the_question() -> None:
    """C2, a stale second read: asked after Ada left, it still shows her."""
    history = (*ADA, push(11.1), read(11.25, "ada", took=0.1))

    record, settled = folded(*history), folded(*history, read(12.35))

    assert (there(record), due(record)) == ({"ada"}, at(12.35))
    assert ending(only_call(settled)) == (at(11.1), "observed", at(10.25), at(12.35))


@pytest.mark.parametrize("made_at", [None, at(-9)])
def test_a_first_naming_may_be_an_old_copy(made_at: datetime | None) -> None:
    """C3, an old copy names first: truth 5.5 to 13.6, the copy comes at 84.7, after a read."""
    record = folded(read(64), push(84.7, "ada"), read(85.8), made_at=made_at)

    call = only_call(record)
    assert (call.started_at, call.start_not_before) == (at(84.7), made_at)
    assert ending(call) == (at(85.8), "polled", made_at, at(85.8))
    assert session(record, "ada").joined_not_before == made_at
    assert leaving(session(record, "ada")) == (at(85.8), made_at, at(85.8))


def test_a_first_naming_under_lag_is_no_bound_of_the_end() -> None:
    """C3, a push that is 4 s late: truth 3.2 to 5.28, before she was ever named."""
    call = only_call(folded(push(5.43, "ada"), read(6.5)))

    assert ending(call) == (at(6.5), "polled", None, at(6.5))


def test_an_observed_end_has_bounds_because_the_push_that_told_it_may_be_lost() -> None:
    """C4, a lost push: truth 10; a microphone of the bot shows the empty room at 25."""
    call = only_call(folded(*ADA, push(25), read(26, took=0.1)))

    assert ending(call) == (at(25), "observed", at(5), at(26.1))


def test_an_observed_end_has_bounds_because_a_doubt_outlives_a_failed_read() -> None:
    """C5, a wrong doubt that a later departure confirms: truth 25.35."""
    call = only_call(folded(*ADA, push(23.6), failed(24.6), read(27.4)))

    assert ending(call) == (at(23.6), "observed", at(5), at(27.4))


def test_a_cut_roster_is_no_bound_of_an_arrival() -> None:
    """C6, a cut roster dates arrivals: truth 30.3, while the rosters of 30.5 and 35 omit Cy."""
    seen = (push(29, "ada", "bo"), push(30.5, "ada", "bo"), read(35, "ada", "bo"))

    pushed = folded(*seen, push(38.9, "ada", "cy"), cap=3)
    confirmed = folded(*seen, push(38.9, "ada", "cy"), read(40, "ada", "cy"), cap=3)

    assert session(pushed, "cy").joined_at == at(38.9)
    assert session(pushed, "cy").joined_not_before is None
    assert session(confirmed, "cy").joined_not_before == at(0)


def test_a_roster_is_believed_before_its_legs_notice_of_getting_in() -> None:
    """C7, `in` comes second or is lost: the people who were there first are found at once."""
    late = heard(leg(10.7, "joining"), push(11.3, "ada"), leg(11.4, "in"))
    lost = heard(push(11.3, "ada"))
    silent = heard(leg(10.7, "joining"), push(11.3, "ada", ourselves=False), leg(11.4, "in"))

    assert there(late) == there(lost) == {"ada"}
    assert due(late) == due(lost) == at(11.3)
    assert (silent.calls, due(silent)) == ((), at(11.4))


def test_a_read_does_not_take_back_a_call_that_was_committed_after_its_question() -> None:
    """C8, two clocks: the writer of the push is 2 s behind, so its stamp is too old."""
    record = folded(*OVER, push(89.4, "bo"), read(90.57, took=1.04, behind=1))

    assert there(record) == {"bo"}
    assert due(record) == at(92.61)


def test_everybody_exchanged_in_a_gap_is_two_calls_that_may_be_one() -> None:
    """C9, a gap in which Bo came before Ada left: truth is one call, which the bounds allow."""
    record = folded(
        *(*ADA, leg(7.2, "gone", *REMOVED), leg(34.3, "in", key=LEG2)),
        read(34.6, "bo", key=LEG2),
    )

    first, second = record.calls
    assert ending(first) == (at(34.6), "polled", at(5), None)
    assert second.start_not_before == first.start_not_before == at(0)


def test_people_without_identity_under_other_ids_stay_in_the_call() -> None:
    """C10, ids that change with the leg: who the guest of before is nobody can say."""
    record = folded(
        *(push(5, "a="), read(6, "a=")),
        *(leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2), read(30.5, "x=", key=LEG2)),
    )

    assert only_call(record).ended_at is None
    assert there(record) == {"x"}
    assert leaving(session(record, "a")) == (at(30.5), at(5), None)
    assert session(record, "x").joined_not_before is None


def test_a_second_device_found_after_a_cut_read_is_no_new_arrival() -> None:
    """C10, two devices of one identity: neither new id can be told, so no bound is claimed."""
    record = folded(
        *(push(5, "a1=ada", "a2=ada", "bo"), read(6, "a1=ada", "a2=ada", "bo")),
        *(leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2)),
        *(
            read(30.5, "x1=ada", "bo", entries=9, key=LEG2),
            push(33, "x1=ada", "x2=ada", "bo", key=LEG2),
        ),
        read(34, "x1=ada", "x2=ada", "bo", key=LEG2),
        cap=9,
    )

    assert there(record) == {"x1", "x2", "bo"}
    assert [session(record, name).joined_not_before for name in ("x1", "x2")] == [None, None]
    assert [session(record, name).left_not_after for name in ("a1", "a2")] == [None, None]
    assert only_call(record).participant_count == 2


def test_reads_out_of_order_open_no_call() -> None:
    """C11, of two concurrent reads the later question shows the older room."""
    record = folded(*ADA, push(25.1), read(25.34, took=0.06), read(25.49, "ada"))

    assert ending(only_call(record)) == (at(25.1), "observed", at(5), at(25.4))
    assert due(folded(*ADA, push(25.1), read(25.34, took=0.06), push(25.5))) == at(26.4)


def test_ids_are_not_compared_across_a_leg_whose_end_is_unknown() -> None:
    """C12, leg 1 dies unheard: what leg 2 lists under other ids is nobody's leaving or joining."""
    history = (*ADA, leg(8, "in", key=LEG2), push(9, "a2=ada", key=LEG2))

    held = folded(*history)
    found = folded(*history, failed(9.5, 404), read(9.6, "a2=ada", key=LEG2))

    assert set(only_call(held).sessions) == {"ada"}
    assert session(held, "ada").absent_since is None
    assert set(only_call(found).sessions) == {"ada"}
    assert (there(found), session(found, "ada").aliases) == ({"ada"}, ("a2",))


def test_somebody_who_comes_before_the_read_continues_the_call() -> None:
    """C14, Ada leaves and Bo comes 2 s later: the read that was to end the call finds him."""
    record = folded(*ADA, push(10.2), read(11.2, "bo"))

    assert (only_call(record).ended_at, there(record)) == (None, {"bo"})
    assert leaving(session(record, "ada")) == (at(10.2), at(5), at(11.2))


def test_a_person_of_the_same_identity_confirms_no_earlier_start() -> None:
    """C15, identity is no proof of one stay: truth 4.4, an old copy, and an hour later a device."""
    record = folded(
        *(read(10), push(12.7, "ada"), leg(13, "gone", *REMOVED)),
        *(leg(3600, "in", key=LEG2), read(3601, "a2=ada", key=LEG2)),
    )

    call = only_call(record)
    assert (call.started_at, call.start_not_before) == (at(12.7), None)
    assert session(record, "ada").joined_not_before is None
    assert session(record, "ada").last_seen == call.last_seen == at(3600)


def test_a_late_roster_of_the_old_leg_makes_no_second_session_that_leaves() -> None:
    """C15, Bo is held as there under the new leg's id when the old leg names him by its own."""
    record = folded(
        *(*ADA, leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2)),
        *(read(30.5, "ada", "b2=bo", key=LEG2), push(31, "ada", "b1=bo")),
        read(32, "ada", "b2=bo", key=LEG2),
    )

    assert set(only_call(record).sessions) == there(record) == {"ada", "b2"}


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
