"""The whole job, with the process dying before and after every call to the outside in turn.

What a crash interrupts is delivered again in a new process: queue messages once their lock has run
out, callbacks because Graph had no answer. Whatever the point: one meeting, one bot, the same
events told, one answer.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from shared.ports import Bus, Graph, Ledger
from shared.queue_message import QueueMessage
from tests.application.crashing import Crashed, Fuse, FusedBus, FusedGraph, FusedLedger
from tests.application.world import World, leg_of, roster, state
from tests.fakes.ledger import InMemoryLedger

ASK: dict[str, Any] = {"requestId": "INC-1", "subject": "down", "join": "now"}
LOCK_SECONDS = 31
POINTS = 48
"""How many calls to the outside the story makes; a change of this number is to be understood."""


class Mortal(World):
    """A world whose process may die, and comes back."""

    fuse: Fuse
    true_ledger: InMemoryLedger

    def __init__(self, fuse: Fuse) -> None:
        self.fuse, self.true_ledger = fuse, InMemoryLedger()
        ledger: Ledger = FusedLedger(self.true_ledger, fuse)
        super().__init__(ledger=ledger)
        bus: Bus = FusedBus(self.fake_bus, fuse)
        graph: Graph = FusedGraph(self.fake_graph, fuse)
        self.bus, self.graph = bus, graph
        self.restart()

    async def deliver(self, message: QueueMessage) -> None:
        """Deliver; where the process dies, let Graph call back meanwhile, then redeliver."""
        count = message.delivery_count
        while not await self._lives(partial(World.deliver, self, message)):
            await self.greet()
            self.clock.advance(LOCK_SECONDS)
            count += 1
            message = replace(message, delivery_count=count)

    async def callback(
        self, meeting_id: str, leg_key: str, body: bytes, *, authorization: str | None = None
    ) -> int:
        """Call back until there is an answer."""
        statuses: list[int] = []

        async def once() -> None:
            statuses.append(await World.callback(self, meeting_id, leg_key, body))

        while not await self._lives(once):
            self.clock.advance(1)
        return statuses[-1]

    async def greet(self) -> None:
        """Let Graph tell of every bot it has that it is in its meeting."""
        for body, call_id in zip(self.fake_graph.bodies, self.fake_graph.calls, strict=True):
            meeting_id, leg_key = str(body["callbackUri"]).split("/")[-2:]
            await self.callback(meeting_id, leg_key, state(call_id, "established"))

    async def _lives(self, act: Callable[[], Awaitable[None]]) -> bool:
        with contextlib.suppress(Crashed, asyncio.CancelledError):
            await act()
        if not self.fuse.burnt:
            return True
        await self._bury()
        self.fuse.mend()
        self.restart()
        return False

    async def _bury(self) -> None:
        """Wait for what the dead process had begun; it reaches nothing any more."""
        await asyncio.gather(
            *(task for task in asyncio.all_tasks() if task is not asyncio.current_task()),
            return_exceptions=True,
        )


async def play(fuse: Fuse) -> Mortal:
    world = Mortal(fuse)
    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.pump()
    await world.greet()
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    stored = await world.true_ledger.load(meeting_id)
    assert stored is not None
    leg_key, call_id = leg_of(stored.meeting)
    for names in (("ada",), ("ada", "bo"), ()):
        world.clock.advance(10)
        world.people_in(call_id, *names)
        await world.callback(meeting_id, leg_key, roster(call_id, *names))
        await world.pump()
    world.clock.advance(600)
    while not await world._lives(world.mend):
        world.clock.advance(LOCK_SECONDS)
    await world.pump()
    return world


async def test_without_a_crash_the_story_is_as_long_as_we_think() -> None:
    """So that the next test visits every point there is."""
    world = await play(Fuse())

    assert world.fuse.calls == POINTS


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", range(1, POINTS + 1))
async def test_no_crash_point_loses_or_doubles_anything(point: int, after: bool) -> None:
    """The same story, told once, with one meeting and one bot."""
    world = await play(Fuse(at=point, after=after))

    assert sorted(world.names()) == sorted(
        [
            "meeting.created",
            "bot.joining",
            "bot.joined",
            "call.started",
            "participant.joined",
            "participant.joined",
            "participant.left",
            "participant.left",
            "call.ended",
        ]
    )
    sequences = [int(event["sequence"]) for event in world.events()]
    assert sequences == list(range(1, 10))
    assert {reply["id"] for reply in world.replies()} == {world.events("meeting.created")[0]["id"]}
    assert len(world.fake_graph.meetings) == 1
    assert len(world.fake_graph.bodies) == 1
    (call,) = (await world.record("INC-1"))["calls"]
    assert call["endedAt"] is not None
    assert call["participantCount"] == 2
