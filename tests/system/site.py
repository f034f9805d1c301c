"""Two Functions hosts on a stack of their own that may come to harm, and hands on all its parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.system.client import Client
from tests.system.lab import Json, Lab
from tests.system.second_host import SecondHost
from tests.system.stack import Endpoints, Up

PATIENCE = 180.0
"""Seconds for what was under way in a fault: a message that a crash left waits for the timer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The stack, its second host, and a patient client of it."""

    up: Up
    endpoints: Endpoints
    client: Client
    second: SecondHost

    @property
    def lab(self) -> Lab:
        """The hand in the simulated Graph."""
        return self.client.lab

    async def part(self, name: str, action: str) -> None:
        """Hold, resume, stop, start or kill a part: `bus`, `tables`, `graph` or `functions`."""
        await self._post(f"{self.endpoints.control}/parts/{name}/{action}")

    async def bus(self, path: str, body: Json) -> None:
        """Make trouble in the bus; see devstack/bus/README.md."""
        await self._post(f"{self.endpoints.bus_lab}/lab/{path}", body)

    async def _post(self, url: str, body: Json | None = None) -> None:
        async with aiohttp.ClientSession() as http, http.post(url, json=body) as response:
            assert response.status == 200, f"{url}: {await response.text()}"


@asynccontextmanager
async def site(folder: Path, settings: dict[str, str]) -> AsyncIterator[Site]:
    """Start it, and end it. `settings`: of the stack, and of the app on both hosts."""
    up = await Up.start(folder, settings)
    second = SecondHost(up, folder)
    try:
        endpoints = await up.ready()
        await second.run()
        async with Client(endpoints, patience=PATIENCE) as client:
            yield Site(up=up, endpoints=endpoints, client=client, second=second)
    finally:
        await asyncio.gather(second.close(), up.close())
