"""What Graph is answered when it calls back, and that only what is true is stored."""

from tests.application.joined import Joined
from tests.application.world import roster
from tests.fakes.ledger import InMemoryLedger
from tests.fixtures.tending import TENDING


async def test_a_forged_callback_is_401_and_nothing_is_stored() -> None:
    """Also when it is about a leg that exists."""
    world = await Joined().begin()
    before = await world.meeting(world.meeting_id)
    genuine = roster(world.call_id, "eve")

    for token in ("", "Bearer x", world.token(aud="other"), world.token(tid="other")):
        status = await world.callback(
            world.meeting_id, world.leg_key, genuine, authorization=token or "None"
        )
        assert status == 401

    assert await world.meeting(world.meeting_id) == before


async def test_a_body_that_is_not_json_is_400() -> None:
    """From a caller who is genuine."""
    world = await Joined().begin()

    assert await world.call(b"nope") == 400


async def test_a_leg_we_do_not_know_is_202_and_nothing_is_stored() -> None:
    """A meeting that was never ours, a leg that nobody claimed, ids that are none."""
    world = await Joined().begin()
    before = await world.meeting(world.meeting_id)

    statuses = [
        await world.callback("a" * 26, world.leg_key, roster(world.call_id, "eve")),
        await world.callback(world.meeting_id, "a" * 16, roster(world.call_id, "eve")),
        await world.callback("../..", "x", roster(world.call_id, "eve")),
    ]

    assert statuses == [202, 202, 202]
    assert await world.meeting(world.meeting_id) == before


async def test_a_store_that_is_down_is_503() -> None:
    """So that Graph sends it again."""
    ledger = InMemoryLedger()
    world = await Joined(ledger=ledger).begin()
    ledger.fail_next(1)

    assert await world.call(roster(world.call_id, "ada")) == 503


async def test_a_bus_that_is_down_does_not_fail_the_callback() -> None:
    """What was committed is sent by the next handler of the meeting."""
    world = await Joined().begin()
    world.fake_bus.fail_next(99)

    assert await world.call(roster(world.call_id, "ada")) == 202
    assert "call.started" not in world.names()
    world.fake_bus.fail_next(0)
    world.clock.advance(TENDING.grace.total_seconds() + 1)
    await world.call(roster(world.call_id, "ada"))

    assert world.names().count("call.started") == 1
