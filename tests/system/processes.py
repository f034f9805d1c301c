"""What /proc says about the processes that a test started. Sends no signal."""

import asyncio
from pathlib import Path

MARK = "ROLLCALL_SYSTEM_TEST"
"""The environment variable that every process of one stack inherits from the test."""
_ENDED = frozenset("ZX")


def marked(mark: str) -> dict[int, str]:
    """Return the command lines of all running processes that carry `mark`, by process id."""
    wanted = f"{MARK}={mark}".encode()
    found: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and wanted in _read(folder / "environ").split(b"\0"):
            command = _read(folder / "cmdline").replace(b"\0", b" ").decode(errors="replace")
            if command:
                found[int(folder.name)] = command.strip()
    return found


def child(parent: int, *, running: str) -> int:
    """Return the id of the child of `parent` whose command line holds `running`."""
    found = children(parent, running=running)
    if not found:
        raise LookupError(f"process {parent} has no child that runs {running}")
    return found[0]


def children(parent: int, *, running: str) -> list[int]:
    """Return the ids of the children of `parent` whose command line holds `running`."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        # After the command's name, which may hold anything: state, parent.
        state, _, rest = _read(folder / "stat").rpartition(b") ")[2].decode().partition(" ")
        if not state or state in _ENDED or int(rest.split()[0]) != parent:
            continue
        if running in _read(folder / "cmdline").decode(errors="replace"):
            found.append(int(folder.name))
    return found


def environment(process: int) -> dict[str, str]:
    """Return the environment that a process was started with."""
    pairs = _read(Path(f"/proc/{process}/environ")).decode().split("\0")
    return {
        name: value for name, is_there, value in (one.partition("=") for one in pairs) if is_there
    }


async def all_ended(mark: str, *, within: float) -> None:
    """Return when no process carries `mark` any more; AssertionError names those that stay."""
    try:
        async with asyncio.timeout(within):
            while marked(mark):  # noqa: ASYNC110 - not our children: nobody tells us
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"still running: {marked(mark)}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended while we looked, or belongs to somebody else
        return b""
