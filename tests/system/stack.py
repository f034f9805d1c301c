"""`python -m devstack up` as a process of its own: started on free ports, watched, ended."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

from tests.system import processes
from tests.system.lab import eventually

ROOT = Path(__file__).parents[2]
PORTS = ("FUNCTIONS", "BUS", "TABLES", "GRAPH", "CONTROL")
FREE_PORTS = {f"DEVSTACK_{part}_PORT": "0" for part in PORTS}
READY = "devstack ready"
HOST, BACK = "the Functions host", "is back"
PATIENCE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """What `endpoints.json` says."""

    functions: str
    service_bus: str
    graph: str
    tables: str
    control: str
    bus_lab: str
    function_key: str
    tenant_id: str
    bot_app_id: str
    organizer_id: str

    @classmethod
    def said(cls, text: str) -> Self:
        """Read the text of the file."""
        said = json.loads(text)
        return cls(
            functions=said["functions"],
            service_bus=said["serviceBus"],
            graph=said["graph"],
            tables=said["tables"],
            control=said["control"],
            bus_lab=said["busLab"],
            function_key=said["functionKey"],
            tenant_id=said["tenantId"],
            bot_app_id=said["botAppId"],
            organizer_id=said["organizerId"],
        )


class Up:
    """One run of `devstack up`. Use `start`, then `ready`."""

    def __init__(self, process: asyncio.subprocess.Process, *, folder: Path, mark: str) -> None:
        """Read what it says from now on."""
        self._process = process
        self.folder = folder
        self.mark = mark
        self.lines: list[str] = []
        self._crashes = 0
        self._said = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, folder: Path, environment: dict[str, str]) -> Self:
        """Start it; its files go to `folder`, which exists. Does not wait."""
        mark = uuid4().hex
        with (folder / "stderr").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "devstack", "up"),
                cwd=ROOT,
                env=os.environ
                | FREE_PORTS
                | {"DEVSTACK_FOLDER": str(folder), processes.MARK: mark}
                | environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
        return cls(process, folder=folder, mark=mark)

    @classmethod
    @asynccontextmanager
    async def serving(cls, folder: Path, environment: dict[str, str]) -> AsyncIterator[Self]:
        """Start it and wait until everything answers; end it afterwards."""
        up = await cls.start(folder, environment)
        try:
            await up.ready()
            yield up
        finally:
            await up.close()

    async def ready(self) -> Endpoints:
        """Wait until everything answers; AssertionError with its own words where it ends first."""
        await self.says(READY)
        return Endpoints.said((self.folder / "endpoints.json").read_text())

    async def says(self, start: str, end: str = "", *, times: int = 1) -> None:
        """Wait until that many lines begin with `start` and end with `end`."""

        def enough() -> bool:
            said = (line.startswith(start) and line.endswith(end) for line in self.lines)
            return sum(said) >= times

        async with asyncio.timeout(PATIENCE), self._said:
            await self._said.wait_for(lambda: enough() or self._reading.done())
        assert enough(), f"it ended without “{start}”:\n{self.complaints()}"

    def crash_host(self) -> None:
        """Kill the Functions host, all its processes; `host_is_back` waits until it runs again."""
        hosts = processes.children(self._process.pid, running="devstack.functions")
        for host in hosts:
            os.kill(host, signal.SIGKILL)
        self._crashes += len(hosts)

    async def host_is_back(self) -> None:
        """Wait until the host was started again after every crash so far."""
        await self.says(HOST, BACK, times=self._crashes)

    def send_part(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one part: `functions`, `bus`, `graph` or `azurite`."""
        os.kill(processes.child(self._process.pid, running=f"devstack.{name}"), number)

    async def has_started(self, name: str) -> None:
        """Wait until the process of a part is there, ready or not."""

        async def there() -> bool | None:
            try:
                processes.child(self._process.pid, running=f"devstack.{name}")
            except LookupError:
                return None
            return True

        await eventually(there, f"{name} runs")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to `up` itself, which has to end its parts."""
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait for its end; return the exit code."""
        async with asyncio.timeout(PATIENCE):
            code = await self._process.wait()
            await self._reading
        return code

    async def close(self) -> None:
        """End it in whatever state it is, and see that nothing is left of it."""
        if self._process.returncode is None:
            self.send(signal.SIGTERM)
        await self.ended()
        await processes.all_ended(self.mark, within=PATIENCE)

    def complaints(self) -> str:
        """Return what it wrote to stderr so far."""
        return (self.folder / "stderr").read_text(errors="replace")

    def log(self, part: str) -> str:
        """Return what a part has logged so far."""
        return (self.folder / "logs" / f"{part}.log").read_text(errors="replace")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._said:
                self.lines.append(line.decode().rstrip())
                self._said.notify_all()
        async with self._said:
            self._said.notify_all()
