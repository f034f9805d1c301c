"""Starts one process of the local stack, waits until it serves, and ends it again."""

import json
import os
import selectors
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import IO, Any, Self

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0
STOP_SECONDS = 10.0


class StackProcess:
    """A running `python -m devstack.<part>`; it ends with its standard input, so with us too."""

    def __init__(self, part: str, *options: str, port: int = 0) -> None:
        """Start `devstack.<part>` on `port` (0: any free one) and return when it serves.

        Raises RuntimeError, with what the process wrote to stderr, when it does not.
        """
        self._part = part
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(  # noqa: S603 - our own module, in this interpreter
            [
                *(sys.executable, "-m", f"devstack.{part}"),
                *("--port", str(port), "--exit-with-stdin", *options),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
        )
        try:
            self.ready = self._ready()
        except BaseException:
            self.kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self) -> int:
        """Close its standard input, wait for its end and return its exit code; again: the same."""
        self._pipe(self._process.stdin).close()
        try:
            code = self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._release()
        return code

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.kill()
        self._process.wait()
        self._pipe(self._process.stdin).close()
        self._release()

    @property
    def port(self) -> int:
        """The port it serves on."""
        return int(self.ready["port"])

    def _ready(self) -> dict[str, Any]:
        stdout = self._pipe(self._process.stdout)
        deadline = monotonic() + START_SECONDS
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - monotonic())):
                    raise RuntimeError(f"devstack.{self._part} did not serve within its time")
                piece = os.read(stdout.fileno(), 4096)
                if not piece:
                    raise RuntimeError(f"devstack.{self._part} ended: {self._complaint()}")
                line += piece
        ready: dict[str, Any] = json.loads(line)
        assert ready["ready"] == self._part, ready
        return ready

    def _complaint(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read().decode(errors="replace").strip()

    def _release(self) -> None:
        self._pipe(self._process.stdout).close()
        self._complaints.close()

    @staticmethod
    def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
        assert stream is not None
        return stream
