"""A bus that was down: once it is back, what waits goes out in seconds, without any new work."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.journal.unsent import LONGEST_PAUSE
from shared.words.outgoing import Outgoing
from tests.application.world import T0, World
from tests.fakes.bus import InMemoryBus

ASK: dict[str, Any] = {"requestId": "INC-1", "subject": "x"}
FOR_EVER = 10**9


class Announcing(InMemoryBus):
    """A bus that says when it has taken something."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Event()

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """See `ports.Bus.send`."""
        await super().send(messages)
        self.changed.set()


@dataclass
class Outage:
    """A world whose pauses pass at once, and in which the bus is back after so long."""

    lasts: timedelta
    bus: Announcing = field(default_factory=Announcing)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World(fake_bus=self.bus)
        self.world.pause = self.pass_by
        self.world.restart()
        self.world.fake_bus.fail_next(FOR_EVER)

    async def pass_by(self, seconds: float) -> None:
        """Let the time pass, and with it perhaps the outage."""
        self.pauses.append(seconds)
        self.world.clock.advance(seconds)
        since = self.world.clock.now() - T0
        if since >= self.lasts:
            self.world.fake_bus.fail_next(0)
        self.bus.changed.set()
        await asyncio.sleep(0)

    async def has(self, *, sent: int = 0, pauses: int = 0) -> None:
        """Return once so much was sent, and so many pauses were made."""
        async with asyncio.timeout(10):
            while len(self.bus.sent) < sent or len(self.pauses) < pauses:
                self.bus.changed.clear()
                await self.bus.changed.wait()


@pytest.mark.parametrize("minutes", [0.25, 1, 7, 60])
async def test_what_waits_goes_out_seconds_after_the_bus_is_back(minutes: float) -> None:
    """Or when the lease of its row is over; nobody has to change the meeting, or walk the index."""
    outage = Outage(timedelta(minutes=minutes))
    world = outage.world
    await world.drop("create-meeting", ASK, reply_to="replies")
    assert world.fake_bus.sent == []

    await outage.has(sent=2)
    late = world.clock.now() - T0 - max(outage.lasts, world.tending.grace)

    assert late <= timedelta(seconds=LONGEST_PAUSE)
    assert max(outage.pauses) <= LONGEST_PAUSE
    assert world.names() == ["meeting.created"]
    assert len(world.replies()) == 1
    await world.services.journal.settled()
    stored = await world.ledger.load(world.events()[0]["data"]["meetingId"])
    assert stored is not None
    assert stored.outbox == ()


async def test_many_meetings_go_out_together() -> None:
    """One look at the bus is enough for all of them."""
    outage = Outage(timedelta(minutes=3))
    world = outage.world
    for number in range(20):
        await world.drop("create-meeting", ASK | {"requestId": f"INC-{number}"})

    await outage.has(sent=20)

    late = world.clock.now() - T0 - outage.lasts
    assert late <= timedelta(seconds=LONGEST_PAUSE)


async def test_what_a_topic_that_is_full_does_not_take_is_tried_after_growing_pauses() -> None:
    """The bus is there, and one entity takes nothing."""
    outage = Outage(timedelta(0))
    world = outage.world
    world.fake_bus.fail_next(0)
    world.fake_bus.down = {"meeting-events"}
    await world.drop("create-meeting", ASK)

    await outage.has(pauses=9)
    assert outage.pauses[-3:] == [LONGEST_PAUSE] * 3
    world.fake_bus.down.clear()
    await outage.has(sent=1)


async def test_a_queue_of_a_caller_s_is_left_to_the_backstop() -> None:
    """It may be closed for a day: this process does not look at it so often."""
    outage = Outage(timedelta(0))
    world = outage.world
    world.fake_bus.fail_next(0)
    world.fake_bus.down = {"replies"}

    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.services.journal.settled()

    assert outage.pauses == []
