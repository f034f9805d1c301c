"""A part of the stack that is kept running: stopped, held and started on request, and started again
when it ends by itself.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devstack.process import Part, PartFailed, start

PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each start of a part that ended by itself. The last failure ends the stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How a part is started: `python -m module --port port …`. For 0 any free port, then that."""

    name: str
    title: str
    module: str
    port: int = 0
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Restarts:
    """Whether parts that end by themselves are started again. One for the whole stack."""

    automatic: bool = True


class Supervised:
    """One part. `tell` is given a line whenever it ended by itself or is back."""

    def __init__(
        self, command: Command, *, logs: Path, restarts: Restarts, tell: Callable[[str], None]
    ) -> None:
        """Nothing runs yet: see `start`."""
        self._command = command
        self._logs = logs
        self._restarts = restarts
        self._tell = tell
        self._wanted = asyncio.Event()
        self._changing = asyncio.Lock()
        self._part: Part | None = None
        self._held = False
        self._ended = 0

    @property
    def name(self) -> str:
        """The name by which the stack's control knows it."""
        return self._command.name

    @property
    def part(self) -> Part:
        """The process that runs, or ran last."""
        assert self._part is not None
        return self._part

    async def start(self) -> Part:
        """Start it where it does not run; raise PartFailed with its own words."""
        async with self._changing:
            if self._runs():
                return self.part
            command = self._command
            # A part that runs again has the port that it had: others know it.
            port = command.port if self._part is None else self._part.port
            self._part = await start(
                command.name,
                command.module,
                ["--port", str(port), *command.arguments],
                logs=self._logs,
                environment=command.environment,
            )
            self._held = False
            self._wanted.set()
            return self._part

    async def stop(self) -> None:
        """End it, by signal; it stays down until `start`."""
        self._wanted.clear()
        async with self._changing:
            if self._part is not None:
                self.resume()
                await self._part.stop()

    async def restart(self) -> None:
        """End it and start it again."""
        await self.stop()
        await self.start()

    def hold(self) -> None:
        """Let it do nothing, its connections open, until `resume`; nothing where it is stopped."""
        self._signal(signal.SIGSTOP, held=True)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT, held=False)

    def kill(self) -> None:
        """End it at once, as a crash does: then it is started again, if parts are."""
        self._signal(signal.SIGKILL, held=False)

    def shown(self) -> dict[str, Any]:
        """Return its name, state, process id and port, and how often it ended by itself."""
        state = ("held" if self._held else "running") if self._runs() else "stopped"
        return {
            "name": self.name,
            "state": state,
            "pid": self.part.process.pid if self._runs() else None,
            "port": self.part.port,
            "ended": self._ended,
        }

    async def keep(self) -> None:
        """Start it again whenever it ends by itself; PartFailed when it does not start any more."""
        while True:
            await self._wanted.wait()
            part = self.part
            await part.process.wait()
            if part is not self.part or not self._wanted.is_set():
                continue  # stopped on request
            self._ended += 1
            if self._restarts.automatic:
                self._tell(f"{self._command.title} ended ({cause_of(part)}); starting it again")
                await self._start_again()
                self._tell(f"{self._command.title} is back")
            else:
                self._wanted.clear()
                self._tell(f"{self._command.title} ended ({cause_of(part)}); it stays down")

    def check(self) -> None:
        """Raise PartFailed where it ended by itself."""
        if self._wanted.is_set() and not self._runs():
            raise PartFailed(
                f"{self.name} ended by itself ({cause_of(self.part)}):\n{self.part.last_words()}"
            )

    async def _start_again(self) -> None:
        for pause in PAUSES:
            await asyncio.sleep(pause)
            if not self._wanted.is_set():
                return
            try:
                await self.start()
            except PartFailed:
                if pause == PAUSES[-1]:
                    raise
            else:
                return

    def _runs(self) -> bool:
        return self._part is not None and self._part.process.returncode is None

    def _signal(self, number: signal.Signals, *, held: bool) -> None:
        if self._runs():
            # A session of its own: what the part itself has started is meant, too.
            os.killpg(self.part.process.pid, number)
            self._held = held


def cause_of(part: Part) -> str:
    """Return why a process ended: the name of a signal, or its exit code."""
    code = part.process.returncode
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
