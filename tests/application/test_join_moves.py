"""Two names of one meeting come to us unconnected: it is one meeting as soon as Graph says so."""

import asyncio
from copy import deepcopy
from datetime import timedelta

import pytest

from shared.words.errors import GraphTrace, Unavailable
from tests.application.links import CLASSIC, SHORT, THREAD
from tests.application.world import HANDLERS, LEASE, World, leg_of, state

JOIN_ID = "23456789012345"


def world_with_one_meeting() -> World:
    """Return a world where the short link and the classic one lead to the same meeting."""
    world = World()
    world.fake_graph.threads[JOIN_ID] = THREAD
    return world


async def bot_by_classic_link(world: World) -> str:
    """Let the bot be in by the classic link; return that meeting's id."""
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    (event,) = world.events("bot.joining")
    meeting_id: str = event["data"]["meetingId"]
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    world.clock.advance(100)
    return meeting_id


async def call_back(world: World, number: int) -> None:
    """Let Graph tell that the bot it was asked for as the `number`-th one is in."""
    meeting_id, leg_key = world.fake_graph.bodies[number]["callbackUri"].split("/")[-2:]
    call_id = list(world.fake_graph.posted)[number]
    await world.callback(meeting_id, leg_key, state(call_id, "established"))


async def test_an_answer_that_was_lost_is_read_before_anybody_is_told() -> None:
    """Graph took the call and did not answer; its callback says nothing of the thread."""
    world = world_with_one_meeting()
    meeting_id = await bot_by_classic_link(world)
    world.fake_graph.fail_next(done=True)
    await world.drop("join-meeting", {"joinWebUrl": SHORT}, reply_to="replies")
    await call_back(world, 1)

    await world.pump()

    assert len(world.fake_graph.calls) == 1
    assert len(world.fake_graph.bodies) == 2
    (answer,) = world.replies()
    assert answer["type"] == "rollcall.bot.joining.v1"
    assert answer["data"]["meetingId"] == meeting_id


async def test_nobody_is_answered_while_graph_does_not_say_where_the_leg_is() -> None:
    """The request comes again: the leg may be in another meeting."""
    world = world_with_one_meeting()
    meeting_id = await bot_by_classic_link(world)
    world.fake_graph.fail_next(done=True)
    await world.drop("join-meeting", {"joinWebUrl": SHORT}, reply_to="replies")
    await call_back(world, 1)
    world.clock.advance(LEASE.total_seconds())
    world.fake_graph.fail_next()

    await world.pump()

    assert len(world.fake_graph.calls) == 1
    assert [one["data"]["meetingId"] for one in world.replies()] == [meeting_id]


async def test_a_bot_that_comes_after_its_meeting_moved_is_sent_away() -> None:
    """Its callback is late by more than its lease; another bot showed where the join id leads."""
    world = world_with_one_meeting()
    await bot_by_classic_link(world)
    world.fake_graph.fail_next(done=True)
    await world.drop("join-meeting", {"joinWebUrl": SHORT}, reply_to="replies")
    await world.pump()
    assert len(world.fake_graph.bodies) == 3

    await call_back(world, 1)
    await world.pump()

    assert len(world.fake_graph.calls) == 1


async def test_an_answer_without_the_thread_answers_nobody_until_the_call_names_it() -> None:
    """Nothing of the leg is told before, whatever calls back."""
    world = world_with_one_meeting()
    meeting_id = await bot_by_classic_link(world)
    before = world.names()
    world.fake_graph.worded = lambda answer: {**answer, "chatInfo": None}
    await world.drop("join-meeting", {"joinWebUrl": SHORT}, reply_to="replies")
    await world.pump(until=timedelta(seconds=20))
    assert (world.replies(), world.names()) == ([], before)
    world.fake_graph.worded = deepcopy

    await call_back(world, 1)
    await world.pump()

    assert len(world.fake_graph.calls) == 1
    assert [one["data"]["meetingId"] for one in world.replies()] == [meeting_id]
    assert world.names() == before


async def test_a_leg_whose_thread_graph_never_names_is_of_the_meeting_of_its_join_id() -> None:
    """It is in, and Graph's call says no more: what was heard of it is told."""
    world = World()
    world.fake_graph.worded = lambda answer: {**answer, "chatInfo": None}
    await world.drop("join-meeting", {"joinWebUrl": SHORT}, reply_to="replies")
    world.fake_graph.posted[next(iter(world.fake_graph.posted))]["state"] = "established"

    await call_back(world, 0)
    await world.pump()

    assert sorted(world.names()) == ["bot.joined", "bot.joining"]
    assert [one["type"] for one in world.replies()] == [
        "rollcall.bot.joining.v1",
        "rollcall.bot.joined.v1",
    ]


async def test_a_leg_that_ended_before_its_thread_was_known_has_failed_for_its_reason() -> None:
    """Graph has no such call any more; the callback said why."""
    world = World()
    world.fake_graph.fail_next(done=True)
    await world.drop("join-meeting", {"joinWebUrl": SHORT}, reply_to="replies")
    (call_id,) = world.fake_graph.calls
    world.fake_graph.drop(call_id)
    end = {"resultInfo": {"code": 400, "subcode": 2203}}

    meeting_id, leg_key = world.fake_graph.bodies[0]["callbackUri"].split("/")[-2:]
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **end))
    await world.pump(until=timedelta(seconds=1))

    (failed,) = world.events("bot.failed")
    assert failed["data"]["result"]["subcode"] == 2203


async def test_a_leave_by_the_other_name_takes_out_the_bot_that_is_there() -> None:
    """Its own leg is on its way in by a join id, and nobody knows yet that it is the same room."""
    world = world_with_one_meeting()
    await bot_by_classic_link(world)
    world.fake_graph.fail_next(done=True)
    await world.drop("join-meeting", {"joinWebUrl": SHORT})
    await world.drop("join-meeting", {"joinWebUrl": SHORT, "action": "leave"}, reply_to="leaver")
    await call_back(world, 1)

    await world.pump()

    assert world.fake_graph.calls == {}
    assert [one["type"] for one in world.replies("leaver")] == ["rollcall.bot.left.v1"]
    assert len(world.events("bot.left")) == 1


async def test_the_record_of_the_other_name_is_that_of_the_meeting() -> None:
    """By the id of the request, and by the id that its callbacks carry."""
    world = world_with_one_meeting()
    meeting_id = await bot_by_classic_link(world)
    await world.drop("join-meeting", {"joinWebUrl": SHORT, "requestId": "R-1"})
    other = world.fake_graph.bodies[1]["callbackUri"].split("/")[-2]

    for record in (await world.record("R-1"), await world.record_of(other)):
        assert record["meeting"]["meetingId"] == meeting_id
        assert len(record["bot"]["legs"]) == 1


@pytest.mark.parametrize("delay", range(0, 40, 2))
async def test_whoever_sends_the_bot_has_pinned_its_request_first(delay: int) -> None:
    """However late it was found that the bot is to be sent: Graph throttled somebody else's."""
    world = World()
    throttled = Unavailable("429", graph=GraphTrace(status=429, code="TooManyRequests"))
    world.fake_graph.fail_next(throttled)
    handle, services = HANDLERS["join-meeting"], world.services
    one, other = (
        world.message("join-meeting", {"requestId": request_id, "joinWebUrl": CLASSIC})
        for request_id in ("R-1", "R-2")
    )

    first = asyncio.create_task(handle(one, services))
    for _ in range(delay):
        await asyncio.sleep(0)
    await asyncio.gather(first, asyncio.create_task(handle(other, services)))
    await services.journal.settled()

    (meeting,) = (one for one in world.ledger.meetings() if one.legs)  # type: ignore[attr-defined]  # in memory
    for leg in meeting.legs:
        if leg.call_id is not None:
            for request_id in leg.asked:
                found = await world.ledger.resolve_alias(f"join request {request_id}")
                assert found == meeting.meeting_id


async def test_a_request_that_was_sent_on_is_known_by_its_own_id() -> None:
    """The same again is answered the same, other content refused."""
    world = world_with_one_meeting()
    await bot_by_classic_link(world)
    ask = {"joinWebUrl": SHORT, "requestId": "R-1"}
    await world.drop("join-meeting", ask, reply_to="first")
    await world.pump()

    await world.drop("join-meeting", ask, reply_to="again")
    await world.drop("join-meeting", {**ask, "guestName": "Scribe"}, reply_to="other")
    await world.pump()

    (first,), (again,), (other,) = (world.replies(of) for of in ("first", "again", "other"))
    assert first["id"] == again["id"]
    assert other["data"]["code"] == "request_conflict"
    assert [one["member"] for one in other["data"]["problems"]] == ["/guestName"]
