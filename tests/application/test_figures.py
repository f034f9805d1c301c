"""What the app counts, as an exporter would get it."""

import pytest

from shared.words.errors import Unavailable
from tests.application.joined import Joined
from tests.application.world import World, envelope, roster
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


async def test_what_becomes_of_messages_is_counted() -> None:
    """By the queue, the outcome, and the code of a refusal."""
    world = World()
    before = figures()
    world.fake_graph.fail_next()

    await world.drop("create-meeting", {"requestId": "INC-1", "subject": "down"})
    await world.pump()
    await world.drop("create-meeting", {"subject": "down", "nonsense": 1})
    world.fake_bus.fail_next(2)
    with pytest.raises(Unavailable):
        await world.drop("join-meeting", {"nonsense": 1})

    found = figures() - before
    assert {name: times for name, times in found.items() if name[0] == "rollcall.requests"} == {
        ("rollcall.requests", "create-meeting deferred "): 1,
        ("rollcall.requests", "create-meeting done "): 1,
        ("rollcall.requests", "create-meeting rejected invalid_request"): 1,
        ("rollcall.requests", "join-meeting failed "): 1,
    }


async def test_the_walk_shows_when_it_was_and_which_calls_are_open() -> None:
    """By the lists of days, which looks write."""
    world = await Joined().begin()
    await world.see("ada")
    await world.pump()
    await world.mend()
    assert figures()["rollcall.group_calls.open", ""] == 1
    assert figures()["rollcall.backstop.last", ""] == int(world.clock.now().timestamp())

    await world.see()
    await world.pump()
    await world.mend()
    assert figures()["rollcall.group_calls.open", ""] == 0


async def test_messages_that_wait_have_an_age() -> None:
    """When the backstop finds them, and when they are sent."""
    world = await Joined().begin()
    world.fake_bus.down = {"meeting-events"}
    await world.see("ada")
    await world.pump()
    world.clock.advance(300)
    before = figures()

    await world.mend()
    once = (figures() - before)["rollcall.outbox.age", ""]
    world.fake_bus.down = set()
    world.clock.advance(300)
    await world.mend()

    assert once >= 300
    assert (figures() - before)["rollcall.outbox.age", ""] >= once + 1200
