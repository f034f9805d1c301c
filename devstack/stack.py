"""The whole local stack: Service Bus, tables, Graph, and the Functions host with the app on it.

Starts what the host needs side by side, then the host; stops in the opposite order. Knows the app
only as a folder and by the names of its settings.
"""

import asyncio
import secrets
import signal
import socket
from collections.abc import Callable

from devstack.deployed import Deployed
from devstack.endpoints import Endpoints, app_settings, bus_connection, tables_connection
from devstack.plan import Plan
from devstack.process import Part, PartFailed, start
from devstack.trust.certificates import make_trust

_OWN_PORTS = range(15_000, 32_000)


class Stack:
    """A running stack. `tell` is given one line whenever something is worth a word."""

    def __init__(self, plan: Plan, *, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._tell = tell
        self._identity_header = secrets.token_urlsafe(24)
        self._deployed: Deployed | None = None
        self._logs = plan.folder / "logs"
        self._parts: list[Part] = []
        self._host: Part | None = None
        self.endpoints: Endpoints | None = None

    async def start(self) -> Endpoints:
        """Start every part and write `endpoints.json`; raise `PartFailed` with nothing left."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for old in self._logs.glob("*.log"):
            old.unlink()
        plan = self._plan
        if plan.identities:
            trust = make_trust(plan.folder / "trust")
            self._deployed = Deployed(trust=trust, authority_port=_free_port())
        try:
            bus, tables, graph = await self._start_services()
            functions_port = plan.functions_port or _free_port()
            self.endpoints = Endpoints(
                functions=f"http://127.0.0.1:{functions_port}",
                service_bus=bus_connection(bus.port),
                graph=f"http://localhost:{graph.port}",
                tables=tables_connection(tables.port, scheme="https" if self._deployed else "http"),
                function_key=secrets.token_urlsafe(24) if plan.function_keys else "",
            )
            self._host = await self._start_host()
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
            tables = next(part for part in self._parts if part.name == "tables")
            own = self._deployed.settings(tables.port) | own
        return app_settings(self.endpoints, identity_header=self._identity_header, own=own)

    def pid_of(self, name: str) -> int:
        """Return the process id of a part: `bus`, `tables`, `graph` or `functions`."""
        return next(part.process.pid for part in self._running() if part.name == name)

    def check(self) -> None:
        """Raise `PartFailed` where a part, the host included, ended by itself."""
        for part in self._running():
            if part.process.returncode is not None:
                raise _ended_by_itself(part)

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
            if ended is not host:
                raise _ended_by_itself(ended)
            cause = _cause(host.process.returncode)
            self._tell(f"the Functions host ended ({cause}); starting it again")
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

    def _running(self) -> list[Part]:
        return [*self._parts, *([self._host] if self._host else [])]

    async def _start_services(self) -> tuple[Part, Part, Part]:
        plan = self._plan
        config = ["--config", str(plan.bus_config)] if plan.bus_config else []
        starting = [
            asyncio.create_task(
                start(name, module, [*arguments, *self._identity_options(name)], logs=self._logs)
            )
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

    def _identity_options(self, part: str) -> list[str]:
        return [] if self._deployed is None else self._deployed.options(part)

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
            environment=self.settings,
        )


def _free_port() -> int:
    """Return a port that is free, below those that outgoing connections are given.

    The app needs its own address among its settings, before the host listens.
    """
    while True:
        port = secrets.choice(_OWN_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _ended_by_itself(part: Part) -> PartFailed:
    cause = _cause(part.process.returncode)
    return PartFailed(f"{part.name} ended by itself ({cause}):\n{part.last_words()}")


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
