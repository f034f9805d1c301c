"""What a crash or a lost message left undone is done by the backstop, once."""

from datetime import timedelta

from tests.application.joined import Joined
from tests.application.world import roster, state


async def test_a_lost_tend_message_is_mended_by_the_backstop() -> None:
    """The chain starts again, and the call gets its end."""
    world = await Joined().begin()
    await world.see("ada")
    await world.pump()
    await world.see()
    world.delivered |= set(range(len(world.fake_bus.sent)))

    world.clock.advance(300)
    await world.mend()
    await world.pump()

    assert world.names()[-1] == "call.ended"


async def test_the_backstop_sends_what_a_crash_left_unsent() -> None:
    """Committed, and the process died before it could send."""
    world = await Joined().begin()
    world.fake_bus.fail_next(99)
    await world.call(roster(world.call_id, "ada"))
    world.fake_bus.fail_next(0)
    world.clock.advance(300)

    world.restart()
    await world.mend()

    assert world.names().count("call.started") == 1


async def test_a_finished_meeting_leaves_the_backstops_list() -> None:
    """So that walking it does not grow with history."""
    world = await Joined().begin()
    await world.call(state(world.call_id, "terminated", resultInfo={"code": 200, "subcode": 7000}))
    world.clock.advance(300)

    await world.mend()

    left = [one async for one in world.ledger.overdue(now=world.clock.now() + timedelta(days=1))]
    assert left == []


async def test_a_stale_tend_message_does_nothing() -> None:
    """Its generation was overtaken."""
    world = await Joined().begin()
    await world.see("ada")
    version = (await world.meeting(world.meeting_id)).version

    await world.drop("tend-meeting", {"meetingId": world.meeting_id, "generation": 999})

    assert (await world.meeting(world.meeting_id)).version == version
