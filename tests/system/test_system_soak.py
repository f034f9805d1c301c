"""`make soak`, small and short: what it plays ends with each record the truth."""

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from tests.system import processes
from tests.system.stack import ROOT

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

SMALL = {"SOAK_SECONDS": "25", "SOAK_MEETINGS": "12", "SOAK_RATE": "15"}
WITHIN = 400.0


async def test_a_small_soak_ends_with_the_truth(tmp_path: Path) -> None:
    """Exit code 0, the table is printed, and no process of it is left."""
    mark = uuid4().hex
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.soak"),
        cwd=ROOT,
        env=os.environ | SMALL | {"DEVSTACK_FOLDER": str(tmp_path), processes.MARK: mark},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(WITHIN):
        said, _ = await process.communicate()
    await processes.all_ended(mark, within=WITHIN)

    assert process.returncode == 0, said.decode()
    assert "meetings whose record is not the truth" in said.decode()
