"""The command line as a process, as a person starts it."""

import os
import subprocess
import sys

from tests.stack.process import ROOT

WITHIN = 60.0


def start(service_bus: str, *arguments: str) -> subprocess.Popen[str]:
    """Start `rollcall` with these arguments on a Service Bus; there is no terminal."""
    return subprocess.Popen(  # noqa: S603 - our own module, in this interpreter
        [sys.executable, "-m", "rollcall", "--service-bus", service_bus, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(service_bus: str, *arguments: str) -> tuple[int, str, str]:
    """Run `rollcall` to its end; return exit code, output and what it said beside."""
    with start(service_bus, *arguments) as process:
        out, err = process.communicate(timeout=WITHIN)
    return process.returncode, out, err
