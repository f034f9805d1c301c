"""The fold on histories that broke earlier rules.

Where a history says `truth`, those are the moments at which people really came and went: each time
may be an estimate, but the truth lies within its bounds.
"""

from datetime import datetime

import pytest

from tests.fixtures.evidence import (
    ADA,
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


def test_the_first_read_does_not_kill_the_call() -> None:
    """A stale first read: asked at once, it shows the room of before Ada came."""
    first = (push(5.62, "ada"), read(5.67, took=0.1))

    record = folded(*first)
    whole = folded(*first, read(6.77, "ada"), push(11.15, "ada"), push(12.7), read(13.7))

    assert (there(record), due(record)) == ({"ada"}, at(6.77))
    assert ending(only_call(whole)) == (at(12.7), "observed", at(5.77), at(13.7))


def test_a_stale_answer_does_not_close_the_question() -> None:
    """A stale second read: asked after Ada left, it still shows her."""
    history = (*ADA, push(11.1), read(11.25, "ada", took=0.1))

    record, settled = folded(*history), folded(*history, read(12.35))

    assert (there(record), due(record)) == ({"ada"}, at(12.35))
    assert ending(only_call(settled)) == (at(11.1), "observed", at(10.25), at(12.35))


@pytest.mark.parametrize("made_at", [None, at(-9)])
def test_a_first_naming_may_be_an_old_copy(made_at: datetime | None) -> None:
    """An old copy names first: truth 5.5 to 13.6, the copy comes at 84.7, after a read."""
    record = folded(read(64), push(84.7, "ada"), read(85.8), made_at=made_at)

    call = only_call(record)
    assert (call.started_at, call.start_not_before) == (at(84.7), made_at)
    assert ending(call) == (at(85.8), "polled", made_at, at(85.8))
    assert session(record, "ada").joined_not_before == made_at
    assert leaving(session(record, "ada")) == (at(85.8), made_at, at(85.8))


def test_a_first_naming_under_lag_is_no_bound_of_the_end() -> None:
    """A push that is 4 s late: truth 3.2 to 5.28, before she was ever named."""
    call = only_call(folded(push(5.43, "ada"), read(6.5)))

    assert ending(call) == (at(6.5), "polled", None, at(6.5))


def test_an_observed_end_has_bounds_because_the_push_that_told_it_may_be_lost() -> None:
    """A lost push: truth 10; a microphone of the bot shows the empty room at 25."""
    call = only_call(folded(*ADA, push(25), read(26, took=0.1)))

    assert ending(call) == (at(25), "observed", at(5), at(26.1))


def test_an_observed_end_has_bounds_because_a_doubt_outlives_a_failed_read() -> None:
    """A wrong doubt that a later departure confirms: truth 25.35."""
    call = only_call(folded(*ADA, push(23.6), failed(24.6), read(27.4)))

    assert ending(call) == (at(23.6), "observed", at(5), at(27.4))


def test_a_cut_roster_is_no_bound_of_an_arrival() -> None:
    """A cut roster dates arrivals: truth 30.3, while the rosters of 30.5 and 35 omit Cy."""
    seen = (push(29, "ada", "bo"), push(30.5, "ada", "bo"), read(35, "ada", "bo"))

    pushed = folded(*seen, push(38.9, "ada", "cy"), cap=3)
    confirmed = folded(*seen, push(38.9, "ada", "cy"), read(40, "ada", "cy"), cap=3)

    assert session(pushed, "cy").joined_at == at(38.9)
    assert session(pushed, "cy").joined_not_before is None
    assert session(confirmed, "cy").joined_not_before == at(0)


def test_a_roster_is_believed_before_its_legs_notice_of_getting_in() -> None:
    """`in` comes second or is lost: the people who were there first are found at once."""
    late = heard(leg(10.7, "joining"), push(11.3, "ada"), leg(11.4, "in"))
    lost = heard(push(11.3, "ada"))
    silent = heard(leg(10.7, "joining"), push(11.3, "ada", ourselves=False), leg(11.4, "in"))

    assert there(late) == there(lost) == {"ada"}
    assert due(late) == due(lost) == at(11.3)
    assert (silent.calls, due(silent)) == ((), at(11.4))


def test_a_read_does_not_take_back_a_call_that_was_committed_after_its_question() -> None:
    """Two clocks: the writer of the push is 2 s behind, so its stamp is too old."""
    record = folded(*OVER, push(89.4, "bo"), read(90.57, took=1.04, behind=1))

    assert there(record) == {"bo"}
    assert due(record) == at(92.61)


def test_everybody_exchanged_in_a_gap_is_two_calls_that_may_be_one() -> None:
    """A gap in which Bo came before Ada left: truth is one call, which the bounds allow."""
    record = folded(
        *(*ADA, leg(7.2, "gone", *REMOVED), leg(34.3, "in", key=LEG2)),
        read(34.6, "bo", key=LEG2),
    )

    first, second = record.calls
    assert ending(first) == (at(34.6), "polled", at(5), None)
    assert second.start_not_before == first.start_not_before == at(0)


def test_people_without_identity_under_other_ids_stay_in_the_call() -> None:
    """Ids that change with the leg: nothing says who the guest of before is."""
    record = folded(
        *(push(5, "a="), read(6, "a=")),
        *(leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2), read(30.5, "x=", key=LEG2)),
    )

    assert only_call(record).ended_at is None
    assert there(record) == {"x"}
    assert leaving(session(record, "a")) == (at(30.5), at(5), None)
    assert session(record, "x").joined_not_before is None


def test_a_second_device_found_after_a_cut_read_is_no_new_arrival() -> None:
    """Two devices of one identity: neither new id can be told, so no bound is claimed."""
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
    """Of two concurrent reads the later question shows the older room."""
    record = folded(*ADA, push(25.1), read(25.34, took=0.06), read(25.49, "ada"))

    assert ending(only_call(record)) == (at(25.1), "observed", at(5), at(25.4))
    assert due(folded(*ADA, push(25.1), read(25.34, took=0.06), push(25.5))) == at(26.4)


def test_ids_are_not_compared_across_a_leg_whose_end_is_unknown() -> None:
    """Leg 1 dies unheard: what leg 2 lists under other ids proves no leaving or joining."""
    history = (*ADA, leg(8, "in", key=LEG2), push(9, "a2=ada", key=LEG2))

    held = folded(*history)
    found = folded(*history, failed(9.5, 404), read(9.6, "a2=ada", key=LEG2))

    assert set(only_call(held).sessions) == {"ada"}
    assert session(held, "ada").absent_since is None
    assert set(only_call(found).sessions) == {"ada"}
    assert (there(found), session(found, "ada").aliases) == ({"ada"}, ("a2",))


def test_somebody_who_comes_before_the_read_continues_the_call() -> None:
    """Ada leaves and Bo comes 2 s later: the read that was to end the call finds him."""
    record = folded(*ADA, push(10.2), read(11.2, "bo"))

    assert (only_call(record).ended_at, there(record)) == (None, {"bo"})
    assert leaving(session(record, "ada")) == (at(10.2), at(5), at(11.2))


def test_a_person_of_the_same_identity_confirms_no_earlier_start() -> None:
    """Identity is no proof of one stay: truth 4.4, an old copy, and an hour later a device."""
    record = folded(
        *(read(10), push(12.7, "ada"), leg(13, "gone", *REMOVED)),
        *(leg(3600, "in", key=LEG2), read(3601, "a2=ada", key=LEG2)),
    )

    call = only_call(record)
    assert (call.started_at, call.start_not_before) == (at(12.7), None)
    assert session(record, "ada").joined_not_before is None
    assert session(record, "ada").last_seen == call.last_seen == at(3600)


def test_a_late_roster_of_the_old_leg_makes_no_second_session_that_leaves() -> None:
    """Bo is held as there under the new leg's id when the old leg names him by its own."""
    record = folded(
        *(*ADA, leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2)),
        *(read(30.5, "ada", "b2=bo", key=LEG2), push(31, "ada", "b1=bo")),
        read(32, "ada", "b2=bo", key=LEG2),
    )

    assert set(only_call(record).sessions) == there(record) == {"ada", "b2"}
