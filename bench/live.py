"""200 meetings with 50 people each, live at once on one host: its memory, and its CPU while nothing
happens and while people come, go and are muted.

At rest every duration is a twentieth, and so are the pauses between the backstop's walks: what that
costs is divided by twenty. The moves are made under the durations of production.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.callback_stage import SETTINGS, Load, Loaded, let_in
from bench.crowd import Crowd
from bench.figures import Figure, aimed
from bench.graph_of_crowds import GraphOfCrowds, Seat, graph_of_crowds
from bench.process_cost import cpu_seconds, resident_bytes, watched_memory
from bench.pushing import pusher, traffic
from bench.stage import LIVE, NO_SETTINGS, ROLLCALL, Stage, stage

MEETINGS, PEOPLE = 200, 50
SOONER = 20
DURATIONS = {"POLL_SECONDS": 300, "KEEP_ALIVE_SECONDS": 900, "BACKSTOP_SECONDS": 120}
"""Those of production by which a meeting at rest is looked after."""
LOADED_SECONDS, LISTED_SECONDS = 7.0, 45.0
"""The first walk of the backstop loads what the host then keeps. A minute after the bot came the
lists of days say that people did: only then a meeting is at rest."""
EMPTY_SECONDS, REST_SECONDS = 6.0, 45.0
"""In the latter a meeting is kept alive once, and read three times."""
MOVES, AT_ONCE = 600, 32
"""Less than the meetings, each of which has one callback on its way at a time."""
PACE, PACED = 40.0, 400
LATEST = 0.99
IDLE_AIM_MS = 5.0
AN_HOUR = 3_600
MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Seconds of CPU that the host and Azurite used, and how often Graph was asked."""

    host: float
    tables: float
    reads: int
    kept_alive: int

    def __sub__(self, before: "Used") -> "Used":
        return Used(
            host=self.host - before.host,
            tables=self.tables - before.tables,
            reads=self.reads - before.reads,
            kept_alive=self.kept_alive - before.kept_alive,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What was used in `EMPTY_SECONDS` without meetings and in `REST_SECONDS` with them.

    Beside it the memory of the host, in bytes, at the end of each.
    """

    empty: Used
    empty_memory: int
    used: Used
    memory: int

    def empty_ms(self) -> float:
        """Return the milliseconds of CPU that a host without meetings takes a minute."""
        return 60_000 * self.empty.host / EMPTY_SECONDS

    def host_ms(self) -> float:
        """Return the milliseconds of the host's CPU that a meeting adds in a minute."""
        return self._added_ms(self.used.host, self.empty.host)

    def tables_ms(self) -> float:
        """Return the same of Azurite's."""
        return self._added_ms(self.used.tables, self.empty.tables)

    def _added_ms(self, used: float, empty: float) -> float:
        added = used - empty * REST_SECONDS / EMPTY_SECONDS
        return 1000 * hourly(added) / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Moves as fast as they are taken, moves at a pace, and the most memory meanwhile."""

    fast: Load
    paced: Load
    memory: int


def hourly(counted: float) -> float:
    """Return what a meeting at rest has in an hour of what all had in `REST_SECONDS`."""
    return counted / MEETINGS * AN_HOUR / (REST_SECONDS * SOONER)


async def measured_rest() -> Rest:
    """Let the bot into every meeting, and then nothing happen."""
    sooner = {name: f"{seconds // SOONER}" for name, seconds in DURATIONS.items()}
    async with _hosted(LIVE, sooner) as (app, graph):
        await asyncio.sleep(LOADED_SECONDS)
        empty = await _used_in(EMPTY_SECONDS, app)
        empty_memory = resident_bytes(app.on.host_pid)
        await let_in(app.on, graph, app.push)
        await asyncio.sleep(LISTED_SECONDS)
        return Rest(
            empty=empty,
            empty_memory=empty_memory,
            used=await _used_in(REST_SECONDS, app),
            memory=resident_bytes(app.on.host_pid),
        )


async def measured_moves() -> Moves:
    """Let the bot into every meeting, and people come, go and be muted in all of them."""
    async with _hosted(ROLLCALL, NO_SETTINGS) as (app, graph):
        await let_in(app.on, graph, app.push)
        async with watched_memory(app.on.host_pid) as most:
            fast = await app.as_fast_as_taken(traffic(app.seats, MOVES, leaving=True), AT_ONCE)
            paced = await app.paced(traffic(app.seats, PACED, leaving=True), PACE)
        return Moves(fast=fast, paced=paced, memory=most.resident)


def live_figures(rest: Rest, moves: Moves) -> list[Figure]:
    """Return the lines of the table."""
    host_ms = rest.host_ms()
    fast, paced = moves.fast, moves.paced
    reads, kept_alive = hourly(rest.used.reads), hourly(rest.used.kept_alive)
    return [
        Figure(
            what=f"memory, {MEETINGS} meetings at rest",
            figure=f"{rest.memory / MIB:.0f} MiB",
            beside=f"without meetings {rest.empty_memory / MIB:.0f} MiB",
        ),
        aimed(
            "CPU a minute and meeting at rest",
            host_ms,
            f"{host_ms:.1f} ms, Azurite {rest.tables_ms():.1f} ms",
            at="most",
            limit=IDLE_AIM_MS,
            aim=f"≤ {IDLE_AIM_MS:.0f} ms",
            beside=f"a host without meetings {rest.empty_ms():.0f} ms in all",
        ),
        Figure(
            what="tending an hour and meeting at rest",
            figure=f"{60 * host_ms:.0f} ms of CPU",
            beside=f"{reads:.1f} reads and {kept_alive:.1f} keepAlives",
        ),
        Figure(
            what=f"moves over {MEETINGS} meetings",
            figure=f"{fast.pushed.rate:.0f}/s, {_latency(fast)}",
            beside=f"one a second in each were {MEETINGS}/s",
        ),
        Figure(
            what="CPU a move",
            figure=f"{fast.host_ms:.1f} ms, Azurite {fast.tables_ms:.1f} ms",
        ),
        Figure(
            what=f"{PACE:.0f} moves/s, one every {MEETINGS / PACE:.0f} s in each",
            figure=f"{_latency(paced)}; {paced.host_ms:.1f} ms of CPU",
        ),
        Figure(what="most memory meanwhile", figure=f"{moves.memory / MIB:.0f} MiB"),
    ]


@asynccontextmanager
async def _hosted(
    app: Path, settings: Mapping[str, str]
) -> AsyncIterator[tuple[Loaded, GraphOfCrowds]]:
    """Start `app` with a Graph that has the meetings; the bot is in none of them yet."""
    crowds = [Crowd(people=PEOPLE, seed=number) for number in range(MEETINGS)]
    async with (
        graph_of_crowds(crowds) as graph,
        pusher(graph.authorization) as push,
        stage(app, {**graph.settings, **SETTINGS, **settings}) as on,
    ):
        yield Loaded(on=on, seats=graph.seats, push=push), graph


async def _used_in(seconds: float, app: Loaded) -> Used:
    before = _used(app.on, app.seats)
    await asyncio.sleep(seconds)
    return _used(app.on, app.seats) - before


def _used(on: Stage, seats: Sequence[Seat]) -> Used:
    return Used(
        host=cpu_seconds(on.host_pid),
        tables=cpu_seconds(on.tables_pid),
        reads=sum(seat.reads for seat in seats),
        kept_alive=sum(seat.kept_alive for seat in seats),
    )


def _latency(load: Load) -> str:
    return f"p50 {load.pushed.within(0.5):.0f} ms, p99 {load.pushed.within(LATEST):.0f} ms"
