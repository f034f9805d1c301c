"""Rollcall with its bot in many meetings, and beside it the bare endpoint: both to be loaded."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from azure.data.tables.aio import TableClient
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from bench.crowd import Crowd
from bench.graph_of_crowds import GraphOfCrowds, Seat, graph_of_crowds
from bench.load import NotAnswered
from bench.process_cost import cpu_seconds
from bench.pushing import Body, Pushed, Pusher, pusher
from bench.stage import BARE_CALLBACK, ROLLCALL, Stage, stage
from devstack.graph.identities import TENANT_ID

SETTINGS = {"SETTLE_SECONDS": "1", "ROSTER_CAP": "5000"}
"""Rollcall's own default, and rosters that never count as cut."""
JOINED_WITHIN, CONFIRMED_WITHIN = 60.0, 30.0
LOOK_SECONDS = 0.1
SETTLED_SECONDS = 2.0
"""What is done after an answer, sending and the read that was asked for, belongs to its cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What was pushed, and milliseconds of CPU a notification: the host's and Azurite's."""

    pushed: Pushed
    host_ms: float
    tables_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """An app under load, the meetings it is told of, and who tells it."""

    on: Stage
    seats: Sequence[Seat]
    push: Pusher

    async def as_fast_as_taken(self, bodies: Iterator[Body], at_once: int) -> Load:
        """Push `bodies`, so many at once."""
        return await self._cost(lambda: self.push.as_fast_as_taken(bodies, at_once))

    async def paced(self, bodies: Iterator[Body], a_second: float) -> Load:
        """Push so many of `bodies` a second."""
        return await self._cost(lambda: self.push.paced(bodies, a_second))

    async def _cost(self, work: Callable[[], Awaitable[Pushed]]) -> Load:
        host, tables = cpu_seconds(self.on.host_pid), cpu_seconds(self.on.tables_pid)
        pushed = await work()
        await asyncio.sleep(SETTLED_SECONDS)
        each = 1000 / len(pushed.took_ms)
        return Load(
            pushed=pushed,
            host_ms=each * (cpu_seconds(self.on.host_pid) - host),
            tables_ms=each * (cpu_seconds(self.on.tables_pid) - tables),
        )


@asynccontextmanager
async def rollcall_and_bare(people: Sequence[int]) -> AsyncIterator[tuple[Loaded, Loaded]]:
    """Start Rollcall and the bare endpoint; both are told of meetings with so many people each.

    In Rollcall's the bot is in, and the first roster is confirmed by a read.
    """
    crowds, same = ([Crowd(people=n, seed=at) for at, n in enumerate(people)] for _ in range(2))
    async with (
        graph_of_crowds(crowds) as graph,
        pusher(graph.authorization) as push,
        stage(BARE_CALLBACK, graph.settings) as bare,
        stage(ROLLCALL, graph.settings | SETTINGS) as on,
    ):
        async with TableClient.from_connection_string(bare.endpoints.tables, "bare") as table:
            await table.create_table()
        await let_in(on, graph, push)
        calls = f"{bare.endpoints.functions}/api/calls"
        bare_seats = [Seat(crowd, f"{calls}/m{at}/leg") for at, crowd in enumerate(same)]
        yield (
            Loaded(on=on, seats=graph.seats, push=push),
            Loaded(on=bare, seats=bare_seats, push=push),
        )


async def let_in(on: Stage, graph: GraphOfCrowds, push: Pusher) -> None:
    """Let the bot into each meeting of Graph's; return when each first roster was confirmed."""
    await _join(on, graph)
    await _confirm(graph, push)


async def _join(on: Stage, graph: GraphOfCrowds) -> None:
    """Ask for the bot in as many meetings as Graph has crowds."""
    async with (
        ServiceBusClient.from_connection_string(on.endpoints.service_bus) as bus,
        bus.get_queue_sender("join-meeting") as sender,
    ):
        for number in range(len(graph.seats)):
            asked = {"joinMeetingId": str(10**11 + number), "tenantId": TENANT_ID}
            await sender.send_messages(ServiceBusMessage(json.dumps(asked)))
    await _until(lambda: all(seat.url for seat in graph.seats), JOINED_WITHIN, "joins")


async def _confirm(graph: GraphOfCrowds, push: Pusher) -> None:
    """Let every leg get in and see its first roster; return when each was confirmed."""
    async with asyncio.TaskGroup() as group:
        for seat in graph.seats:
            group.create_task(_get_in(seat, push))
    await _until(lambda: all(seat.reads for seat in graph.seats), CONFIRMED_WITHIN, "reads")
    await asyncio.sleep(SETTLED_SECONDS)


async def _get_in(seat: Seat, push: Pusher) -> None:
    await push.post(seat.url, seat.crowd.established())
    await push.post(seat.url, seat.crowd.roster())


async def _until(done: Callable[[], bool], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise NotAnswered(f"not all {what} came within {seconds:.0f} s")
        await asyncio.sleep(LOOK_SECONDS)
