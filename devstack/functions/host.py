"""One running Functions host: indexes an app, wires each trigger to the worker, starts and drains.

Holds no rule of a trigger; those are in the modules that it puts together.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from azure.servicebus.aio import ServiceBusClient

from devstack.functions import host_json
from devstack.functions.admin import Admin
from devstack.functions.app_settings import Connection
from devstack.functions.bus_client import BusClient
from devstack.functions.bus_slots import BusSlots, QueueFunction
from devstack.functions.encoded import keep_encoded
from devstack.functions.grouping import picked
from devstack.functions.host_json import HostJson
from devstack.functions.http_front import HttpFront, HttpFunction
from devstack.functions.invocation import Invoke
from devstack.functions.quiet_log import quiet_logger
from devstack.functions.switches import FunctionsSwitches
from devstack.functions.timers import StatusFile, Timer, TimerFunction
from devstack.functions.wiring import wire
from devstack.functions.worker import Worker, index

_DRAIN_SECONDS = 10.0

_log = logging.getLogger("functions.host")


class StartError(Exception):
    """The host cannot serve; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line and the environment say.

    `only` names the functions to run, None all; timers are remembered in the folder `state`, None
    not at all.
    """

    app: Path
    port: int
    function_key: str | None
    bus_seconds: float
    settings: Mapping[str, str]
    only: tuple[str, ...] | None
    state: Path | None
    switches: FunctionsSwitches


class Host:
    """The parts of one running app. Use it once: `start`, wait on `broken`, `drain`.

    `overran` is set when a function exceeds `functionTimeout`: all that runs then fails, and
    messages go back; drain, and start another host.
    """

    def __init__(self, options: Options) -> None:
        """Start nothing yet."""
        self._options = options
        self._slots: list[BusSlots] = []
        self._timers: list[Timer] = []
        self._loops: list[asyncio.Task[None]] = []
        self._clients: dict[Connection, BusClient] = {}
        self._runner: web.AppRunner | None = None
        self.port = options.port
        self.overran = asyncio.Event()
        self.admin = Admin(options.switches)

    async def start(self) -> int:
        """Index the app, listen, open the slots, start the timers; return the HTTP port.

        Raises StartError, IndexingError, EntityMissing and the ValueErrors of names, settings,
        bindings, host.json and timers.
        """
        options = self._options
        try:
            host = host_json.parse((options.app / "host.json").read_text(encoding="utf-8"))
        except OSError as exc:
            raise StartError(f"cannot read {options.app / 'host.json'}: {exc.strerror}") from exc
        functions = await index(options.app)
        if options.only is not None:
            functions = picked(functions, options.only)
        wiring = wire(functions, host, options.settings)
        for line in wiring.lines(host.route_prefix):
            _log.info(line)
        worker = Worker(timeout=host.function_timeout, on_overrun=self._overrun)
        self.port = await self._listen(wiring.http, host, worker.invoke)
        await self._open_slots(wiring.queues, host, worker.invoke)
        for function in wiring.timers:
            timer = Timer(
                function=function,
                invoke=worker.invoke,
                clock=lambda: datetime.now(UTC),
                file=self._status_file(function),
            )
            self._timers.append(timer)
            self._loops.append(timer.start())
        return self.port

    async def broken(self) -> None:
        """Wait until a loop ends by itself, and raise what ended it; never returns otherwise."""
        if not self._loops:
            await asyncio.Event().wait()
        done, _ = await asyncio.wait(self._loops, return_when=asyncio.FIRST_COMPLETED)
        for loop in done:
            loop.result()

    async def drain(self) -> bool:
        """Take no more work, let running invocations end, close; False if some did not end."""
        self._take_no_more()
        ending = [*self._loops]
        if self._runner is not None:
            ending.append(asyncio.create_task(self._runner.cleanup()))
        if ending:
            _, running = await asyncio.wait(ending, timeout=_DRAIN_SECONDS)
            if running:
                return False
        for client in self._clients.values():
            await client.close()
        return True

    def _take_no_more(self) -> None:
        for slots in self._slots:
            slots.stop()
        for timer in self._timers:
            timer.stop()

    def _overrun(self, function: str) -> None:
        _log.error("%s ran longer than functionTimeout: the worker is started again", function)
        # First of all: what is abandoned next must not come back to this host.
        self._take_no_more()
        self.overran.set()

    def _status_file(self, function: TimerFunction) -> StatusFile | None:
        if self._options.state is None:
            return None
        folder = self._options.state / "timers"
        folder.mkdir(parents=True, exist_ok=True)
        return StatusFile(folder / f"{function.name}.json")

    async def _listen(
        self, functions: Sequence[HttpFunction], host: HostJson, invoke: Invoke
    ) -> int:
        front = HttpFront(
            functions=functions,
            prefix=host.route_prefix,
            function_key=self._options.function_key,
            admin=self.admin,
            invoke=invoke,
        )
        self._runner = web.AppRunner(
            front.application(),
            access_log=None,
            logger=quiet_logger("functions.http"),
            shutdown_timeout=_DRAIN_SECONDS,
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._options.port).start()
        except OSError as exc:
            raise StartError(
                f"port {self._options.port} is taken: {exc.strerror}; "
                "set DEVSTACK_FUNCTIONS_PORT to another"
            ) from exc
        return int(self._runner.addresses[0][1])

    async def _open_slots(
        self, functions: Sequence[QueueFunction], host: HostJson, invoke: Invoke
    ) -> None:
        if functions:
            keep_encoded()
        for function in functions:
            slots = BusSlots(
                function=function,
                client=self._client(function.trigger.connection),
                count=host.max_concurrent_calls,
                invoke=invoke,
            )
            self._slots.append(slots)
            self._loops += slots.start()
        opening = asyncio.create_task(self._all_opened())
        await asyncio.wait(
            {opening, *self._loops},
            timeout=self._options.bus_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        for loop in self._loops:
            if loop.done():
                loop.result()
        if not opening.done():
            opening.cancel()
            raise StartError(self._unreachable())

    async def _all_opened(self) -> None:
        for slots in self._slots:
            await slots.opened()

    def _client(self, connection: Connection) -> ServiceBusClient:
        if connection not in self._clients:
            self._clients[connection] = BusClient(connection)
        return self._clients[connection].sdk

    def _unreachable(self) -> str:
        reasons = {str(slots.last_error) for slots in self._slots if slots.last_error}
        places = {client.sdk.fully_qualified_namespace for client in self._clients.values()}
        return (
            f"cannot reach the Service Bus at {', '.join(sorted(places))} within "
            f"{self._options.bus_seconds:g} s: " + ("; ".join(sorted(reasons)) or "no answer")
        )
