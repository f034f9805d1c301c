"""A Functions host that trusts a signing key of the test, beside the simulator's own keys.

The shared stack's simulator never gives its key away, and it must not: so this host has a bus and
a simulator of its own, and asks a small issuer here for the keys.
"""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.system.client import Client
from tests.system.lab import Json
from tests.system.stack import ROOT, Endpoints

IDENTITY_HEADER = "header-of-the-test"
END_WITHIN = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustingHost:
    """A running host: a client of it, what it logs, and who asked the attacker for keys."""

    client: Client
    log: Path
    issuer: str
    asked_attacker: list[str]


@asynccontextmanager
async def trusting_host(
    shared: Endpoints, folder: Path, *, trusted: Json, attackers: Json
) -> AsyncIterator[TrustingHost]:
    """Run the host until the block ends. `trusted`, `attackers`: JSON Web Keys."""
    async with AsyncExitStack() as running:
        start = running.enter_async_context
        bus = await start(_part("bus", folder=folder))
        graph = await start(_part("graph", "--identity-header", IDENTITY_HEADER, folder=folder))
        asked: list[str] = []
        issuer = await start(_issuer([trusted, *await _keys(graph)], [attackers], asked))
        port = _free_port()
        service_bus = (
            f"Endpoint=sb://127.0.0.1:{bus};SharedAccessKeyName=RootManageSharedAccessKey;"
            "SharedAccessKey=local;UseDevelopmentEmulator=true;"
        )
        settings = {
            "SERVICE_BUS": service_bus,
            "TABLES": shared.tables,
            "TABLE_NAME": "trusting",
            "GRAPH_URL": f"http://localhost:{graph}",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "TENANT_ID": shared.tenant_id,
            "BOT_APP_ID": shared.bot_app_id,
            "ORGANIZER_ID": shared.organizer_id,
            "OPENID_CONFIG_URL": f"{issuer}/configuration",
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{graph}/msi/token",
            "IDENTITY_HEADER": IDENTITY_HEADER,
            "SETTLE_SECONDS": "0.4",
        }
        app = ("--app", str(ROOT))
        await start(_part("functions", *app, folder=folder, port=port, settings=settings))
        own = replace(
            shared,
            service_bus=service_bus,
            functions=f"http://127.0.0.1:{port}",
            graph=f"http://localhost:{graph}",
        )
        yield TrustingHost(
            client=await start(Client(own)),
            log=folder / "functions.log",
            issuer=issuer,
            asked_attacker=asked,
        )


@asynccontextmanager
async def _part(
    name: str, *options: str, folder: Path, port: int = 0, settings: dict[str, str] | None = None
) -> AsyncIterator[int]:
    """Run one part of the local stack until the block ends; return its port."""
    with (folder / f"{name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"devstack.{name}"),
            *("--port", str(port), "--exit-with-stdin", *options),
            cwd=ROOT,
            env=os.environ | (settings or {}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = await process.stdout.readline()
        assert line, (folder / f"{name}.log").read_text()
        yield int(json.loads(line)["port"])
    finally:
        process.stdin.close()
        async with asyncio.timeout(END_WITHIN):
            await process.wait()


@asynccontextmanager
async def _issuer(
    trusted: list[Json], attackers: list[Json], asked: list[str]
) -> AsyncIterator[str]:
    """Serve an OpenID configuration, its keys, and the attacker's; return the base URL."""
    base = ""

    async def configuration(_: web.Request) -> web.Response:
        return web.json_response({"jwks_uri": f"{base}/keys"})

    async def keys(_: web.Request) -> web.Response:
        return web.json_response({"keys": trusted})

    async def attacker(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"keys": attackers})

    app = web.Application()
    app.router.add_get("/configuration", configuration)
    app.router.add_get("/keys", keys)
    app.router.add_get("/attacker/{anything:.*}", attacker)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield base
    finally:
        await runner.cleanup()


async def _keys(graph: int) -> list[Json]:
    url = f"http://127.0.0.1:{graph}/v1/keys"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        keys: list[Json] = (await response.json())["keys"]
    return keys


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
