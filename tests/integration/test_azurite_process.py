"""The tables' process: it serves when it says so, and never leaves Node behind."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.stack.process import ROOT, StackProcess

WAIT_SECONDS = 20


def connected(port: int) -> socket.socket:
    """Return a connection to Node itself; it ends when Node does."""
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)


def ends(node: socket.socket) -> bool:
    """Tell, when it is so, that Node has ended: in good order or not."""
    try:
        return node.recv(1) == b""
    except ConnectionResetError:
        return True


def test_the_end_of_stdin_ends_it_and_node() -> None:
    """So no process is left when a parent goes away."""
    azurite = StackProcess("azurite")

    with connected(azurite.port) as node:
        assert azurite.stop() == 0
        assert ends(node)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_node(number: signal.Signals) -> None:
    """Cleanly, with exit code 0."""
    azurite = StackProcess("azurite")

    with connected(azurite.port) as node:
        os.kill(azurite.pid, number)
        assert ends(node)
    assert azurite.stop() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_node_does_not_outlive_a_process_that_was_killed() -> None:
    """Even though nobody could tell Node to end."""
    azurite = StackProcess("azurite")

    with connected(azurite.port) as node:
        azurite.kill()
        assert ends(node)


def test_a_port_that_is_taken_is_said_clearly() -> None:
    """One line, with the way out, and exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(  # noqa: S603 - our own module, in this interpreter
            [sys.executable, "-m", "devstack.azurite", "--port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"port {port} is taken: ")
    assert "DEVSTACK_TABLES_PORT" in ended.stderr
