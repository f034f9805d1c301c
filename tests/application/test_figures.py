"""What the app counts, as an exporter would get it."""

from tests.application.joined import Joined
from tests.application.world import envelope, roster
from tests.fixtures.figures import figures


async def test_pushes_reads_and_what_is_not_read_are_counted() -> None:
    """With news and without; what nobody ever heard of is counted as other."""
    world = await Joined().begin()
    before = figures()

    await world.see("ada")
    await world.pump()
    await world.call(roster(world.call_id, "ada"))
    for tail in ("/operations/x", "/thingsOfACaller/x"):
        await world.call(envelope(world.call_id, tail, {"a": 1}))

    assert figures() - before == {
        ("rollcall.requests", "tend-meeting done "): 3,
        ("rollcall.commit.attempts", ""): 6,
        ("rollcall.pushes", "true"): 3,
        ("rollcall.pushes", "false"): 1,
        ("rollcall.reads", "people"): 2,
        ("rollcall.unparsed", "operations"): 1,
        ("rollcall.unparsed", "other"): 1,
    }


async def test_a_question_that_waits_too_long_is_counted() -> None:
    """When its look comes at last, or the backstop."""
    world = await Joined().begin()
    before = figures()
    await world.see("ada")
    world.delivered |= set(range(len(world.fake_bus.sent)))
    world.clock.advance(300)

    await world.mend()
    await world.pump()

    found = figures() - before
    assert found["rollcall.questions.late", ""] == 2
