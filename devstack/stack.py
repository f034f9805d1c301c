"""The whole local stack: Service Bus, tables, Graph, and the Functions host with the app on it.

Starts what the host needs side by side, then the host; stops in the opposite order. Knows the app
only as a folder and by the names of its settings.
"""

import asyncio
import json
import secrets
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devstack.graph import identities
from devstack.process import Part, PartFailed, start

SHELL_ONLY = dict.fromkeys(
    (
        "SERVICE_BUS__fullyQualifiedNamespace",
        "SERVICE_BUS__clientId",
        "AZURE_CLIENT_ID",
        "GRAPH_CLIENT_SECRET",
        "GRAPH_CERTIFICATE_PATH",
    ),
    "",
)
"""What a shell may hold for the real Azure: it must not lead the local app there."""
ACCOUNT = "devstoreaccount1"
# The key every installation of Azurite and of the storage emulator has; it protects nothing.
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to start: ports (0 is any free one), where files go, and settings of the app to add."""

    app: Path
    folder: Path
    functions_port: int = 0
    bus_port: int = 0
    tables_port: int = 0
    graph_port: int = 0
    bus_config: Path | None = None
    function_keys: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where everything is, as `endpoints.json` says it."""

    functions: str
    service_bus: str
    graph: str
    tables: str
    function_key: str

    def as_json(self) -> str:
        """Return the text of `endpoints.json`."""
        return json.dumps(
            {
                "functions": self.functions,
                "serviceBus": self.service_bus,
                "graph": self.graph,
                "tables": self.tables,
                "functionKey": self.function_key,
                "organizerId": identities.ORGANIZER_ID,
                "botAppId": identities.BOT_APP_ID,
                "tenantId": identities.TENANT_ID,
            },
            indent=2,
        )


class Stack:
    """A running stack. `tell` is given one line whenever something is worth a word."""

    def __init__(self, plan: Plan, *, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._tell = tell
        self._identity_header = secrets.token_urlsafe(24)
        self._logs = plan.folder / "logs"
        self._parts: list[Part] = []
        self._host: Part | None = None
        self.endpoints: Endpoints | None = None

    async def start(self) -> Endpoints:
        """Start every part and write `endpoints.json`; raise `PartFailed` with nothing left."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for old in self._logs.glob("*.log"):
            old.unlink()
        try:
            bus, tables, graph = await self._start_services()
            plan = self._plan
            functions_port = plan.functions_port or _free_port()
            self.endpoints = Endpoints(
                functions=f"http://127.0.0.1:{functions_port}",
                service_bus=_bus_connection(bus.port),
                graph=f"http://localhost:{graph.port}",
                tables=_tables_connection(tables.port),
                function_key=secrets.token_urlsafe(24) if plan.function_keys else "",
            )
            self._host = await self._start_host()
            (plan.folder / "endpoints.json").write_text(self.endpoints.as_json() + "\n")
        except BaseException:
            await self.stop()
            raise
        return self.endpoints

    def pid_of(self, name: str) -> int:
        """Return the process id of a part: `bus`, `tables`, `graph` or `functions`."""
        parts = [*self._parts, *([self._host] if self._host else [])]
        return next(part.process.pid for part in parts if part.name == name)

    async def watch(self) -> None:
        """Keep the stack whole: start a host that was killed again; raise when a service ends."""
        while True:
            host = self._host
            assert host is not None
            watched = {asyncio.ensure_future(part.process.wait()): part for part in self._parts}
            watched[asyncio.ensure_future(host.process.wait())] = host
            try:
                done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for waiting in watched:
                    waiting.cancel()
            ended = watched[done.pop()]
            code = ended.process.returncode
            if ended is not host:
                raise PartFailed(f"{ended.name} ended by itself ({code}):\n{ended.last_words()}")
            self._tell(f"the Functions host ended ({_cause(code)}); starting it again")
            self._host = await self._start_host()
            self._tell("the Functions host is back")

    async def stop(self) -> None:
        """Stop every part, the host first, so that it can finish what it is doing."""
        if self._host is not None:
            await self._host.stop()
            self._host = None
        await asyncio.gather(*(part.stop() for part in self._parts))
        self._parts.clear()
        (self._plan.folder / "endpoints.json").unlink(missing_ok=True)

    async def _start_services(self) -> tuple[Part, Part, Part]:
        plan = self._plan
        config = ["--config", str(plan.bus_config)] if plan.bus_config else []
        starting = [
            asyncio.create_task(start(name, module, arguments, logs=self._logs))
            for name, module, arguments in (
                ("bus", "devstack.bus", ["--port", str(plan.bus_port), *config]),
                ("tables", "devstack.azurite", ["--port", str(plan.tables_port)]),
                (
                    "graph",
                    "devstack.graph",
                    ["--port", str(plan.graph_port), f"--identity-header={self._identity_header}"],
                ),
            )
        ]
        try:
            results = await asyncio.gather(*starting, return_exceptions=True)
        finally:
            # Also when we are told to stop meanwhile: what has started is stopped with the rest.
            self._parts = [
                task.result()
                for task in starting
                if task.done() and not task.cancelled() and task.exception() is None
            ]
        failures = [error for error in results if isinstance(error, BaseException)]
        if failures:
            raise PartFailed("\n".join(str(error) for error in failures)) from failures[0]
        bus, tables, graph = self._parts
        return bus, tables, graph

    async def _start_host(self) -> Part:
        assert self.endpoints is not None
        key = [f"--function-key={self.endpoints.function_key}"] if self._plan.function_keys else []
        return await start(
            "functions",
            "devstack.functions",
            [
                "--app",
                str(self._plan.app),
                "--port",
                self.endpoints.functions.rpartition(":")[2],
                *key,
            ],
            logs=self._logs,
            environment=self.app_settings(self.endpoints),
        )

    def app_settings(self, endpoints: Endpoints) -> dict[str, str]:
        """Return the settings under which an app runs on this stack."""
        graph = endpoints.graph.replace("localhost", "127.0.0.1")
        return {
            "SERVICE_BUS": endpoints.service_bus,
            "TABLES": endpoints.tables,
            "GRAPH_URL": endpoints.graph,
            "PUBLIC_URL": endpoints.functions,
            "TENANT_ID": identities.TENANT_ID,
            "BOT_APP_ID": identities.BOT_APP_ID,
            "ORGANIZER_ID": identities.ORGANIZER_ID,
            "OPENID_CONFIG_URL": f"{graph}/v1/.well-known/OpenIdConfiguration",
            "IDENTITY_ENDPOINT": f"{graph}/msi/token",
            "IDENTITY_HEADER": self._identity_header,
            "SETTLE_SECONDS": "0.5",
            "CLAIM_LEASE_SECONDS": "5",
            "SHOW_NAMES": "true",
            **SHELL_ONLY,
            "GRAPH_FEDERATED": "false",
            **self._plan.settings,
        }


def plan_from_environment(app: Path, environment: Mapping[str, str]) -> Plan:
    """Return what `make up` starts: the documented ports, each changed by its variable."""
    config = environment.get("DEVSTACK_BUS_CONFIG")
    return Plan(
        app=app,
        folder=Path(environment.get("DEVSTACK_FOLDER", ".devstack")),
        functions_port=int(environment.get("DEVSTACK_FUNCTIONS_PORT", "7071")),
        bus_port=int(environment.get("DEVSTACK_BUS_PORT", "5672")),
        tables_port=int(environment.get("DEVSTACK_TABLES_PORT", "10002")),
        graph_port=int(environment.get("DEVSTACK_GRAPH_PORT", "7072")),
        bus_config=Path(config) if config else None,
        function_keys=environment.get("DEVSTACK_FUNCTION_KEYS", "off") == "on",
        settings={name: environment[name] for name in TUNABLE if name in environment},
    )


TUNABLE = (
    "SETTLE_SECONDS",
    "LEAVE_WHEN_ALONE_SECONDS",
    "KEEP_ALIVE_SECONDS",
    "RETENTION_DAYS",
    "CLAIM_LEASE_SECONDS",
    "SHOW_NAMES",
)
"""Settings of the app that the stack shortens for one machine; the caller's own values win."""


def _bus_connection(port: int) -> str:
    return (
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;"
        "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
    )


def _tables_connection(port: int) -> str:
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
        f"TableEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
