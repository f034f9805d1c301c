"""Turns for the one port of AMQP over TLS: the SDK reaches a namespace on no other."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def the_amqps_port() -> Iterator[None]:
    """Hold port 5671 of this machine against other test processes; wait until it is free."""
    with (Path(tempfile.gettempdir()) / "rollcall-amqps-port.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
