"""The head of a meeting does not grow with what is over, and nothing of it is lost to readers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.ledger.rows import head_row
from shared.words.rules import SourceRules
from tests.application.joined import Joined
from tests.application.world import roster
from tests.fixtures.tending import HINTED


async def test_sessions_that_left_long_ago_leave_the_head_of_an_open_call() -> None:
    """Readers see them all the same, and an old roster of theirs is no arrival."""
    world = await Joined().begin()
    await world.see("host", *(f"guest-{n}" for n in range(50)))
    await world.pump()
    await world.see("host")
    await world.pump()
    published = len(world.names())

    world.clock.advance(120)
    await world.see("host", "late")
    await world.pump()
    await world.call(roster(world.call_id, "host", "late", "guest-7"))
    await world.pump()

    call = (await world.meeting(world.meeting_id)).record.open_call
    (shown,) = (await world.record("INC-1"))["calls"]
    assert call is not None
    assert set(call.sessions) == {"p-host", "p-late"}
    assert len(shown["participants"]) == shown["participantCount"] == 52
    assert world.names()[published:] == ["participant.joined"]


async def test_calls_that_ended_long_ago_leave_the_head() -> None:
    """They keep their numbers, and the record shows all of them."""
    world = await Joined().begin()
    for n in range(4):
        await world.see(f"guest-{n}")
        await world.pump()
        await world.see()
        await world.pump()
        world.clock.advance(4000)
    await world.see("somebody")
    await world.pump()

    record = (await world.meeting(world.meeting_id)).record
    calls = (await world.record("INC-1"))["calls"]
    assert (record.before, [call.number for call in record.calls]) == (4, [5])
    assert [call["callNumber"] for call in calls] == [1, 2, 3, 4, 5]
    assert [call["participantCount"] for call in calls] == [1, 1, 1, 1, 1]
    assert all(call["endedAt"] for call in calls[:4])


@pytest.mark.long
async def test_the_head_is_as_large_after_two_hundred_calls_as_after_ten() -> None:
    """Counted in bytes of its row, sessions, calls and what was published included."""
    soon = SourceRules(after=(timedelta(minutes=5), timedelta(minutes=10)))
    world = await Joined(tending=replace(HINTED, sources=soon)).begin()
    sizes = []
    for n in range(200):
        await world.see(f"guest-{n}")
        await world.pump()
        await world.see()
        await world.pump()
        world.clock.advance(timedelta(minutes=20).total_seconds())
        if n in {9, 199}:
            row = head_row(await world.meeting(world.meeting_id), [])
            sizes.append(sum(len(value) for value in row.values() if isinstance(value, bytes)))

    assert sizes[1] < 1.3 * sizes[0]
