"""Fifty requests are in flight on two hosts when something breaks: none is lost, none is doubled.

Meanwhile people come and go in meetings that the bot is in already.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.system.conftest import with_short_locks
from tests.system.crowd import Crowd, recorded_as_it_was
from tests.system.faults import FAULTS, LASTS
from tests.system.site import Site, site
from tests.system.watched import ADA, BO, Watched

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

IN_FLIGHT = 50
TALKING = 4
NORMAL_AGAIN = 60.0
"""Seconds after the healing within which a new request has its meeting and its bot."""
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
        "DEVSTACK_SWITCHES": json.dumps({}),
        "SETTLE_SECONDS": "0.4",
        "POLL_SECONDS": "5",
        "SILENT_SECONDS": "5",
        "CLAIM_LEASE_SECONDS": "15",
    }
    async with site(folder, settings) as here:
        yield here


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=() if one == SAMPLE else pytest.mark.long) for one in FAULTS]
)
async def test_no_fault_loses_or_doubles_what_is_in_flight(here: Site, name: str) -> None:
    """And a new request is served within a minute of its end."""
    fault, run = FAULTS[name], uuid4().hex[:8]
    crowd = Crowd(site=here, names=tuple(f"{n} {name} {run}" for n in range(IN_FLIGHT)))
    talking = await asyncio.gather(
        *(Watched.begin(here.client, f"talk {n} {name} {run}") for n in range(TALKING))
    )
    gone = await asyncio.gather(*(one.come(ADA) for one in talking))
    await asyncio.gather(*(one.told("call.started", callNumber=1) for one in talking))

    await crowd.drop()
    await fault.strike(here)
    try:
        stay = await asyncio.gather(*(one.come(BO) for one in talking))
        await asyncio.gather(*map(here.lab.leave, gone))
        await asyncio.sleep(LASTS)
    finally:
        await fault.heal(here)
    await _normal_again(here, f"after {name} {run}")

    created = await crowd.answered()
    await crowd.one_of_each(created)
    await asyncio.gather(*(one.joined(2) for one in talking))
    await asyncio.gather(*map(here.lab.leave, stay))
    await crowd.talk(created)
    await asyncio.gather(*(one.told("call.ended", callNumber=1) for one in talking))
    watched = {one.subject: await here.client.created(one.subject) for one in talking}
    await recorded_as_it_was(here, created | watched)
    await here.lab.forget()


async def _normal_again(here: Site, name: str) -> None:
    new = Crowd(site=here, names=(name,))
    async with asyncio.timeout(NORMAL_AGAIN):
        await new.drop()
        await new.answered()
