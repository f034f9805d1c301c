"""Notifications changed at random: none is a failure, and none spoils what is recorded after it."""

import random
from typing import Any

import pytest

from tests.application.joined import Joined
from tests.application.world import leg_of, roster, state
from tests.fakes.ledger import InMemoryLedger
from tests.fixtures.mutations import captured, mutated

AT_ONCE = 20
"""How many changed notifications come before the next person does."""
MOST_ROWS, MOST_BYTES = 2, 8_000
"""What one notification may leave in the meeting's partition."""
SAMPLE = range(10)
ALL = range(150)
STRANGERS_CALL = "00000000-0000-4000-8000-00000000dead"


class Fuzzed(Joined):
    """A world with a second meeting of ours beside the one that is called back about."""

    async def with_neighbour(self) -> str:
        """Let the bot be in another meeting, with Nia; then in ours. Return the other's id."""
        await self.drop("create-meeting", {"requestId": "INC-2", "subject": "near", "join": "now"})
        await self.pump()
        other = self.events("meeting.created")[0]["data"]["meetingId"]
        key, call_id = leg_of(await self.meeting(other))
        self.people_in(call_id, "nia")
        await self.callback(other, key, state(call_id, "established"))
        await self.callback(other, key, roster(call_id, "nia"))
        await self.pump()
        await self.drop("create-meeting", {"requestId": "INC-1", "subject": "down", "join": "now"})
        await self.pump()
        created = [one["data"] for one in self.events("meeting.created")]
        self.meeting_id = next(one["meetingId"] for one in created if one["requestId"] == "INC-1")
        self.leg_key, self.call_id = leg_of(await self.meeting(self.meeting_id))
        await self.call(state(self.call_id, "established"))
        return str(other)


async def fuzz(seed: int) -> None:
    """Send a batch of changed notifications, then let Ada join, and look at what is recorded."""
    world = Fuzzed()
    other = await world.with_neighbour()
    assert isinstance(world.ledger, InMemoryLedger)
    chance = random.Random(seed)  # noqa: S311 - the same each time
    corpus = captured(world.call_id, ends=chance.random() < 0.3)
    neighbour = world.ledger.rows_of(other)

    for number in range(AT_ONCE):
        world.clock.advance(chance.choice((0, 0.2, 3)))
        body = mutated(chance, corpus, [world.call_id, world.call_id.upper(), STRANGERS_CALL])
        before = world.ledger.rows_of(world.meeting_id)
        status = await world.call(body)
        after = world.ledger.rows_of(world.meeting_id)

        assert status in (202, 400), f"number {number}: {body[:2000]!r}"
        assert len(after) <= len(before) + MOST_ROWS
        assert sum(after.values()) <= sum(before.values()) + MOST_BYTES
    assert world.ledger.rows_of(other) == neighbour

    world.people_in(world.call_id)
    await world.pump()
    if (await world.meeting(world.meeting_id)).legs[-1].gone_at is not None:
        await world.rejoin()
    await world.see("ada")
    await world.pump()

    calls = (await world.record_of(world.meeting_id))["calls"]
    assert there(calls[-1]) == ["ada"]
    assert there((await world.record_of(other))["calls"][-1]) == ["nia"]


def there(call: dict[str, Any]) -> list[str]:
    """Return who has not left a call, as its record says."""
    people = call["participants"]
    return [one["participant"]["userId"] for one in people if one["leftAt"] is None]


@pytest.mark.parametrize("seed", SAMPLE)
async def test_after_changed_notifications_a_person_is_recorded_as_ever(seed: int) -> None:
    """A sample: 200 of them, in ten worlds."""
    await fuzz(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", ALL[len(SAMPLE) :])
async def test_after_any_changed_notifications_a_person_is_recorded_as_ever(seed: int) -> None:
    """The rest of 3,000."""
    await fuzz(seed)
