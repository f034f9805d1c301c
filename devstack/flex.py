"""How Flex Consumption spreads an app's functions over processes.

HTTP as a whole is one group; each queue, topic and timer function is one of its own. The Functions
host says which functions an app has.

Source: https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#per-function-scaling
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from devstack.process import PartFailed

HTTP = "http"
"""The group of the HTTP functions."""


async def groups_of(app: Path, settings: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names of an app's functions by group; raise `PartFailed` with the host's words."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "devstack.functions", "--app", str(app), "--groups"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **settings},
    )
    said, complaints = await process.communicate()
    if process.returncode != 0:
        raise PartFailed(f"functions: {complaints.decode(errors='replace').strip()}")
    groups: dict[str, list[str]] = json.loads(said)["groups"]
    return groups
