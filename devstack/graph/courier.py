"""Carries callbacks to legs over HTTP: in order for each leg, shuffled or late; loopback only.

Decides nothing about what is sent. Never logs a token, a URL or a body.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from http import HTTPStatus
from random import Random
from urllib.parse import urlsplit

import aiohttp

from devstack.graph.call_rules import is_loopback
from devstack.graph.calls import Leg
from devstack.graph.delivery import (
    Made,
    copies,
    is_worth_retrying,
    late_copy,
    retry_pauses,
)
from devstack.graph.identities import new_guid
from devstack.graph.json_values import JsonObject
from devstack.graph.notifications import kinds_of
from devstack.graph.switches import GraphSwitches

_ANSWER_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """One callback on its way; `due` is a moment of the event loop's clock.

    `pauses`: how long to wait before each further attempt.
    """

    leg: Leg
    message_id: str
    envelope: JsonObject
    due: float
    pauses: tuple[float, ...]


class Courier:
    """Sends what it is given in the background."""

    def __init__(
        self,
        *,
        switches: Callable[[], GraphSwitches],
        bearer: Callable[[], str],
        chance: Random,
        report: Callable[[str], None],
        no_content: Callable[[Leg], None],
    ) -> None:
        """Take tokens from `bearer`, luck from `chance`; one line per trouble goes to `report`.

        `no_content` is told of each callback that was answered 204. `switches` returns how
        callbacks made now travel.
        """
        self.made: list[Made] = []
        self._switches = switches
        self._counts_from = 0
        self._bearer = bearer
        self._chance = chance
        self._report = report
        self._no_content = no_content
        self._waiting: dict[str, deque[_Copy]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._told_about: set[str] = set()

    def count_anew(self) -> None:
        """Number what is made from now on from 1."""
        self._counts_from = len(self.made)

    def send(self, leg: Leg, envelope: JsonObject) -> None:
        """Accept a callback for a leg, and return at once."""
        kinds, switches = kinds_of(envelope), self._switches()
        number = len(self.made) - self._counts_from + 1
        delays = copies(switches, self._chance, number=number)
        self.made.append(Made(kind="+".join(kinds), call_id=leg.call_id, dropped=not delays))
        host = urlsplit(leg.callback_uri)
        if not is_loopback(host):
            if leg.call_id not in self._told_about:
                self._told_about.add(leg.call_id)
                self._report(
                    f"callbacks of call {leg.call_id} are not sent: not a loopback address"
                )
            return
        now = asyncio.get_running_loop().time()
        message_id = new_guid(self._chance)
        one = _Copy(
            leg=leg,
            message_id=message_id,
            envelope=envelope,
            due=now,
            pauses=retry_pauses(switches),
        )
        for delay in delays:
            copy = replace(one, due=now + delay)
            if switches.shuffle:
                self._start(self._deliver(copy))
            elif leg.call_id in self._waiting:
                self._waiting[leg.call_id].append(copy)
            else:
                self._waiting[leg.call_id] = deque([copy])
                self._start(self._work(leg.call_id))
        late = late_copy(switches, self._chance) if "roster" in kinds else None
        if late is not None:
            # Past the leg's queue, which must neither wait for it nor hold it.
            self._start(self._deliver(replace(one, due=now + late)))

    async def forget(self) -> None:
        """Drop everything that is on its way or was made."""
        self.made.clear()
        self.count_anew()
        self._waiting.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop sending and close the connections."""
        await self.forget()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, call_id: str) -> None:
        queue = self._waiting[call_id]
        while queue:
            await self._deliver(queue[0])
            queue.popleft()
        del self._waiting[call_id]

    async def _deliver(self, copy: _Copy) -> None:
        await asyncio.sleep(max(0.0, copy.due - asyncio.get_running_loop().time()))
        status = await self._post(copy)
        for pause in copy.pauses:
            if not is_worth_retrying(status):
                break
            await asyncio.sleep(pause)
            status = await self._post(copy)
        if status == HTTPStatus.NO_CONTENT:
            self._no_content(copy.leg)
        if status is not None and status < 300:
            return
        answer = "nobody answered" if status is None else f"answered {status}"
        self._report(f"gave up a callback of call {copy.leg.call_id}: {answer}")

    async def _post(self, copy: _Copy) -> int | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_ANSWER_TIMEOUT)
        headers = {
            "Authorization": f"Bearer {self._bearer()}",
            "User-Agent": "Microsoft-Skype/3.0,(Calling/1.0)",
            "X-Microsoft-Skype-Chain-ID": copy.leg.chain_id,
            "X-Microsoft-Skype-Message-ID": copy.message_id,
            "Scenario-Id": copy.leg.chain_id,
        }
        try:
            # A redirect could lead off this machine: it is not followed.
            async with self._session.post(
                copy.leg.callback_uri, json=copy.envelope, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None
