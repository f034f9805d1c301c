"""What becomes of a bot that was sent, as itself or as a guest: waiting, in, or failed."""

import json
from typing import Any

import pytest

from shared.words.errors import GraphTrace, Unavailable
from shared.words.ids import CallId, LegKey, guest_id_for
from tests.application.links import CLASSIC
from tests.application.world import World, envelope, leg_of, state
from tests.fakes.graph import participant

AS_GUEST = {"joinWebUrl": CLASSIC, "guestName": "Scribe of INC-1"}


async def sent(world: World, body: dict[str, Any]) -> tuple[str, LegKey, CallId]:
    """Send the bot; return meeting, leg and call."""
    await world.drop("join-meeting", body)
    meeting_id = str(world.events("bot.joining")[-1]["data"]["meetingId"])
    return meeting_id, *leg_of(await world.meeting(meeting_id))


def guest(leg_key: LegKey, *, session_id: str = "p-guest", in_lobby: bool = False) -> Any:
    """Return our own guest as rosters list it, under an id of Graph's."""
    return participant(
        session_id,
        kind="guest",
        identity_id=guest_id_for(leg_key),
        display_name="Scribe of INC-1",
        in_lobby=in_lobby,
    )


async def test_a_guest_joins_under_the_name_asked_for() -> None:
    """With an id of our own making, the same for every try of the leg."""
    world = World()

    _, leg_key, _ = await sent(world, AS_GUEST)

    (body,) = world.fake_graph.bodies
    identity = body["source"]["identity"]
    assert "application" not in identity
    assert identity["guest"]["displayName"] == "Scribe of INC-1"
    assert identity["guest"]["id"] == guest_id_for(leg_key)


@pytest.mark.parametrize("named_by", ["guest id", "participant id"])
async def test_our_own_guest_is_nobody_in_a_group_call(named_by: str) -> None:
    """Rosters name it as a guest; Graph's answer and our own id say that it is us."""
    world = World()
    meeting_id, leg_key, call_id = await sent(world, AS_GUEST)
    me = guest(leg_key)
    if named_by == "participant id":
        leg = (await world.meeting(meeting_id)).legs[0]
        assert leg.participant_id is not None
        me = participant(leg.participant_id, kind="guest", identity_id="of Graph's own")
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.callback(meeting_id, leg_key, envelope(call_id, "/participants", [me]))
    await world.pump()
    assert world.names() == ["bot.joining", "bot.joined"]

    world.clock.advance(10)
    ada = participant("p-ada", identity_id="u-ada")
    world.fake_graph.calls[call_id] = [me, ada]
    await world.callback(meeting_id, leg_key, envelope(call_id, "/participants", [me, ada]))
    await world.pump()
    world.clock.advance(10)
    world.fake_graph.calls[call_id] = [me]
    await world.callback(meeting_id, leg_key, envelope(call_id, "/participants", [me]))
    await world.pump()

    (call,) = (await world.record_of(meeting_id))["calls"]
    assert call["participantCount"] == 1
    assert (call["reason"], call["endBasis"]) == ("everyoneLeft", "observed")


async def test_a_guest_whose_callback_outruns_graphs_answer_is_known_all_the_same() -> None:
    """By the id that we gave it."""
    world = World()
    lost = Unavailable("gone", graph=GraphTrace(status=504, code=""))
    world.fake_graph.fail_next(lost, done=True)
    await world.drop("join-meeting", AS_GUEST)
    (call_id,) = world.fake_graph.calls
    meeting_id, leg_key = str(world.fake_graph.bodies[0]["callbackUri"]).split("/")[-2:]

    roster = envelope(call_id, "/participants", [guest(LegKey(leg_key))])
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.callback(meeting_id, leg_key, roster)

    assert (await world.record_of(meeting_id))["calls"] == []


async def test_a_bot_in_the_lobby_is_told_as_waiting_and_as_joined_once_admitted() -> None:
    """Each once, however often the rosters come."""
    world = World()
    meeting_id, leg_key, call_id = await sent(world, AS_GUEST)
    waiting = envelope(call_id, "/participants", [guest(leg_key, in_lobby=True)])

    await world.callback(meeting_id, leg_key, state(call_id, "establishing"))
    await world.callback(meeting_id, leg_key, waiting)
    await world.callback(meeting_id, leg_key, waiting)
    assert world.names() == ["bot.joining", "bot.waiting"]
    assert (await world.record_of(meeting_id))["bot"]["state"] == "lobby"
    world.clock.advance(30)
    await world.callback(meeting_id, leg_key, state(call_id, "established"))

    assert world.names() == ["bot.joining", "bot.waiting", "bot.joined"]


@pytest.mark.parametrize("turned", [False, True])
async def test_one_callback_that_says_both_tells_waiting_first(*, turned: bool) -> None:
    """What one body says has one moment; the caller hears both."""
    world = World()
    meeting_id, leg_key, call_id = await sent(world, AS_GUEST)
    roster = envelope(call_id, "/participants", [guest(leg_key, in_lobby=True)])
    said = [
        item
        for body in (roster, state(call_id, "established"))
        for item in json.loads(body)["value"]
    ]

    body = json.dumps({"value": said[::-1] if turned else said}).encode()
    await world.callback(meeting_id, leg_key, body)

    assert world.names() == ["bot.joining", "bot.waiting", "bot.joined"]


@pytest.mark.parametrize(
    ("code", "subcode", "reason", "advice"),
    [
        (200, 5855, "lobbyTimeout", "admit"),
        (400, 2203, "badCoordinates", "link"),
        (403, 5221, "notAllowed", "consents"),
        (480, 10134, "notReachable", "again"),
        (418, 1, "unknown", "again"),
    ],
)
async def test_a_leg_that_ends_before_it_came_in_is_told_as_failed(
    code: int, subcode: int, reason: str, advice: str
) -> None:
    """With code, subcode, what they mean, and what to do."""
    world = World()
    meeting_id, leg_key, call_id = await sent(world, AS_GUEST)
    result = {"resultInfo": {"code": code, "subcode": subcode, "message": "DiagCode: …"}}

    await world.callback(meeting_id, leg_key, state(call_id, "establishing"))
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **result))

    (failed,) = world.events("bot.failed")
    assert (failed["data"]["code"], failed["data"]["reason"]) == ("leg_ended", reason)
    assert failed["data"]["result"]["code"] == code
    assert failed["data"]["result"]["subcode"] == subcode
    assert failed["data"]["result"]["meaning"].endswith(".")
    assert advice in failed["data"]["nextStep"]
    assert world.names() == ["bot.joining", "bot.failed"]


async def test_a_leg_of_ours_beside_another_is_no_person_to_it() -> None:
    """A surplus guest is in the roster until it has gone."""
    world = World()
    world.fake_graph.fail_next(done=True)
    await world.drop("join-meeting", AS_GUEST)
    (first,) = world.fake_graph.calls
    await world.pump()
    meeting_id = str(world.events("bot.joining")[0]["data"]["meetingId"])
    meeting = await world.meeting(meeting_id)
    (first_key, second_key) = (leg.key for leg in meeting.legs)
    _, second = leg_of(meeting)
    both = [guest(first_key, session_id="p-1"), guest(second_key, session_id="p-2")]

    await world.callback(meeting_id, second_key, state(second, "established"))
    await world.callback(meeting_id, second_key, envelope(second, "/participants", both))
    await world.callback(meeting_id, first_key, state(first, "established"))
    await world.pump()

    assert (await world.record_of(meeting_id))["calls"] == []
    assert world.fake_graph.ended == [first]
