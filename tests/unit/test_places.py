"""Which leg is the bot of its meeting, and what is kept of one until that is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from shared.legs.leg import Leaver, Leg
from shared.meeting.legs import may_hang_up, standing, unwanted
from shared.meeting.looks import looks
from shared.meeting.meeting import Meeting
from shared.meeting.places import one_stays, placed, sorted_out
from shared.words.answers import Call
from shared.words.ids import CallId, LegKey, MeetingId
from shared.words.observations import (
    GONE,
    PHASES,
    LegSeen,
    Observation,
    Phase,
    RosterPushed,
    Unanswered,
)
from shared.words.outgoing import Fact, Published, ReplyAddress
from tests.fixtures.legs import a_leg
from tests.fixtures.tending import HINTED

NOW = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
MEETING, OTHER = MeetingId("a" * 26), MeetingId("b" * 26)
TOLD = Published(
    fact=Fact(name="bot.joining", at=NOW, key=("k",), data={}), sequence=1, recorded_at=NOW
)


def key(attempt: int) -> LegKey:
    return LegKey(str(attempt) * 16)


def call_id(attempt: int) -> CallId:
    return CallId(f"call-{attempt}")


def leg(attempt: int, place: str = "here", **members: Any) -> Leg:
    """Return a leg whose call is known, and nothing else."""
    found = {"state": "bound", "call_id": call_id(attempt), "place": place, **members}
    return a_leg(key(attempt), attempt, **found)


def meeting(*legs: Leg, **members: Any) -> Meeting:
    found = Meeting(meeting_id=MEETING, tenant_id="t", correlation_id="c", **members)
    for one in legs:
        found = found.with_leg(one)
    return found


def places(found: Meeting) -> list[str]:
    return [one.place for one in found.legs]


def a_call(attempt: int = 1, **members: Any) -> Call:
    return Call(call_id=call_id(attempt), **members)


def seen(attempt: int, phase: Any, seconds: float = 0, **members: Any) -> LegSeen:
    at = NOW + timedelta(seconds=seconds)
    return LegSeen(at=at, leg_key=key(attempt), phase=phase, **members)


@pytest.mark.parametrize(
    ("legs", "found"),
    [
        pytest.param([leg(1), leg(2)], ["here", "surplus"], id="the first"),
        pytest.param([leg(1), leg(2, joining=TOLD)], ["surplus", "here"], id="the told one"),
        pytest.param([leg(1), leg(2, state="in")], ["surplus", "here"], id="the one that is in"),
        pytest.param([leg(1, state="gone"), leg(2)], ["here", "here"], id="the one left"),
        pytest.param([leg(1, leaving=(Leaver(),)), leg(2)], ["here", "here"], id="beside a leaver"),
        pytest.param([leg(1, call_id=None), leg(2)], ["here", "here"], id="beside a claim"),
        pytest.param([leg(1), leg(2, "unknown")], ["here", "unknown"], id="beside one in doubt"),
    ],
)
def test_of_several_legs_one_is_the_bot(legs: list[Leg], found: list[str]) -> None:
    """The one that was published, else the first."""
    assert places(one_stays(meeting(*legs))) == found


def test_a_thread_that_leads_here_places_each_leg_that_a_join_id_led() -> None:
    """The join id leads there for all of them; then one of them stays."""
    known = meeting(leg(1, "unknown"), leg(2, "unknown"), leg(3, "unknown", call_id=None))

    found = placed(known, key(2), a_call(2, thread_id="19:t", message_id="7"), MEETING)

    assert (found.thread, found.same_as) == ("19:t;messageid=7", None)
    assert places(one_stays(found)) == ["here", "surplus", "here"]


def test_a_thread_that_leads_elsewhere_makes_the_legs_surplus() -> None:
    """Requests that wait for them are answered there; a claim stays until its call is known."""
    waiting = ReplyAddress(queue="q", correlation_id="c")
    mine = leg(1, "unknown", callers=(waiting,), leaving=(Leaver(reply=waiting),))
    known = meeting(mine, leg(2, "unknown", call_id=None))

    found = one_stays(placed(known, key(1), a_call(thread_id="19:t"), OTHER))

    assert (found.thread, found.same_as, places(found)) == (None, OTHER, ["surplus", "unknown"])
    assert (found.legs[0].callers, found.legs[0].leaving) == ((), (Leaver(),))
    assert unwanted(found) == [found.legs[0]]
    assert standing(found, now=NOW).bound == ()


def test_a_leg_that_was_published_before_its_meeting_moved_is_told_to_leave() -> None:
    """What was published needs an end."""
    found = one_stays(meeting(leg(1, joining=TOLD), same_as=OTHER))

    assert places(found) == ["here"]
    assert [one.why for one in found.legs[0].leaving] == ["meetingMoved"]


@pytest.mark.parametrize(
    ("call", "owner", "place"),
    [
        pytest.param(a_call(state="establishing"), None, "unknown", id="on its way"),
        pytest.param(a_call(state="established"), None, "here", id="in, and no thread"),
        pytest.param(a_call(state="terminated"), None, "here", id="over, and no thread"),
        pytest.param(
            a_call(state="established", thread_id="19:t"), None, "unknown", id="not resolved"
        ),
    ],
)
def test_a_call_without_a_thread_places_a_leg_once_it_says_no_more(
    call: Call, owner: MeetingId | None, place: str
) -> None:
    """Until then the next read may name it."""
    assert places(placed(meeting(leg(1, "unknown")), key(1), call, owner)) == [place]


def test_what_is_heard_of_a_leg_in_doubt_is_recorded_once_it_is_here() -> None:
    """Each phase with its first time, and the code of its end; people are read then."""
    doubtful = meeting(leg(1, "unknown"))
    heard: list[Observation] = [
        seen(1, "joining", 1),
        RosterPushed(at=NOW, leg_key=key(1), people=(), lists_ourselves=True),
        seen(1, "in", 2),
        seen(1, "gone", 3, code=200, subcode=5000),
    ]

    kept, nothing = sorted_out(doubtful, heard)
    here, recorded = sorted_out(replace(kept, thread="19:t"), ())

    assert nothing == ()
    assert (kept.legs[0].state, kept.legs[0].has_call) == ("bound", True)
    assert recorded == (
        seen(1, "in", 0),
        seen(1, "joining", 1),
        seen(1, "gone", 3, code=200, subcode=5000),
    )
    assert here.legs[0].phases == {}
    assert sorted_out(here, ()) == (here, ())


@pytest.mark.parametrize("phases", list(permutations(PHASES)))
def test_what_is_heard_at_one_moment_is_recorded_as_a_leg_goes(phases: tuple[Phase, ...]) -> None:
    """One callback says several things, in any order."""
    kept, _ = sorted_out(meeting(leg(1, "unknown")), [seen(1, phase) for phase in phases])

    _, recorded = sorted_out(replace(kept, thread="19:t"), ())

    assert recorded == tuple(seen(1, phase) for phase in PHASES)


def test_a_leg_in_doubt_whose_call_graph_does_not_have_is_recorded_as_over() -> None:
    """Nothing will name its thread any more."""
    gone = Unanswered(at=NOW, leg_key=key(1), status=GONE)
    doubtful, _ = sorted_out(meeting(leg(1, "unknown")), [seen(1, "in")])

    found, recorded = sorted_out(doubtful, [gone])

    assert places(found) == ["here"]
    assert recorded == (seen(1, "in"), gone)


def test_of_a_surplus_leg_only_its_end_is_kept_and_nothing_recorded() -> None:
    """It is not hung up any more then."""
    known = meeting(leg(1, "surplus"))

    found, recorded = sorted_out(known, [seen(1, "in"), seen(1, "gone")])

    assert recorded == ()
    assert (found.legs[0].is_gone, unwanted(found)) == (True, [])


def test_the_call_of_a_leg_in_doubt_is_read_at_once_then_with_growing_pauses() -> None:
    """What is heard of it again is followed at once."""
    doubtful = meeting(leg(1, "unknown", last_sign=NOW))

    def due(known: Meeting) -> datetime:
        return next(at for at, look in looks(known, HINTED) if look.what == "readCall")

    first = due(doubtful)
    failed = Unanswered(at=NOW, leg_key=key(1), status=0)
    once, _ = sorted_out(doubtful, [failed])
    twice, _ = sorted_out(once, [failed])
    anew, _ = sorted_out(twice, [seen(1, "in", 1)])

    assert first == NOW
    assert first < due(once) < due(twice)
    assert due(anew) == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("known", "callback", "ours"),
    [
        pytest.param(leg(1, leaving=(Leaver(),)), MEETING, True, id="a leg that is to go"),
        pytest.param(leg(1, leaving=(Leaver(),)), None, True, id="Graph does not say"),
        pytest.param(leg(1, leaving=(Leaver(),)), OTHER, False, id="Graph says another's"),
        pytest.param(leg(1), MEETING, False, id="a leg that stays"),
        pytest.param(leg(1), None, False, id="a leg that stays, and Graph does not say"),
        pytest.param(leg(2), MEETING, True, id="another call under a key of ours"),
        pytest.param(leg(2), OTHER, False, id="another meeting's call"),
        pytest.param(leg(2), None, False, id="a call of nobody"),
        pytest.param(leg(1, "surplus"), MEETING, True, id="a surplus leg"),
        pytest.param(leg(1, "unknown", leaving=(Leaver(),)), MEETING, False, id="a leg in doubt"),
    ],
)
def test_a_call_is_ended_only_for_its_meeting_and_only_if_it_is_to_go(
    known: Leg, callback: MeetingId | None, *, ours: bool
) -> None:
    """Graph's word on its callbacks counts before the record."""
    call = a_call(callback=None if callback is None else (callback, key(1)))

    assert may_hang_up(meeting(known), call) is ours
    assert not may_hang_up(None, call)
