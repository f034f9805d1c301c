"""Sends callbacks as Graph does: as fast as they are taken, or at a pace of their own.

Every answer is checked: what is not taken is no notification.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bench.graph_of_crowds import Seat

type Body = tuple[str, bytes]
"""Where a callback goes, and what it says."""
TAKEN = 202
WITHIN = aiohttp.ClientTimeout(total=30)


class NotTaken(Exception):
    """A callback was not answered with 202."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """Notifications a second, and how many milliseconds each took, the shortest first."""

    rate: float
    took_ms: tuple[float, ...]

    def within(self, share: float) -> float:
        """Return the milliseconds within which such a share of them was answered."""
        return self.took_ms[min(len(self.took_ms) - 1, int(share * len(self.took_ms)))]


class Pusher:
    """Posts callbacks with one client."""

    def __init__(self, http: aiohttp.ClientSession, authorization: Callable[[], str]) -> None:
        self._http = http
        self._authorization = authorization

    async def post(self, url: str, body: bytes) -> None:
        """Post one callback; raise `NotTaken` where it is not."""
        headers = {"Authorization": self._authorization(), "Content-Type": "application/json"}
        async with self._http.post(url, data=body, headers=headers) as answer:
            if answer.status != TAKEN:
                raise NotTaken(f"a callback was answered {answer.status}")

    async def as_fast_as_taken(self, bodies: Iterator[Body], at_once: int) -> Pushed:
        """Post `bodies`, so many at once."""
        took, began = list[float](), time.monotonic()

        async def place() -> None:
            for url, body in bodies:
                sent = time.monotonic()
                await self.post(url, body)
                took.append(time.monotonic() - sent)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(place())
        return _pushed(took, time.monotonic() - began)

    async def paced(self, bodies: Iterator[Body], a_second: float) -> Pushed:
        """Post so many of `bodies` a second, whatever becomes of those before.

        What each took counts from the moment at which it was to be sent.
        """
        took, began = list[float](), time.monotonic()

        async def one(url: str, body: bytes, due: float) -> None:
            await self.post(url, body)
            took.append(time.monotonic() - due)

        async with asyncio.TaskGroup() as group:
            for number, (url, body) in enumerate(bodies):
                due = began + number / a_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                group.create_task(one(url, body, due))
        return _pushed(took, time.monotonic() - began)


@asynccontextmanager
async def pusher(authorization: Callable[[], str]) -> AsyncIterator[Pusher]:
    """Open a client that holds as many connections as are wanted."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=WITHIN) as http:
        yield Pusher(http, authorization)


def traffic(seats: Sequence[Seat], count: int, *, leaving: bool) -> Iterator[Body]:
    """Yield so many notifications, spread over the seats in turn: address and body.

    One in four of each seat's is news: somebody joins, or with `leaving` joins and leaves in turn.
    The others are mutes. Each is made when it is taken, so that reads show the same room.
    """
    for number in range(count):
        at = number % len(seats)
        seat = seats[at]
        match (number // len(seats) + at) % 8:
            case 0:
                seat.crowd.join()
            case 4 if leaving:
                seat.crowd.leave()
            case 4:
                seat.crowd.join()
            case _:
                seat.crowd.mute()
        yield seat.url, seat.crowd.roster()


def _pushed(took: Sequence[float], seconds: float) -> Pushed:
    return Pushed(rate=len(took) / seconds, took_ms=tuple(sorted(1000 * one for one in took)))
