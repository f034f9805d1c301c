"""The fold, row by row of the table of evidence: pushes are hints, and reads decide.

Its words are those of the other tests of the fold too: what reads prove and unusual rosters
(…_rosters.py), our legs and their ends (…_legs.py), how they are looked after (…_tended.py), the
gaps between them (…_gaps.py), the bounds of times (…_bounds.py), and histories that broke earlier
rules (…_counterexamples.py).
"""

from datetime import datetime

import pytest

from shared.words.ids import SessionId
from shared.words.observations import Unparsed
from tests.fixtures.evidence import (
    ADA,
    BOTH,
    LEG,
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


def test_a_push_opens_the_first_call_and_reads_are_requested_at_once_and_after_settle() -> None:
    """It is published without waiting: the meeting had no call before."""
    opened = folded(push(5, "ada"))

    call = only_call(opened)
    assert (call.number, call.started_at, call.start_basis) == (1, at(5), "observed")
    assert opened.known_calls == (call,)
    assert due(opened) == at(5)
    assert due(folded(push(5, "ada"), read(5, "ada"))) == at(6)
    assert due(folded(*ADA)) is None


def test_a_read_opens_a_call_at_its_answer() -> None:
    """The push was lost; the read that found nobody before is the lower bound of the start."""
    call = only_call(folded(read(5, "ada", took=0.3)))

    assert (call.started_at, call.start_basis, call.start_not_before) == (at(5.3), "polled", at(0))
    assert not call.provisional
    assert call.last_seen == at(4)


def test_a_roster_of_the_bot_alone_opens_nothing() -> None:
    """Neither pushed nor read."""
    pushed, answered = folded(push(5)), folded(read(5))

    assert pushed.calls == answered.calls == ()
    assert due(pushed) is due(answered) is None


def test_people_whom_a_read_lists_join_a_provisional_call() -> None:
    """Too young to take the call back, it still proves that Cy was there."""
    record = folded(*OVER, push(20, "bo"), read(20.5, "cy"), read(21.5, "bo"))

    assert [set(call.sessions) for call in record.known_calls] == [{"ada"}, {"bo", "cy"}]
    assert there(record) == {"bo"}


def test_a_second_call_is_unpublished_until_a_read_names_one_of_its_sessions() -> None:
    """Its push may be an old one of the call before."""
    pushed = folded(*OVER, push(20, "bo", "cy"))
    named = folded(*OVER, push(20, "bo", "cy"), read(20.4, "cy"))

    assert [call.number for call in pushed.known_calls] == [1]
    assert due(pushed) == at(20)
    assert [call.number for call in named.known_calls] == [1, 2]
    assert (named.calls[1].started_at, named.calls[1].provisional) == (at(20), False)


def test_a_provisional_call_is_taken_back_by_a_read_that_is_old_enough() -> None:
    """Exactly SETTLE after the first naming it is; before that it decides nothing."""
    kept = folded(*OVER, push(20, "bo"), read(20.9))
    taken_back = folded(*OVER, push(20, "bo"), read(21))

    assert (len(kept.calls), len(kept.known_calls)) == (2, 1)
    assert due(kept) == at(21.9)
    assert taken_back.calls == folded(*OVER).calls
    assert due(taken_back) is None


def test_a_read_that_names_only_others_takes_a_provisional_call_back_and_opens_the_next() -> None:
    """Nobody of the old push is there, but somebody is."""
    record = folded(*OVER, push(20, "bo"), read(21, "cy"))

    second = record.known_calls[1]
    assert (second.number, second.started_at, second.start_basis) == (2, at(21), "polled")
    assert (set(second.sessions), second.provisional) == ({"cy"}, False)


def test_a_provisional_call_is_published_by_a_cut_read_that_names_it_and_only_by_that() -> None:
    """A cut read proves presence, and takes nothing back."""
    unnamed = folded(*OVER, push(20, "bo"), read(21, "cy", entries=4), cap=4)
    named = folded(*OVER, push(20, "bo"), read(21, "bo", entries=4), cap=4)

    assert unnamed.calls[1].provisional
    assert not named.calls[1].provisional
    assert not named.calls[1].complete


def test_a_read_does_not_end_the_first_call_before_it_is_settle_old() -> None:
    """The same for a call that is published already."""
    kept = folded(push(5, "ada"), read(5.9))
    ended = folded(push(5, "ada"), read(6))

    assert only_call(kept).ended_at is None
    assert due(kept) == at(6.9)
    assert only_call(ended).ended_at == at(6)


def test_a_meeting_has_as_many_calls_as_there_were_conversations() -> None:
    """Ada's call is over when Bo comes."""
    record = folded(*OVER, push(20, "bo"), read(21, "bo"), push(25), read(26))

    assert [(call.number, call.started_at, call.ended_at) for call in record.known_calls] == [
        (1, at(5), at(9)),
        (2, at(20), at(25)),
    ]


def test_people_who_were_there_before_the_bot_have_no_time_of_joining() -> None:
    """The first roster of a leg shows who was there before; later ones show arrivals."""
    record = heard(leg(0, "in"), push(0.2, "ada"), push(3, "ada", "bo"))

    assert session(record, "ada").joined_at is None
    assert session(folded(push(5, "ada")), "ada").joined_at == at(5)
    assert session(record, "bo").joined_at == at(3)


# -- a call goes on


def test_only_reads_move_last_seen() -> None:
    """A push, even the first that names somebody, may be an old copy."""
    first = folded(push(5, "ada"))
    confirmed = folded(*ADA)
    again = folded(*ADA, push(30, "ada", "bo"))

    assert (only_call(first).last_seen, session(first, "ada").last_seen) == (None, None)
    assert (only_call(confirmed).last_seen, session(confirmed, "ada").last_seen) == (at(5), at(5))
    assert (only_call(again).last_seen, session(again, "ada").last_seen) == (at(5), at(5))
    assert session(again, "bo").last_seen is None


def test_a_person_missing_from_a_push_has_left_once_a_read_confirms_it() -> None:
    """The push says when, the read says that; a read that lists them takes the doubt back."""
    doubted = folded(*BOTH, push(8, "ada"), push(8.3, "ada"))
    confirmed = folded(*BOTH, push(8, "ada"), push(8.3, "ada"), read(9.3, "ada", took=0.1))
    denied = folded(*BOTH, push(8, "ada"), push(8.3, "ada"), read(9.3, "ada", "bo"))

    assert session(doubted, "bo").absent_since == at(8)
    assert (there(doubted), due(doubted)) == ({"ada", "bo"}, at(9))
    assert leaving(session(confirmed, "bo")) == (at(8), at(5), at(9.4))
    assert session(confirmed, "bo").absent_since is None
    assert there(denied) == {"ada", "bo"}
    assert session(denied, "bo").absent_since is None
    assert due(confirmed) is due(denied) is None


def test_a_read_ends_a_call_when_it_first_fell_quiet() -> None:
    """A roster of the bot alone ends nothing; the read does, with bounds."""
    quiet = folded(*ADA, push(9), push(9.4))
    call = only_call(folded(*ADA, push(9), push(9.4), read(10.4, took=0.2)))

    assert (only_call(quiet).quiet_since, only_call(quiet).ended_at) == (at(9), None)
    assert due(quiet) == at(10)
    assert only_call(folded(*ADA, push(9), push(20))).quiet_since == at(9)
    assert ending(call) == (at(9), "observed", at(5), at(10.6))
    assert call.reason == "everyoneLeft"
    assert leaving(call.sessions[SessionId("ada")]) == (at(9), at(5), at(10.6))


def test_a_read_ends_a_call_whose_last_push_was_lost_at_its_answer() -> None:
    """The moment of the read is the best there is."""
    record = folded(*ADA, read(30, took=0.3))

    assert ending(only_call(record)) == (at(30.3), "polled", at(5), at(30.3))
    assert leaving(session(record, "ada")) == (at(30.3), at(5), at(30.3))


@pytest.mark.parametrize(
    ("asked", "expected"), [(30, (at(20), "observed")), (30.1, (at(30.4), "polled"))]
)
def test_a_push_dates_what_a_read_confirms_at_most_ten_seconds_later(
    asked: float, expected: tuple[datetime, str]
) -> None:
    """Later it may be any old copy: the end, and who left, have the time of the read."""
    ended = folded(*ADA, push(20), read(asked, took=0.3))
    left = folded(*BOTH, push(20, "ada"), read(asked, "ada", took=0.3))

    assert ending(only_call(ended))[:2] == expected
    assert (session(ended, "ada").left_at, session(left, "bo").left_at) == (expected[0],) * 2


@pytest.mark.parametrize(("seconds", "doubt"), [(29.9, at(20)), (30, None)])
def test_a_push_takes_back_no_doubt_younger_than_ten_seconds(
    seconds: float, doubt: datetime | None
) -> None:
    """Of two pushes that are closer the shorter one may be the newer; both doubts follow it."""
    quiet = folded(*ADA, push(20), push(seconds, "ada"))
    missed = folded(*BOTH, push(20, "ada"), push(seconds, "ada", "bo"))

    assert only_call(quiet).quiet_since == doubt
    assert session(quiet, "ada").absent_since == doubt
    assert session(missed, "bo").absent_since == doubt
    assert due(quiet) == due(missed) == at(21)


def test_a_stray_empty_roster_and_a_minute_of_failing_reads_date_no_end() -> None:
    """She left at some time of that minute: not 40 s early."""
    fails = [failed(seconds) for seconds in (21, 23, 27, 35, 51)]

    call = only_call(folded(*ADA, push(20), *fails, read(83, took=0.1)))

    assert ending(call) == (at(83.1), "polled", at(5), at(83.1))


def test_a_read_that_lists_people_counts_without_the_bot() -> None:
    """Only a list of nobody needs the bot in it to be believed."""
    record = folded(*ADA, read(20, "bo", ourselves=False))

    assert there(record) == {"bo"}
    assert (record.failures, due(record)) == (0, None)


def test_an_old_empty_roster_sent_again_ends_nothing() -> None:
    """`∅ {Ada} ∅` is pushed, and she is there."""
    record = folded(push(2), *ADA, push(7), read(8, "ada"))

    call = only_call(record)
    assert (call.ended_at, call.quiet_since) == (None, None)
    assert (there(record), due(record)) == ({"ada"}, None)


def test_an_empty_roster_without_the_bot_says_nothing() -> None:
    """Graph has been seen to push empty rosters in the middle of a call."""
    before, after = folded(*ADA), folded(*ADA, push(9, ourselves=False))

    assert (after.calls, after.question) == (before.calls, None)


def test_one_call_hands_over_from_one_person_to_another() -> None:
    """`{ada} {bo} ∅` is one call: the room was never seen empty between them."""
    record = folded(*ADA, push(9, "bo"), read(10, "bo"), push(20), read(21))

    call = only_call(record)
    assert (call.started_at, call.ended_at) == (at(5), at(20))
    assert leaving(call.sessions[SessionId("ada")]) == (at(9), at(5), at(10))
    assert leaving(call.sessions[SessionId("bo")]) == (at(20), at(9), at(21))


def test_a_read_that_finds_somebody_again_takes_their_leaving_back() -> None:
    """One read missed them, or they came back under the same session; a push only asks."""
    left = (*BOTH, push(8, "ada"), read(9, "ada"))

    returned = folded(*left, read(20, "ada", "bo"))
    pushed = folded(*left, push(20, "ada", "bo"))

    assert leaving(session(returned, "bo")) == (None, None, None)
    assert session(returned, "bo").last_seen == at(19)
    assert session(pushed, "bo").left_at == at(8)
    assert due(pushed) == at(21)


def test_nobody_leaves_later_than_the_call_ends() -> None:
    """An old push took back the doubt about Ada, not that of the call, which is younger."""
    record = folded(*BOTH, push(20, "bo"), push(28), push(31, "ada"), read(32))

    assert ending(only_call(record))[:2] == (at(28), "observed")
    assert session(record, "ada").left_at == at(28)


def test_what_rollcall_cannot_read_changes_no_call() -> None:
    """An unparsed notification is a sign of life of its leg, and that is all."""
    unparsed = Unparsed(
        at=at(8), leg_key=LEG, resource="operations", change_type="deleted", members=(), size=2
    )

    before, after = folded(*ADA), folded(*ADA, unparsed)

    assert (after.calls, after.question) == (before.calls, before.question)
    assert after.legs[LEG].last_sign == at(8)
