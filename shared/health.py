"""How the parts are that Rollcall depends on, and whether the backstop walks.

Application: asks through ports. An examination is kept for some seconds and shared by all callers,
so the anonymous health report cannot be used to load the parts.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.ports import Bus, Clock, Graph, Ledger
from shared.words.errors import RollcallError

KEPT_FOR = timedelta(seconds=10)
"""How long the report of an examination is given to the next callers."""
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
    ) -> None:
        """`within`: most seconds one part may take to answer."""
        self._ledger, self._bus, self._graph, self._clock = ledger, bus, graph, clock
        self._within = within
        self._started_at = clock.now()
        self._examining = asyncio.Lock()
        self._found: Report | None = None

    async def report(self) -> Report:
        """Return the newest report, at most `KEPT_FOR` old; a caller waits for one under way."""
        async with self._examining:
            found = self._found
            if found is None or self._clock.now() - found.at >= KEPT_FOR:
                found = self._found = await self._examine()
            return found

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
