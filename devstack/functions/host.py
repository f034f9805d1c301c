"""One running Functions host: indexes an app, wires each trigger to the worker, starts and drains.

Holds no rule of a trigger; those are in the modules that it puts together.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

from aiohttp import web
from azure.servicebus.aio import ServiceBusClient

from devstack.functions import host_json, ncrontab
from devstack.functions.bindings import HttpTrigger, QueueTrigger, TimerTrigger, trigger_of
from devstack.functions.bus_slots import BusSlots, QueueFunction
from devstack.functions.host_json import HostJson
from devstack.functions.http_front import HttpFront, HttpFunction
from devstack.functions.timers import Timer, TimerFunction
from devstack.functions.worker import IndexedFunction, Overrun, Worker, index

_DRAIN_SECONDS = 10.0

_log = logging.getLogger("functions.host")


class StartError(Exception):
    """The host cannot serve; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line and the environment say."""

    app: Path
    port: int
    function_key: str | None
    bus_seconds: float
    settings: Mapping[str, str]
    on_overrun: Overrun


class Host:
    """The parts of one running app. Use it once: `start`, wait on `broken`, `drain`."""

    def __init__(self, options: Options) -> None:
        """Start nothing yet."""
        self._options = options
        self._slots: list[BusSlots] = []
        self._timers: list[Timer] = []
        self._http: list[HttpFunction] = []
        self._loops: list[asyncio.Task[None]] = []
        self._clients: dict[str, ServiceBusClient] = {}
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Index the app, listen, open the slots, start the timers; return the HTTP port.

        Raises StartError, IndexingError, EntityMissing and the ValueErrors of settings, bindings
        and host.json.
        """
        options = self._options
        try:
            settings = host_json.parse((options.app / "host.json").read_text(encoding="utf-8"))
        except OSError as exc:
            raise StartError(f"cannot read {options.app / 'host.json'}: {exc.strerror}") from exc
        functions = await index(options.app)
        worker = Worker(timeout=settings.function_timeout, on_overrun=options.on_overrun)
        for function in functions:
            self._add(function, settings, worker)
        port = await self._listen(settings, worker)
        await self._open_slots()
        self._loops += [timer.start() for timer in self._timers]
        return port

    async def broken(self) -> None:
        """Wait until a loop ends by itself, and raise what ended it: an error of this host."""
        if not self._loops:
            await asyncio.Event().wait()
        done, _ = await asyncio.wait(self._loops, return_when=asyncio.FIRST_COMPLETED)
        for loop in done:
            loop.result()

    async def drain(self) -> bool:
        """Take no more work, let running invocations end, close; False if some did not end."""
        for slots in self._slots:
            slots.stop()
        for timer in self._timers:
            timer.stop()
        ending = [*self._loops]
        if self._runner is not None:
            ending.append(asyncio.create_task(self._runner.cleanup()))
        running: set[asyncio.Task[None]] = set()
        if ending:
            _, running = await asyncio.wait(ending, timeout=_DRAIN_SECONDS)
        for client in self._clients.values():
            await client.close()
        return not running

    def _add(self, function: IndexedFunction, settings: HostJson, worker: Worker) -> None:
        trigger = trigger_of(function.name, function.raw_bindings, self._options.settings)
        match trigger:
            case QueueTrigger():
                self._add_queue(function, trigger, settings, worker)
                where = trigger.source
            case HttpTrigger():
                self._http.append(
                    HttpFunction(
                        name=function.name, function_id=function.function_id, trigger=trigger
                    )
                )
                where = f"/{settings.route_prefix}/{trigger.route}".replace("//", "/")
            case TimerTrigger():
                timer = TimerFunction(
                    name=function.name,
                    function_id=function.function_id,
                    trigger=trigger,
                    schedule=ncrontab.parse(trigger.schedule),
                )
                self._timers.append(
                    Timer(function=timer, invoke=worker.invoke, clock=lambda: datetime.now(UTC))
                )
                where = trigger.schedule
            case _:
                assert_never(trigger)
        _log.info("%s: %s", function.name, where)

    def _add_queue(
        self, function: IndexedFunction, trigger: QueueTrigger, settings: HostJson, worker: Worker
    ) -> None:
        client = self._clients.get(trigger.connection)
        if client is None:
            # The loops of the slots try again themselves, and say so.
            client = ServiceBusClient.from_connection_string(trigger.connection, retry_total=0)
            self._clients[trigger.connection] = client
        complete = trigger.auto_complete
        queue = QueueFunction(
            name=function.name,
            function_id=function.function_id,
            trigger=trigger,
            auto_complete=settings.auto_complete if complete is None else complete,
            longest_renewal=settings.max_auto_lock_renewal,
        )
        self._slots.append(
            BusSlots(
                function=queue,
                client=client,
                count=settings.max_concurrent_calls,
                invoke=worker.invoke,
            )
        )

    async def _listen(self, settings: HostJson, worker: Worker) -> int:
        front = HttpFront(
            functions=self._http,
            prefix=settings.route_prefix,
            function_key=self._options.function_key,
            invoke=worker.invoke,
        )
        self._runner = web.AppRunner(
            front.application(), access_log=None, shutdown_timeout=_DRAIN_SECONDS
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

    async def _all_opened(self) -> None:
        for slots in self._slots:
            await slots.opened()

    async def _open_slots(self) -> None:
        for slots in self._slots:
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
            reasons = {str(slots.last_error) for slots in self._slots if slots.last_error}
            places = {client.fully_qualified_namespace for client in self._clients.values()}
            raise StartError(
                f"cannot reach the Service Bus at {', '.join(sorted(places))} within "
                f"{self._options.bus_seconds:g} s: " + ("; ".join(sorted(reasons)) or "no answer")
            )
