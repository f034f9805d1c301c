"""A callback comes after its claim ran out: of two legs one is told of, and stays."""

from collections.abc import Awaitable, Callable
from typing import Any

from shared.words.answers import Call
from tests.application.links import CLASSIC
from tests.application.world import LEASE, TENANT, World, leg_of, roster, state
from tests.fakes.graph import FakeGraph
from tests.fakes.graph_shapes import lost


class Overtaken(FakeGraph):
    """A Graph that lets something happen while it takes a call."""

    meanwhile: Callable[[], Awaitable[Any]] | None = None

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `graph_port.Graph.create_call`."""
        if self.meanwhile is not None:
            await self.meanwhile()
        return await super().create_call(body)


async def world_with_a_lost_leg() -> tuple[World, Overtaken]:
    """Return a world whose first leg is in, though neither answer nor callback said so."""
    graph = Overtaken(tenant_id=TENANT)
    world = World(fake_graph=graph)
    graph.fail_next(lost(), done=True)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="replies")
    world.clock.advance(LEASE.total_seconds() + 1)
    return world, graph


async def call_back(world: World, number: int) -> None:
    """Let Graph tell of its `number`-th call that it is in, with Ada."""
    meeting_id, leg_key = world.fake_graph.bodies[number]["callbackUri"].split("/")[-2:]
    call_id = list(world.fake_graph.posted)[number]
    world.people_in(call_id, "ada")
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.callback(meeting_id, leg_key, roster(call_id, "ada"))


async def test_a_late_leg_is_hung_up_in_silence_where_another_was_told() -> None:
    """The second is in already."""
    world, _ = await world_with_a_lost_leg()
    await world.pump()
    await call_back(world, 1)
    await call_back(world, 0)
    await world.pump()

    first, second = world.fake_graph.posted
    assert list(world.fake_graph.calls) == [second]
    assert world.fake_graph.ended == [first]
    assert sorted(world.names()) == [
        "bot.joined",
        "bot.joining",
        "call.started",
        "participant.joined",
    ]


async def test_a_late_leg_stays_where_it_is_told_before_the_other_was_accepted() -> None:
    """The answer to the second POST finds it there: the request is answered with it."""
    world, graph = await world_with_a_lost_leg()

    async def first_calls_back() -> None:
        graph.meanwhile = None
        await call_back(world, 0)

    graph.meanwhile = first_calls_back
    await world.pump()

    first, second = world.fake_graph.posted
    assert list(world.fake_graph.calls) == [first]
    assert world.fake_graph.ended == [second]
    assert [world.names().count(name) for name in ("bot.joining", "bot.joined")] == [1, 1]
    (joining,) = world.events("bot.joining")
    assert joining["data"]["callId"] == first
    assert {one["id"] for one in world.replies()} >= {joining["id"]}
    meeting = await world.meeting(joining["data"]["meetingId"])
    assert leg_of(meeting)[1] == second
    assert len((await world.record_of(meeting.meeting_id))["bot"]["legs"]) == 1
