"""What people do in one call, by luck; and the pace at which they do it in all meetings."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.soak.front import Front

PEOPLE = tuple(f"a0000000-0000-4000-8000-{number:012d}" for number in range(8))
MOVES = range(8, 25)
"""How many moves a call has before people leave."""
AT_ONCE = 32
"""So many callbacks may be without an answer; until one has its answer nobody moves."""
BEHIND = 0.5
"""Seconds that a pace makes up for at most."""

type Move = Literal["come", "mute", "go"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One move of a person. `place`: which of those who are there, by arrival; of a newcomer none.

    A person who comes while there has a second device.
    """

    move: Move
    user_id: str = ""
    place: int = 0


def a_call(luck: Random) -> Iterator[Step]:
    """Yield the steps of one call, from the first in to the last out."""
    there = 0
    for _ in range(luck.choice(MOVES)):
        move = luck.choices(("come", "mute", "go"), (4, 4, 3))[0]
        if there == 0 or (move == "go" and there == 1):
            move = "come"
        place = luck.randrange(there) if there else 0
        if move == "come":
            yield Step(move="come", user_id=luck.choice(PEOPLE))
            there += 1
        elif move == "mute":
            yield Step(move="mute", place=place)
        else:
            yield Step(move="go", place=place)
            there -= 1
    for left in range(there, 0, -1):
        yield Step(move="go", place=luck.randrange(left))


class Pace:
    """Turns, one after another, so many a second; fewer where the hosts do not follow."""

    def __init__(self, callbacks: Front, *, rate: float, seconds: float) -> None:
        """The time begins now."""
        self._clock = asyncio.get_running_loop().time
        self._callbacks = callbacks
        self._pause = 1 / rate
        self._due = self._clock()
        self._end = self._due + seconds
        self._turn = asyncio.Lock()

    @property
    def over(self) -> bool:
        """Whether the time is over. Turns are given all the same."""
        return self._clock() >= self._end

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self._end - self._clock())

    async def turn(self) -> None:
        """Return when it is the caller's turn."""
        async with self._turn:
            await asyncio.sleep(max(0.0, self._due - self._clock()))
            await self._callbacks.fewer_waiting(AT_ONCE)
            self._due = max(self._due, self._clock() - BEHIND) + self._pause
