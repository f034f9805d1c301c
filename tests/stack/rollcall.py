"""The command line as a process, as a person starts it."""

import os
import pty
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


def answer(service_bus: str, text: str, *arguments: str) -> tuple[int, str]:
    """Run `rollcall` on a terminal on which `text` is typed; return exit code and output."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, text.encode() + b"\n")
        run = subprocess.run(  # noqa: S603 - our own module, in this interpreter
            [sys.executable, "-m", "rollcall", "--service-bus", service_bus, *arguments],
            cwd=ROOT,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return run.returncode, run.stdout + run.stderr
