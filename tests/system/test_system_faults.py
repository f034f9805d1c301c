"""Fifty requests are in flight on two hosts when something breaks: none is lost, none is doubled.

Meanwhile people come and go in meetings that the bot is in already.
"""

import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.system.client import Client
from tests.system.conftest import with_short_locks
from tests.system.crowd import nothing_is_lost_or_doubled
from tests.system.faults import FAULTS
from tests.system.second_host import SecondHost
from tests.system.site import Site, site
from tests.system.stack import Up

pytestmark = pytest.mark.asyncio(loop_scope="session")

IN_FLIGHT = 50
SAMPLE = "Graph works, and its answers are lost"
"""The fault of `make test`."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Return two hosts whose stack may come to harm; what is lost is looked for soon."""
    folder: Path = tmp_path_factory.mktemp("faults")
    settings = {
        "DEVSTACK_BUS_CONFIG": str(with_short_locks(folder)),
        "DEVSTACK_FLEX": "0",
        "DEVSTACK_WORLD": "documented",
        "DEVSTACK_SWITCHES": "{}",
        "SETTLE_SECONDS": "0.4",
        "POLL_SECONDS": "5",
        "SILENT_SECONDS": "5",
        "CLAIM_LEASE_SECONDS": "15",
    }
    async with site(folder, settings) as here:
        yield here


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", FAULTS)
async def test_no_fault_loses_or_doubles_what_is_in_flight(here: Site, name: str) -> None:
    """And a new request is served within a minute of its end."""
    await nothing_is_lost_or_doubled(here, FAULTS[name], in_flight=IN_FLIGHT)
    await here.lab.forget()
    # The SDK leaves sockets of connections that were cut to the collector, which warns of them:
    # here, and not in a test that comes later.
    gc.collect()


@pytest.mark.usefixtures("trouble")
async def test_answers_that_are_lost_on_the_way_lose_and_double_nothing(
    up: Up, client: Client, second: SecondHost
) -> None:
    """Of all faults the one that tempts most to do things twice; a few requests, a short time."""
    shared = Site(up=up, endpoints=await up.ready(), client=client, second=second)
    await client.lab.switches(failedAdmissionEvery=None)

    await nothing_is_lost_or_doubled(shared, FAULTS[SAMPLE], in_flight=8, lasts=2)
