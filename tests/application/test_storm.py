"""A storm: many requests, each sent twice, at a Graph that fails every third time."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

from shared.inbox.message import QueueMessage
from shared.inbox.verdict import ShortWaits
from shared.words.answers import GivenMeeting
from shared.words.errors import GraphTrace, Unavailable
from tests.application.world import TENANT, World
from tests.fakes.graph import FakeGraph

REQUESTS = 500
FAILING = 0.3
AT_ONCE = 16
"""How many messages a process handles at once: four times what host.json has, to be a storm."""
PAUSES = (None, timedelta(), timedelta(seconds=1.5), timedelta(seconds=20))


class StormyGraph(FakeGraph):
    """Answers a part of the requests with 429, 503 or 504, half of them with the work done."""

    def __init__(self, *, seed: int) -> None:
        super().__init__(tenant_id=TENANT)
        self.failed = 0
        self._chance = Random(seed)  # noqa: S311 - the same storm every time

    async def create_or_get_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """See `graph_port.Graph.create_or_get_meeting`."""
        if self._chance.random() >= FAILING:
            return await super().create_or_get_meeting(organizer_id, body)
        self.failed += 1
        if self._chance.random() < 0.5:
            await super().create_or_get_meeting(organizer_id, body)
        status = self._chance.choice((429, 503, 504))
        raise Unavailable(
            f"Graph answered {status}",
            retry_after=self._chance.choice(PAUSES),
            graph=GraphTrace(status=status, code="storm"),
        )


def process(graph: FakeGraph, beside: World | None = None) -> World:
    """Return one process, over the same table and bus as the one `beside` it."""
    if beside is None:
        world = World(fake_graph=graph)
    else:
        world = World(
            clock=beside.clock, ledger=beside.ledger, fake_bus=beside.fake_bus, fake_graph=graph
        )
    world.seat(ShortWaits(lambda _: asyncio.sleep(0), seats=4), attempts=15)
    return world


async def work(world: World, messages: list[QueueMessage]) -> None:
    """Handle messages as a process does: a few at once, the next one when one is done."""
    waiting = iter(messages)

    async def place() -> None:
        for message in waiting:
            await world.deliver(message)

    await asyncio.gather(*(place() for _ in range(AT_ONCE)))


async def test_every_request_has_one_meeting_and_every_message_one_answer() -> None:
    """500 requests, 1,000 messages, two processes; 30 % of Graph's answers are failures."""
    graph = StormyGraph(seed=4711)
    world = process(graph)
    other = process(graph, beside=world)
    messages = [
        world.message(
            "create-meeting",
            {"requestId": f"INC-{number}", "subject": f"outage {number}"},
            message_id=f"m-{number}-{time}",
            reply_to="replies",
        )
        for number in range(REQUESTS)
        for time in (1, 2)
    ]
    Random(7).shuffle(messages)  # noqa: S311 - the same order every time

    await asyncio.gather(work(world, messages[::2]), work(other, messages[1::2]))
    await world.pump()

    assert graph.failed > REQUESTS * FAILING
    assert world.fake_bus.sent_to("create-meeting") != []  # some pauses were too long to stay
    assert len(graph.meetings) == REQUESTS
    assert Counter(world.names()) == {"meeting.created": REQUESTS}
    assert world.fake_bus.sent_to("rejected-requests") == []
    answers = world.fake_bus.sent_to("replies")
    answered = Counter(answer.correlation_id for answer in answers)
    assert answered == {f"m-{number}-{time}": 1 for number in range(REQUESTS) for time in (1, 2)}
    assert len({same_but_for_the_time(answer.body) for answer in answers}) == REQUESTS


def same_but_for_the_time(body: str | bytes) -> str:
    """Return an answer without the one member that may differ between two of them."""
    event = json.loads(body)
    del event["data"]["recordedAt"]
    return json.dumps(event)
