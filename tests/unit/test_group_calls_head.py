"""The fold on a head from which what is over has left, and on calls that were taken back."""

from dataclasses import replace
from datetime import timedelta

from shared.calls.fold import fold
from shared.calls.record import Commit, Record, seal
from shared.words.observations import Observation, RosterRead
from tests.fixtures.evidence import (
    ADA,
    EVERYONE_LEFT,
    LEG2,
    OVER,
    REMOVED,
    at,
    folded,
    leg,
    push,
    read,
)


def then(record: Record, *observations: Observation) -> Record:
    """Seal a record as it is stored, and fold more, each as a commit of its own."""
    for version, one in enumerate(observations, start=100):
        if isinstance(one, RosterRead):
            one = replace(one, version=version + one.version)  # noqa: PLW2901
        by = Commit(version=version, settle=timedelta(seconds=1), roster_cap=100)
        record = fold(seal(record)[0], [one], by)
    return record


def test_a_call_that_left_the_head_keeps_its_number() -> None:
    """The next ones are counted after it, and joined as ever."""
    record = then(
        folded(*OVER),
        *(push(4000, "bo"), read(4002, "bo"), push(4010, "bo", "cy"), read(4012, "cy")),
    )

    (call,) = record.calls
    assert (record.before, call.number, set(call.sessions)) == (1, 2, {"bo", "cy"})
    assert [one.session_id for one in call.there()] == ["cy"]


def test_a_push_that_names_a_session_which_left_long_ago_only_asks() -> None:
    """It is an old one: nobody is new by it, and the next read tells."""
    long_ago = folded(*ADA, push(8, "bo"), read(9.5, "bo"), read(100, "bo"))

    record = then(long_ago, push(120, "bo", "ada"))

    assert set(record.calls[0].sessions) == {"bo"}
    assert long_ago.question is None
    assert record.question is not None


def test_a_read_that_names_a_session_which_left_long_ago_finds_it_again() -> None:
    """As a session of its own: what the first one was is in a page."""
    long_ago = folded(*ADA, push(8, "bo"), read(9.5, "bo"), read(100, "bo"))

    record = then(long_ago, read(120, "ada", "bo"))
    pushed = then(record, push(130, "ada", "bo"))

    assert {one.session_id for one in record.calls[0].there()} == {"ada", "bo"}
    assert record.calls[0].participant_count == 2
    assert pushed.question is None  # it is not an old one: Ada is there again


def test_a_person_pushed_into_a_provisional_call_confirms_it_by_a_read() -> None:
    """Not only those it opened with: its push may have been the newer one."""
    record = folded(*OVER, push(20, "bo"), push(20.1, "bo", "cy"), read(21.5, "cy"))

    assert [call.started_at for call in record.known_calls] == [at(5), at(20)]


def test_people_without_an_id_are_the_same_call_only_where_both_sides_have_some() -> None:
    """Before the gap or after it alone they say nothing of the others."""
    before = (push(5, "x="), read(6, "x="), leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2))
    after = (*ADA, leg(9, "gone", *REMOVED), leg(30, "in", key=LEG2))

    assert len(folded(*before, read(31, "bo", key=LEG2)).calls) == 2
    assert len(folded(*after, read(31, "y=", key=LEG2)).calls) == 2
    assert len(folded(*before, read(31, "y=", key=LEG2)).calls) == 1


def test_a_call_that_was_taken_back_hears_no_late_roster_in_its_successors_name() -> None:
    """The next call has its number; what the first leg still says is of no call."""
    record = folded(
        *(*OVER, push(20, "bo"), leg(20.2, "gone", *REMOVED), leg(30, "in", key=LEG2)),
        *(push(40, "cy", key=LEG2), read(42, "cy", key=LEG2), push(43, "dan")),
    )

    assert [set(call.sessions) for call in record.calls] == [{"ada"}, {"cy"}]


def test_only_the_provisional_call_is_taken_back() -> None:
    """Two calls were before it."""
    second = (push(20, "bo"), read(21.5, "bo"), push(25), read(26.5))

    record = folded(*OVER, *second, push(40, "cy"), leg(40.1, "gone", *EVERYONE_LEFT))

    assert [set(call.sessions) for call in record.calls] == [{"ada"}, {"bo"}]
