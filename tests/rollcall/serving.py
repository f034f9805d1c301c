"""An app that answers what a test says, and the command line as a process that reads it."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rollcall.reading.records import MEDIA

ROOT = Path(__file__).parents[2]
KEY = "a key"
OF_TERMINALS = frozenset({"NO_COLOR", "FORCE_COLOR", "TERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE"})
"""What would make an output look like another terminal's."""
PATIENCE = 60.0
"""Seconds for a process or an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered. `held`: only once this is set."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    held: threading.Event | None = None


def said(body: Any, status: int = 200, **headers: str) -> Answer:
    """Return an answer of JSON."""
    return Answer(body=json.dumps(body).encode(), status=status, headers=headers)


class FakeApp(ThreadingHTTPServer):
    """Answers by path and parameters; 404 to all else. `asked` are the requests that came."""

    daemon_threads = True

    def __init__(self, answers: dict[str, Answer]) -> None:
        """`answers`: by what follows `/api/`."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.asked: list[str] = []
        self.came = threading.Condition()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def wait_for(self, path: str) -> None:
        """Return once that was requested."""
        with self.came:
            assert self.came.wait_for(lambda: path in self.asked, PATIENCE), self.asked


def _typed(path: str) -> dict[str, str]:
    """Return the header that says the form of an answer, as the app gives it to a sheet."""
    form = next((one for one in MEDIA if f"format={one}" in path), None)
    return {"Content-Type": f"{MEDIA[form]}; charset=utf-8"} if form else {}


class _Handler(BaseHTTPRequestHandler):
    server: FakeApp

    def do_GET(self) -> None:
        path = self.path.removeprefix("/api/")
        with self.server.came:
            self.server.asked.append(path)
            self.server.came.notify_all()
        unknown = said({"message": "No such meeting is known here."}, 404)
        answer = self.server.answers.get(path, unknown)
        if self.headers["x-functions-key"] != KEY:
            answer = Answer(body=b"", status=401)
        if answer.held is not None:
            answer.held.wait(PATIENCE)
        self.send_response(answer.status)
        for name, value in (_typed(path) | answer.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(answers: dict[str, Answer]) -> Iterator[FakeApp]:
    """Serve these answers for as long as the block lasts."""
    app = FakeApp(answers)
    thread = threading.Thread(target=app.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield app
    finally:
        for one in app.answers.values():
            if one.held is not None:
                one.held.set()
        app.shutdown()
        thread.join()
        app.server_close()


def start(
    app: FakeApp,
    *arguments: str,
    columns: int = 80,
    environment: Mapping[str, str] = MappingProxyType({}),
    output: int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """Start the command line as a process that reads this app. `output`: where it writes."""
    return subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-m", "rollcall", *arguments],
        cwd=ROOT,
        env={one: value for one, value in os.environ.items() if one not in OF_TERMINALS}
        | {"ROLLCALL_URL": app.url, "ROLLCALL_KEY": KEY, "COLUMNS": str(columns)}
        | {"PYTHONIOENCODING": "utf-8", "DEVSTACK_FOLDER": "none", **environment},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
    )


def on_terminal(app: FakeApp, *arguments: str, environment: Mapping[str, str]) -> str:
    """Run the command line with a terminal that has colours; return what it wrote there."""
    ours, its = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        colours = {"TERM": "xterm-256color", **environment}
        process = start(app, *arguments, environment=colours, output=its)
        os.close(its)
        written = b""
        # Where its other end is closed, Linux answers with an error, other systems with nothing.
        with suppress(OSError):
            while part := terminal.read(4096):
                written += part
    finished(process)
    return written.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a process left."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of its output."""
        return self.out.decode().splitlines()


def run(app: FakeApp, *arguments: str, columns: int = 80) -> Done:
    """Run the command line to its end."""
    return finished(start(app, *arguments, columns=columns))


def finished(process: subprocess.Popen[bytes]) -> Done:
    """Wait for the end of a process."""
    out, err = process.communicate(timeout=PATIENCE)
    return Done(code=process.returncode, out=out, err=err.decode())
