"""A request that our bot leave: it goes, and the one who requested it is answered."""

from datetime import timedelta
from typing import Any

import pytest

from shared.words.errors import RollcallError
from shared.words.ids import MeetingId
from tests.application.leaving import BYE, LEAVE, joined, refused_token
from tests.application.links import CLASSIC, EXPLICIT
from tests.application.world import World, roster, state
from tests.fakes.graph_shapes import lost


@pytest.mark.parametrize("form", ["meetingId", "link", "explicit"])
async def test_the_leg_is_hung_up_and_its_end_is_the_answer(form: str) -> None:
    """By any form; published once on the topic, and to the caller."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    forms: dict[str, dict[str, Any]] = {
        "meetingId": {"meetingId": meeting_id},
        "link": {"joinWebUrl": CLASSIC},
        "explicit": EXPLICIT,
    }

    await world.drop("join-meeting", forms[form] | LEAVE, reply_to="replies", correlation_id="c-1")
    await world.pump(until=timedelta())
    assert world.fake_graph.ended == [call_id]
    assert world.replies() == []
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    await world.pump()

    (answer,) = world.replies()
    assert (answer["type"], answer["data"]["reason"]) == ("rollcall.bot.left.v1", "left")
    assert answer["data"]["legKey"] == leg_key
    assert world.fake_bus.sent_to("replies")[0].correlation_id == "c-1"
    assert world.names() == ["bot.joining", "bot.joined", "bot.left"]


async def test_an_end_that_no_callback_tells_is_told_all_the_same() -> None:
    """Graph said that the leg ended; notifications of ends get lost."""
    world = World()
    meeting_id, _, call_id = await joined(world)
    asked_at = world.clock.now()

    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="replies")
    await world.pump()

    (answer,) = world.replies()
    assert (answer["type"], answer["data"]["reason"]) == ("rollcall.bot.left.v1", "left")
    assert answer["time"] == asked_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert world.fake_graph.ended == [call_id]


async def test_people_who_stay_are_still_in_their_call() -> None:
    """The leg is not the group call."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    world.people_in(call_id, "ada")
    world.clock.advance(5)
    await world.callback(meeting_id, leg_key, roster(call_id, "ada"))

    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE)
    await world.pump(until=timedelta())
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    await world.pump()

    (call,) = (await world.record_of(meeting_id))["calls"]
    assert call["endedAt"] is None


async def test_everybody_who_asks_is_answered_and_told_the_same() -> None:
    """Before the end, after it, and again under the same request id."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    ask = {"meetingId": meeting_id, "requestId": "L-1"} | LEAVE
    await world.drop("join-meeting", ask, reply_to="one")
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="two")
    await world.pump(until=timedelta())
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    world.clock.advance(60)

    await world.drop("join-meeting", ask, reply_to="three")

    (one,), (two,), (three,) = (world.replies(name) for name in ("one", "two", "three"))
    three["data"].pop("recordedAt")
    one["data"].pop("recordedAt")
    two["data"].pop("recordedAt")
    assert one == two == three
    assert set(world.fake_graph.ended) == {call_id}
    assert world.names().count("bot.left") == 1


async def test_a_leave_where_no_bot_is_has_what_it_wants() -> None:
    """It fails in nothing, so no copy is kept; a join that comes later goes on counting."""
    world = World()
    leave = {"joinWebUrl": CLASSIC, "requestId": "L-1"} | LEAVE

    message = await world.drop("join-meeting", leave, reply_to="replies")
    await world.redeliver(message)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})

    (answer,) = world.replies()
    assert (answer["type"], answer["data"]["requestId"]) == ("rollcall.bot.absent.v1", "L-1")
    assert world.fake_bus.sent_to("rejected-requests") == []
    events = world.events()
    assert [one["sequence"] for one in events] == ["1", "2"]
    assert world.names() == ["bot.absent", "bot.joining"]
    assert {one["data"]["meetingId"] for one in events} == {answer["data"]["meetingId"]}
    assert len(world.fake_graph.bodies) == 1


async def test_a_leave_of_a_meeting_that_is_not_known_is_a_mistake() -> None:
    """A meetingId that stands for no meeting is to be corrected."""
    world = World()

    await world.drop("join-meeting", {"meetingId": "a" * 26} | LEAVE, reply_to="replies")

    (answer,) = world.replies()
    assert answer["type"] == "rollcall.bot.failed.v1"
    assert answer["data"]["code"] == "meeting_not_found"
    assert await world.ledger.load(MeetingId("a" * 26)) is None


@pytest.mark.parametrize(("failures", "why"), [(2, refused_token()), (5, lost(503))])
async def test_a_leg_that_graph_would_not_end_is_hung_up_again(
    failures: int, why: RollcallError
) -> None:
    """However its first requests failed: the bot goes, and the caller is answered."""
    world = World()
    meeting_id, _, call_id = await joined(world)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="replies")
    world.fake_graph.fail_next(why, times=failures)
    await world.pump(until=timedelta(minutes=1))
    assert call_id in world.fake_graph.calls

    await world.pump(until=timedelta(minutes=10))

    assert world.fake_graph.calls == {}
    assert [one["type"] for one in world.replies()] == ["rollcall.bot.left.v1"]


async def test_a_hang_up_whose_messages_were_all_lost_is_mended_by_the_backstop() -> None:
    """It starts the chain again, which hangs up."""
    world = World()
    meeting_id, _, call_id = await joined(world)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="replies")
    world.delivered |= set(range(len(world.fake_bus.sent)))
    world.clock.advance(600)
    assert call_id in world.fake_graph.calls

    await world.mend()
    await world.pump(until=timedelta(minutes=1))

    assert world.fake_graph.calls == {}
    assert [one["type"] for one in world.replies()] == ["rollcall.bot.left.v1"]


async def test_a_leg_that_turned_up_after_its_lease_is_hung_up_until_it_is_gone() -> None:
    """The index had dropped its meeting: nobody expected it any more."""
    world = World()
    world.fake_graph.fail_next(lost(), done=True)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    (call_id,) = world.fake_graph.calls
    meeting_id, leg_key = str(world.fake_graph.bodies[0]["callbackUri"]).split("/")[-2:]
    world.clock.advance(1)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE)
    world.clock.advance(600)
    await world.mend()
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    world.fake_graph.fail_next(refused_token(), times=6)
    await world.pump(until=timedelta(minutes=1))
    assert call_id in world.fake_graph.calls

    await world.pump(until=timedelta(minutes=10))

    assert world.fake_graph.calls == {}


async def test_one_request_id_leaves_one_meeting() -> None:
    """The same id for another meeting is a conflict; for the same meeting the same request."""
    world = World()
    other = CLASSIC.replace("MGQ4", "AAAA")
    for link in (CLASSIC, other):
        await world.drop("join-meeting", {"joinWebUrl": link})
    ask = {"requestId": "LEAVE-1", **LEAVE}
    await world.drop("join-meeting", {**ask, "joinWebUrl": CLASSIC}, reply_to="replies")
    await world.pump(until=timedelta(minutes=1))

    await world.drop("join-meeting", {**ask, "joinWebUrl": other}, reply_to="other")
    await world.drop("join-meeting", {**ask, "joinWebUrl": CLASSIC}, reply_to="again")
    await world.pump(until=timedelta(minutes=1))

    (conflict,) = world.replies("other")
    assert conflict["data"]["code"] == "request_conflict"
    assert [one["type"] for one in (*world.replies(), *world.replies("again"))] == [
        "rollcall.bot.left.v1",
        "rollcall.bot.left.v1",
    ]
    assert len(world.fake_graph.calls) == 1
