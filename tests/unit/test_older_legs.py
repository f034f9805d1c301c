"""What leaves the head of our legs: which, with what, and that it comes back as it was."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.calls.record import Record
from shared.legs.leg import Leaver, Leg
from shared.meeting.meeting import Change, LegPage, Meeting
from shared.meeting.older_legs import Kept, Older, put_by, unanswered, with_older
from shared.words.answers import Call
from shared.words.ids import CallId, LegKey, leg_key_for
from shared.words.observations import LegSeen
from shared.words.outgoing import Fact, Published, ReplyAddress
from tend_meeting.plan import Seen, record_answers, record_look
from tests.fixtures.ledger_values import NOW, a_meeting
from tests.fixtures.legs import a_claim, a_leg
from tests.fixtures.tending import TENDING

KEPT = Kept(legs=2, requests=2)
REPLY = ReplyAddress(queue="replies", correlation_id="c")


def key(attempt: int) -> LegKey:
    """Return the key of a leg."""
    return leg_key_for(meeting_id=a_meeting().meeting_id, attempt=attempt)


TOLD = Published(
    fact=Fact(name="bot.joining", at=NOW, key=(), data={}), sequence=1, recorded_at=NOW
)


def leg(attempt: int, *, until: datetime = NOW, **members: Any) -> Leg:
    """Return a leg that is in and was told, its lease over."""
    came_in: dict[str, Any] = {"state": "in", "phases": {"in": NOW}, "joining": TOLD}
    return a_leg(
        key(attempt),
        **{
            "claim": a_claim(attempt, at=NOW - timedelta(seconds=60), until=until),
            "call_id": CallId(f"c-{attempt}"),
            "asked": {f"J-{attempt}": {}},
            **came_in,
            **members,
        },
    )


def a_head(*legs: Leg, gone: tuple[int, ...] = ()) -> Meeting:
    """Return a meeting with these legs; the calls of the attempts in `gone` are over."""
    over = {one.key for one in legs if one.attempt in gone and one.call_id is not None}
    known = {one.key: one.seen("gone", NOW) if one.key in over else one for one in legs}
    return replace(a_meeting(), record=Record(legs=known))


def leavers(*names: str) -> tuple[Leaver, ...]:
    """Return requests to leave that are to be answered."""
    return tuple(Leaver(request_id=name, origin_id=name, reply=REPLY) for name in names)


def kept(meeting: Meeting) -> list[int]:
    """Return the attempts whose claims stay in the head."""
    return [one.attempt for one in put(meeting).meeting.legs]


def put(meeting: Meeting, *, kept: Kept = KEPT) -> Change:
    """Return the change that moves out what is over."""
    return put_by(Change(meeting=meeting), now=NOW, kept=kept)


UNANSWERED: dict[str, Any] = {"state": "claimed", "call_id": None, "phases": {}, "joining": None}
LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("first", "stays"),
    [
        (leg(1), False),
        (leg(2), True),
        (leg(1, **UNANSWERED, until=LATER), True),
        (leg(1, **UNANSWERED), False),
        (leg(1, **UNANSWERED | {"state": "unsent"}, until=LATER), False),
        (leg(1, joining=None, until=LATER), True),
        (leg(1, until=LATER), False),
    ],
    ids=["gone", "living", "in flight", "lease over", "given back", "gone, unanswered", "answered"],
)
def test_of_old_legs_those_stay_of_which_more_may_be_heard(first: Leg, *, stays: bool) -> None:
    """A call that is not over, or a POST that may still be answered."""
    meeting = a_head(first, leg(3), leg(4), gone=(1, 3, 4))

    assert kept(meeting) == ([first.attempt] if stays else []) + [3, 4]


def test_the_newest_legs_stay_whatever_became_of_them() -> None:
    """Their last callbacks may be on their way; and the next leg is counted from the last one."""
    meeting = a_head(leg(1), leg(2), gone=(1, 2))

    assert put(meeting) == Change(meeting=meeting)
    assert put(a_head(*map(leg, (1, 2, 3)), gone=(1, 2, 3))).meeting.next_attempt == 4


def test_what_left_comes_back_as_it_was() -> None:
    """But for where answers went: requests that waited for a leg that left were answered."""
    legs = (
        leg(1, leaving=leavers("L-1")),
        leg(2, asked={f"J-{n}": {"a": "b"} for n in range(7)}, leaving=leavers(*"abcdefg")),
        leg(3),
        leg(4),
    )
    meeting = a_head(*legs, gone=(1,))

    change = put(meeting)

    head = change.meeting
    older, newer = change.leg_pages
    assert (older.leg_key, newer.leg_key) == (key(1), key(2))
    assert list(newer.asked) == [f"J-{n}" for n in range(5)]
    assert [one.attempt for one in head.legs] == [2, 3, 4]
    assert head.leg_pages == 2
    assert list(head.legs[0].asked) == ["J-5", "J-6"]
    assert head.legs[0].more_leaving
    gone, lives, *others = meeting.legs
    answered = replace(gone, leaving=(Leaver(request_id="L-1", origin_id="L-1"),))
    again = with_older(head, change.leg_pages)
    assert again.legs == (answered, replace(lives, more_leaving=True), *others)


def test_a_decision_on_all_of_it_changes_the_head_alone() -> None:
    """What it did not touch is not written again; what it did is in the head, to leave it again."""
    meeting = a_head(leg(1), leg(2, leaving=leavers(*"abcde")), *map(leg, (3, 4)), gone=(1,))
    change = put(meeting)
    head, older = change.meeting, Older(pages=change.leg_pages)
    whole = older.beside(head)
    assert whole is not None

    assert older.kept_apart(whole, head) == head
    first = replace(whole.legs[0], joining=replace(TOLD, sequence=9))
    second = replace(whole.legs[1], leaving=(*whole.legs[1].leaving, *leavers("f")))
    edited = whole.with_leg(first).with_leg(second)
    apart = older.kept_apart(edited, head)

    assert apart.legs == (
        first,
        replace(head.legs[0], leaving=(*head.legs[0].leaving, *leavers("f"))),
        *head.legs[1:],
    )
    further = put(apart)
    assert with_older(further.meeting, (*change.leg_pages, *further.leg_pages)).legs[0] == first


def test_a_read_of_other_pages_than_the_heads_is_none() -> None:
    """More left meanwhile, or the head is an older one; without need to know, any will do."""
    page = LegPage(leg_key=key(1))
    head = replace(a_meeting(), leg_pages=1)

    assert Older(pages=(page,)).is_of(head)
    assert not Older(pages=()).is_of(head)
    assert not Older(pages=(page, page)).is_of(head)
    assert not Older(pages=(page,)).is_of(None)
    assert Older(pages=None).is_of(head)


def test_that_more_await_the_end_of_a_leg_is_not_forgotten() -> None:
    """By further requests that leave the head, which no one is to be answered for."""
    one = leg(1, more_leaving=True, asked={f"J-{n}": {} for n in range(5)})

    (mine,) = put(a_head(one)).meeting.legs

    assert mine.more_leaving


def test_a_leg_that_may_turn_out_to_be_in_another_meeting_keeps_all_who_ask() -> None:
    """Until Graph has named the thread: they may be answered there."""
    one = leg(1, joining=None, place="unknown", leaving=leavers(*"abcdefg"))

    assert put(a_head(one)) == Change(meeting=a_head(one))


def test_those_who_left_the_head_before_the_leg_ended_are_answered_once() -> None:
    """Not those who were in it then, nor one whose answer came from elsewhere since."""
    one = leg(1, leaving=leavers(*"abcdefg"))
    change = put(a_head(one))
    (mine,) = change.meeting.legs
    moved = replace(mine, leaving=(Leaver(request_id="a", origin_id="a"), *mine.leaving))
    head = change.meeting.with_leg(moved)

    waiting = unanswered(head, change.leg_pages, key(1))

    assert [one.request_id for one in waiting] == list("bcde")
    assert unanswered(head, change.leg_pages, key(2)) == ()
    assert record_answers(head, mine, waiting, now=NOW) is None


def test_a_look_through_a_leg_that_left_meanwhile_says_nothing() -> None:
    """It is over; what the read says of it does not bring it back."""
    meeting = a_head(leg(2))
    seen = LegSeen(at=NOW, leg_key=key(1), phase="in")

    found = Seen(leg_key=key(1), observations=(seen,), call=Call(call_id=CallId("c-1")))

    assert record_look(meeting, 0, (found,), {}, now=NOW, rules=TENDING) is None
