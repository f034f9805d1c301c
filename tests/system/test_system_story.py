"""`make run` in every shape of the stack: it plays the whole job and leaves nothing running."""

import asyncio
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from uuid import uuid4

import pytest

from tests.stack.amqps_port import the_amqps_port
from tests.system import processes
from tests.system.stack import ROOT

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

STORY_WITHIN = 120.0
IDENTITIES = {"DEVSTACK_IDENTITIES": "1"}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "shape",
    [
        {"DEVSTACK_WORLD": "kind"},
        {"DEVSTACK_WORLD": "documented"},
        {"DEVSTACK_WORLD": "harsh"},
        {"DEVSTACK_FLEX": "1"},
        IDENTITIES,
    ],
    ids=lambda shape: " ".join(shape.values()) + " " + " ".join(shape)[9:].lower(),
)
async def test_the_story_is_played_to_its_end(shape: dict[str, str], tmp_path: Path) -> None:
    """Exit code 0, both calls in the table and in the files, and no process of it is left."""
    mark = uuid4().hex
    with the_amqps_port() if shape == IDENTITIES else nullcontext():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "devstack", "run"),
            cwd=ROOT,
            env=os.environ | shape | {"DEVSTACK_FOLDER": str(tmp_path), processes.MARK: mark},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(STORY_WITHIN):
            said, _ = await process.communicate()
        await processes.all_ended(mark, within=STORY_WITHIN)

    assert process.returncode == 0, said.decode()
    assert "Group calls of" in said.decode()
    lines = [line for line in said.decode().splitlines() if not line.startswith('"')]
    assert [line for line in lines if len(line) > 80 and str(tmp_path) not in line] == []
    page = (tmp_path / "timeline.html").read_text(encoding="utf-8")
    assert "INC-4711: checkout is down" in page
    assert "code=" not in page
    assert (tmp_path / "attendance.csv").read_bytes().startswith(BYTE_ORDER_MARK)
