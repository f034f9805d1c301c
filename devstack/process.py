"""One part of the local stack as a child process: started, waited for, stopped, never left behind.

A part prints one JSON line when it serves, and ends when its standard input does: so it ends with
its parent, however that ends.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

READY_WITHIN = 30.0
STOP_WITHIN = 15.0
TAIL_LINES = 15


class PartFailed(Exception):
    """A part did not start, or ended by itself; the message says why, in its own words."""


@dataclass(slots=True)
class Part:
    """A running part: its name, its port, and the process behind it."""

    name: str
    port: int
    process: asyncio.subprocess.Process
    log: Path

    async def stop(self) -> None:
        """End the part: by signal, and after a while for good. A part that ended is no error."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), STOP_WITHIN)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    def last_words(self) -> str:
        """Return the end of what the part wrote to its log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])


async def start(
    name: str,
    module: str,
    arguments: Sequence[str],
    *,
    logs: Path,
    environment: Mapping[str, str] | None = None,
) -> Part:
    """Start `python -m module` and return when it serves; raise `PartFailed` when it does not.

    The part runs in a session of its own, so that Ctrl-C reaches the stack alone, which then ends
    its parts in order.
    """
    log = logs / f"{name}.log"
    with log.open("ab") as sink:
        process = await _spawn(module, arguments, sink, environment)
    part = Part(name=name, port=0, process=process, log=log)
    try:
        async with asyncio.timeout(READY_WITHIN):
            part.port = await _ready(part)
    except TimeoutError:
        await part.stop()
        raise PartFailed(f"{name} did not get ready within {READY_WITHIN:.0f} s") from None
    except BaseException:
        await part.stop()
        raise
    return part


async def _spawn(
    module: str,
    arguments: Sequence[str],
    sink: IO[bytes],
    environment: Mapping[str, str] | None,
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        "--exit-with-stdin",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=sink,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    )


async def _ready(part: Part) -> int:
    assert part.process.stdout is not None
    while line := await part.process.stdout.readline():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "ready" in said:
            return int(said["port"])
    await part.process.wait()
    raise PartFailed(f"{part.name} did not start:\n{part.last_words()}")
