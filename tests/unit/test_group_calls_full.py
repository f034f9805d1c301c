"""The fold on a call that is full: who finds no room is counted, and all else goes on."""

from dataclasses import replace

from shared.calls.changes import joined
from shared.calls.record import Commit, Record
from shared.calls.sight import Sight
from shared.calls.weight import MARK, weight_of, weight_of_alias, weight_of_session
from shared.words.ids import SessionId
from tests.fixtures.evidence import (
    ADA,
    BOTH,
    LEG,
    LEG2,
    OVER,
    REMOVED,
    at,
    due,
    ending,
    folded,
    leg,
    only_call,
    people,
    push,
    read,
    session,
    there,
)

FOR_TWO = weight_of(only_call(folded(push(5, "ada")))) + weight_of_session(
    session(folded(push(5, "bo")), "bo")
)
"""Room for a call of Ada, and then Bo."""


def count(record: Record) -> tuple[int, bool]:
    call = only_call(record)
    return call.participant_count, call.complete


def test_people_find_room_until_there_is_none() -> None:
    """To the byte; the first one finds some in any case."""
    full = folded(push(5, "ada", "bo", "cy"), room=FOR_TWO)
    short = folded(push(5, "ada", "bo", "cy"), room=FOR_TWO - 1)
    none = folded(push(5, "ada", "bo", "cy"), room=0)

    assert [there(one) for one in (full, short, none)] == [{"ada", "bo"}, {"ada"}, {"ada"}]
    assert [count(one) for one in (full, short, none)] == [(3, False)] * 3


def test_the_count_is_the_most_that_one_roster_named() -> None:
    """Others may be the same people, or not: it is a lower bound."""
    record = folded(push(5, "ada", "b", "c"), push(8, "d", "e", "f"), push(9, "g"), room=0)

    assert count(record) == (4, False)


def test_sessions_of_one_person_count_once() -> None:
    """Also where none of them, or another of theirs, found room."""
    record = folded(push(5, "ada", "a2=ada", "b=bo", "b2=bo"), room=0)

    assert count(record) == (2, False)


def test_whoever_finds_room_later_is_counted_no_more_and_may_have_been_there() -> None:
    """Ada's mark takes less than she did; nobody saw when Cy came."""
    before = (push(5, "ada", "bo", "cy"), read(6, "ada", "bo", "cy"), push(8, "bo", "cy"))
    left = folded(*before, read(9, "bo", "cy"), room=FOR_TWO)
    call = replace(only_call(left), sessions={SessionId("bo"): session(left, "bo")})

    sight = Sight(
        by=Commit(version=9, settle=at(1) - at(0), roster_cap=100, room=FOR_TWO + 2 * MARK),
        leg=left.legs[LEG],
        asked=at(20),
        answered=at(20),
        people=people("bo", "cy"),
        proof=at(19),
    )
    grown, _ = joined(
        replace(call, sealed_people=only_call(left).people), sight, read_at=left.read_at
    )

    cy = grown.sessions[SessionId("cy")]
    assert (grown.participant_count, grown.others) == (3, 0)
    assert (cy.joined_at, cy.joined_not_before, cy.missed_at) == (None, None, None)


def test_people_without_room_keep_the_call_open() -> None:
    """Of those who were kept, nobody is there any more."""
    record = folded(push(5, "ada", "bo"), push(8, "bo"), read(9.5, "bo"), room=0)

    assert (there(record), only_call(record).ended_at) == (set(), None)


def test_a_full_call_ends_as_any_other() -> None:
    """Quiet since the first push without people, though nobody who was kept was there."""
    went_on = (push(5, "ada", "bo"), push(8, "bo"), read(9.5, "bo"))
    record = folded(*went_on, push(20), push(20.5), read(21.5), room=0)

    assert ending(only_call(record)) == (at(20), "observed", at(8.5), at(21.5))


def test_more_people_than_any_roster_named_raise_a_question() -> None:
    """The newest of them may be the first of the next call; as many again are no news."""
    full = (push(5, "ada", "bo"), read(6.5, "ada", "bo"))

    assert due(folded(*full, push(8, "ada", "cy"), room=0)) is None
    assert due(folded(*full, push(8, "ada", "cy", "dan"), room=0)) == at(9)


def test_another_id_is_an_alias_only_where_it_finds_room() -> None:
    """Without room it is found by its identity again, in each roster."""
    back = (*ADA, leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2), read(31, "a2=ada", key=LEG2))
    record = folded(*back, push(40, "a2=ada", key=LEG2), push(41, key=LEG2), room=0)
    closed = folded(*back, push(41, key=LEG2), read(42.5, key=LEG2), room=0)

    assert (session(record, "ada").aliases, count(record)) == ((), (1, True))
    assert session(record, "ada").absent_since == at(41)
    assert session(closed, "ada").left_at == at(41)


def test_other_ids_are_kept_until_there_is_no_room() -> None:
    """To the byte."""
    gap = (leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2))
    for_one = weight_of(only_call(folded(*BOTH))) + weight_of_alias(SessionId("a2"))

    def aliases(room: int) -> list[tuple[str, ...]]:
        record = folded(*BOTH, *gap, read(31, "a2=ada", "b2=bo", key=LEG2), room=room)
        return [session(record, name).aliases for name in ("ada", "bo")]

    assert aliases(for_one) == [("a2",), ()]
    assert aliases(for_one - 1) == [(), ()]


def test_other_ids_that_a_leg_which_is_gone_names_are_kept_until_there_is_no_room() -> None:
    """To the byte, too; whom the call holds is counted once in any case."""
    for_one = weight_of(only_call(folded(*BOTH))) + weight_of_alias(SessionId("a2"))

    def aliases(room: int) -> list[tuple[str, ...]]:
        late = (leg(9, "gone", *REMOVED), push(9.5, "a2=ada", "b2=bo"))
        record = folded(*BOTH, *late, room=room)
        assert count(record) == (2, True)
        return [session(record, name).aliases for name in ("ada", "bo")]

    assert aliases(for_one) == [("a2",), ()]
    assert aliases(for_one - 1) == [(), ()]


def test_late_people_without_room_are_counted_too() -> None:
    """Of a call that is over: once, however often the roster comes."""
    once = folded(*OVER, read(12), push(20, "ada", "bo", "cy"), room=0)
    twice = folded(*OVER, read(12), push(20, "ada", "bo", "cy"), push(21, "ada", "cy"), room=0)

    assert count(once) == count(twice) == (3, False)
    assert only_call(once).ended_at == at(9)
