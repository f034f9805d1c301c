"""How the parts are that Rollcall depends on, and whether the backstop walks.

Application: examines through ports. A report is kept for some seconds and shared by all callers. An
examination runs apart from them, one at a time. So the anonymous health report cannot be used to
load the parts, and answers in time where they do not.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.graph_port import Graph
from shared.ports import Bus, Clock, Ledger
from shared.telemetry import correlated, log
from shared.tracing.work import apart
from shared.words.errors import RollcallError

KEPT_FOR = timedelta(seconds=10)
"""How long the report of an examination is given to the next callers."""
ANSWERED_WITHIN = timedelta(seconds=3)
"""How long after an examination began callers wait for it who need no more than one word."""
EXAMINED_WITHIN = 20.0
"""Seconds a part has to answer; tables and bus say by themselves, before, that they did not."""
WALK_PERIOD = timedelta(minutes=2)
"""How often the backstop walks: the schedule in tend_meeting/trigger.py."""
WALK_LATE_AFTER = 3 * WALK_PERIOD
OK = "ok"

type Status = Literal["ok", "degraded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one examination found. `parts`: each is `ok`, or what is wrong with it.

    `last_walk`: when the backstop last walked, in any process; None if never, or if the tables do
    not say. `started_at`: when this process started.
    """

    at: datetime
    parts: Mapping[str, str]
    last_walk: datetime | None
    started_at: datetime

    @property
    def walk_is_late(self) -> bool:
        """Whether the backstop should have walked since, as far as this process has seen."""
        expected_since = max(self.started_at, self.last_walk or self.started_at)
        return self.at - expected_since > WALK_LATE_AFTER

    @property
    def status(self) -> Status:
        """`ok` where every part is, and the backstop walks."""
        well = not self.walk_is_late and all(word == OK for word in self.parts.values())
        return "ok" if well else "degraded"


@dataclass(frozen=True, slots=True)
class Wait:
    """An examination is under way; a caller waits for it so long at most."""

    most: timedelta


@dataclass(frozen=True, slots=True)
class Begin:
    """No examination is under way, and no report is young enough."""


def next_for_caller(
    found: Report | None,
    began_at: datetime | None,
    *,
    now: datetime,
    most: timedelta = ANSWERED_WITHIN,
) -> Report | Wait | Begin:
    """Return what a caller gets, or what it has to do for it.

    `found`: the newest report. `began_at`: when the examination under way began; None: none is.
    `most`: how long after that callers wait for it.
    """
    # `abs`: a clock that was set back must not keep a report for longer.
    if found is not None and abs(now - found.at) < KEPT_FOR:
        return found
    if began_at is None:
        return Begin()
    return Wait(min(max(began_at + most - now, timedelta()), most))


class Checkup:
    """Examines the parts. One instance a process; safe for many tasks."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        bus: Bus,
        graph: Graph,
        clock: Clock,
        within: float = EXAMINED_WITHIN,
        answered_within: timedelta = ANSWERED_WITHIN,
    ) -> None:
        """`within`: most seconds one part may take to answer.

        `answered_within`: how long after an examination began `status` waits for it.
        """
        self._ledger, self._bus, self._graph, self._clock = ledger, bus, graph, clock
        self._within, self._answered_within = within, answered_within
        self._started_at = clock.now()
        self._found: Report | None = None
        self._under_way: asyncio.Task[Report] | None = None
        self._began_at: datetime | None = None

    async def report(self) -> Report:
        """Return the newest report, at most `KEPT_FOR` old; a caller waits for one under way.

        That takes `within` seconds at most.
        """
        found = self._next()
        return found if isinstance(found, Report) else await asyncio.shield(self._examining())

    async def status(self) -> Status:
        """Return the status of the newest report; `degraded` where none is there in time."""
        while True:
            match self._next():
                case Report() as found:
                    return found.status
                case Begin():
                    self._examining()
                case Wait(most):
                    done, _ = await asyncio.wait({self._examining()}, timeout=most.total_seconds())
                    return next((task.result().status for task in done), "degraded")

    def _next(self) -> Report | Wait | Begin:
        now, most = self._clock.now(), self._answered_within
        return next_for_caller(self._found, self._began_at, now=now, most=most)

    def _examining(self) -> asyncio.Task[Report]:
        """Return the examination under way; it begins now at the latest."""
        if self._under_way is None:
            self._began_at = self._clock.now()
            # It is part of no invocation: its first caller may go away.
            with correlated(), apart():
                self._under_way = asyncio.create_task(self._examine())
            self._under_way.add_done_callback(self._ended)
        return self._under_way

    def _ended(self, task: asyncio.Task[Report]) -> None:
        self._under_way = self._began_at = None
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._found = task.result()
        else:
            log("health.failed", error=error)

    async def _examine(self) -> Report:
        (tables, last_walk), (bus, _), (graph, _) = await asyncio.gather(
            self._answer(self._tables()),
            self._answer(self._bus.check()),
            self._answer(self._graph.check()),
        )
        return Report(
            at=self._clock.now(),
            parts={"tables": tables, "serviceBus": bus, "graphToken": graph},
            last_walk=last_walk,
            started_at=self._started_at,
        )

    async def _tables(self) -> datetime | None:
        await self._ledger.check()
        return await self._ledger.last_walk()

    async def _answer[T](self, asked: Awaitable[T]) -> tuple[str, T | None]:
        """Return the word for a part, and what it answered."""
        try:
            async with asyncio.timeout(self._within):
                return OK, await asked
        except TimeoutError:
            return f"it did not answer within {self._within:g} seconds", None
        except RollcallError as error:
            return str(error), None
