"""`python -m rollcall` as a process, as an operator starts it."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system.stack import ROOT, Endpoints

PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote as JSON: the last line."""
        return json.loads(self.out.splitlines()[-1])


def local(folder: Path) -> dict[str, str]:
    """Return the environment of one who runs `make up` with that folder."""
    return {"DEVSTACK_FOLDER": str(folder)}


def remote(endpoints: Endpoints) -> dict[str, str]:
    """Return the environment of one who has a key and a connection string, and no right to manage.

    No management answers there.
    """
    return {
        "ROLLCALL_URL": endpoints.functions,
        "ROLLCALL_KEY": endpoints.function_key,
        "SERVICE_BUS": endpoints.service_bus,
    }


@asynccontextmanager
async def started(where: Mapping[str, str], *arguments: str) -> AsyncIterator[Process]:
    """Start a command; 80 columns, no terminal. In the end it is killed where it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rollcall", *arguments),
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={"PATH": os.environ["PATH"], "COLUMNS": "80", **where},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def run(where: Mapping[str, str], *arguments: str, stdin: str = "") -> Ran:
    """Run a command to its end."""
    async with started(where, *arguments) as process:
        return await ended(process, stdin=stdin)


async def ended(process: Process, *, stdin: str = "") -> Ran:
    """Wait for the end of a command, and return what was not read yet."""
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return Ran(code=process.returncode, out=out.decode(), err=err.decode())
