"""Run an app's functions: `python -m devstack.functions --app DIR --port N`.

Settings come from the environment. Exit code 0 when stopped, 1 when the app or the host cannot run.
"""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import NoReturn, TextIO

from devstack.functions.bus_slots import EntityMissing
from devstack.functions.host import Host, Options, StartError
from devstack.functions.worker import IndexingError
from devstack.serving import announce, stop_event


def main() -> int:
    """Serve until a signal or the end of stdin."""
    arguments = _arguments()
    # The app may print; the one line of stdout is ours.
    stdout, sys.stdout = sys.stdout, sys.stderr
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
    )
    for noisy in ("azure", "uamqp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    options = Options(
        app=arguments.app.resolve(),
        port=arguments.port,
        function_key=arguments.function_key,
        bus_seconds=arguments.bus_seconds,
        settings=dict(os.environ),
        on_overrun=_overrun,
    )
    return asyncio.run(_serve(options, stdout, watch_stdin=arguments.exit_with_stdin))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devstack.functions", description=__doc__)
    parser.add_argument("--app", type=Path, default=Path.cwd(), help="folder of function_app.py")
    parser.add_argument("--port", type=int, default=7071, help="0 for any free port")
    parser.add_argument("--function-key", help="ask FUNCTION level functions for this key")
    parser.add_argument(
        "--bus-seconds", type=float, default=15.0, help="longest wait for the Service Bus at start"
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when stdin ends")
    return parser.parse_args()


async def _serve(options: Options, stdout: TextIO, *, watch_stdin: bool) -> int:
    stopped = stop_event(with_stdin=watch_stdin)
    host = Host(options)
    running = asyncio.create_task(_run(host, stdout))
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    ended_by_itself = running.done()
    running.cancel()
    stopping.cancel()
    drained = await host.drain()
    if ended_by_itself:
        try:
            running.result()
        except (StartError, IndexingError, EntityMissing, ValueError) as exc:
            return _fail(str(exc))
    if not drained:
        _leave("invocations still ran and were left; their messages come again", 0)
    return 0


async def _run(host: Host, stdout: TextIO) -> None:
    port = await host.start()
    announce("functions", port, to=stdout)
    await host.broken()


def _overrun(function: str) -> NoReturn:
    _leave(f"{function} ran longer than functionTimeout: the worker ends, as in Azure", 1)


def _leave(text: str, code: int) -> NoReturn:
    """End at once: threads of unfinished functions would hold the interpreter."""
    _fail(text)
    sys.stderr.flush()
    os._exit(code)


def _fail(text: str) -> int:
    sys.stderr.write(f"functions host: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
