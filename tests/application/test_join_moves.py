"""Two names of one meeting come to us unconnected: it is one meeting as soon as Graph says so."""

import asyncio
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


async def test_a_leg_found_elsewhere_by_the_way_is_sent_away_too() -> None:
    """The thread could not be noted when the bot was sent: the next look at its call does it."""
    world = world_with_one_meeting()
    await world.drop("join-meeting", {"joinWebUrl": SHORT.replace(JOIN_ID, "99999999999999")})
    await call_back(world, 0)
    await bot_by_classic_link_beside(world)
    world.fake_graph.posted[next(iter(world.fake_graph.posted))]["chatInfo"] = {"threadId": THREAD}
    world.clock.advance(LEASE.total_seconds())

    short = SHORT.replace(JOIN_ID, "99999999999999")
    await world.drop("join-meeting", {"joinWebUrl": short}, reply_to="replies")
    await world.pump()

    assert len(world.fake_graph.calls) == 1
    assert world.events("bot.left")


async def bot_by_classic_link_beside(world: World) -> None:
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    await call_back(world, 1)


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


async def test_a_request_that_was_sent_on_is_refused_under_its_own_id() -> None:
    """The bot it was sent on to is gone by then, and Graph sends no other."""
    world = world_with_one_meeting()
    meeting_id = await bot_by_classic_link(world)
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.drop("join-meeting", {"joinWebUrl": SHORT, "requestId": "R-1"}, reply_to="replies")
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))
    world.fake_graph.fail_next(times=20)

    await world.pump(until=timedelta(hours=2))

    (failed,) = world.replies()
    assert failed["data"]["code"] == "gave_up"
    assert failed["data"]["requestId"] == failed["correlationid"] == "R-1"
