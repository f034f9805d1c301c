"""The client of 25 lines in docs/client, as it is, on a stack of its own."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.system.lab import Lab
from tests.system.stack import ROOT, Endpoints, Up

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIENT = ROOT / "docs" / "client" / "rollcall.py"
PATIENCE = 30


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoints]:
    """A stack whose queue for answers and whose subscription no other client reads."""
    async with Up.serving(tmp_path_factory.mktemp("client"), {}) as up:
        yield await up.ready()


async def _started(stack: Endpoints, folder: Path, subject: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, CLIENT, subject),
        cwd=folder,
        stdout=PIPE,
        stderr=PIPE,
        env={"SERVICE_BUS": stack.service_bus},
    )


async def test_a_meeting_is_made_and_followed(own: Endpoints, tmp_path: Path) -> None:
    """Its link, then its events until a person has come and gone."""
    client = await _started(own, tmp_path, "INC-1: checkout is down")
    assert client.stdout is not None
    seen: list[str] = []
    ada = ""
    try:
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as http:
            lab = Lab(http, own.graph)
            link = (await client.stdout.readline()).decode().removeprefix("join at ").strip()
            while "rollcall.call.ended.v1" not in seen:
                time, kind, data = (await client.stdout.readline()).decode().split(maxsplit=2)
                assert time.endswith("Z")
                assert json.loads(data)["meetingId"]
                seen.append(kind)
                if kind == "rollcall.bot.joined.v1":
                    ada = await lab.join(link, "ada")
                if kind == "rollcall.call.started.v1":
                    await lab.leave(ada)
    finally:
        client.terminate()
        await client.communicate()

    assert seen[:2] == ["rollcall.meeting.created.v1", "rollcall.bot.joining.v1"]
    assert len(seen) == len(set(seen))


async def test_a_refusal_is_said_with_its_next_step(own: Endpoints, tmp_path: Path) -> None:
    """And ends the client."""
    client = await _started(own, tmp_path, "x" * 513)

    async with asyncio.timeout(PATIENCE):
        out, err = await client.communicate()

    assert (client.returncode, out) == (1, b"")
    assert err.decode().startswith("invalid_request: ")
