"""A leg of the simulator lives while it is kept alive."""

from datetime import timedelta

import pytest

from devstack.graph.json_values import JsonObject
from devstack.graph.lab import shown_meetings
from devstack.graph.refusals import GraphRefusal
from devstack.graph.switches import DOCUMENTED
from tests.devstack.graph_world import AS_GUEST, NOW, Clock, a_join, a_world, joining

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("guest", [{}, AS_GUEST], ids=["in", "in the lobby"])
def test_a_leg_that_nobody_keeps_alive_ends_after_45_minutes(guest: JsonObject) -> None:
    """408/8537 as any end by the service, not a moment before; then the call is not found."""
    clock = Clock()
    world, told, meeting = a_world(now=clock)
    leg = world.place_call(joining(meeting) | guest)

    early = world.lapse(clock.after(45 * MINUTE - timedelta.resolution))
    late = world.lapse(clock.after(timedelta.resolution))

    assert (early, late) == ([], [leg.call_id])
    assert told.end(leg.call_id) == ("deleted", 408, 8537)
    for asked in (world.call, world.roster, world.keep_alive, world.hang_up):
        with pytest.raises(GraphRefusal) as refused:
            asked(leg.call_id)
        assert (refused.value.status, refused.value.code) == (404, "8522")


def test_people_stay_and_other_legs_hear_of_it() -> None:
    """The lapse of one leg is a roster for the others, and no end of the group call."""
    clock = Clock()
    world, told, meeting = a_world(now=clock)
    lost = world.place_call(joining(meeting))
    clock.after(MINUTE)
    kept = world.place_call(joining(meeting))
    (venue,) = world.meetings.venues
    venue.room.join(user_id="ada", at=clock())

    ended = world.lapse(clock.after(44 * MINUTE))

    assert ended == [lost.call_id]
    assert len(told.rosters(kept.call_id)[-1]) == 2
    assert venue.room.has_people
    assert venue.room.calls[-1].ended_at is None


def test_keeping_alive_counts_from_its_own_moment() -> None:
    """Each success gives another 45 minutes, in whatever spelling of the call id."""
    clock = Clock()
    world, _, meeting = a_world(now=clock)
    leg = world.place_call(joining(meeting))

    for _ in range(4):
        clock.after(40 * MINUTE)
        world.keep_alive(leg.call_id.upper().replace("-", ""))
    still = world.lapse(clock.after(44 * MINUTE))
    ended = world.lapse(clock.after(MINUTE))

    assert (still, ended) == ([], [leg.call_id])


def test_the_first_keep_alive_that_comes_too_late_finds_nothing() -> None:
    """Also where nobody has ended the leg yet: no lapsed leg is ever seen alive."""
    clock = Clock()
    world, told, meeting = a_world(now=clock)
    leg = world.place_call(joining(meeting))

    clock.after(45 * MINUTE)
    with pytest.raises(GraphRefusal):
        world.keep_alive(leg.call_id)

    assert told.end(leg.call_id) == ("deleted", 408, 8537)
    assert world.lapse(clock()) == []


def test_the_next_lapse_is_that_of_the_leg_silent_for_longest() -> None:
    """Without legs it is that of one placed now: a reader that waits for it misses none."""
    clock = Clock()
    world, _, meeting = a_world(now=clock)
    without = world.next_lapse(clock())
    first = world.place_call(joining(meeting))
    world.place_call(joining(meeting))
    clock.after(10 * MINUTE)
    world.keep_alive(first.call_id)

    with_both = world.next_lapse(clock())

    assert (without, with_both) == (NOW + 45 * MINUTE, NOW + 45 * MINUTE)
    world.lapse(clock.after(35 * MINUTE))
    assert world.next_lapse(clock()) == NOW + 55 * MINUTE


def test_a_shorter_lapse_holds_for_legs_that_are_there_already() -> None:
    """The lab's wish is counted from the last sign of each leg; forgetting takes it back."""
    clock = Clock()
    world, _, meeting = a_world(now=clock)
    leg = world.place_call(joining(meeting))

    world.change({"keepAliveLapseSeconds": 2})
    ended = world.lapse(clock.after(timedelta(seconds=2)))
    world.forget()

    assert ended == [leg.call_id]
    assert world.switches == DOCUMENTED


def test_the_lab_shows_when_a_leg_was_last_kept_alive() -> None:
    """Null until the first success, which is not the moment of the POST."""
    clock = Clock()
    world, _, meeting = a_world(now=clock)
    leg = world.place_call(joining(meeting))

    def shown() -> object:
        (one,) = shown_meetings(world)
        legs = one["legs"]
        assert isinstance(legs, list)
        return legs[0]["keptAliveDateTime"]

    before = shown()
    clock.after(15 * MINUTE)
    world.keep_alive(leg.call_id)
    world.hang_up(leg.call_id)

    assert (before, shown()) == (None, "2026-03-02T09:15:00.000000Z")


def test_a_leg_that_led_nowhere_lapses_no_more() -> None:
    """It is over already."""
    clock = Clock()
    world, told, _ = a_world(now=clock)
    leg = world.place_call(a_join())

    assert world.lapse(clock.after(60 * MINUTE)) == []
    assert told.end(leg.call_id) == ("deleted", 400, 2203)
