"""One stack, and one client of it, for all system tests. Each test has meetings of its own."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.system.client import Client
from tests.system.lab import Lab
from tests.system.second_host import SecondHost
from tests.system.stack import ROOT, Endpoints, Up

SETTLE = 0.4
"""SETTLE_SECONDS of the shared stack."""
ROSTER_CAP = 20
"""ROSTER_CAP of the shared stack: more people than any other test than that of cut rosters has."""
OF_THE_APP = ("create-meeting", "join-meeting", "tend-meeting")
"""The queues that a crashed host leaves messages of."""
CLAIM_LEASE = "15" if os.environ.get("DEVSTACK_FLEX") == "1" else "6"
"""Longer than the host takes to be back after a crash, of which five processes take the most."""
LOCK = "PT5S"
"""The shortest lock there is: what a crash leaves comes again soon."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def up(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    """Return the shared stack; it stays usable when its Functions host is killed."""
    folder = tmp_path_factory.mktemp("stack")
    async with Up.serving(
        folder,
        {
            "DEVSTACK_BUS_CONFIG": str(with_short_locks(folder)),
            "SETTLE_SECONDS": str(SETTLE),
            "ROSTER_CAP": str(ROSTER_CAP),
            "CLAIM_LEASE_SECONDS": CLAIM_LEASE,
        },
    ) as up:
        yield up


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def endpoints(up: Up) -> Endpoints:
    """Return where the shared stack is."""
    return await up.ready()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(endpoints: Endpoints) -> AsyncIterator[Client]:
    """Return a client of the shared stack."""
    async with Client(endpoints) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def beside(
    up: Up, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SecondHost]:
    """Return a second host of the shared stack, for queues that nobody else has left work in."""
    host = SecondHost(up, tmp_path_factory.mktemp("second-host"))
    try:
        await asyncio.gather(host.run(), client.all_done())
        yield host
    finally:
        await host.close()


@pytest_asyncio.fixture(loop_scope="session")
async def second(beside: SecondHost) -> SecondHost:
    """Return the second host, running again where a test has killed it."""
    await beside.run()
    return beside


@pytest_asyncio.fixture(loop_scope="session")
async def trouble(client: Client) -> AsyncIterator[Lab]:
    """Return the lab to a test that makes trouble in it; none is there, none outlives the test."""
    await client.lab.forget()
    yield client.lab
    await client.lab.forget()


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> str:
    """Return a subject (and request id) that nobody else has."""
    return f"{request.node.name[:60]} {uuid4().hex[:8]}"


def with_short_locks(folder: Path) -> Path:
    """Write a Config.json with the shortest locks into `folder`; return its path."""
    config = json.loads((ROOT / "devstack" / "bus" / "Config.json").read_text())
    for namespace in config["UserConfig"]["Namespaces"]:
        for queue in namespace["Queues"]:
            if queue["Name"] in OF_THE_APP:
                queue["Properties"]["LockDuration"] = LOCK
    changed = folder / "Config.json"
    changed.write_text(json.dumps(config))
    return changed
