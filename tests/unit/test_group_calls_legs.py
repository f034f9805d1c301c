"""The fold, row by row, on our legs: how they get in, how they end, and the gaps between them."""

import pytest

from shared.domain import LegKey, Observation, SessionId
from shared.end_codes import LEG_ENDS
from tests.unit.test_group_calls import (
    ADA,
    BOTH,
    LEG,
    LEG2,
    LEG3,
    OVER,
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

REMOVED = (200, 5000)
SAYS_OVER = [(200, 5001), (200, 5002), (200, 5003), (200, 5007), (200, 5012), (200, 5020)]
ONE_REMAINED = (200, 5010)
GOES_ON: list[tuple[int | None, int | None]] = [
    *(pair for pair, end in LEG_ENDS.items() if not end.over),
    ONE_REMAINED,
    (None, None),
    (200, 4097),
]


def back(*observations: Observation, gone: float = 9, key: LegKey = LEG2) -> list[Observation]:
    """Return a gap: the leg is removed, another gets in at 30, then `observations`."""
    return [leg(gone, "gone", *REMOVED), leg(30, "in", key=key), *observations]


# -- a leg gets in


def test_a_leg_that_gets_in_requests_a_read_at_once() -> None:
    """People may have been there before; it is said once, and also after reads that failed."""
    assert due(heard(leg(0, "joining"), leg(1, "lobby"))) is None
    assert due(heard(leg(0, "joining"), leg(3, "in"))) == at(3)
    assert due(folded(leg(2, "in"))) is None
    assert due(folded(*ADA, push(9), *(failed(29) for _ in range(9)), *back())) == at(10)


def test_a_roster_that_lists_the_bot_shows_that_its_leg_is_in() -> None:
    """Its `in` comes later or never; the roster is believed, and a read requested at once."""
    record = heard(leg(0, "joining"), push(2, "ada"))
    late = heard(leg(0, "joining"), push(2, "ada"), read(3, "ada"), leg(4, "in"))
    by_read = heard(leg(0, "lobby"), read(2, "ada"))

    assert (only_call(record).started_at, due(record)) == (at(2), at(2))
    assert record.legs[LEG].phases["in"] == at(2)
    assert (late.legs[LEG].phases["in"], due(late)) == (at(2), None)
    assert (there(by_read), by_read.legs[LEG].phase) == ({"ada"}, "in")


def test_a_leg_that_never_got_in_opens_and_closes_nothing() -> None:
    """A roster that does not list it says nothing, and neither does its end, whatever the code."""
    opened = heard(leg(0, "joining"), push(2, "ada", ourselves=False), leg(9, "gone", 200, 5013))
    closed = folded(*ADA, leg(7, "lobby", key=LEG2), leg(9, "gone", 200, 5002, key=LEG2))

    assert (opened.calls, due(opened)) == ((), None)
    assert (only_call(closed).ended_at, only_call(closed).is_unwatched) == (None, False)


def test_gone_is_final_and_each_phase_keeps_its_earliest_moment() -> None:
    """A late `established` does not bring a leg back."""
    record = heard(leg(0, "in"), leg(1, "in"), leg(5, "gone"), leg(6, "in"), leg(7, "gone", 1, 2))

    assert record.legs[LEG].phase == "gone"
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
    history = (*ADA, leg(8, "in", key=LEG2), push(20, "bo", key=LEG2), failed(20.1, 404))

    record, answered = folded(*history), folded(*history, read(20.2, "ada", "bo", key=LEG2))

    assert record.listening == record.legs[LEG2]
    assert only_call(record).unwatched_since == at(6)
    assert due(record) == due(folded(*history[:-1])) == at(20)
    assert due(folded(*ADA, leg(8, "in", key=LEG2), read(9, "ada"), failed(20, 404))) == at(20)
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
    record = folded(*ADA, push(20), failed(21), failed(23), leg(80, "gone", 200, 5002))

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
    history = (*BOTH, leg(7, "in", key=LEG2), leg(9, "gone", *ONE_REMAINED))

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
    alone = folded(*ADA, leg(9, "gone"), leg(9.5, "gone", 200, 5002))
    again = folded(*ADA, leg(9, "gone"), leg(9.2, "in", key=LEG2), leg(9.5, "gone", 200, 5002))

    assert ending(only_call(alone)) == (at(9.5), "observed", at(5), at(9.5))
    assert not only_call(alone).is_unwatched
    assert (only_call(again).ended_at, only_call(again).is_unwatched) == (None, True)


def test_an_end_that_overtakes_the_last_roster_closes_the_call() -> None:
    """Whom the roster adds were in the call that is over; it is not opened again."""
    record = folded(*ADA, leg(9, "gone", 200, 5002), push(9.3, "ada", "bo"))

    assert ending(only_call(record)) == (at(9), "observed", at(5), at(9))
    assert session(record, "bo").joined_at is None
    assert leaving(session(record, "bo")) == (at(9), None, None)
    assert due(record) is None


def test_the_end_of_a_leg_that_only_stood_by_says_nothing_of_the_call() -> None:
    """The first leg listens on."""
    record = folded(*ADA, leg(7, "in", key=LEG2), leg(9, "gone", 200, 5002, key=LEG2))

    assert (only_call(record).ended_at, only_call(record).is_unwatched) == (None, False)


def test_a_late_leg_changes_nothing_of_what_an_end_closed() -> None:
    """Commits may come in either order: the code says that the conversation is over."""
    other = leg(8, "in", key=LEG2)

    early = folded(*ADA, other, leg(9, "gone", 200, 5002))
    late = folded(*ADA, leg(9, "gone", 200, 5002), other)

    assert ending(only_call(early)) == ending(only_call(late)) == (at(9), "observed", at(5), at(9))


def test_a_read_that_may_show_a_call_that_is_over_opens_only_a_provisional_one() -> None:
    """It was asked within SETTLE of the end; the next one is old enough to tell."""
    history = (*ADA, leg(8, "in", key=LEG2), leg(9, "gone", 200, 5002))

    young = folded(*history, read(9.5, "ada", key=LEG2))
    old = folded(*history, read(10, "ada", key=LEG2))
    taken_back = folded(*history, read(9.5, "ada", key=LEG2), read(10.5, key=LEG2))

    assert (len(young.known_calls), due(young)) == (1, at(10.5))
    assert len(old.known_calls) == 2
    assert len(taken_back.calls) == 1


@pytest.mark.parametrize("end", [leg(20.5, "gone", *REMOVED), leg(20.5, "gone", 200, 5002)])
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


# -- a gap


def test_pushes_through_the_new_leg_only_request_a_read_at_once() -> None:
    """Nobody is added and nothing is decided until a read answers."""
    asked = folded(*ADA, *back())
    pushed = folded(*ADA, *back(failed(31, key=LEG2), push(40, "bo", key=LEG2)))
    empty = folded(*ADA, *back(failed(31, key=LEG2), push(40, key=LEG2)))

    assert (
        pushed.calls == empty.calls == asked.calls == folded(*ADA, leg(9, "gone", *REMOVED)).calls
    )
    assert due(asked) == at(30)
    assert due(pushed) == due(empty) == at(33)


def test_a_read_that_finds_nobody_says_that_the_call_ended_in_the_gap() -> None:
    """The bot is removed, Ada leaves half a second later: known by a read, 25 s later."""
    record = folded(*ADA, *back(read(35.2, took=0.2, key=LEG2)))

    assert ending(only_call(record)) == (at(35.4), "polled", at(5), at(35.4))
    assert leaving(session(record, "ada")) == (at(35.4), at(5), at(35.4))
    assert not only_call(record).is_unwatched


def test_a_doubt_from_before_a_gap_dates_no_end_in_it() -> None:
    """A stray empty roster came just before the leg was removed, and the bot was back at once."""
    record = folded(
        *(*ADA, push(8.8), leg(9, "gone", *REMOVED)),
        *(leg(12, "in", key=LEG2), read(12, took=0.2, key=LEG2)),
    )

    assert ending(only_call(record)) == (at(12.2), "polled", at(5), at(12.2))


@pytest.mark.parametrize("listed", [("ada",), ("a2=ada",), ("ada", "cy"), ("a2=ada", "cy")])
def test_a_read_that_names_a_session_or_a_person_of_the_call_finds_it_going_on(
    listed: tuple[str, ...],
) -> None:
    """Graph may keep the ids of participants from one leg to the next, or not."""
    record = folded(*BOTH, *back(read(30.5, *listed, took=0.1, key=LEG2)))

    call = only_call(record)
    assert (call.ended_at, call.unwatched_since, call.unwatched_by) == (None, None, None)
    assert there(record) == {"ada", *listed[1:]}
    assert leaving(session(record, "bo")) == (at(30.6), at(5), at(30.6))


def test_a_cut_read_after_a_gap_finds_the_call_going_on() -> None:
    """The people of the call may be among those it does not list."""
    record = folded(*ADA, *back(read(30.5, "bo", entries=9, key=LEG2)), cap=9)

    assert (only_call(record).ended_at, only_call(record).is_unwatched) == (None, False)
    assert there(record) == {"ada", "bo"}


def test_a_read_with_entries_that_cannot_be_read_decides_no_gap() -> None:
    """The people of the call may be among them; it is asked again."""
    record = folded(*ADA, *back(read(30.5, "bo", hidden=1, key=LEG2)))

    assert only_call(record).is_unwatched
    assert there(record) == {"ada"}
    assert due(record) == at(32.5)


def test_people_who_left_in_a_gap_and_others_who_came_later_are_two_calls() -> None:
    """Whether they met only a source can say: the bounds between them are null."""
    record = folded(read(3), *ADA, *back(read(30.5, "bo", took=0.1, key=LEG2)))

    first, second = record.known_calls
    assert ending(first) == (at(30.6), "polled", at(5), None)
    assert (second.started_at, second.start_basis) == (at(30.6), "polled")
    assert second.start_not_before == first.start_not_before == at(2)
    assert second.sessions[SessionId("bo")].joined_at is None


def test_a_read_decides_no_gap_about_people_named_within_settle_of_it() -> None:
    """The room it shows may be that of before; the question stays."""
    history = (*ADA, push(8.8, "ada", "bo"), leg(9, "gone", *REMOVED), leg(9.2, "in", key=LEG2))

    young = folded(*history, read(9.4, "cy", key=LEG2))
    old = folded(*history, read(9.4, "cy", key=LEG2), read(10.4, "cy", key=LEG2))

    assert (only_call(young).ended_at, due(young)) == (None, at(10.4))
    assert [call.ended_at for call in old.calls] == [at(10.4), None]


def test_a_gap_of_several_legs_is_one() -> None:
    """The second leg ends before a read through it answers, the third finds nobody."""
    history = (*ADA, *back(leg(40, "gone", *REMOVED, key=LEG2), leg(60, "in", key=LEG3)))

    record, answered = folded(*history), folded(*history, read(61, key=LEG3))

    assert only_call(record).unwatched_since == at(9)
    assert ending(only_call(answered)) == (at(61), "polled", at(5), at(61))


def test_the_new_leg_may_end_with_a_code_that_says_over() -> None:
    """It is the one that listened: nobody is left."""
    record = folded(*ADA, *back(leg(40, "gone", 200, 5002, key=LEG2)))

    assert ending(only_call(record))[0] == at(40)
    assert ending(only_call(record))[2:] == (at(5), at(40))


# -- other ids after a gap


def test_an_unknown_id_of_one_identity_is_an_alias_in_every_later_roster() -> None:
    """No `left`, no `joined`: neither a push nor a read under it misses the session."""
    history = (*BOTH, *back(read(30.5, "a2=ada", "b2=bo", key=LEG2), push(50, "b2=bo", key=LEG2)))

    record = folded(*history)
    left = folded(*history, read(51, "b2=bo", key=LEG2))
    late = folded(*history, push(52, "bo"))

    assert session(record, "ada").aliases == ("a2",)
    assert (there(record), session(record, "ada").absent_since) == ({"ada", "bo"}, at(50))
    assert leaving(session(left, "ada")) == (at(50), at(29.5), at(51))
    assert set(only_call(late).sessions) == {"ada", "bo"}
    assert only_call(record).participant_count == 2


def test_an_alias_may_come_with_a_push_after_the_gap() -> None:
    """The first read was cut; the roster that lists Bo by another id comes later."""
    record = folded(
        *BOTH,
        *back(read(30.5, "a2=ada", entries=9, key=LEG2), push(40, "a2=ada", "b2=bo", key=LEG2)),
        cap=9,
    )

    assert set(only_call(record).sessions) == {"ada", "bo"}
    assert session(record, "bo").absent_since is None


def test_an_id_of_an_identity_whose_session_is_listed_is_a_second_device() -> None:
    """Likewise one that comes while the same leg listens."""
    listed = folded(*ADA, *back(read(30.5, "ada", "a2=ada", key=LEG2)))
    same_leg = folded(*ADA, push(9, "a2=ada"), read(10, "a2=ada"))

    assert there(listed) == {"ada", "a2"}
    assert (only_call(listed).participant_count, session(listed, "a2").aliases) == (1, ())
    assert there(same_leg) == {"a2"}
    assert leaving(session(same_leg, "ada")) == (at(9), at(5), at(10))


@pytest.mark.parametrize(
    ("before", "after"),
    [(("a=", "b=bo"), ("x=", "b=bo")), (("a=ada", "b=ada"), ("x=ada",)), (("a",), ("x=a", "y=a"))],
)
def test_where_an_alias_is_not_unique_a_session_begins_and_bounds_in_the_gap_are_null(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """No identity, or several sessions of one: nobody can say who is who."""
    record = folded(push(5, *before), read(6, *before), *back(read(30.5, *after, key=LEG2)))

    old, new = session(record, "a"), session(record, "x")
    assert record.open_call == only_call(record)
    assert (new.joined_at, new.joined_not_before) == (None, None)
    assert leaving(old) == (at(30.5), at(5), None)


def test_a_bound_is_null_only_where_it_falls_in_the_gap() -> None:
    """The cut read after the gap left it open who x is; a later one lists both."""
    record = folded(
        *(push(5, "a=", "b"), read(6, "a=", "b")),
        *back(read(30.5, "x=", "b", entries=9, key=LEG2), read(32, "a=", "x=", "b", key=LEG2)),
        read(300, "b", "x=", key=LEG2),
        cap=9,
    )

    assert leaving(session(record, "a")) == (at(300), at(31), at(300))


# -- what a leg that is gone still says


def test_a_late_push_of_the_old_leg_adds_to_the_call_it_heard_last() -> None:
    """Nobody is doubted by it, it ends no gap, and its unknown people have null bounds."""
    late = (*ADA, *back(push(31, "bo", entries=2)))

    record = folded(*late, made_at=at(-9))
    settled = folded(*late, read(32, "ada", key=LEG2))

    assert only_call(record).is_unwatched
    assert there(record) == {"ada", "bo"}
    assert session(record, "ada").absent_since is None
    assert (session(record, "bo").joined_at, session(record, "bo").joined_not_before) == (
        None,
        None,
    )
    assert leaving(session(settled, "bo")) == (at(32), None, None)


def test_a_late_push_of_the_old_leg_names_a_person_whom_the_new_one_found_by_an_alias() -> None:
    """Another id of an identity that the call holds is no session of its own, nor is it later."""
    found = (*ADA, *back(read(30.5, "ada", "b2=bo", key=LEG2)))

    record = folded(*found, push(33, "ada", "b1=bo"), read(34, "ada", "b2=bo", key=LEG2))
    over = folded(*found, read(40, key=LEG2), push(41, "ada", "b1=bo"))

    assert (there(record), session(record, "b2").aliases) == ({"ada", "b2"}, ("b1",))
    assert set(only_call(over).sessions) == {"ada", "b2"}
    assert only_call(over).holds(SessionId("b1"))
    assert (only_call(record).participant_count, only_call(over).participant_count) == (2, 2)


def test_a_late_push_of_the_old_leg_names_a_person_whom_it_knew_by_an_alias() -> None:
    """A second device that no read ever named is no session of its own either."""
    record = folded(*ADA, *back(read(30.5, "ada", key=LEG2), push(33, "ada", "a2=ada")))
    over = folded(*ADA, leg(9, "gone", 200, 5002), push(9.3, "ada", "a2=ada"))

    assert set(only_call(over).sessions) == {"ada"}
    assert set(only_call(record).sessions) == {"ada"}


def test_a_late_push_of_the_old_leg_names_a_person_who_has_left_by_an_alias() -> None:
    """Nobody is there again by it."""
    record = folded(*BOTH, *back(read(30.5, "bo", key=LEG2), push(33, "a2=ada")))

    assert there(record) == {"bo"}
    assert set(only_call(record).sessions) == {"ada", "bo"}


def test_the_old_leg_speaks_of_the_call_it_heard_last_not_of_the_open_one() -> None:
    """Bo was in the first call; the second began after the gap."""
    record = folded(*ADA, *back(read(30.5, "cy", key=LEG2), push(33, "ada", "bo")))

    assert [set(call.sessions) for call in record.calls] == [{"ada", "bo"}, {"cy"}]
    assert there(record) == {"cy"}
