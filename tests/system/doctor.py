"""`rollcall doctor` as a process, and what it found."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system.stack import ROOT

PATIENCE = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctored:
    """How a run ended, and its findings as JSON has them."""

    code: int
    findings: list[dict[str, Any]]
    said: str

    def of(self, check: str) -> list[dict[str, Any]]:
        """Return the findings of one check."""
        return [one for one in self.findings if one["check"] == check]

    @property
    def not_ok(self) -> dict[str, str]:
        """The verdict of each check that is not ok; of several findings the last one's.

        Without that a callback was slow: so it is wherever this machine is busy.
        """
        return {
            one["check"]: one["verdict"]
            for one in self.findings
            if one["verdict"] != "ok" and "Graph wants 1 s" not in one["seen"]
        }


async def start_doctor(
    folder: Path, *options: str, before: tuple[str, ...] = ()
) -> asyncio.subprocess.Process:
    """Start it on the stack whose `endpoints.json` is in `folder`. `before`: global options."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rollcall", *before, "doctor", "--json", *options),
        cwd=ROOT,
        env=os.environ | {"DEVSTACK_FOLDER": str(folder)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process: asyncio.subprocess.Process) -> Doctored:
    """Wait for the end of a run; return what it found."""
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    said = err.decode()
    assert out, said
    assert process.returncode is not None
    return Doctored(code=process.returncode, findings=json.loads(out), said=said)


async def doctor(folder: Path, *options: str, before: tuple[str, ...] = ()) -> Doctored:
    """Run it to its end."""
    return await ended(await start_doctor(folder, *options, before=before))
