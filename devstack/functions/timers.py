"""Runs one timer function on its schedule, one execution at a time."""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from devstack.functions.bindings import TimerTrigger
from devstack.functions.invocation import Invocation, Invoke
from devstack.functions.ncrontab import Schedule, next_after
from devstack.functions.protos import TypedData
from devstack.functions.work_loop import WorkLoop

_log = logging.getLogger("functions.host")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFunction:
    """A timer function with its schedule."""

    name: str
    function_id: str
    trigger: TimerTrigger
    schedule: Schedule


def timer_data(*, last: datetime | None, due: datetime, now: datetime) -> TypedData:
    """Return the timer's own JSON: when it last ran, when it runs next."""
    return TypedData(
        json=json.dumps(
            {
                "IsPastDue": False,
                "Schedule": {"AdjustForDST": True},
                "ScheduleStatus": {
                    "Last": "0001-01-01T00:00:00+00:00" if last is None else last.isoformat(),
                    "Next": due.isoformat(),
                    "LastUpdated": now.isoformat(),
                },
            }
        )
    )


class Timer:
    """The loop of one timer function."""

    def __init__(
        self, *, function: TimerFunction, invoke: Invoke, clock: Callable[[], datetime]
    ) -> None:
        """`clock` tells the aware time now."""
        self._function = function
        self._invoke = invoke
        self._clock = clock
        self._loop = WorkLoop()
        self._last: datetime | None = None

    def start(self) -> asyncio.Task[None]:
        """Start the schedule, with a run at once where the trigger asks for it."""
        return self._loop.start(self._run())

    def stop(self) -> None:
        """Run no more; an execution under way ends first."""
        self._loop.stop()

    async def _run(self) -> None:
        if self._function.trigger.run_on_startup:
            await self._execute()
        due = self._clock()
        while not self._loop.stopping:
            # A sleep may end a little early by the wall clock: no due time comes twice.
            due = next_after(self._function.schedule, max(due, self._clock()))
            await asyncio.sleep((due - self._clock()).total_seconds())
            await self._execute()

    async def _execute(self) -> None:
        function, now = self._function, self._clock()
        with self._loop.working():
            outcome = await self._invoke(
                Invocation(
                    function_id=function.function_id,
                    function_name=function.name,
                    parameter=function.trigger.parameter,
                    data=timer_data(
                        last=self._last, due=next_after(function.schedule, now), now=now
                    ),
                )
            )
        self._last = now
        if outcome.failure is not None:
            _log.error(
                "%s failed: %s\n%s",
                function.name,
                outcome.failure.message,
                outcome.failure.stack_trace,
            )
