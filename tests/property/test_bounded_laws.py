"""What a push costs, counted on the ledger: nothing in it grows with what came before."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.application.joined import Joined
from tests.application.world import roster
from tests.fakes.ledger import InMemoryLedger

BASE_BYTES = 6_000
"""For the meeting, its request, its legs, and the messages that ride in the head."""
SESSION_BYTES = 500
"""For each that is there, or left within the last minute: read, written, told and logged."""
MARK_BYTES = 16
"""For each session of the open call, and of those that ended within the last hour: read, and
written where there is news."""

NAMES = [f"person-{number}" for number in range(12)]
moves = st.lists(
    st.tuples(st.sets(st.sampled_from(NAMES)), st.sampled_from([5, 30, 100, 2000])),
    min_size=5,
    max_size=25,
)


@dataclass
class Truth:
    """Who is there and who was, as the test lets people come and go."""

    there: set[str] = field(default_factory=set)
    left: list[datetime] = field(default_factory=list)
    sessions: list[datetime] = field(default_factory=list)
    """When each session's call ended, or was last heard of."""

    def move(self, names: set[str], now: datetime) -> None:
        """Let the room hold `names` from now on."""
        self.left += [now] * len(self.there - names)
        self.sessions += [now] * len(names - self.there)
        if self.there:
            self.sessions = [now if self.is_recent(one, now) else one for one in self.sessions]
        self.there = names

    def is_recent(self, moment: datetime, now: datetime) -> bool:
        """Tell whether a session may still have a mark in the head."""
        return now - moment <= timedelta(hours=1, minutes=1)

    def bound(self, now: datetime) -> int:
        """Return the bytes that a push may read and write."""
        recent = sum(now - one <= timedelta(seconds=61) for one in self.left)
        marks = sum(self.is_recent(one, now) for one in self.sessions)
        held = len(self.there) + recent
        return BASE_BYTES + SESSION_BYTES * held + MARK_BYTES * marks


@settings(max_examples=settings().max_examples // 5, deadline=None)
@given(moves)
def test_a_push_costs_what_is_there_and_not_what_was(history: list[tuple[set[str], int]]) -> None:
    """Bytes read and written; and a push without news is one load, and writes nothing."""

    async def play() -> None:
        ledger, truth = InMemoryLedger(), Truth()
        world = await Joined(ledger=ledger).begin()
        for names, seconds in history:
            world.clock.advance(seconds)
            truth.move(names, world.clock.now())
            world.people_in(world.call_id, *names)
            before = ledger.read_bytes + ledger.written_bytes
            await world.call(roster(world.call_id, *names))
            cost = ledger.read_bytes + ledger.written_bytes - before
            assert cost <= truth.bound(world.clock.now())
            await world.pump()

            loads, commits = ledger.loads, ledger.commits
            if names:
                await world.call(roster(world.call_id, *names))
                assert (ledger.loads, ledger.commits) == (loads + 1, commits)

    asyncio.run(play())


@pytest.mark.long
async def test_the_four_hundredth_push_costs_as_much_as_the_tenth() -> None:
    """Ada stays; another person comes and goes, by turns, for hours."""
    ledger = InMemoryLedger()
    world = await Joined(ledger=ledger).begin()
    costs: list[tuple[int, int]] = []
    for number in range(400):
        before = ledger.read_bytes, ledger.written_bytes
        await world.see(*(("ada", f"bo-{number}") if number % 2 else ("ada",)), after=70)
        costs.append((ledger.read_bytes - before[0], ledger.written_bytes - before[1]))
        await world.pump()

    for early, late in zip(costs[10], costs[390], strict=True):
        assert late <= early + MARK_BYTES * 190
