"""Whose leg is it: a call is ended only for the meeting that it is a leg of."""

import logging
from copy import deepcopy
from datetime import timedelta

import pytest

from shared.words.answers import Call
from shared.words.ids import CallId, LegKey, utc_text
from shared.words.problems import rejected
from tests.application.links import CLASSIC
from tests.application.world import TENANT, World, leg_of, roster, state
from tests.fakes.graph import FakeGraph

OTHER = CLASSIC.replace("MGQ4", "OTHE")


class Unreadable(FakeGraph):
    """Lets no call be read, by a refusal that does not heal."""

    async def read_call(self, call_id: CallId) -> Call | None:
        """Refuse."""
        raise rejected("invalid_request", what=call_id, fix="")


async def bot_in(world: World, link: str) -> tuple[str, LegKey, CallId]:
    """Let the bot be in a meeting; return the meeting's id, and key and call of its leg."""
    before = {event["data"]["meetingId"] for event in world.events()}
    await world.drop("join-meeting", {"joinWebUrl": link})
    (meeting_id,) = {event["data"]["meetingId"] for event in world.events()} - before
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    return meeting_id, leg_key, call_id


async def two_meetings(world: World) -> tuple[str, str, CallId, CallId]:
    """Let a bot be in each of two meetings; return their ids, and the calls of both."""
    mine, _, my_call = await bot_in(world, CLASSIC)
    other, _, other_call = await bot_in(world, OTHER)
    return mine, other, my_call, other_call


async def test_a_message_ends_no_leg_of_another_meeting(caplog: pytest.LogCaptureFixture) -> None:
    """Anybody who may send can name any call; a line says that it was ignored."""
    world = World()
    mine, _, _, other_call = await two_meetings(world)

    await world.drop("tend-meeting", {"meetingId": mine, "hangUp": other_call})
    await world.drop("tend-meeting", {"meetingId": "a" * 26, "hangUp": other_call})

    assert world.fake_graph.ended == []
    lines = [line for line in caplog.messages if line.startswith("tend.not_ours")]
    assert len(lines) == 2


async def test_a_leg_that_must_go_is_ended_though_graph_lets_no_call_be_read() -> None:
    """The record knows it as a leg; of another call nothing is known, and it is left alone."""
    world = World(fake_graph=Unreadable(tenant_id=TENANT))
    mine, _, my_call, other_call = await two_meetings(world)

    await world.drop("tend-meeting", {"meetingId": mine, "hangUp": other_call})
    await world.drop("join-meeting", {"meetingId": mine, "action": "leave"})
    await world.pump()

    assert world.fake_graph.ended == [my_call]


async def test_a_message_ends_no_leg_that_is_to_stay(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing that was decided makes it leave."""
    world = World()
    mine, _, my_call = await bot_in(world, CLASSIC)

    await world.drop("tend-meeting", {"meetingId": mine, "hangUp": my_call})

    assert world.fake_graph.ended == []
    assert any(line.startswith("tend.not_ours") for line in caplog.messages)


async def test_a_callback_that_names_another_meetings_call_does_not_end_it() -> None:
    """Under the key of a leg that has a call, or of one that has none yet."""
    world = World()
    mine, my_key, _ = await bot_in(world, CLASSIC)
    other, _, other_call = await bot_in(world, OTHER)

    await world.callback(mine, my_key, roster(other_call, "eve"))
    await world.pump()
    world.fake_graph.fail_next(done=True)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC.replace("MGQ4", "THIR")})
    third, key = world.fake_graph.bodies[-1]["callbackUri"].split("/")[-2:]
    await world.callback(third, key, state(other_call, "established"))
    await world.drop("join-meeting", {"meetingId": third, "action": "leave"})
    await world.pump(until=timedelta(minutes=5))

    assert other_call in world.fake_graph.calls
    assert (await world.record_of(other))["bot"]["state"] == "in"


async def test_where_graph_does_not_say_whose_call_it_is_the_record_does() -> None:
    """The documented answer has a callbackUri; this one has none."""
    world = World()
    mine, _, my_call, other_call = await two_meetings(world)
    world.fake_graph.worded = lambda answer: {**answer, "callbackUri": None}
    await world.drop("join-meeting", {"meetingId": mine, "action": "leave"})
    await world.drop("tend-meeting", {"meetingId": mine, "hangUp": other_call})

    await world.pump()

    assert world.fake_graph.ended == [my_call]
    world.fake_graph.worded = deepcopy


@pytest.mark.parametrize("seconds", [-86_400, 86_400], ids=["long ago", "tomorrow"])
async def test_a_wild_time_of_an_end_is_not_recorded(
    seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    """The leg is hung up again until its end is known."""
    world = World()
    mine, _, my_call = await bot_in(world, CLASSIC)
    await world.drop("join-meeting", {"meetingId": mine, "action": "leave"})
    at = utc_text(world.clock.now() + timedelta(seconds=seconds))

    await world.drop("tend-meeting", {"meetingId": mine, "hungUp": my_call, "at": at})

    assert not (await world.meeting(mine)).legs[0].is_gone
    assert any(line.startswith("tend.not_ours") for line in caplog.messages)
    await world.pump()
    (left,) = world.events("bot.left")
    assert left["time"] < utc_text(world.clock.now() + timedelta(hours=1))


async def test_the_end_of_a_leg_that_is_to_stay_is_not_recorded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of our own meeting or of another."""
    caplog.set_level(logging.INFO)
    world = World()
    mine, other, my_call, other_call = await two_meetings(world)
    at = utc_text(world.clock.now())

    for call_id in (my_call, other_call):
        await world.drop("tend-meeting", {"meetingId": mine, "hungUp": call_id, "at": at})

    assert world.events("bot.left") == []
    for meeting_id in (mine, other):
        assert (await world.record_of(meeting_id))["bot"]["state"] == "in"
