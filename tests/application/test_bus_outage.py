"""Service Bus takes nothing for a while: what could not be answered comes back, slowly.

The deliveries of a message are counted, and the host gives back at once what a function raises for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.inbox.message import QueueMessage
from shared.inbox.verdict import ShortWaits
from shared.words.entities import REJECTED_QUEUE
from shared.words.errors import Transient
from tests.application.world import T0, World

DELIVERIES = 10
"""After so many the message is dead-lettered: `maxDeliveryCount` of every queue of ours."""
SURVIVED = timedelta(minutes=2)
"""The outage that docs/operations.md promises to outlast, with the shortest of pauses."""
FOR_EVER = 10**9
REQUEST: dict[str, Any] = {"requestId": "INC-1", "subject": "down"}
REFUSED: dict[str, Any] = {"subject": 7}


@dataclass
class Outage:
    """A host and a bus that takes nothing until `over`; its waits let the time pass at once."""

    world: World
    over: timedelta = timedelta.max
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.seat(ShortWaits(self.pass_by, seats=0))
        self.world.fake_bus.fail_next(FOR_EVER)

    async def pass_by(self, seconds: float) -> None:
        """Let the time pass, and with it perhaps the outage."""
        self.waits.append(seconds)
        self.world.clock.advance(seconds)
        if self.world.clock.now() - T0 >= self.over:
            self.world.fake_bus.fail_next(0)

    async def deliver(self, message: QueueMessage) -> bool:
        """Deliver the message until it is completed; return False if it is dead-lettered."""
        for count in range(1, DELIVERIES + 1):
            try:
                await self.world.deliver(replace(message, delivery_count=count))
            except Transient:
                continue
            return True
        return False


def throttled(world: World) -> QueueMessage:
    """Return a request that has to be tried later: Graph does not answer."""
    world.fake_graph.fail_next(times=DELIVERIES)
    return world.message("create-meeting", REQUEST, reply_to="replies")


def refused(world: World) -> QueueMessage:
    """Return a request that has to be refused."""
    return world.message("create-meeting", REFUSED, reply_to="replies")


@pytest.mark.parametrize("asked", [throttled, refused])
async def test_no_message_is_dead_lettered_within_two_minutes(
    asked: Callable[[World], QueueMessage],
) -> None:
    """Whatever could not be sent of it: its copy, or its refusal."""
    outage = Outage(World())

    completed = await outage.deliver(asked(outage.world))

    assert not completed
    assert outage.world.clock.now() - T0 >= SURVIVED
    assert len(outage.waits) == DELIVERIES


async def test_a_refusal_is_sent_once_the_outage_is_over() -> None:
    """To the caller, to the topic, and with a copy that is kept."""
    outage = Outage(World(), over=SURVIVED)

    completed = await outage.deliver(refused(outage.world))

    assert completed
    assert [one["data"]["code"] for one in outage.world.replies()] == ["invalid_request"]
    assert len(outage.world.fake_bus.sent_to(REJECTED_QUEUE)) == 1


async def test_a_throttled_request_is_carried_out_once_the_outage_is_over() -> None:
    """Its copy is sent then, and makes the meeting."""
    outage = Outage(World(), over=SURVIVED)
    message = throttled(outage.world)

    completed = await outage.deliver(message)
    await outage.world.pump()

    assert completed
    assert [one["type"] for one in outage.world.replies()] == ["rollcall.meeting.created.v1"]


async def test_what_can_be_done_without_the_bus_is_done_without_a_pause() -> None:
    """The meeting is made, its answer kept in the outbox until the bus takes it."""
    outage = Outage(World())

    completed = await outage.deliver(outage.world.message("create-meeting", REQUEST))

    assert completed
    assert outage.waits == []


async def test_every_message_of_a_backlog_is_held() -> None:
    """A place left free would take what has just gone back, ten times in a second."""
    holding = Holding()
    world = World()
    world.seat(ShortWaits(holding.hold, seats=0))
    world.fake_bus.fail_next(FOR_EVER)

    tasks = [asyncio.create_task(attempt(world, refused(world))) for _ in range(8)]
    await holding.has(8)

    assert not any(task.done() for task in tasks)
    holding.go.set()
    assert await asyncio.gather(*tasks) == [False] * 8


@pytest.mark.parametrize("closed", ["replies", REJECTED_QUEUE])
async def test_a_closed_queue_that_others_can_do_without_holds_only_the_seats(closed: str) -> None:
    """One caller's full queue must not keep the places of every other caller."""
    holding = Holding()
    world = World()
    world.seat(ShortWaits(holding.hold, seats=1))
    world.fake_bus.down = {closed}

    held = asyncio.create_task(attempt(world, refused(world)))
    await holding.has(1)
    without_seat = await attempt(world, refused(world))
    other = await attempt(world, world.message("create-meeting", REQUEST))

    assert (without_seat, other, held.done()) == (False, True, False)
    holding.go.set()
    assert await held is False


class Holding:
    """Waits that end when `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self._held = asyncio.Semaphore(0)

    async def hold(self, seconds: float) -> None:
        """Wait."""
        self._held.release()
        await self.go.wait()

    async def has(self, count: int) -> None:
        """Return once so many waits have begun."""
        for _ in range(count):
            await self._held.acquire()


async def attempt(world: World, message: QueueMessage) -> bool:
    """Deliver a message once; return whether it was completed."""
    handled: Awaitable[None] = world.deliver(message)
    try:
        await handled
    except Transient:
        return False
    return True
