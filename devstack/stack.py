"""The whole local stack: Service Bus, tables, Graph, and the Functions host with the app on it.

Starts what the host needs side by side, then the host; stops in the opposite order. Knows the app
only as a folder and by the names of its settings.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence

from devstack.control import Control
from devstack.deployed import Deployed
from devstack.endpoints import Endpoints, app_settings, bus_connection, tables_connection
from devstack.flex import HTTP, groups_of
from devstack.graph import identities
from devstack.packaged import with_own_libraries
from devstack.plan import Plan
from devstack.process import Part, PartFailed
from devstack.serving import free_port
from devstack.supervised import Command, Restarts, Supervised
from devstack.trust.certificates import Trust, make_trust

HOST = "functions"
"""The name of the Functions host; with a process for each group, that of the one with HTTP."""


class Stack:
    """A running stack. `tell` is given one line whenever something is worth a word."""

    def __init__(self, plan: Plan, *, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._tell = tell
        self._identity_header = secrets.token_urlsafe(24)
        self._deployed: Deployed | None = None
        self._lab_port = free_port()
        self._logs = plan.folder / "logs"
        self._restarts = Restarts(automatic=plan.restarts)
        self._services: list[Supervised] = []
        self._hosts: list[Supervised] = []
        self._parts: dict[str, Supervised] = {}
        self._control = Control(self._parts, self._restarts)
        self.endpoints: Endpoints | None = None

    async def start(self) -> Endpoints:
        """Start every part and write `endpoints.json`; raise `PartFailed` with nothing left."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for old in self._logs.glob("*.log"):
            old.unlink()
        plan = self._plan
        trust = make_trust(plan.folder / "trust")
        if plan.identities:
            self._deployed = Deployed(trust=trust, authority_port=free_port())
        try:
            control = await self._control.start(plan.control_port)
            functions_port = plan.functions_port or free_port()
            functions = f"http://127.0.0.1:{functions_port}"
            commands = self._service_commands(trust, functions)
            self._services = [self._supervised(command) for command in commands]
            bus, tables, graph = await _all_started(self._services)
            self.endpoints = Endpoints(
                functions=functions,
                service_bus=bus_connection(bus.port),
                graph=f"http://localhost:{graph.port}",
                tables=tables_connection(tables.port, scheme="https" if self._deployed else "http"),
                control=control,
                bus_lab=f"http://127.0.0.1:{self._lab_port}",
                function_key=secrets.token_urlsafe(24) if plan.function_keys else "",
                identity_header=self._identity_header,
                identity_client_id=identities.USER_IDENTITY if self._deployed else "",
            )
            commands = await self._host_commands(functions_port)
            self._hosts = [self._supervised(command) for command in commands]
            await _all_started(self._hosts)
            (plan.folder / "endpoints.json").write_text(self.endpoints.as_json() + "\n")
        except BaseException:
            await self.stop()
            raise
        return self.endpoints

    @property
    def settings(self) -> dict[str, str]:
        """The settings under which an app runs on this stack."""
        assert self.endpoints is not None
        own = dict(self._plan.settings)
        if self._deployed is not None:
            own = self._deployed.settings(self._parts["tables"].part.port) | own
        settings = app_settings(self.endpoints, own=own)
        return with_own_libraries(self._plan.app, settings)

    def pid_of(self, name: str) -> int:
        """Return the process id of a part: `bus`, `tables`, `graph` or `functions`."""
        return self._parts[name].part.process.pid

    def check(self) -> None:
        """Raise `PartFailed` where a part, the host included, ended by itself."""
        for part in self._parts.values():
            part.check()

    async def watch(self) -> None:
        """Start parts again that end by themselves; raise PartFailed where one does not start."""
        try:
            async with asyncio.TaskGroup() as group:
                for part in self._parts.values():
                    group.create_task(part.keep())
        except* PartFailed as failures:
            raise PartFailed("\n".join(map(str, failures.exceptions))) from failures

    async def stop(self) -> None:
        """Stop every part, the host first, so that it can finish what it is doing."""
        await self._control.stop()
        await asyncio.gather(*(host.stop() for host in self._hosts))
        await asyncio.gather(*(service.stop() for service in self._services))
        (self._plan.folder / "endpoints.json").unlink(missing_ok=True)

    def _supervised(self, command: Command) -> Supervised:
        part = Supervised(command, logs=self._logs, restarts=self._restarts, tell=self._tell)
        self._parts[part.name] = part
        return part

    def _service_commands(self, trust: Trust, functions: str) -> list[Command]:
        plan = self._plan
        config = ["--config", str(plan.bus_config)] if plan.bus_config else []
        identity = self._deployed.options if self._deployed else _no_options
        return [
            Command(
                name="bus",
                title="the Service Bus",
                module="devstack.bus",
                port=plan.bus_port,
                arguments=[
                    *config,
                    *("--lab-port", str(self._lab_port)),
                    *plan.arguments("bus"),
                    *identity("bus"),
                ],
            ),
            Command(
                name="tables",
                title="the tables",
                module="devstack.azurite",
                port=plan.tables_port,
                arguments=identity("tables"),
            ),
            Command(
                name="graph",
                title="Graph",
                module="devstack.graph",
                port=plan.graph_port,
                arguments=[
                    f"--identity-header={self._identity_header}",
                    f"--calling-webhook={functions}/api/calls",
                    # Tokens outlive a restart, as those of Entra ID do.
                    *("--token-key", str(trust.token_key)),
                    *plan.arguments("graph"),
                    *identity("graph"),
                ],
            ),
        ]

    async def _host_commands(self, port: int) -> list[Command]:
        assert self.endpoints is not None
        key = [f"--function-key={self.endpoints.function_key}"] if self._plan.function_keys else []
        app = ["--app", str(self._plan.app), "--state", str(self._plan.folder.absolute())]
        groups = await groups_of(self._plan.app, self.settings) if self._plan.flex else {HTTP: []}
        return [
            Command(
                name=HOST if group == HTTP else f"{HOST}-{group}",
                title="the Functions host" + (f" of {group}" if self._plan.flex else ""),
                module="devstack.functions",
                port=port if group == HTTP else 0,
                arguments=[*app, *key, *_only(names), *self._plan.arguments("functions")],
                environment=self.settings,
            )
            for group, names in groups.items()
        ]


def _no_options(_: str) -> list[str]:
    return []


def _only(names: Sequence[str]) -> list[str]:
    return ["--only", ",".join(names)] if names else []


async def _all_started(parts: Sequence[Supervised]) -> list[Part]:
    """Start parts side by side; where some do not start, raise `PartFailed` with all reasons."""
    results = await asyncio.gather(*(part.start() for part in parts), return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    if failures:
        raise PartFailed("\n".join(map(str, failures))) from failures[0]
    return [part.part for part in parts]
