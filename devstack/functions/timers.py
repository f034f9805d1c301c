"""Runs one timer function on its schedule, one execution at a time."""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from devstack.functions.bindings import TimerTrigger
from devstack.functions.invocation import Invocation, Invoke
from devstack.functions.ncrontab import Schedule
from devstack.functions.protos import TypedData
from devstack.functions.timer_status import (
    StatusError,
    TimerStatus,
    after_run,
    is_monitored,
    on_start,
    parse,
)
from devstack.functions.work_loop import WorkLoop

_log = logging.getLogger("functions.host")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFunction:
    """A timer function with its schedule."""

    name: str
    function_id: str
    trigger: TimerTrigger
    schedule: Schedule


def timer_data(status: TimerStatus, *, past_due: bool) -> TypedData:
    """Return the timer's own JSON: whether this run is late, when it ran last and was due."""
    return TypedData(
        json=json.dumps(
            {
                "IsPastDue": past_due,
                "Schedule": {"AdjustForDST": True},
                "ScheduleStatus": status.shown(),
            }
        )
    )


class StatusFile:
    """Where the status of one timer outlives the host."""

    def __init__(self, path: Path) -> None:
        """The folder of `path` must be there."""
        self._path = path

    def read(self) -> TimerStatus | None:
        """Return what was written last; None where nothing was. Raises StatusError, OSError."""
        try:
            return parse(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except StatusError as exc:
            raise StatusError(f"{self._path} is not the status of a timer: delete it") from exc

    def write(self, status: TimerStatus) -> None:
        """Keep `status`, whole or not at all."""
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(status.shown()) + "\n", encoding="utf-8")
        new.replace(self._path)


class Timer:
    """The loop of one timer function."""

    def __init__(
        self,
        *,
        function: TimerFunction,
        invoke: Invoke,
        clock: Callable[[], datetime],
        file: StatusFile | None,
    ) -> None:
        """`clock` tells the aware time now; without `file` nothing is remembered over a restart.

        Raises StatusError, OSError.
        """
        self._function = function
        self._invoke = invoke
        self._clock = clock
        now = clock()
        monitored = function.trigger.use_monitor and is_monitored(function.schedule, now)
        self._file = file if monitored else None
        self._loop = WorkLoop()
        remembered = None if self._file is None else self._file.read()
        self._status, self._past_due = on_start(remembered, function.schedule, now)
        self._keep()

    def start(self) -> asyncio.Task[None]:
        """Start the schedule; run at once where a run was missed, or the trigger asks for it."""
        return self._loop.start(self._run())

    def stop(self) -> None:
        """Run no more; an execution under way ends first."""
        self._loop.stop()

    async def _run(self) -> None:
        if self._past_due or self._function.trigger.run_on_startup:
            await self._execute(scheduled=False, past_due=self._past_due)
        while not self._loop.stopping:
            await asyncio.sleep((self._status.next - self._clock()).total_seconds())
            await self._execute(scheduled=True, past_due=False)

    async def _execute(self, *, scheduled: bool, past_due: bool) -> None:
        function, began = self._function, self._clock()
        with self._loop.working():
            outcome = await self._invoke(
                Invocation(
                    function_id=function.function_id,
                    function_name=function.name,
                    parameter=function.trigger.parameter,
                    data=timer_data(self._status, past_due=past_due),
                )
            )
        if outcome.failure is not None:
            _log.error(
                "%s failed: %s\n%s",
                function.name,
                outcome.failure.message,
                outcome.failure.stack_trace,
            )
        self._status = after_run(self._status, function.schedule, began, scheduled=scheduled)
        self._keep()

    def _keep(self) -> None:
        if self._file is not None:
            self._file.write(self._status)
