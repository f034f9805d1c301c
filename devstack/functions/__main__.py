"""Run an app's functions: `python -m devstack.functions --app DIR --port N`.

Settings come from the environment. Exit code 0 when stopped, 1 when the app or the host cannot run.
"""

import argparse
import asyncio
import atexit
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import NoReturn, TextIO

from devstack.functions.bus_slots import EntityMissing
from devstack.functions.grouping import groups_of
from devstack.functions.host import Host, Options, StartError
from devstack.functions.switches import WORLDS, FunctionsSwitches
from devstack.functions.worker import IndexingError, index
from devstack.serving import announce, stop_event
from devstack.switches import SwitchMistake, add_switch_options, chosen

_REFUSALS = (StartError, IndexingError, EntityMissing, ValueError)


class _Utc(logging.Formatter):
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = None


def main() -> int:
    """Serve until a signal or the end of stdin; return only where nothing was served."""
    arguments = _arguments()
    # The app may print; stdout is ours.
    stdout, sys.stdout = sys.stdout, sys.stderr
    handler = logging.StreamHandler()
    handler.setFormatter(_Utc("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("azure", "uamqp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    app = arguments.app.resolve()
    if arguments.groups:
        return asyncio.run(_show_groups(app, stdout))
    try:
        switches = chosen(WORLDS, arguments)
    except SwitchMistake as exc:
        return _fail(str(exc))
    options = Options(
        app=app,
        port=arguments.port,
        function_key=arguments.function_key,
        bus_seconds=arguments.bus_seconds,
        settings=dict(os.environ),
        only=arguments.only,
        state=arguments.state,
        switches=switches,
    )
    return asyncio.run(_serve(options, stdout, watch_stdin=arguments.exit_with_stdin))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devstack.functions", description=__doc__)
    parser.add_argument("--app", type=Path, default=Path.cwd(), help="folder of function_app.py")
    parser.add_argument("--port", type=int, default=7071, help="0 for any free port")
    parser.add_argument("--only", type=_names, help="run these functions alone: a,b,c")
    parser.add_argument(
        "--groups", action="store_true", help="print what scales together in Azure, and end"
    )
    parser.add_argument("--function-key", help="ask FUNCTION level functions for this key")
    parser.add_argument("--state", type=Path, help="folder in which timers remember their runs")
    parser.add_argument(
        "--bus-seconds", type=float, default=15.0, help="longest wait for the Service Bus at start"
    )
    add_switch_options(parser)
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when stdin ends")
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


async def _show_groups(app: Path, stdout: TextIO) -> int:
    try:
        groups = groups_of(await index(app))
    except _REFUSALS as exc:
        return _fail(str(exc))
    stdout.write(json.dumps({"groups": groups}) + "\n")
    stdout.flush()
    return 0


async def _serve(options: Options, stdout: TextIO, *, watch_stdin: bool) -> NoReturn:
    stopped = stop_event(with_stdin=watch_stdin)
    host = Host(options)
    running = asyncio.create_task(_run(host, stdout))
    stopping = asyncio.create_task(stopped.wait())
    overran = asyncio.create_task(host.overran.wait())
    await asyncio.wait({running, stopping, overran}, return_when=asyncio.FIRST_COMPLETED)
    ended_by_itself = running.done() and not host.overran.is_set()
    for task in (running, stopping, overran):
        task.cancel()
    drained = await host.drain()
    if ended_by_itself:
        try:
            running.result()
        except _REFUSALS as exc:
            _end(_fail(str(exc)))
    if host.overran.is_set() and not stopped.is_set():
        _start_again(options, host.port, host.admin.switches)
    if not drained:
        _fail("invocations still ran and were left; their messages come again")
    _end(0)


async def _run(host: Host, stdout: TextIO) -> None:
    port = await host.start()
    announce("functions", port, to=stdout)
    await host.broken()


def _start_again(options: Options, port: int, switches: FunctionsSwitches) -> NoReturn:
    """Become a new host on the same port: threads of unfinished functions end with this one."""
    sys.stderr.flush()
    arguments = [
        *sys.orig_argv,
        f"--port={port}",
        *(f"--switch={name}={json.dumps(value)}" for name, value in switches.shown().items()),
    ]
    os.execve(sys.executable, arguments, options.settings)  # noqa: S606 - itself, without a shell


def _end(code: int) -> NoReturn:
    """End without unwinding the app, as Azure ends a worker.

    Threads of unfinished functions would hold the interpreter, and every client that the app keeps
    for good would be reported as unclosed. What was registered for the exit still runs.
    """
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(code)


def _fail(text: str) -> int:
    sys.stderr.write(f"functions host: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
