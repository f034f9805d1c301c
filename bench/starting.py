"""How long a process takes to index its app, and until the first request is done: Rollcall beside
an empty app, each in worker processes of their own, in turn. Medians.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from azure.data.tables.aio import TableClient

from bench.figures import Figure, aimed
from bench.load import request_of, take
from bench.stage import EMPTY, ROLLCALL, ROOT, Stage
from devstack.packaged import with_own_libraries

ROUNDS = 7
LOOK_SECONDS = 0.005
WITHIN_SECONDS = 20.0
INDEX_AIM = 2.0
FIRST_AIM = 5.0
TELEMETRY_AIM = 0.15
TELEMETRY = {
    "PYTHON_ENABLE_OPENTELEMETRY": "true",
    # Nothing is sent before the process ends; nothing listens there.
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey="
    "00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:9",
}


class NotStarted(Exception):
    """A worker process failed; the message is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds: of indexing alone; and from the start of the process until indexed, and done."""

    indexing: float
    indexed: float
    done: float
    returned: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """How Rollcall starts, how it does with telemetry, and how the empty app does."""

    rollcall: Start
    telemetry: Start
    empty: Start


async def measured_starts(on: Stage) -> Starts:
    """Measure each in turn. The tables stand before."""
    rollcall: list[Start] = []
    telemetry: list[Start] = []
    empty: list[Start] = []
    for round_ in range(ROUNDS + 1):
        empty.append(await _empty(on))
        rollcall.append(await _rollcall(ROLLCALL, on, f"start{round_}", {}))
        telemetry.append(await _rollcall(ROLLCALL, on, f"telemetry{round_}", TELEMETRY))
    # The first of each compiled what it imported.
    return Starts(
        rollcall=_typical(rollcall[1:]),
        telemetry=_typical(telemetry[1:]),
        empty=_typical(empty[1:]),
    )


async def measured_rollcalls(on: Stage, folders: Sequence[Path], *, rounds: int) -> list[Start]:
    """Return how Rollcall starts from each of `folders`, a checkout or a package."""
    found: dict[Path, list[Start]] = {folder: [] for folder in folders}
    for round_ in range(rounds + 1):
        for number, (folder, starts) in enumerate(found.items()):
            starts.append(await _rollcall(folder, on, f"start{round_}of{number}", {}))
    return [_typical(starts[1:]) for starts in found.values()]


def start_figures(starts: Starts) -> list[Figure]:
    """Return the lines of the table."""
    rollcall, empty = starts.rollcall, starts.empty
    added = starts.telemetry.returned - rollcall.returned
    indexing = rollcall.indexing / empty.indexing
    first = rollcall.done / empty.done
    return [
        aimed(
            "indexing",
            indexing,
            f"{rollcall.indexing:.3f} s, {indexing:.1f}x the empty app's",
            at="most",
            limit=INDEX_AIM,
            aim=f"≤ {INDEX_AIM:.0f}x",
            beside=f"empty app {empty.indexing:.3f} s",
        ),
        Figure(
            what="process start to indexed",
            figure=f"{rollcall.indexed:.3f} s",
            beside=f"empty app {empty.indexed:.3f} s",
        ),
        aimed(
            "process start to Graph's first answer stored",
            first,
            f"{rollcall.done:.3f} s, {first:.1f}x",
            at="most",
            limit=FIRST_AIM,
            aim=f"≤ {FIRST_AIM:.0f}x the empty app's first call",
            beside=f"empty app called {empty.done:.3f} s",
        ),
        Figure(
            what="process start to first answer sent",
            figure=f"{rollcall.returned:.3f} s",
        ),
        aimed(
            "what telemetry adds to that",
            added,
            f"{added:.3f} s",
            at="most",
            limit=TELEMETRY_AIM,
            aim=f"≤ {TELEMETRY_AIM:.2f} s",
            beside=f"with it {starts.telemetry.returned:.3f} s",
        ),
    ]


async def _empty(on: Stage) -> Start:
    before = len(on.witnessed())
    began, moments = await _called(EMPTY, on, {})
    return _start(began, moments, done=on.witnessed()[before])


async def _rollcall(app: Path, on: Stage, name: str, settings: dict[str, str]) -> Start:
    async with TableClient.from_connection_string(on.endpoints.tables, name) as table:
        await table.create_table()
        stored = asyncio.create_task(_stored(table))
        began, moments = await _called(app, on, {"TABLE_NAME": name} | settings)
        await take(on.replies, 1)
        return _start(began, moments, done=await stored)


async def _stored(table: TableClient) -> float:
    """Return when the table first held a meeting's head."""
    until = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < until:
        async for _ in table.query_entities("RowKey eq 'a-head'", select=["RowKey"]):
            return time.monotonic()
        await asyncio.sleep(LOOK_SECONDS)
    raise NotStarted("Rollcall stored no meeting")


async def _called(app: Path, on: Stage, settings: dict[str, str]) -> tuple[float, dict[str, float]]:
    request = json.dumps(request_of(f"first-{time.monotonic_ns()}"))
    # As deployed, modules are compiled once and for all, whatever is usual on this machine.
    compiled = {"PYTHONDONTWRITEBYTECODE": ""}
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.first_call", str(app), request),
        cwd=ROOT,
        env=os.environ | with_own_libraries(app, {**on.settings, **settings, **compiled}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, complaints = await asyncio.wait_for(process.communicate(), WITHIN_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise NotStarted(complaints.decode(errors="replace"))
    moments: dict[str, float] = json.loads(out)
    return began, moments


def _start(began: float, moments: dict[str, float], *, done: float) -> Start:
    return Start(
        indexing=moments["indexed"] - moments["began"],
        indexed=moments["indexed"] - began,
        done=done - began,
        returned=moments["returned"] - began,
    )


def _typical(starts: list[Start]) -> Start:
    return Start(
        indexing=median(one.indexing for one in starts),
        indexed=median(one.indexed for one in starts),
        done=median(one.done for one in starts),
        returned=median(one.returned for one in starts),
    )
