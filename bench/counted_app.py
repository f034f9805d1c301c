"""The whole app in this process with everything around it counted: its executions, and what it asks
of the tables, of Service Bus and of Graph. Nothing is timed; the clock is set by hand.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from bench.counted_graph import CountedGraph
from bench.counted_table import CountedTable
from bench.crowd import T0
from bench.pushing import NotTaken
from bench.stand_ins import Keys, SetClock, authorization, called_back, services_on
from create_meeting.handler import create_meeting
from join_meeting.handler import join_meeting
from meeting_record.handler import find_record
from shared.health import WALK_PERIOD
from shared.inbox.message import QueueMessage
from shared.services import Services
from shared.words.entities import CREATE_QUEUE, JOIN_QUEUE, TEND_QUEUE
from shared.words.outgoing import Outgoing
from tend_meeting.handler import mend_meetings, tend_meeting

HANDLERS: Mapping[str, Callable[[QueueMessage, Services], Awaitable[None]]] = {
    CREATE_QUEUE: create_meeting,
    JOIN_QUEUE: join_meeting,
    TEND_QUEUE: tend_meeting,
}
REPLIES = "replies"
SEED = 4711


type What = Literal["executions", "requests", "rows", "sent", "received", "graph"]
"""Executions; requests to the tables, and rows that they wrote or deleted; messages sent, and taken
by functions; requests to Graph."""
type Counts = Mapping[tuple[What, str], float]
"""How often, by function, entity or route; requests to the tables have the name `tables`."""


class _SentBus:
    """Implements `ports.Bus`: takes everything, and keeps it."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.waiting: list[Outgoing] = []

    async def send(self, messages: Sequence[Outgoing]) -> None:
        self.sent += messages
        self.waiting += [one for one in messages if one.entity in HANDLERS]

    def expect(self, entities: Iterable[str]) -> None:
        pass

    async def check(self) -> None:
        pass


class CountedApp:
    """One deployment with one meeting. The backstop walks every two minutes, as it is deployed."""

    def __init__(self) -> None:
        self._clock, self._table, self._bus = SetClock(), CountedTable(), _SentBus()
        keys = Keys(self._clock)
        self.graph = CountedGraph(self._clock.now, seed=SEED)
        self._services = services_on(self._table, self._clock, self._bus, keys, graph=self.graph)
        self._authorization = authorization(keys.private)
        self._counts: Counter[tuple[What, str]] = Counter()
        self._walked = T0

    async def take(self, queue: str, body: dict[str, Any]) -> None:
        """Let a caller's message come, with a reply queue; return when its work is done."""
        message = Outgoing(
            entity=queue,
            message_id=f"caller-{len(self._bus.sent)}",
            body=json.dumps(body),
            reply_to=REPLIES,
        )
        await self._deliver(message)
        await self._calls_back()

    async def passes(self, seconds: float) -> None:
        """Let time pass; what is due is done in the order of its time."""
        end = self._clock.moment + timedelta(seconds=seconds)
        await self._calls_back()
        while (due := self._next()) <= end:
            self._clock.moment = max(self._clock.moment, due)
            message = min(self._bus.waiting, key=self._comes_at, default=None)
            if message is not None and self._comes_at(message) <= due:
                self._bus.waiting.remove(message)
                await self._deliver(message)
            else:
                await self._walk()
            await self._calls_back()
        self._clock.moment = end

    async def sleeps_until_purged(self, days: int) -> None:
        """Let so many days pass of which only the last walk is made."""
        self._clock.moment += timedelta(days=days)
        await self._walk()

    async def read(self, request_id: str) -> None:
        """Let a reader ask for the record."""
        self._counts["executions", "find_meeting"] += 1
        if not isinstance(await find_record(request_id, self._services), dict):
            raise NotTaken("the meeting's record cannot be read")

    def counted(self) -> Counts:
        """Return what was counted since the last time. Readers of events take theirs besides."""
        traffic = self._table.taken()
        counts, self._counts = self._counts, Counter()
        counts["requests", "tables"] = traffic.requests
        counts["rows", "tables"] = traffic.writes
        for one in self._bus.sent:
            counts["sent", one.entity] += 1
        for route, times in self.graph.requested.items():
            counts["graph", route] = times
        self._bus.sent, self.graph.requested = [], Counter()
        return counts

    def _next(self) -> datetime:
        waiting = (self._comes_at(one) for one in self._bus.waiting)
        return min((*waiting, self._walked + WALK_PERIOD))

    def _comes_at(self, message: Outgoing) -> datetime:
        return message.due or self._clock.moment

    async def _walk(self) -> None:
        self._walked = self._clock.moment
        self._counts["executions", "mend_meetings"] += 1
        await mend_meetings(self._services)
        await self._services.journal.settled()

    async def _calls_back(self) -> None:
        while self.graph.callbacks:
            uri, body = self.graph.callbacks.pop(0)
            meeting_id, leg_key = uri.rsplit("/", 2)[1:]
            self._counts["executions", "call_callback"] += 1
            await called_back(meeting_id, leg_key, body, self._authorization, self._services)

    async def _deliver(self, message: Outgoing) -> None:
        queue = message.entity
        self._counts["received", queue] += 1
        self._counts["executions", queue.replace("-", "_")] += 1
        received = QueueMessage(
            queue=queue,
            body=str(message.body).encode(),
            message_id=message.message_id,
            correlation_id=message.correlation_id,
            reply_to=message.reply_to,
            sequence_number=1,
            delivery_count=1,
            enqueued_at=self._clock.moment,
            properties=message.properties,
        )
        await HANDLERS[queue](received, self._services)
        await self._services.journal.settled()
