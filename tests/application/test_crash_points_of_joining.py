"""A bot joins a meeting by its link and is asked to leave, with the process dying at every point.

See test_crash_points.py for how it dies. Whatever the point: one bot, the same events told, each
of those who asked answered.
"""

from collections.abc import Iterator

import pytest

from tests.application.crashing import Fuse
from tests.application.links import CLASSIC, SHORT
from tests.application.mortal import Mortal
from tests.application.world import state

JOIN = {"requestId": "J-1", "guestName": "Scribe"}


class Visitor(Mortal):
    """A world with one bot, which Graph tells of only while it has it."""

    async def greet(self) -> None:
        """See `Mortal.greet`."""
        if self.fake_graph.calls:
            await super().greet()


async def play(fuse: Fuse, *, link: str = CLASSIC) -> Mortal:
    world = Visitor(fuse)
    world.fake_graph.join_id_takes_host = False
    await world.drop("join-meeting", {**JOIN, "joinWebUrl": link}, reply_to="joiner")
    await world.pump()
    await world.greet()
    await world.pump()
    world.clock.advance(60)
    leave = {"joinWebUrl": link, "action": "leave"}
    await world.drop("join-meeting", leave, reply_to="leaver")
    await world.pump()
    body, call_id = world.fake_graph.bodies[0], world.fake_graph.ended[0]
    meeting_id, leg_key = str(body["callbackUri"]).split("/")[-2:]
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))
    world.clock.advance(600)
    while not await world.lives(world.mend):
        world.clock.advance(60)
    await world.pump()
    return world


@pytest.mark.parametrize("link", [CLASSIC, SHORT], ids=["classic", "short"])
async def test_no_crash_point_leaves_a_bot_or_an_asker_behind(
    link: str, fuses: Iterator[Fuse]
) -> None:
    """The same story, told once, with one bot, which leaves. A short link needs two POSTs."""
    for fuse in fuses:
        world = await play(fuse, link=link)

        assert sorted(world.names()) == ["bot.joined", "bot.joining", "bot.left"]
        assert [int(event["sequence"]) for event in world.events()] == [1, 2, 3]
        assert len(world.fake_graph.bodies) == 1
        assert world.fake_graph.calls == {}
        heard, (left,) = world.events("bot.joining", "bot.joined"), world.events("bot.left")
        assert {one["id"] for one in world.replies("joiner")} == {one["id"] for one in heard}
        assert {one["id"] for one in world.replies("leaver")} == {left["id"]}
