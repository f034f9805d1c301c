"""The fold on what a read proves, on rosters late, cut or hard to read, and on failures."""

from collections.abc import Iterable
from random import Random

import pytest

from shared.words.ids import SessionId
from shared.words.observations import Observation
from tests.fixtures.evidence import (
    ADA,
    BOTH,
    LEG2,
    OVER,
    T0,
    at,
    due,
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

# -- what a read proves


def test_a_read_decides_nothing_about_people_named_within_settle_of_it() -> None:
    """Its answer may show the room before they came; who is older has left, the question stays."""
    young = folded(*BOTH, push(8, "ada", "bo", "cy"), read(8.5, "ada"))
    old = folded(*BOTH, push(8, "ada", "bo", "cy"), read(8.5, "ada"), read(9.5, "ada"))

    assert there(young) == {"ada", "cy"}
    assert due(young) == at(9.5)
    assert there(old) == {"ada"}
    assert leaving(session(old, "cy")) == (at(9.5), None, at(9.5))


def test_an_empty_read_ends_no_call_that_has_somebody_younger() -> None:
    """It decides nothing of the call's end; those it may miss have left."""
    record = folded(*ADA, push(8, "ada", "bo"), read(8.5, took=0.1))

    assert only_call(record).ended_at is None
    assert there(record) == {"bo"}
    assert due(record) == at(9.6)


def test_a_read_decides_nothing_about_people_first_named_in_a_later_version() -> None:
    """Two processes, two clocks: the order of commits is what counts."""
    push_first = folded(*ADA, push(8, "ada", "bo"), read(10, "ada", behind=1))
    asked_after = folded(*ADA, push(8, "ada", "bo"), read(10, "ada"))

    assert there(push_first) == {"ada", "bo"}
    assert due(push_first) == at(11)
    assert there(asked_after) == {"ada"}


def test_a_read_from_an_older_version_leaves_a_later_question_open() -> None:
    """Bo was doubted in a commit that the read did not know of."""
    older = folded(*BOTH, push(8, "ada"), read(10, "ada", "bo", behind=1))
    newer = folded(*BOTH, push(8, "ada"), read(10, "ada", "bo"))

    assert due(older) == at(11)
    assert due(newer) is None


def test_a_read_that_is_not_settle_younger_than_the_last_doubt_leaves_the_question_open() -> None:
    """A repeated shorter roster raises it again; it stays due SETTLE after the last one."""
    early = folded(*BOTH, push(8, "ada"), push(9, "ada"), read(9.9, "ada", "bo"))
    crossed = folded(
        *(*BOTH, push(8.9, "ada"), push(9.1, "ada")), read(9, "ada", "bo", took=0.05, behind=1)
    )
    answered = folded(*BOTH, push(8, "ada"), push(9, "ada"), read(10, "ada", "bo"))

    assert due(early) == at(10.9)
    assert crossed.question is not None
    assert due(crossed) == crossed.question.due == at(10.1)
    assert due(answered) is None


def test_a_read_asked_within_settle_of_the_answer_before_is_not_folded() -> None:
    """The chain and the backstop asked together: their answers may be in either order."""
    seen = (push(5, "ada"), read(6, "ada", took=0.3))

    close = folded(*seen, read(7.2))
    apart = folded(*seen, read(7.3))

    assert close.calls == folded(*seen).calls
    assert close.answered_at == at(6.3)
    assert only_call(apart).ended_at == at(7.3)


def test_no_read_is_requested_within_settle_of_the_answer_before() -> None:
    """Not even at once."""
    soon = folded(read(5, took=0.3), push(5.4, "ada"))
    later = folded(read(5, took=0.3), push(7, "ada"))

    assert due(soon) == at(6.3)
    assert due(later) == at(7)


@pytest.mark.parametrize("others", [(), ("bo",)])
def test_a_push_that_crosses_a_stale_read_is_asked_after(others: tuple[str, ...]) -> None:
    """The call that never ended: Ada leaves while a read that still shows her is on its way."""
    both = ("ada", *others)
    history = (
        *(leg(0, "in"), push(2, *both), read(3, *both), push(10, *others)),
        *(push(11.1, *others), read(11, *both, took=0.2, behind=1)),
    )

    record, settled = heard(*history), heard(*history, read(12.2, *others))

    assert there(record) == set(both)
    assert due(record) == at(12.2)
    assert leaving(session(settled, "ada")) == (at(12.2), at(10), at(12.2))
    assert (only_call(settled).ended_at == at(12.2)) is not bool(others)
    assert due(settled) is None


def test_a_clock_that_is_apart_makes_no_bound_later_than_its_time() -> None:
    """The pushes are stamped too early for the read to know them, or too late for one to miss."""
    start = folded(push(5, "ada"), read(8, behind=1), read(9.1, "ada"))
    joining = folded(
        *(*ADA, push(8, "ada", "bo"), read(10, "ada", behind=1), read(12, "ada", "bo"))
    )
    ahead = folded(
        *(*ADA, push(12, "ada", "bo"), read(9, "ada", "bo", behind=1)),
        *(read(11, "ada"), read(14, "ada", "bo")),
    )

    assert only_call(start).start_not_before == at(0)
    assert session(joining, "bo").joined_not_before == at(5)
    assert session(ahead, "bo").joined_not_before == at(5)


def test_joining_has_no_bound_where_a_read_missed_them_first() -> None:
    """A read lists Bo again who was taken to have left: he may have been there all the time."""
    record = folded(*ADA, push(8, "ada", "bo"), read(9, "ada"), read(20, "ada", "bo"))

    assert leaving(session(record, "bo")) == (None, None, None)
    assert session(record, "bo").joined_not_before is None


# -- late rosters


def test_a_late_roster_of_a_call_that_is_over_adds_its_unknown_people_and_asks() -> None:
    """It names a session of call 1, so it speaks of call 1; nobody saw the others join or leave."""
    record = folded(*OVER, push(11, "ada", "bo"), made_at=at(-9))

    call = only_call(record)
    bo = call.sessions[SessionId("bo")]
    assert (call.ended_at, call.complete) == (at(9), True)
    assert (bo.joined_at, bo.joined_not_before, *leaving(bo)) == (None, None, at(9), None, None)
    assert due(record) == at(12)
    assert set(only_call(folded(*OVER, push(11, "ada", "a2=ada"))).sessions) == {"ada", "a2"}


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
    assert there(folded(*ADA, read(10, "bo", hidden=1))) == {"ada", "bo"}


def test_reads_with_entries_that_cannot_be_read_are_asked_again_with_growing_pauses() -> None:
    """Such an entry may stay for hours."""
    record = folded(*ADA, push(9, "ada", hidden=1), read(10, "ada", hidden=1))
    again = folded(
        *(*ADA, push(9, "ada", hidden=1), read(10, "ada", hidden=1)),
        *(read(12, "ada", hidden=1), read(16, "ada", hidden=1)),
    )

    assert (due(record), due(again)) == (at(12), at(24))
    assert due(folded(read(5, hidden=1))) == at(7)


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

    assert (record.failures, record.failed_at, due(record)) == (0, None, at(21))


def test_a_failing_read_through_a_leg_that_only_stands_by_requests_none() -> None:
    """Nobody is asked through it while the first leg listens."""
    record = folded(*ADA, leg(8, "in", key=LEG2), read(9, "ada"), failed(20, key=LEG2))

    assert (record.failures, due(record)) == (0, None)


def test_a_poll_that_fails_is_requested_again_as_well() -> None:
    """Nobody was doubted; a leg that cannot be read is a doubt of its own."""
    refused = folded(*ADA, failed(306))
    without_us = folded(*ADA, read(306, ourselves=False))

    assert due(refused) == due(without_us) == at(308)
