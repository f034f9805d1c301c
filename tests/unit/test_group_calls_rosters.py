"""The fold on rosters that are late, cut or hard to read, and on reads that fail."""

from collections.abc import Iterable
from random import Random

import pytest

from shared.domain import Observation
from tests.unit.test_group_calls import (
    ADA,
    BOTH,
    OVER,
    T0,
    at,
    due,
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

# -- late rosters


def test_a_late_roster_of_a_call_that_is_over_adds_its_unknown_people_and_asks() -> None:
    """It names a session of call 1, so it speaks of call 1; nobody saw the others join or leave."""
    record = folded(*OVER, push(11, "ada", "bo"), made_at=at(-9))

    call = only_call(record)
    bo = call.sessions[SessionId("bo")]
    assert call.ended_at == at(9)
    assert (bo.joined_at, bo.joined_not_before, *leaving(bo)) == (None, None, at(9), None, None)
    assert due(record) == at(12)


def test_a_late_roster_of_call_one_does_not_touch_call_two() -> None:
    """An old push comes again while the second call goes on; a read is asked, nobody has left."""
    record = folded(*OVER, push(20, "cy"), read(21, "cy"), push(30, "ada", "bo"))

    assert set(record.calls[0].sessions) == {"ada", "bo"}
    assert there(record) == {"cy"}
    assert due(record) == at(31)


def test_people_back_under_their_old_sessions_open_a_call_when_a_read_says_so() -> None:
    """A push of old sessions is late; a read is evidence that orders itself."""
    late, back = folded(*OVER, push(20, "ada")), folded(*OVER, push(20, "ada"), read(21, "ada"))

    assert len(late.calls) == 1
    assert [call.started_at for call in back.known_calls] == [at(5), at(21)]


# -- rosters that may have been cut


@pytest.mark.parametrize(("entries", "left"), [(2, {"ada"}), (3, set()), (4, set())])
def test_nobody_is_doubted_or_leaves_by_a_roster_of_roster_cap_entries(
    entries: int, left: set[str]
) -> None:
    """At the cap it may have been cut; below it is whole."""
    doubted = folded(*ADA, push(9, "bo", entries=entries), cap=3)
    decided = folded(*ADA, read(9, "bo", entries=entries), cap=3)

    assert session(doubted, "ada").absent_since == (at(9) if left else None)
    assert due(doubted) == (at(10) if left else None)
    assert there(doubted) == {"ada", "bo"}
    assert there(decided) == {"ada", "bo"} - left
    assert only_call(doubted).complete is only_call(decided).complete is bool(left)


def test_a_cut_roster_of_bots_alone_ends_nothing() -> None:
    """Nor is it a bound of the next start."""
    record = folded(*ADA, push(9, entries=3), read(10, entries=3), cap=3)
    opened = folded(read(5, entries=3), push(6, "ada"), read(7, "ada"), cap=3)

    assert (only_call(record).quiet_since, only_call(record).ended_at) == (None, None)
    assert (only_call(opened).start_not_before, session(opened, "ada").joined_not_before) == (
        at(0),
        at(0),
    )


def test_a_cut_read_still_proves_who_was_there() -> None:
    """It moves lastSeen, and takes doubts back."""
    record = folded(*BOTH, push(9, "ada"), read(10, "bo", entries=9), cap=9)

    assert session(record, "bo").absent_since is None
    assert session(record, "bo").last_seen == only_call(record).last_seen == at(9)
    assert session(record, "ada").last_seen == at(5)


def test_whom_the_first_whole_read_misses_has_left_since_they_were_last_seen() -> None:
    """Bo may have left at any time that cut rosters did not list him."""
    cut = [read(seconds, "ada", entries=9) for seconds in (10, 20)]

    record = folded(*BOTH, *cut, read(30, "ada", took=0.2), cap=9)

    assert leaving(session(record, "bo")) == (at(30.2), at(5), at(30.2))
    assert not only_call(record).complete


def test_a_cut_roster_makes_the_call_it_speaks_of_incomplete_however_late_it_comes() -> None:
    """Participants are shown as complete only where no roster was cut."""
    late = folded(*OVER, push(20, "ada", "bo", entries=9), cap=9)
    outlived = folded(*ADA, leg(9, "gone", 200, 5002), push(9.2, "ada", entries=9), cap=9)

    assert not only_call(late).complete
    assert not only_call(outlived).complete


def test_nobody_leaves_a_call_of_150_of_whom_graph_lists_any_100() -> None:
    """40 microphones change, nobody leaves, and reads are cut as well."""
    random = Random(7)  # noqa: S311 - a fixed history
    everybody = [f"p{number}" for number in range(150)]

    def cut() -> list[str]:
        return random.sample(everybody, 100)

    def listed() -> Iterable[Observation]:
        yield from (push(2 + 0.1 * n, *everybody[: n + 1]) for n in range(99))
        for n in range(40):
            yield push(20 + 3 * n, *cut(), ourselves=False)
            yield read(21 + 3 * n, *cut(), ourselves=False)

    record = folded(*listed())

    assert len(there(record)) == len(only_call(record).sessions) == 150
    assert [one for one in only_call(record).there() if one.absent_since is not None] == []
    assert not only_call(record).complete


# -- entries that cannot be read


def test_entries_that_may_be_people_decide_no_absence_and_request_a_read() -> None:
    """Ada may be the entry that cannot be read."""
    pushed = folded(*BOTH, push(9, "bo", hidden=1))
    answered = folded(*BOTH, push(9, "bo", hidden=1), read(10, "bo", hidden=1))
    alone = folded(*ADA, push(9, hidden=1), read(10, hidden=1))

    assert session(pushed, "ada").absent_since is None
    assert due(pushed) == at(10)
    assert there(answered) == {"ada", "bo"}
    assert due(answered) == at(12)
    assert (only_call(alone).quiet_since, only_call(alone).ended_at) == (None, None)


def test_reads_with_entries_that_cannot_be_read_are_asked_again_with_growing_pauses() -> None:
    """Such an entry may stay for hours."""
    record = folded(*ADA, push(9, "ada", hidden=1), read(10, "ada", hidden=1))
    again = folded(
        *(*ADA, push(9, "ada", hidden=1), read(10, "ada", hidden=1)),
        *(read(12, "ada", hidden=1), read(16, "ada", hidden=1)),
    )

    assert (due(record), due(again)) == (at(12), at(24))


# -- reads that fail


def test_reads_that_fail_are_requested_again_with_pauses_growing_to_a_minute() -> None:
    """Graph is not hammered, however long it fails."""
    moments = [10.0, 12, 16, 24, 40, 72, 132, 192]

    pauses = [
        (due(folded(*ADA, push(9), *map(failed, moments[: n + 1]))) or T0) - at(moments[n])
        for n in range(len(moments))
    ]

    assert [pause.total_seconds() for pause in pauses] == [2, 4, 8, 16, 32, 60, 60, 60]
    assert due(folded(*ADA, push(9), *(failed(10) for _ in range(99)))) == at(70)


def test_a_read_without_people_and_without_the_bot_has_failed() -> None:
    """It proves nothing: a call never ends by a list without us."""
    record = folded(*ADA, push(9), *(read(10 + 60 * n, ourselves=False) for n in range(9)))

    assert only_call(record).ended_at is None
    assert (record.failures, due(record)) == (9, at(550))
    assert record.answered_at == at(6)


def test_an_answer_ends_the_pauses() -> None:
    """The next doubt is asked about SETTLE later again."""
    record = folded(*ADA, push(9), failed(10), read(12, "ada"), push(20))

    assert (record.failures, due(record)) == (0, at(21))


def test_a_poll_that_fails_is_requested_again_as_well() -> None:
    """Nobody was doubted; a leg that cannot be read is a doubt of its own."""
    refused = folded(*ADA, failed(306))
    without_us = folded(*ADA, read(306, ourselves=False))

    assert due(refused) == due(without_us) == at(308)
