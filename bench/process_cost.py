"""What a process has used, read from /proc: CPU seconds and resident memory. Linux only."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SAMPLE_SECONDS = 0.1


@dataclass(slots=True)
class Highest:
    """The most memory seen so far, in bytes."""

    resident: int = 0


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, and of those that it started and that still run."""
    # The second field, the name in brackets, may hold blanks: what counts comes after it.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / _TICKS
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return own + sum(cpu_seconds(int(child)) for child in started)


def resident_bytes(pid: int) -> int:
    """Return the memory of a process that is in RAM."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE


@asynccontextmanager
async def watched_memory(pid: int) -> AsyncIterator[Highest]:
    """Look at a process's memory ten times a second while the block runs."""
    highest = Highest()

    async def watch() -> None:
        while True:
            highest.resident = max(highest.resident, resident_bytes(pid))
            await asyncio.sleep(_SAMPLE_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield highest
    finally:
        watching.cancel()
        highest.resident = max(highest.resident, resident_bytes(pid))
