"""A leave, or its join, that comes again: the same answer, and no other bot is touched."""

from datetime import timedelta

from tests.application.leaving import BYE, LEAVE, joined, refused_token
from tests.application.links import CLASSIC
from tests.application.world import World, state


async def test_a_leave_that_comes_again_does_not_touch_the_next_bot() -> None:
    """The same request id stands for the first leg."""
    world = World()
    meeting_id, _, first = await joined(world)
    ask = {"meetingId": meeting_id, "requestId": "L-1"} | LEAVE
    await world.drop("join-meeting", ask)
    await world.pump()
    world.clock.advance(60)
    _, _, second = await joined(world)

    await world.drop("join-meeting", ask, reply_to="replies")
    await world.pump()

    assert [one["data"]["callId"] for one in world.replies()] == [first]
    assert world.fake_graph.ended == [first]
    assert second in world.fake_graph.calls


async def test_a_redelivered_leave_is_answered_once() -> None:
    """The process died after the commit, before the message was completed."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    ask = {"meetingId": meeting_id, "requestId": "L-1"} | LEAVE
    message = await world.drop("join-meeting", ask, reply_to="replies")
    await world.pump(until=timedelta())
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))

    await world.redeliver(message)
    await world.pump()

    assert len(world.replies()) == 1


async def test_a_redelivered_leave_that_found_no_bot_is_answered_once() -> None:
    """A join made the meeting known meanwhile: one event has one number."""
    world = World()
    leave = await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="replies")
    world.clock.advance(1)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})

    await world.redeliver(leave)

    assert [one["type"] for one in world.replies()] == ["rollcall.bot.absent.v1"]
    told = world.fake_bus.sent_to("meeting-events")
    assert len(told) == len({one.message_id for one in told})
    assert len(world.fake_graph.calls) == 1


async def test_a_redelivered_join_brings_no_bot_back() -> None:
    """It was answered before the bot left."""
    world = World()
    message = await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="replies")
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE)
    await world.pump()

    await world.redeliver(message)

    assert len(world.fake_graph.bodies) == 1
    assert [one["type"] for one in world.replies()] == [
        "rollcall.bot.joining.v1",
        "rollcall.bot.left.v1",
    ]


async def test_a_leave_that_comes_again_is_answered_as_it_was() -> None:
    """Also after the notification of the end, which says more, or a context, came."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    ask = {"meetingId": meeting_id, "requestId": "L-1"} | LEAVE
    await world.drop("join-meeting", ask, reply_to="replies")
    await world.pump()
    world.clock.advance(5)
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "context": {"a": 1}})

    await world.drop("join-meeting", ask, reply_to="replies")

    first, again = world.replies()
    assert first == again


async def test_a_second_leave_hangs_up_again() -> None:
    """Nobody has to wait for the next try."""
    world = World()
    meeting_id, _, call_id = await joined(world)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="one")
    world.fake_graph.fail_next(refused_token(), times=2)
    await world.pump(until=timedelta(minutes=1))
    assert call_id in world.fake_graph.calls

    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="two")
    await world.pump(until=timedelta(minutes=1))

    assert world.fake_graph.calls == {}
    assert len(world.replies("one")) == len(world.replies("two")) == 1


async def test_a_leave_under_the_message_id_of_the_join_is_carried_out_and_answered() -> None:
    """Both may carry the incident's id."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, message_id="INC", reply_to="join")

    await world.drop(
        "join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, message_id="INC", reply_to="leave"
    )
    await world.pump()

    assert world.fake_graph.calls == {}
    assert [one["type"] for one in world.replies("leave")] == ["rollcall.bot.left.v1"]
