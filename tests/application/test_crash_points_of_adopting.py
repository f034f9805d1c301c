"""A request finds a leg that may be none, with the process dying at every point.

See test_crash_points.py for how it dies. Either the leg is in another meeting of ours, which came
to us by another name, or it is over and nobody told us. Whatever the point: one bot stays, and
each of those who asked is answered once.
"""

from collections.abc import Iterator
from datetime import timedelta

from shared.words.ids import CallId
from tests.application.crashing import Fuse
from tests.application.links import CLASSIC, SHORT, THREAD
from tests.application.mortal import Mortal
from tests.application.world import state

A_WHILE = timedelta(minutes=10)


class Host(Mortal):
    """A world with several bots, of which Graph tells as long as it has them."""

    async def greet(self) -> None:
        """See `Mortal.greet`."""
        for body, call_id in zip(self.fake_graph.bodies, list(self.fake_graph.posted), strict=True):
            if call_id in self.fake_graph.calls:
                meeting_id, leg_key = str(body["callbackUri"]).split("/")[-2:]
                await self.callback(meeting_id, leg_key, state(call_id, "established"))

    async def settle(self) -> None:
        """Let everything come that is on its way."""
        await self.pump(until=A_WHILE)
        await self.greet()
        await self.pump(until=A_WHILE)

    async def mended(self) -> None:
        """Let the backstop send what a crash kept back."""
        self.clock.advance(600)
        while not await self.lives(self.mend):
            self.clock.advance(60)
        await self.pump(until=A_WHILE)


async def move(fuse: Fuse) -> Host:
    """Two links of one meeting, which say nothing of each other."""
    world = Host(fuse)
    world.fake_graph.threads["23456789012345"] = THREAD
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="one")
    await world.settle()
    world.clock.advance(100)
    await world.drop("join-meeting", {"joinWebUrl": SHORT, "requestId": "R"}, reply_to="other")
    await world.settle()
    await world.mended()
    return world


async def replace_dead(fuse: Fuse) -> Host:
    """The first bot ended, and nobody heard of it."""
    world = Host(fuse)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="one")
    await world.settle()
    world.clock.advance(3600)
    dead = CallId(next(iter(world.fake_graph.calls)))
    world.fake_graph.drop(dead)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "R"}, reply_to="other")
    await world.settle()
    await world.mended()
    return world


async def test_no_crash_point_leaves_two_bots_in_one_meeting(fuses: Iterator[Fuse]) -> None:
    """Both askers are answered with the one that stays."""
    for fuse in fuses:
        world = await move(fuse)

        assert len(world.fake_graph.calls) == 1
        (one,), (other,) = (
            {
                reply["data"]["legKey"]
                for reply in world.replies(of)
                if "bot.joining" in reply["type"]
            }
            for of in ("one", "other")
        )
        assert one == other


async def test_no_crash_point_answers_with_a_dead_bot_or_sends_two(fuses: Iterator[Fuse]) -> None:
    """Its end is told once, and the bot sent once more."""
    joined = ["bot.joined", "bot.joining"]
    for fuse in fuses:
        world = await replace_dead(fuse)

        assert sorted(world.names()) == sorted([*joined, "bot.left", *joined])
        assert [int(event["sequence"]) for event in world.events()] == [1, 2, 3, 4, 5]
        assert len(world.fake_graph.bodies) == 2
        assert len(world.fake_graph.calls) == 1
        heard = [event["id"] for event in world.events(*joined)]
        assert {reply["id"] for reply in world.replies("one")} == set(heard[:2])
        assert {reply["id"] for reply in world.replies("other")} == set(heard[2:])
