"""A door before one or more ports: it leads each connection to one of them, and counts requests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random

_CHUNK = 65_536


@dataclass(slots=True, kw_only=True)
class Front:
    """HTTP/1.1 without pipelining passes through; bodies are not looked at.

    `requests` have begun, `waiting` of them have no answer yet. `port` is the front's own.
    """

    luck: Random
    port: int = 0
    requests: int = 0
    waiting: int = 0
    _behind: tuple[int, ...] = ()
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _answered: asyncio.Event = field(default_factory=asyncio.Event)

    def lead_to(self, ports: Iterable[int]) -> None:
        """Lead connections that come from now on to one of these ports, as luck has it."""
        self._behind = tuple(ports)

    def begun(self) -> None:
        """Note that a request has begun."""
        self.requests += 1
        self.waiting += 1

    def answered(self) -> None:
        """Note that one has its answer, or gets none."""
        self.waiting -= 1
        self._answered.set()

    async def fewer_waiting(self, than: int) -> None:
        """Return when fewer requests have no answer yet."""
        while self.waiting >= than:
            self._answered.clear()
            await self._answered.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until either side ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        passing = _Passing(front=self)
        with suppress(OSError):
            to = await asyncio.open_connection("127.0.0.1", self.luck.choice(self._behind))
            try:
                there = asyncio.create_task(_pump(reader, to[1], passing.asks))
                back = asyncio.create_task(_pump(to[0], writer, passing.answers))
                await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
                for one in (there, back):
                    one.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
            finally:
                to[1].close()
        passing.answers()
        writer.close()

    async def close(self) -> None:
        """End the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@dataclass(slots=True, kw_only=True)
class _Passing:
    """One connection: what comes from the client after an answer begins another request."""

    front: Front
    asked: bool = False

    def asks(self) -> None:
        if not self.asked:
            self.asked = True
            self.front.begun()

    def answers(self) -> None:
        if self.asked:
            self.asked = False
            self.front.answered()


@asynccontextmanager
async def front(luck: Random) -> AsyncIterator[Front]:
    """Listen on a free port; `lead_to` comes before the first connection."""
    door = Front(luck=luck)
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    door.port = server.sockets[0].getsockname()[1]
    try:
        yield door
    finally:
        server.close()
        await door.close()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Callable[[], None]
) -> None:
    while chunk := await reader.read(_CHUNK):
        note()
        writer.write(chunk)
        await writer.drain()
