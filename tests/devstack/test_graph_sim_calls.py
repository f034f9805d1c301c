"""What the simulator accepts as a join, refuses, and does with a leg."""

from typing import Any

import pytest

from devstack.graph.call_rules import parse_join
from devstack.graph.calls import render_call
from devstack.graph.identities import BOT_APP_ID, ORGANIZER_ID, TENANT_ID
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.lab import leg_ends
from devstack.graph.refusals import GraphRefusal
from devstack.graph.switches import GraphSwitches
from tests.devstack.graph_world import (
    AS_GUEST,
    NOW,
    a_join,
    a_world,
    join_id_info,
    joining,
    organizer_info,
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="no body"),
        pytest.param(a_join(colour="red"), id="unknown member"),
        pytest.param(a_join(callbackUri=None), id="no callbackUri"),
        pytest.param(a_join(callbackUri="http://bot.contoso.example/"), id="plain http"),
        pytest.param(a_join(callbackUri="http://127.0.0.1.contoso.example/"), id="look-alike"),
        pytest.param(a_join(callbackUri="ftp://127.0.0.1/"), id="not http at all"),
        pytest.param(a_join(callbackUri="https://[bad"), id="not a URL"),
        pytest.param(a_join(requestedModalities=None), id="no modalities"),
        pytest.param(a_join(requestedModalities=[]), id="empty modalities"),
        pytest.param(a_join(requestedModalities=["smell"]), id="unknown modality"),
        pytest.param(a_join(mediaConfig=None), id="no media"),
        pytest.param(a_join(mediaConfig={}), id="media without type"),
        pytest.param(a_join(mediaConfig=[{}, {}]), id="two media"),
        pytest.param(
            a_join(mediaConfig={"@odata.type": "#microsoft.graph.mediaConfig"}), id="abstract media"
        ),
        pytest.param(
            a_join(mediaConfig={"@odata.type": "#microsoft.graph.appHostedMediaConfig"}),
            id="app-hosted without blob",
        ),
        pytest.param(a_join(meetingInfo=None), id="no meeting"),
        pytest.param(a_join(meetingInfo={"organizer": {}}), id="meeting without type"),
        pytest.param(
            a_join(meetingInfo={"@odata.type": "#microsoft.graph.tokenMeetingInfo", "token": "t"}),
            id="token",
        ),
        pytest.param(a_join(chatInfo=None), id="no chat"),
        pytest.param(a_join(chatInfo={"messageId": "0"}), id="chat without thread"),
        pytest.param(a_join(chatInfo={"threadId": "19:x"}), id="chat without message"),
        pytest.param(a_join(chatInfo={"thread_id": "19:x"}), id="unknown member of chat"),
        pytest.param(a_join(meetingInfo=organizer_info(id=None)), id="no organizer id"),
        pytest.param(a_join(meetingInfo=join_id_info()), id="no join id"),
        pytest.param(a_join(meetingInfo=join_id_info(joinMeetingId="abc")), id="letters"),
        pytest.param(a_join(targets=[{}]), id="a call to people"),
    ],
)
def test_a_malformed_join_is_refused(body: Json) -> None:
    """Each is a 400 BadRequest."""
    with pytest.raises(GraphRefusal) as refused:
        parse_join(body, tenant_id=TENANT_ID)

    assert (refused.value.status, refused.value.code) == (400, "BadRequest")


@pytest.mark.parametrize("tenant", [None, "00000000-0000-4000-8000-000000000001"])
def test_the_tenant_belongs_at_the_top_of_the_call(tenant: Json) -> None:
    """A tenantId that is missing there, or another's, is 7505; one in meetingInfo does not help."""
    with pytest.raises(GraphRefusal) as refused:
        parse_join(a_join(tenantId=tenant), tenant_id=TENANT_ID)

    assert (refused.value.status, refused.value.code) == (403, "7505")


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1:7071/api", "http://localhost/api", "http://127.9.9.9/", "http://[::1]/"],
)
def test_plain_http_is_taken_to_this_machine_only(uri: str) -> None:
    """Loopback callback URIs make a local stack possible."""
    assert parse_join(a_join(callbackUri=uri), tenant_id=TENANT_ID).callback_uri == uri


@pytest.mark.parametrize("seed", range(8))
def test_a_join_is_answered_establishing_and_told_established_repeatedly(seed: int) -> None:
    """The answer is acceptance only; the leg then gets in, and the roster lists the bot."""
    world, told, meeting = a_world(seed)

    leg = world.place_call(joining(meeting))

    assert render_call(leg)["state"] == "establishing"
    assert world.call(leg.call_id.upper().replace("-", "")).state == "established"
    states = told.states(leg.call_id)
    assert states[0] == "establishing"
    assert states[1:] in (["established"] * 2, ["established"] * 3)
    ((own,),) = told.rosters(leg.call_id)
    assert own["info"]["identity"]["application"]["id"] == BOT_APP_ID


def test_the_answer_has_the_documented_members() -> None:
    """Id, own participant id, tenant and what was asked for come back."""
    world, _, meeting = a_world()

    shown: Any = render_call(world.place_call(joining(meeting)))

    assert shown["direction"] == "outgoing"
    assert shown["tenantId"] == TENANT_ID
    assert shown["id"] != shown["myParticipantId"]
    assert shown["meetingInfo"]["allowConversationWithoutHost"] is True
    assert shown["source"]["identity"]["application"]["id"] == BOT_APP_ID
    assert shown["resultInfo"] is None


@pytest.mark.parametrize("passcode", ["wrong", None])
def test_coordinates_that_lead_nowhere_end_the_leg_before_it_got_in(passcode: str | None) -> None:
    """Accepted, establishing, terminated 400/2203: the refusal comes by notification."""
    world, told, meeting = a_world()
    info = join_id_info(joinMeetingId=meeting.join_meeting_id, passcode=passcode)

    leg = world.place_call(a_join(meetingInfo=info, chatInfo=None))

    assert told.states(leg.call_id) == ["establishing", "terminated"]
    result = told.items[-1][1]["resourceData"]["resultInfo"]
    assert (result["code"], result["subcode"]) == (400, 2203)
    with pytest.raises(GraphRefusal) as refused:
        world.call(leg.call_id)
    assert (refused.value.status, refused.value.code) == (404, "8522")


def test_the_right_join_id_and_passcode_lead_in() -> None:
    """A join by id needs no chat; spaces in the digits do not matter."""
    world, _, meeting = a_world()
    digits = f"{meeting.join_meeting_id[:6]} {meeting.join_meeting_id[6:]}"
    info = join_id_info(joinMeetingId=digits, passcode=meeting.passcode)

    leg = world.place_call(a_join(meetingInfo=info, chatInfo=None))

    chat: Any = render_call(world.call(leg.call_id))["chatInfo"]
    assert chat["threadId"] == meeting.thread_id


def test_a_second_join_is_a_second_leg_and_both_hear_of_it() -> None:
    """There is no idempotency in POST calls."""
    world, told, meeting = a_world()

    first = world.place_call(joining(meeting))
    second = world.place_call(joining(meeting))

    assert first.call_id != second.call_id
    assert len(told.rosters(first.call_id)[-1]) == 2
    assert len(told.rosters(second.call_id)[-1]) == 2


def test_hanging_up_ends_our_leg_alone() -> None:
    """200/7000 for us, a roster for the other leg, and the call is gone."""
    world, told, meeting = a_world()
    first, second = world.place_call(joining(meeting)), world.place_call(joining(meeting))

    world.hang_up(first.call_id)

    last = [item for call_id, item in told.items if call_id == first.call_id][-1]
    assert last["changeType"] == "deleted"
    assert last["resourceData"]["resultInfo"]["subcode"] == 7000
    assert len(told.rosters(second.call_id)[-1]) == 1
    with pytest.raises(GraphRefusal):
        world.roster(first.call_id)


def test_a_guest_waits_in_the_lobby_and_sees_nobody_but_itself() -> None:
    """By default; others see it waiting. Admitted, it is established and sees everybody."""
    world, told, meeting = a_world()
    bot = world.place_call(joining(meeting))

    leg = world.place_call(joining(meeting) | AS_GUEST)

    assert told.states(leg.call_id) == ["establishing"]
    ((waiting,),) = told.rosters(leg.call_id)
    assert waiting["isInLobby"] is True
    assert sorted(one["isInLobby"] for one in told.rosters(bot.call_id)[-1]) == [False, True]
    read: Any = world.roster(leg.call_id)["value"]
    assert [one["isInLobby"] for one in read] == [True]

    world.admit(leg.call_id)
    world.admit(leg.call_id)

    assert told.states(leg.call_id)[1] == "established"
    assert [one["isInLobby"] for one in told.rosters(leg.call_id)[-1]] == [False, False]
    assert world.call(leg.call_id).state == "established"


def test_a_guest_that_is_not_admitted_ends_without_having_been_in() -> None:
    """As the service does when the lobby times out."""
    world, told, meeting = a_world()
    leg = world.place_call(joining(meeting) | AS_GUEST)

    world.end_leg(leg.call_id, 200, 5855)

    assert told.states(leg.call_id) == ["establishing", "terminated"]
    with pytest.raises(GraphRefusal):
        world.admit(leg.call_id)


@pytest.mark.parametrize(
    ("code", "subcode"),
    [(200, 4097), (200, 5000), (200, 5001), (200, 5002), (200, 5010), (200, 5012), (200, 5014),
     (200, 5020), (200, 5855), (200, 7000), (200, 10550), (400, 2203), (403, 5221), (408, 1106),
     (408, 8537), (410, 301005), (480, 10037), (500, 1005), (500, 7117), (599, 4711)],
)  # fmt: skip
@pytest.mark.parametrize("guest", [{}, AS_GUEST], ids=["in", "in the lobby"])
def test_the_lab_ends_a_leg_with_any_code_wherever_it_is(
    guest: JsonObject, code: int, subcode: int
) -> None:
    """Documented, reported and unknown pairs, in the meeting and in the lobby."""
    world, told, meeting = a_world()
    leg = world.place_call(joining(meeting) | guest)

    leg_ends(world, leg.call_id, {"code": code, "subcode": subcode})

    assert told.end(leg.call_id) == ("deleted", code, subcode)
    assert [one.state for one in world.meetings.venues[0].legs] == ["terminated"]
    with pytest.raises(GraphRefusal):
        world.call(leg.call_id)


def test_every_leg_of_one_conference_has_its_chain_id() -> None:
    """In the answer to POST and in GET, until the room has emptied; then there is another id."""
    world, _, meeting = a_world()

    first, second = world.place_call(joining(meeting)), world.place_call(joining(meeting))
    world.hang_up(first.call_id)
    third = world.place_call(joining(meeting))
    world.hang_up(second.call_id)
    world.hang_up(third.call_id)
    later = world.place_call(joining(meeting))

    assert first.chain_id == second.chain_id == third.chain_id != later.chain_id
    shown = render_call(world.call(later.call_id))
    assert shown["callChainId"] == render_call(later)["callChainId"] == later.chain_id


def test_a_leg_that_leads_nowhere_has_a_chain_of_its_own() -> None:
    """It shares its id with no conference."""
    world, _, meeting = a_world()
    there = world.place_call(joining(meeting))
    lost = a_join(meetingInfo=join_id_info(joinMeetingId="123"), chatInfo=None)

    nowhere = [world.place_call(lost).chain_id, world.place_call(lost).chain_id]

    assert len({there.chain_id, *nowhere}) == 3


def test_a_leg_in_the_lobby_shows_the_conference_it_waits_for() -> None:
    """The one that is on, or the next; if that is over before it gets in, the one it gets into."""
    world, _, meeting = a_world()
    waiting = world.place_call(joining(meeting) | AS_GUEST)

    first = world.place_call(joining(meeting))
    world.hang_up(first.call_id)
    meanwhile = world.call(waiting.call_id).chain_id
    second = world.place_call(joining(meeting))
    world.admit(waiting.call_id)

    assert waiting.chain_id == first.chain_id == meanwhile
    assert world.call(waiting.call_id).chain_id == second.chain_id != first.chain_id


def test_stray_rosters_come_beside_real_ones_while_people_are_there() -> None:
    """Each change brings the real roster and one without people; reads are never affected."""
    world, told, meeting = a_world()
    world.switches = GraphSwitches(empty_rosters=1)
    leg = world.place_call(joining(meeting))
    alone = len(told.rosters(leg.call_id))
    (venue,) = world.meetings.venues

    ada = venue.room.join(user_id="ada", at=NOW)
    sizes = []
    for _ in range(20):
        before = len(told.rosters(leg.call_id))
        world.push_rosters(venue)
        sizes.append([len(one) for one in told.rosters(leg.call_id)[before:]])
    read: Any = world.roster(leg.call_id)["value"]
    venue.room.leave(ada, at=NOW)
    world.push_rosters(venue)

    assert alone == 1
    assert {tuple(one) for one in sizes} == {(2, 0), (2, 1), (0, 2), (1, 2)}
    assert len(read) == 2
    assert [len(one) for one in told.rosters(leg.call_id)][-1] == 1
    assert len(told.rosters(leg.call_id)) == alone + 40 + 1


@pytest.mark.parametrize("seed", range(8))
def test_a_leg_that_comes_in_gets_a_stray_roster_too(seed: int) -> None:
    """Whether or not its first roster comes bundled with its state."""
    world, told, meeting = a_world(seed)
    world.switches = GraphSwitches(empty_rosters=1)
    (venue,) = world.meetings.venues
    venue.room.join(user_id="ada", at=NOW)

    leg = world.place_call(joining(meeting))

    real, stray = sorted(told.rosters(leg.call_id), key=len, reverse=True)
    assert len(real) == 2
    assert len(stray) < 2


def test_the_short_link_has_join_id_and_passcode() -> None:
    """And nothing else."""
    _, _, meeting = a_world()

    assert meeting.passcode is not None
    assert meeting.short_link == (
        f"https://teams.microsoft.com/meet/{meeting.join_meeting_id}?p={meeting.passcode}"
    )


def test_a_guest_shows_under_the_name_it_gave() -> None:
    """source.identity.guest is how a bot joins under a name of its own."""
    world, told, meeting = a_world()
    scope: Json = {"lobbyBypassSettings": {"scope": "everyone"}}
    world.meetings.update(ORGANIZER_ID, meeting.meeting_id, scope)

    leg = world.place_call(joining(meeting) | AS_GUEST)

    ((own,),) = told.rosters(leg.call_id)
    assert own["info"]["identity"]["guest"]["displayName"] == "Minutes"
