"""Faults a test asks for: which request meets which trouble, and for how long it is held."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from devstack.graph.json_values import Json
from devstack.graph.lab_requests import LabMistake, lab_object, number, optional_text

_MEMBERS = frozenset(
    {"method", "path", "status", "times", "retryAfter", "effect", "delaySeconds", "code"}
)

type Work = Literal["before the delay", "after the delay", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One trouble, for `times` requests.

    Without `status` the real answer is given. `effect` "done" does the work before the delay: a
    read then answers with the room of the question. "none" leaves the work out where there is a
    status; without one the work follows the delay: a read answers with the room of the answer.
    """

    method: str
    path: re.Pattern[str]
    status: int | None
    times: int
    retry_after: str | None
    effect: Literal["none", "done"]
    delay_seconds: float
    code: str | None

    @property
    def work(self) -> Work:
        """When the request does its work."""
        if self.effect == "done":
            return "before the delay"
        return "after the delay" if self.status is None else "never"


def parse_fault(body: Json) -> Fault:
    """Read the body of POST /lab/faults; LabMistake says what is wrong with it."""
    wanted = lab_object(body, _MEMBERS)
    try:
        path = re.compile(optional_text(wanted, "path") or "")
    except re.error as error:
        raise LabMistake(f"path is not a regular expression: {error}") from error
    status = None if wanted.get("status") is None else int(number(wanted, "status", 200, 599))
    effect = optional_text(wanted, "effect") or ("done" if status is None else "none")
    if effect not in ("none", "done"):
        raise LabMistake("effect must be none or done")
    retry_after = wanted.get("retryAfter")
    return Fault(
        method=(optional_text(wanted, "method") or "").upper(),
        path=path,
        status=status,
        times=int(number(wanted, "times", 1, 1_000_000, default=1)),
        retry_after=None if retry_after is None else str(retry_after),
        effect="done" if effect == "done" else "none",
        delay_seconds=number(wanted, "delaySeconds", 0, 3600, default=0),
        code=optional_text(wanted, "code"),
    )


class FaultPlan:
    """The faults that are left, in the order posted."""

    def __init__(self) -> None:
        """Start without any."""
        self._left: list[Fault] = []
        self._forgotten = asyncio.Event()

    def add(self, fault: Fault) -> None:
        """Append a fault; it is tried after those before it."""
        self._left.append(fault)

    def clear(self) -> None:
        """Forget them all; what they hold goes on at once."""
        self._left.clear()
        self._forgotten.set()
        self._forgotten = asyncio.Event()

    def take(self, method: str, path: str, short_path: str) -> Fault | None:
        """Return the first fault that fits, used up by one; None where none does.

        `short_path` is the path without its version, so that a pattern can be anchored either way.
        """
        for index, fault in enumerate(self._left):
            if fault.method not in ("", method):
                continue
            if not (fault.path.search(path) or fault.path.search(short_path)):
                continue
            if fault.times == 1:
                del self._left[index]
            else:
                self._left[index] = replace(fault, times=fault.times - 1)
            return fault
        return None

    async def hold(self, fault: Fault) -> None:
        """Return when the fault's delay is over, or when all faults were forgotten."""
        with suppress(TimeoutError):
            async with asyncio.timeout(fault.delay_seconds):
                await self._forgotten.wait()
