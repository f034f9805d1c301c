"""Who is ended when a leg of the simulator leaves a meeting without its organizer."""

from typing import Any

import pytest

from devstack.graph.call_rules import parse_join
from devstack.graph.identities import ORGANIZER_ID, TENANT_ID
from devstack.graph.json_values import Json
from devstack.graph.lab import person_changes, person_joins, person_leaves
from devstack.graph.meetings import Meeting
from devstack.graph.refusals import GraphRefusal
from devstack.graph.switches import GraphSwitches
from devstack.graph.world import World
from tests.devstack.graph_world import (
    Clock,
    a_join,
    a_world,
    join_id_info,
    joining,
    organizer_info,
)


def comes(world: World, meeting: Meeting, user_id: str, **more: Json) -> str:
    return person_joins(world, {"onlineMeetingId": meeting.meeting_id, "userId": user_id, **more})


@pytest.mark.parametrize("rule", ["never", "whenFalse", "unlessTrue"])
@pytest.mark.parametrize("allowed", [True, False, None])
@pytest.mark.parametrize("form", [organizer_info, join_id_info])
def test_people_who_came_after_the_leg_go_with_it(
    rule: str, allowed: bool | None, form: Any
) -> None:
    """By the rule and by what either form of meetingInfo says; those there before stay."""
    clock = Clock()
    world, _, meeting = a_world(now=clock)
    world.change({"endsWithoutHost": rule})
    comes(world, meeting, "ada")
    clock.after(1)
    more = {} if allowed is None else {"allowConversationWithoutHost": allowed}
    info = form(joinMeetingId=meeting.join_meeting_id, passcode=meeting.passcode)
    info.pop("allowConversationWithoutHost", None)
    leg = world.place_call(joining(meeting) | {"meetingInfo": info | more})
    clock.after(1)
    comes(world, meeting, "bob")

    clock.after(1)
    world.hang_up(leg.call_id)

    goes = {"never": False, "whenFalse": allowed is False, "unlessTrue": allowed is not True}[rule]
    room = world.meetings.venues[0].room
    assert [one.user_id for one in room.people] == (["ada"] if goes else ["ada", "bob"])
    assert (room.sessions[1].left_at == clock()) is goes
    assert room.calls[0].ended_at is None


def test_nobody_goes_with_a_leg_while_the_organizer_is_there() -> None:
    """In the conversation: one who waits in the lobby is no host."""
    clock = Clock()
    world, _, meeting = a_world(now=clock, switches=GraphSwitches(ends_without_host="unlessTrue"))
    host = comes(world, meeting, ORGANIZER_ID.upper(), isInLobby=True)
    info = join_id_info(joinMeetingId=meeting.join_meeting_id, passcode=meeting.passcode)
    first, second = (world.place_call(a_join(meetingInfo=info, chatInfo=None)) for _ in range(2))
    clock.after(1)
    comes(world, meeting, "ada")
    person_changes(world, host, {"isInLobby": False})
    room = world.meetings.venues[0].room

    world.hang_up(first.call_id)
    with_host = [one.user_id for one in room.people]
    person_leaves(world, host)
    world.hang_up(second.call_id)

    assert with_host == [ORGANIZER_ID.upper(), "ada"]
    assert room.people == ()
    assert room.calls[-1].ended_at == clock()


def test_a_later_leg_of_ours_ends_as_without_a_host() -> None:
    """200/5014; the one that was there before stays and hears of it."""
    clock = Clock()
    world, told, meeting = a_world(now=clock)
    firm = joining(meeting)
    loose = firm | {"meetingInfo": organizer_info() | {"allowConversationWithoutHost": False}}
    first = world.place_call(firm)
    clock.after(1)
    host = world.place_call(loose)
    clock.after(1)
    last = world.place_call(loose)
    clock.after(1)
    comes(world, meeting, "ada")

    world.end_leg(host.call_id, 200, 5000)

    assert told.end(last.call_id) == ("deleted", 200, 5014)
    assert world.call(first.call_id).state == "established"
    assert len(told.rosters(first.call_id)[-1]) == 1


def test_a_leg_that_went_with_another_does_not_end_twice() -> None:
    """Both are due at once: the first to lapse takes the other with it."""
    clock = Clock()
    world, told, meeting = a_world(now=clock)
    world.change({"endsWithoutHost": "unlessTrue", "keepAliveLapseSeconds": 10})
    info = join_id_info(joinMeetingId=meeting.join_meeting_id, passcode=meeting.passcode)
    loose = a_join(meetingInfo=info, chatInfo=None)
    first = world.place_call(loose)
    clock.after(1)
    second = world.place_call(loose)

    world.lapse(clock.after(20))

    assert told.end(first.call_id) == ("deleted", 408, 8537)
    assert told.end(second.call_id) == ("deleted", 200, 5014)
    assert told.states(second.call_id).count("terminated") == 1
    assert world.meetings.venues[0].room.legs == ()


def test_whether_the_conversation_goes_on_is_true_or_false() -> None:
    """Any other value is refused, in both forms."""
    for info in (organizer_info(), join_id_info(joinMeetingId="123")):
        wrong = info | {"allowConversationWithoutHost": "yes"}
        with pytest.raises(GraphRefusal):
            parse_join(a_join(meetingInfo=wrong), tenant_id=TENANT_ID)
