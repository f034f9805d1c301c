"""The fold, row by row, on the gaps between our legs, and on what a leg that is gone still says."""

import pytest

from shared.words.ids import SessionId
from shared.words.observations import Observation
from tests.fixtures.evidence import (
    ADA,
    BOTH,
    EVERYONE_LEFT,
    LEG2,
    LEG3,
    REMOVED,
    at,
    due,
    ending,
    failed,
    folded,
    leaving,
    leg,
    only_call,
    push,
    read,
    session,
    there,
)


def back(*observations: Observation) -> list[Observation]:
    """Return a gap: the leg is removed at 9, another gets in at 30, then `observations`."""
    return [leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2), *observations]


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


def test_a_session_is_the_same_whoever_graph_says_it_is() -> None:
    """Before the gap Graph had not named the person in it."""
    record = folded(push(5, "a="), read(6, "a="), *back(read(30.5, "a=ada", key=LEG2)))

    assert (only_call(record).ended_at, there(record)) == (None, {"a"})


def test_a_cut_read_after_a_gap_finds_the_call_going_on() -> None:
    """The people of the call may be among those it does not list."""
    found = (*ADA, *back(read(30.5, "bo", entries=9, key=LEG2)))

    record = folded(*found, cap=9)
    joined = folded(*found, push(40, "ada", "bo", "cy", key=LEG2), cap=9)

    assert (only_call(record).ended_at, only_call(record).is_unwatched) == (None, False)
    assert there(record) == {"ada", "bo"}
    assert session(joined, "cy").joined_at == at(40)


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
    record = folded(*ADA, *back(leg(40, "gone", *EVERYONE_LEFT, key=LEG2)))

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

    heard_since = folded(
        *ADA,
        *back(read(30.5, "ada", key=LEG2), push(40, "a2=ada", key=LEG2)),
        read(41, "a2=ada", key=LEG2),
    )

    assert there(listed) == {"ada", "a2"}
    assert there(heard_since) == {"a2"}
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


def test_a_read_too_early_to_miss_somebody_leaves_it_open_under_which_id_they_are_there() -> None:
    """Ada has two devices, and the new leg lists one, under another id."""
    record = folded(
        *(*BOTH, push(8.8, "a1=cy", "a2=cy", "ada", "bo")),
        *(leg(9, "gone", *REMOVED), leg(9.2, "in", key=LEG2)),
        *(read(9.4, "ada", "x=cy", key=LEG2), read(10.5, "ada", "x=cy", key=LEG2)),
    )

    assert [session(record, name).left_at for name in ("a1", "a2")] == [at(10.5)] * 2
    assert [session(record, name).left_not_after for name in ("a1", "a2")] == [None] * 2


def test_a_bound_is_null_only_where_it_falls_in_the_gap() -> None:
    """The cut read after the gap left it open who x is; a later one lists both."""
    record = folded(
        *(push(5, "a=", "b"), read(6, "a=", "b")),
        *back(read(30.5, "x=", "b", entries=9, key=LEG2), read(32, "a=", "x=", "b", key=LEG2)),
        read(300, "b", "x=", key=LEG2),
        cap=9,
    )

    assert leaving(session(record, "a")) == (at(300), at(31), at(300))
    assert session(record, "a").blurred is False


def test_of_the_legs_that_listed_somebody_the_last_two_are_kept() -> None:
    """However often the bot is thrown out, a session takes no more of the row."""
    second = (leg(9, "gone", *REMOVED), leg(10, "in", key=LEG2), read(11, "a2=ada", key=LEG2))
    third = (leg(19, "gone", *REMOVED, key=LEG2), leg(20, "in", key=LEG3))

    record = folded(*ADA, *second, *third, read(21, "a3=ada", key=LEG3))

    ada = session(record, "ada")
    assert (ada.aliases, ada.legs) == (("a2", "a3"), (LEG2, LEG3))


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
    over = folded(*ADA, leg(9, "gone", *EVERYONE_LEFT), push(9.3, "ada", "a2=ada"))

    assert set(only_call(over).sessions) == {"ada"}
    assert set(only_call(record).sessions) == {"ada"}


def test_a_late_push_of_the_old_leg_names_a_person_who_has_left_by_an_alias() -> None:
    """Nobody is there again by it."""
    record = folded(*BOTH, *back(read(30.5, "bo", key=LEG2), push(33, "a2=ada")))

    assert there(record) == {"bo"}
    assert set(only_call(record).sessions) == {"ada", "bo"}


def test_the_old_leg_speaks_of_the_call_it_heard_last_not_of_the_open_one() -> None:
    """Bo was in the first call; the second began after the gap."""
    record = folded(*ADA, *back(read(30.5, "cy", key=LEG2), push(33, "ada", "bo", "cy")))

    assert [set(call.sessions) for call in record.calls] == [{"ada", "bo"}, {"cy"}]
    assert there(record) == {"cy"}


def test_a_leg_that_found_nobody_speaks_of_the_call_whose_end_it_read() -> None:
    """Bo came and left before the read; his push came after the end of the leg."""
    found = (*ADA, *back(read(31, key=LEG2), leg(32, "gone", *REMOVED, key=LEG2)))

    record = folded(*found, push(33, "bo", key=LEG2))

    assert only_call(record).ended_at == at(31)
    assert (session(record, "bo").joined_at, *leaving(session(record, "bo"))) == (
        *(None, at(31)),
        *(None, None),
    )


def test_a_read_that_names_a_person_of_the_call_ends_the_gap_though_an_entry_is_unread() -> None:
    """Bo is recorded; nobody leaves by such a read, and it is made again."""
    record = folded(*BOTH, *back(read(31, "ada", "cy", hidden=1, key=LEG2)))

    assert there(record) == {"ada", "bo", "cy"}
    assert (only_call(record).is_unwatched, record.failures) == (False, 1)


def test_an_over_code_that_comes_later_counts_for_the_last_leg_of_a_gap() -> None:
    """The second leg ended without a result first; the first leg's end had opened the gap."""
    gap = (*ADA, leg(9, "gone", *REMOVED), leg(20, "in", key=LEG2), leg(20.5, "gone", key=LEG2))

    record = folded(*gap, leg(20.6, "gone", *EVERYONE_LEFT, key=LEG2))

    assert (only_call(folded(*gap)).unwatched_since, only_call(record).ended_at) == (
        at(9),
        at(20.6),
    )


def test_a_code_without_its_subcode_does_not_hide_the_whole_result() -> None:
    """`terminated` says 200 alone, `deleted` says that everyone left."""
    record = folded(*ADA, leg(9, "gone", 200, None), leg(9.1, "gone", *EVERYONE_LEFT))

    assert (only_call(record).ended_at, only_call(record).reason) == (at(9.1), "everyoneLeft")
