"""A leave that meets a join: the joins before it send no bot, those after it do."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from join_meeting.join_links import read_join_link
from meeting_record.handler import read_record
from shared.words.answers import Call
from shared.words.coordinates import alias_of
from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.ids import linked_meeting_id_for
from tests.application.leaving import BYE, LEAVE, HeldGraph, joined
from tests.application.links import CLASSIC, SHORT, THREAD
from tests.application.world import LEASE, TENANT, World, state
from tests.fakes.graph import FakeGraph
from tests.fakes.graph_shapes import lost


async def test_a_leave_during_joining_waits_for_nobody() -> None:
    """Graph has not answered yet: the first callback of the leg hangs it up."""
    world = World()
    world.fake_graph.fail_next(lost(), done=True)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="joiner")
    (call_id,) = world.fake_graph.calls
    meeting_id, leg_key = str(world.fake_graph.bodies[0]["callbackUri"]).split("/")[-2:]
    world.clock.advance(1)

    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    assert world.fake_graph.ended == []
    await world.callback(meeting_id, leg_key, state(call_id, "establishing"))
    await world.pump()

    assert world.fake_graph.ended == [call_id]
    assert len(world.fake_graph.bodies) == 1
    assert [one["type"] for one in world.replies("leaver")] == ["rollcall.bot.left.v1"]
    left, refused = sorted(world.replies("joiner"), key=lambda one: "code" in one["data"])
    assert left["type"] == "rollcall.bot.left.v1"
    assert refused["data"]["code"] == "leave_asked"


async def test_a_leave_while_graph_answers_hangs_up_with_the_answer() -> None:
    """The join is told as accepted, then as left."""
    graph = HeldGraph()
    world = World(fake_graph=graph)
    join = asyncio.create_task(
        world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="joiner")
    )
    await graph.asked.wait()

    await world.beside().drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    graph.go.set()
    await join
    await world.pump()

    (call_id,) = graph.ended
    assert [one["type"] for one in world.replies("joiner")] == [
        "rollcall.bot.joining.v1",
        "rollcall.bot.left.v1",
    ]
    assert [one["data"]["callId"] for one in world.replies("leaver")] == [call_id]
    assert world.names() == ["bot.joining", "bot.left"]


async def test_a_join_that_never_reached_graph_is_void_after_a_leave() -> None:
    """Its next try finds that the bot is not wanted any more; the leaver hears so at the lease."""
    world = World()
    asked_at = world.clock.now()
    world.fake_graph.fail_next(lost())
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="joiner")
    world.clock.advance(1)

    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    await world.pump()

    assert world.fake_graph.bodies == []
    assert [one["data"]["code"] for one in world.replies("joiner")] == ["leave_asked"]
    assert [one["type"] for one in world.replies("leaver")] == ["rollcall.bot.absent.v1"]
    assert world.clock.now() >= asked_at + LEASE


async def test_a_leave_that_overtakes_its_join_keeps_the_bot_out() -> None:
    """Two messages of one sender are handled at once; the order they were sent in counts."""
    world = World()
    meeting_id, _, _ = await joined(world)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE)
    await world.pump()
    world.clock.advance(60)
    join = world.message("join-meeting", {"meetingId": meeting_id}, reply_to="replies")
    world.clock.advance(1)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE)

    await world.deliver(join)

    assert [one["data"]["code"] for one in world.replies()] == ["leave_asked"]
    assert len(world.fake_graph.bodies) == 1


async def test_a_join_after_a_leave_waits_until_the_bot_is_gone() -> None:
    """Then another leg is sent: one bot a meeting, also in passing."""
    world = World()
    meeting_id, _, first = await joined(world)
    world.clock.advance(1)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE)
    world.clock.advance(1)

    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")
    assert len(world.fake_graph.bodies) == 1
    await world.pump()

    assert world.fake_graph.ended == [first]
    assert len(world.fake_graph.bodies) == 2
    (answer,) = world.replies()
    assert answer["data"]["callId"] != first
    assert len(world.fake_graph.calls) == 1


async def test_a_refused_join_answers_whoever_asked_to_leave_meanwhile() -> None:
    """There is no leg, and there will be none."""
    graph = HeldGraph()
    world = World(fake_graph=graph)
    graph.fail_next(Rejected(code="graph_refused", message="No.", next_step="Ask Graph."))
    join = asyncio.create_task(world.drop("join-meeting", {"joinWebUrl": CLASSIC}))
    await graph.asked.wait()

    await world.beside().drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    graph.go.set()
    await join
    await world.pump()

    assert [one["data"]["code"] for one in world.replies("leaver")] == ["graph_refused"]


def throttled() -> Unavailable:
    """Return Graph's 429: it did nothing."""
    return Unavailable("no", graph=GraphTrace(status=429, code=""), retry_after=timedelta(0, 10))


async def test_a_leave_leaves_a_bot_alone_that_was_asked_for_later() -> None:
    """Its retry comes when the first join is void and another one has been granted."""
    graph = HeldGraph()
    world = World(fake_graph=graph)
    join = asyncio.create_task(world.drop("join-meeting", {"joinWebUrl": CLASSIC}))
    await graph.asked.wait()
    world.clock.advance(1)
    await world.beside().drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    graph.fail_next(throttled())
    graph.go.set()
    await join
    world.clock.advance(5)

    _, _, second = await joined(world)
    await world.pump()

    assert graph.ended == []
    assert list(graph.calls) == [second]
    assert [one["type"] for one in world.replies("leaver")] == ["rollcall.bot.absent.v1"]


async def test_a_leave_whose_join_came_to_nothing_is_answered_with_the_leg_before() -> None:
    """It was marked while the second join was on its way, which Graph then throttled."""
    graph = HeldGraph()
    graph.go.set()
    world = World(fake_graph=graph)
    meeting_id, leg_key, first = await joined(world)
    world.fake_graph.drop(first)
    await world.callback(meeting_id, leg_key, state(first, "terminated", **BYE))
    world.clock.advance(60)
    graph.go.clear()
    graph.asked.clear()
    join = asyncio.create_task(world.drop("join-meeting", {"joinWebUrl": CLASSIC}))
    await graph.asked.wait()
    world.clock.advance(1)

    await world.beside().drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    graph.fail_next(throttled())
    graph.go.set()
    await join
    await world.pump()

    assert [one["data"]["callId"] for one in world.replies("leaver")] == [first]


async def test_a_leave_that_found_nothing_hears_no_more_of_a_leg_that_turns_up() -> None:
    """It was answered; the leg is hung up all the same."""
    world = World()
    world.fake_graph.fail_next(lost(), done=True)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    (call_id,) = world.fake_graph.calls
    meeting_id, leg_key = str(world.fake_graph.bodies[0]["callbackUri"]).split("/")[-2:]
    world.clock.advance(1)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="replies")
    await world.pump()

    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.pump()

    assert world.fake_graph.ended == [call_id]
    assert [one["type"] for one in world.replies()] == ["rollcall.bot.absent.v1"]


class NamingGraph(HeldGraph):
    """Sends the bot, but keeps its answer until `go`; it names the thread that was led to."""

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `graph_port.Graph.create_call`."""
        call = await FakeGraph.create_call(self, body)
        self.asked.set()
        await self.go.wait()
        return replace(call, thread_id=THREAD)


@pytest.mark.parametrize("seen", [False, True], ids=["on its way", "seen before the answer"])
async def test_a_leave_of_a_meeting_that_proves_to_be_another_is_answered_there(
    seen: bool,
) -> None:
    """Once, by the end of the bot that was in it."""
    graph = NamingGraph()
    graph.go.set()
    world = World(fake_graph=graph)
    _, _, first = await joined(world)
    graph.go.clear()
    graph.asked.clear()
    join = asyncio.create_task(world.drop("join-meeting", {"joinWebUrl": SHORT}))
    await graph.asked.wait()
    world.clock.advance(1)
    if seen:
        meeting_id, leg_key = str(graph.bodies[-1]["callbackUri"]).split("/")[-2:]
        await world.callback(meeting_id, leg_key, state(list(graph.calls)[-1], "establishing"))

    ask = {"joinWebUrl": SHORT, "requestId": "L-1"} | LEAVE
    await world.beside().drop("join-meeting", ask, reply_to="leaver")
    graph.go.set()
    await join
    await world.pump()

    assert graph.calls == {}
    assert [one["data"]["callId"] for one in world.replies("leaver")] == [first]


async def test_a_leave_that_overtakes_the_first_join_of_a_link_keeps_the_bot_out() -> None:
    """A later join makes the meeting known to readers, under its own name."""
    world = World()
    join = world.message("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="joiner")
    world.clock.advance(1)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")

    await world.deliver(join)

    assert world.fake_graph.bodies == []
    assert [one["data"]["code"] for one in world.replies("joiner")] == ["leave_asked"]
    assert [one["type"] for one in world.replies("leaver")] == ["rollcall.bot.absent.v1"]
    own = linked_meeting_id_for(
        tenant_id=TENANT, alias=alias_of(read_join_link(CLASSIC, tenant_id=TENANT))
    )
    assert await world.ledger.load(own) is not None
    assert await read_record(own, world.services) is None
    world.clock.advance(1)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J", "context": {"a": 1}})
    (told,) = world.events("bot.joining")
    assert (told["correlationid"], told["data"]["context"]) == ("J", {"a": 1})


@pytest.mark.parametrize("moved", [False, True], ids=["as it was", "after its start moved"])
async def test_a_leave_counts_against_a_join_that_waits_for_the_start(moved: bool) -> None:
    """The message is due later than the leave, but was asked for before it."""
    world = World()
    start = world.clock.now() + timedelta(hours=1)
    ask = {"requestId": "INC", "subject": "s", "startDateTime": start.isoformat()}
    await world.drop("create-meeting", ask | {"join": "atStart"})
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    world.clock.advance(600)

    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="leaver")
    if moved:
        times = (start + timedelta(hours=1), start + timedelta(hours=2))
        names = ("startDateTime", "endDateTime")
        change = dict(zip(names, (one.isoformat() for one in times), strict=True))
        await world.drop("create-meeting", {"requestId": "INC", "action": "update"} | change)
    await world.pump(until=timedelta(hours=3))

    assert world.fake_graph.bodies == []
    (answer,) = world.replies("leaver")
    assert answer["type"] == "rollcall.bot.absent.v1"
