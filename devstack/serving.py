"""What every part does as a process of its own: says when it serves, and ends when it is told to.

The parent's side of the same is process.py.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import threading
from typing import TextIO

OWN_PORTS = range(15_000, 32_000)
"""Below those that outgoing connections are given."""


def announce(part: str, port: int, *, lab: int | None = None, to: TextIO | None = None) -> None:
    """Print the one line that says that `part` serves on `port`; by default to stdout.

    `lab`: the port of its `/lab`, where that has one of its own.
    """
    stream = to or sys.stdout
    said = {"ready": part, "port": port} | ({} if lab is None else {"lab": lab})
    stream.write(json.dumps(said) + "\n")
    stream.flush()


def stop_event(*, with_stdin: bool) -> asyncio.Event:
    """Return what is set by SIGINT or SIGTERM and, `with_stdin`, by the end of stdin."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)

    def watch() -> None:
        # os.read, not sys.stdin: a thread inside the buffered reader blocks the interpreter's end.
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stopped.set)

    if with_stdin:
        threading.Thread(target=watch, daemon=True).start()
    return stopped


def free_port() -> int:
    """Return a port that is free now, for what has to know its port before it listens on it."""
    while True:
        port = secrets.choice(OWN_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
