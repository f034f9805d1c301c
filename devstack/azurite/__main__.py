"""Run the local tables: `python -m devstack.azurite --port N`.

Starts Azurite's table service in Node, in memory, and never leaves Node behind: it ends with this
process, however this process ends. With a certificate it serves https alone, and takes tokens of
Entra ID beside the shared key; it checks their audience, issuer and times, not their signature.
Source: https://github.com/Azure/Azurite#oauth-configuration
"""

import argparse
import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from devstack.install import NODE
from devstack.serving import announce, free_port, stop_event

_AZURITE = Path(__file__).parent / "node_modules" / "azurite" / "dist" / "src" / "table" / "main.js"
_OPTIONS = ("--inMemoryPersistence", "--silent", "--disableTelemetry")
_STARTED = b"successfully started"
_START_SECONDS = 30
_STOP_SECONDS = 5
_PR_SET_PDEATHSIG = 1  # Source: https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html


def main() -> int:
    """Serve until a signal or the end of stdin; 0 when stopped, 1 when Node would not serve."""
    arguments = _arguments()
    if not _AZURITE.exists():
        return _fail("Azurite is not installed: run `python -m devstack.install`")
    try:
        port = _free_port(arguments.port)
    except OSError as exc:
        return _fail(
            f"port {arguments.port} is taken: {exc.strerror}; set DEVSTACK_TABLES_PORT to another"
        )
    options = _options(arguments.certificate, arguments.key)
    return asyncio.run(_serve(port, options, watch_stdin=arguments.exit_with_stdin))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devstack.azurite", description=__doc__)
    parser.add_argument("--port", type=int, default=10002, help="0 for any free port")
    parser.add_argument("--certificate", type=Path, help="PEM: serve https, and take tokens")
    parser.add_argument("--key", type=Path, help="PEM: the private key of the certificate")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when stdin ends")
    return parser.parse_args()


def _options(certificate: Path | None, key: Path | None) -> tuple[str, ...]:
    if certificate is None:
        return _OPTIONS
    return (*_OPTIONS, "--cert", str(certificate), "--key", str(key), "--oauth", "basic")


def _free_port(wanted: int) -> int:
    # Azurite can neither take over a listening socket nor tell which port it got for 0.
    if wanted == 0:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wanted))
    return wanted


async def _serve(port: int, options: tuple[str, ...], *, watch_stdin: bool) -> int:
    stopped = stop_event(with_stdin=watch_stdin)
    node = await asyncio.create_subprocess_exec(
        NODE,
        _AZURITE,
        *options,
        *("--tableHost", "127.0.0.1", "--tablePort", str(port)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=_dies_with(os.getpid()),
        # Ctrl-C at a terminal is for us: Node gets its end from us. Else what holds us holds Node.
        process_group=0 if sys.stdin.isatty() else None,
    )
    stopping = asyncio.create_task(stopped.wait())
    serving = asyncio.create_task(_announce_and_wait(node, port))
    await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
    if stopped.is_set():
        await _end(node)
        serving.cancel()
        return 0
    stopping.cancel()
    await _end(node)
    return _fail(serving.result())


async def _announce_and_wait(node: asyncio.subprocess.Process, port: int) -> str:
    """Print the ready line when Node serves; return why it does no longer."""
    assert node.stdout is not None
    try:
        async with asyncio.timeout(_START_SECONDS):
            async for line in node.stdout:
                if _STARTED in line:
                    break
    except TimeoutError:
        return f"Azurite did not start within {_START_SECONDS} s"
    if not node.stdout.at_eof():
        announce("azurite", port)
        async for _ in node.stdout:
            continue
    return f"Azurite ended by itself, with exit code {await node.wait()}"


async def _end(node: asyncio.subprocess.Process) -> None:
    # Nothing it holds is to be kept, and Azurite's own way to stop waits for idle connections.
    with contextlib.suppress(ProcessLookupError):
        node.kill()
    async with asyncio.timeout(_STOP_SECONDS):
        await node.wait()


def _dies_with(parent: int) -> Callable[[], None] | None:
    """Return what makes a new child die when `parent` does, where the system can (Linux)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask_for_the_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask_for_the_signal


def _fail(text: str) -> int:
    sys.stderr.write(text + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
