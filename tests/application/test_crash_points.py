"""The whole job, with the process dying before and after every call to the outside in turn.

What a crash interrupts is delivered again in a new process: queue messages once their lock has run
out, callbacks because Graph had no answer. Whatever the point: one meeting, one bot, the same
events told, one answer.
"""

from collections.abc import Iterator
from typing import Any

from tests.application.crashing import Fuse
from tests.application.mortal import LOCK_SECONDS, Mortal
from tests.application.world import leg_of, roster

ASK: dict[str, Any] = {"requestId": "INC-1", "subject": "down", "join": "now"}


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
    while not await world.lives(world.mend):
        world.clock.advance(LOCK_SECONDS)
    await world.pump()
    fuse.mend()
    return world


async def test_no_crash_point_loses_or_doubles_anything(fuses: Iterator[Fuse]) -> None:
    """The same story, told once, with one meeting and one bot."""
    for fuse in fuses:
        await told_once(await play(fuse))


async def told_once(world: Mortal) -> None:
    """Check the record and everything that was sent."""
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
    heard = world.events("meeting.created", "bot.joining", "bot.joined")
    assert {reply["id"] for reply in world.replies()} == {event["id"] for event in heard}
    assert len(world.fake_graph.meetings) == 1
    assert len(world.fake_graph.bodies) == 1
    (call,) = (await world.record("INC-1"))["calls"]
    assert call["endedAt"] is not None
    assert call["participantCount"] == 2
