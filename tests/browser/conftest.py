"""One browser and one web server for all tests of a process; each test has pages of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from devstack.chromium import RUNS_HERE
from tests.browser.chromium import chromium
from tests.browser.loopback import Loopback, loopback


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Return Chromium; open pages in it with `tests.browser.chromium.opened`."""
    if not RUNS_HERE:
        pytest.skip("the Chromium from npm runs on Linux on x86-64 alone")
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[Loopback]:
    """Return a server for pages; each test takes paths of its own."""
    async with loopback() as server:
        yield server
