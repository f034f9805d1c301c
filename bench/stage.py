"""A local stack with one app on it, as the measurements need it: how long Graph takes is theirs to
say, and the host is known by its process id.
"""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender

from bench.load import QUEUE, replies_of
from devstack.endpoints import Endpoints
from devstack.plan import Plan
from devstack.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
ROLLCALL = ROOT
EMPTY = ROOT / "bench" / "apps" / "empty"
TUTORIAL = ROOT / "bench" / "apps" / "tutorial"
BARE_CALLBACK = ROOT / "bench" / "apps" / "callback"
LIVE = ROOT / "bench" / "apps" / "live"
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
AT_ONCE = 4
"""`maxConcurrentCalls` of the host.json that all apps have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A running stack. `witness` is the file to which the apps without answers write.

    `host_pid` and `tables_pid` are the processes of the Functions host and of Azurite.
    """

    endpoints: Endpoints
    settings: dict[str, str]
    host_pid: int
    tables_pid: int
    requests: ServiceBusSender
    replies: ServiceBusReceiver
    http: httpx.AsyncClient
    witness: Path

    async def graph_takes(self, seconds: float) -> None:
        """Forget all meetings; from now on Graph answers createOrGet after `seconds`."""
        lab = f"{self.endpoints.graph}/lab"
        (await self.http.delete(lab)).raise_for_status()
        if seconds > 0:
            slow = {
                "method": "POST",
                "path": "createOrGet",
                "times": 1_000_000,
                "delaySeconds": seconds,
            }
            (await self.http.post(f"{lab}/faults", json=slow)).raise_for_status()

    async def graph_token(self) -> str:
        """Return a token for Graph, as the app's managed identity gets it."""
        answer = await self.http.get(
            self.settings["IDENTITY_ENDPOINT"],
            params={"resource": "https://graph.microsoft.com", "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": self.settings["IDENTITY_HEADER"]},
        )
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def witnessed(self) -> list[float]:
        """Return when, on the monotonic clock, the app says that it was done."""
        if not self.witness.exists():
            return []
        return sorted(float(line) for line in self.witness.read_text(encoding="ascii").split())


@asynccontextmanager
async def stage(app: Path, settings: Mapping[str, str] = NO_SETTINGS) -> AsyncIterator[Stage]:
    """Start a stack with `app` on it, under `settings` of its own; stop it, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as name:
        folder = Path(name)
        witness = folder / "witness"
        own = {"BENCH_WITNESS": str(witness), **settings}
        stack = Stack(Plan(app=app, folder=folder, settings=own), tell=lambda _: None)
        endpoints = await stack.start()
        try:
            bus = ServiceBusClient.from_connection_string(endpoints.service_bus)
            async with (
                bus,
                bus.get_queue_sender(QUEUE) as requests,
                replies_of(bus) as replies,
                httpx.AsyncClient(trust_env=False) as http,
            ):
                yield Stage(
                    endpoints=endpoints,
                    settings=stack.settings,
                    host_pid=stack.pid_of("functions"),
                    tables_pid=stack.pid_of("tables"),
                    requests=requests,
                    replies=replies,
                    http=http,
                    witness=witness,
                )
        except OSError:
            stack.check()  # what was measured is gone: it says why
            raise
        finally:
            await stack.stop()
