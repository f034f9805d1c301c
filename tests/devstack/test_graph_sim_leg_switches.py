"""What the simulator's switches change about legs: how they get in, read and end."""

from datetime import timedelta
from typing import Any

import pytest

from devstack.graph.admissions import FAILURES
from devstack.graph.calls import Leg, render_call
from devstack.graph.identities import ORGANIZER_ID
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.lab import (
    leg_admitted,
    leg_changes,
    person_joins,
    person_leaves,
)
from devstack.graph.lab_requests import LabMistake
from devstack.graph.meetings import Meeting
from devstack.graph.refusals import GraphRefusal
from devstack.graph.switches import DOCUMENTED, WORLDS, GraphSwitches
from devstack.graph.world import World
from devstack.switches import World as Hardness
from tests.devstack.graph_world import (
    AS_GUEST,
    Clock,
    a_world,
    joining,
)

AS_ITSELF: JsonObject = {}


def let_in(meeting: Meeting, scope: str, world: World) -> None:
    settings: Json = {"lobbyBypassSettings": {"scope": scope}}
    world.meetings.update(ORGANIZER_ID, meeting.meeting_id, settings)


def comes(world: World, meeting: Meeting, user_id: str) -> str:
    return person_joins(world, {"onlineMeetingId": meeting.meeting_id, "userId": user_id})


def read(world: World, leg: Leg) -> list[str]:
    """The user ids, or our application, that GET participants of a leg lists."""
    listed: Any = world.roster(leg.call_id)["value"]
    identities = [one["info"]["identity"] for one in listed]
    return [(one["user"] or one["application"] or one["guest"])["id"] for one in identities]


@pytest.mark.parametrize("hardness", [Hardness.DOCUMENTED, Hardness.HARSH])
@pytest.mark.parametrize("scope", ["organizer", "invited"])
def test_every_leg_waits_where_only_the_invited_are_let_in(hardness: Hardness, scope: str) -> None:
    """Until the lab admits it; in the kind world the bot itself walks past the lobby."""
    clock = Clock()
    for switches, waits in ((WORLDS[hardness], True), (WORLDS[Hardness.KIND], False)):
        world, told, meeting = a_world(now=clock, switches=switches)
        let_in(meeting, scope, world)

        leg = world.place_call(joining(meeting))

        clock.after(1)
        assert world.call(leg.call_id).in_lobby is waits
        assert ("established" in told.states(leg.call_id)) is not waits
        leg_admitted(world, leg.call_id)
        assert world.call(leg.call_id).state == "established"


@pytest.mark.parametrize(
    ("scope", "who", "waits"),
    [("organization", AS_ITSELF, False), ("organization", AS_GUEST, True),
     ("everyone", AS_GUEST, False), ("invited", AS_GUEST, True),
     ("organizationAndFederated", AS_ITSELF, False), ("everyone", AS_ITSELF, False)],
)  # fmt: skip
def test_guests_wait_unless_everyone_is_let_in(scope: str, who: JsonObject, waits: bool) -> None:
    """The bot itself counts as of the organization."""
    world, _, meeting = a_world()
    let_in(meeting, scope, world)

    leg = world.place_call(joining(meeting) | who)

    assert world.call(leg.call_id).in_lobby is waits


def test_a_leg_may_need_time_to_get_in() -> None:
    """It is establishing, in no roster, and reads an empty one; then it is told as ever."""
    clock = Clock()
    world, told, meeting = a_world(now=clock, switches=GraphSwitches(establish_seconds=2))
    comes(world, meeting, "ada")

    leg = world.place_call(joining(meeting))
    clock.after(1.9)
    world.keep_alive(leg.call_id)
    before = (world.call(leg.call_id).state, read(world, leg), told.states(leg.call_id))
    world.happen(clock.after(0.1))

    assert before == ("establishing", [], ["establishing"])
    assert told.states(leg.call_id)[:2] == ["establishing", "established"]
    assert "ada" in read(world, leg)
    assert told.rosters(leg.call_id)


def test_a_leg_that_is_due_is_in_when_it_is_looked_at() -> None:
    """Whether or not the task that lets legs in has come by."""
    clock = Clock()
    world, _, meeting = a_world(now=clock, switches=GraphSwitches(establish_seconds=2))
    leg = world.place_call(joining(meeting))
    before = world.next_due(clock())

    clock.after(2)

    assert before == clock()
    assert world.call(leg.call_id).state == "established"


def test_a_leg_on_its_way_can_be_hung_up() -> None:
    """It never was in the room, and other legs hear nothing of it."""
    clock = Clock()
    world, told, meeting = a_world(now=clock)
    other = world.place_call(joining(meeting))
    world.change({"establishSeconds": 2})
    leg = world.place_call(joining(meeting))
    heard = len(told.rosters(other.call_id))

    world.hang_up(leg.call_id)
    world.happen(clock.after(2))

    assert told.states(leg.call_id) == ["establishing", "terminated"]
    assert told.end(leg.call_id) == ("deleted", 200, 7000)
    assert len(told.rosters(other.call_id)) == heard


def test_each_so_many_th_admission_fails() -> None:
    """From a POST or from the lobby, in a reported way; counted again when the switch is set."""
    world, told, meeting = a_world()
    world.place_call(joining(meeting))
    world.change({"failedAdmissionEvery": 3})

    legs = [world.place_call(joining(meeting)) for _ in range(5)]
    waiting = world.place_call(joining(meeting) | AS_GUEST)
    leg_admitted(world, waiting.call_id)

    failed = [leg for leg in [*legs, waiting] if told.states(leg.call_id)[-1] == "terminated"]
    assert failed == [legs[2], waiting]
    for leg in failed:
        assert told.end(leg.call_id)[1:] in FAILURES
        assert "established" not in told.states(leg.call_id)
        with pytest.raises(GraphRefusal):
            world.roster(leg.call_id)
    assert len(world.meetings.venues[0].room.legs) == 5


def test_forgetting_counts_admissions_anew() -> None:
    """So that a story is the same after DELETE /lab as on a fresh simulator."""
    world, _, meeting = a_world(switches=GraphSwitches(failed_admission_every=2))
    world.place_call(joining(meeting))
    world.forget()
    meeting = world.meetings.create(ORGANIZER_ID, {})

    leg = world.place_call(joining(meeting))

    assert world.call(leg.call_id).state == "established"


def test_the_lab_decides_how_the_next_admission_of_a_leg_ends() -> None:
    """In the lobby or on its way, with any codes; of that leg alone."""
    clock = Clock()
    world, told, meeting = a_world(now=clock)
    waiting = world.place_call(joining(meeting) | AS_GUEST)
    leg_changes(world, waiting.call_id, {"outcome": {"code": 500, "subcode": 7117}})
    still = world.call(waiting.call_id).in_lobby
    leg_changes(world, waiting.call_id, {"isInLobby": False})
    world.change({"establishSeconds": 1})
    late, well = (world.place_call(joining(meeting)) for _ in range(2))
    leg_changes(world, late.call_id, {"outcome": {"code": 408, "subcode": 13025}})

    world.happen(clock.after(1))

    assert still
    assert told.end(waiting.call_id) == ("deleted", 500, 7117)
    assert told.end(late.call_id) == ("deleted", 408, 13025)
    assert world.call(well.call_id).state == "established"


def test_an_admission_may_be_let_fail_in_one_request() -> None:
    """Both members at once."""
    world, told, meeting = a_world()
    leg = world.place_call(joining(meeting) | AS_GUEST)

    leg_changes(world, leg.call_id, {"isInLobby": False, "outcome": {"code": 500, "subcode": 3002}})

    assert told.end(leg.call_id) == ("deleted", 500, 3002)


@pytest.mark.parametrize(
    "body",
    [None, {}, {"isInLobby": True}, {"outcome": None}, {"outcome": {"code": 500}},
     {"outcome": {"code": 500, "subcode": 7117}}, {"isInLobby": False, "colour": "red"}],
)  # fmt: skip
def test_a_mistaken_change_of_a_leg_is_told(body: Json) -> None:
    """An outcome of a leg that is in already is one as well."""
    world, _, meeting = a_world()
    leg = world.place_call(joining(meeting))

    with pytest.raises(LabMistake):
        leg_changes(world, leg.call_id, body)

    assert world.call(leg.call_id).state == "established"


def test_a_read_shows_the_room_of_up_to_so_long_before() -> None:
    """Any moment of that time, never an older one; pushes show the room as it is."""
    clock = Clock()
    world, told, meeting = a_world(now=clock, switches=GraphSwitches(roster_lag_seconds=1))
    leg = world.place_call(joining(meeting))
    clock.after(5)
    ada = comes(world, meeting, "ada")
    clock.after(0.5)
    person_leaves(world, ada)
    comes(world, meeting, "bob")
    pushed = told.rosters(leg.call_id)[-1]

    soon = {tuple(read(world, leg)[:-1]) for _ in range(60)}
    clock.after(0.6)
    later = {tuple(read(world, leg)[:-1]) for _ in range(60)}
    clock.after(0.5)
    at_last = {tuple(read(world, leg)[:-1]) for _ in range(60)}

    assert len(pushed) == 2
    assert soon == {(), ("ada",)}
    assert later == {("ada",), ("bob",)}
    assert at_last == {("bob",)}


def test_a_late_read_knows_nothing_of_a_leg_that_just_got_in() -> None:
    """It shows the room of before: other people, or nobody."""
    clock = Clock()
    world, _, meeting = a_world(now=clock, switches=GraphSwitches(roster_lag_seconds=1))
    clock.after(5)

    leg = world.place_call(joining(meeting))

    clock.after(0.5)
    assert {len(read(world, leg)) for _ in range(60)} == {0, 1}


def test_some_reads_of_a_leg_that_is_in_are_empty() -> None:
    """Neither people nor ourselves; one in the lobby still reads itself."""
    world, _, meeting = a_world(switches=GraphSwitches(empty_reads=0.5))
    leg = world.place_call(joining(meeting))
    waiting = world.place_call(joining(meeting) | AS_GUEST)
    comes(world, meeting, "ada")

    assert {len(read(world, leg)) for _ in range(30)} == {0, 3}
    assert {len(read(world, waiting)) for _ in range(30)} == {1}


def test_a_call_that_is_over_is_shown_as_terminated_for_a_while() -> None:
    """With its codes; what else is asked of it finds nothing."""
    clock = Clock()
    world, _, meeting = a_world(now=clock, switches=GraphSwitches(terminated_seconds=1))
    leg = world.place_call(joining(meeting))
    world.end_leg(leg.call_id, 200, 5000)

    clock.after(0.9)
    shown: Any = render_call(world.call(leg.call_id.upper().replace("-", "")))
    for about in (world.roster, world.keep_alive, world.hang_up):
        with pytest.raises(GraphRefusal):
            about(leg.call_id)
    clock.after(0.1)

    assert shown["state"] == "terminated"
    assert (shown["resultInfo"]["code"], shown["resultInfo"]["subcode"]) == (200, 5000)
    with pytest.raises(GraphRefusal) as refused:
        world.call(leg.call_id)
    assert (refused.value.status, refused.value.code) == (404, "8522")


def test_a_call_that_is_over_is_not_found_at_once_as_documented() -> None:
    """Without the switch."""
    world, _, meeting = a_world()
    leg = world.place_call(joining(meeting))

    world.hang_up(leg.call_id)

    with pytest.raises(GraphRefusal):
        world.call(leg.call_id)


def test_a_room_is_remembered_as_long_as_a_read_may_be_late() -> None:
    """Older changes are forgotten, the last of them excepted."""
    clock = Clock()
    world, _, meeting = a_world(now=clock, switches=DOCUMENTED)
    for number in range(5):
        comes(world, meeting, f"user-{number}")
        clock.after(timedelta(seconds=40))

    (venue,) = world.meetings.venues
    seen = [len(venue.seen_at(clock() - timedelta(seconds=ago)).people) for ago in (0, 41, 60)]
    assert seen == [5, 4, 4]
    assert len(venue.past) == 3
