"""Compiles what the app imports, so that a cold start compiles nothing.

What that is, Python itself says: the app runs with a folder of its own for compiled modules, empty
at first. Then the modules are compiled again in the package, not to be compared with their source
by its time: a zip file rounds times.
"""

import platform
import py_compile
import subprocess
import sys
from pathlib import Path

from devstack.plan import Plan
from devstack.stack import Stack
from devstack.story import STORY_SETTINGS, Story
from devtools import probe
from devtools.locked import source_of


class Incomplete(Exception):
    """A module of the app cannot be imported from the package alone; the message is Python's."""


def runs_here() -> bool:
    """Say whether this Python can run the package: CPython 3.13 on Linux x86-64 with glibc."""
    return (
        sys.implementation.name == "cpython"
        and sys.version_info[:2] == (3, 13)
        and sys.platform == "linux"
        and platform.machine() == "x86_64"
        and platform.libc_ver()[0] == "glibc"
    )


def import_all(app: Path, seen: Path) -> None:
    """Import all modules of `app` from the package alone; `seen` takes what Python compiles.

    Raises Incomplete.
    """
    run = subprocess.run(
        [
            *(sys.executable, "-I", "-S", "-X", f"pycache_prefix={seen}"),
            *(str(Path(probe.__file__)), str(app)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise Incomplete(run.stderr.strip())


async def play(app: Path, folder: Path, seen: Path) -> None:
    """Play the whole job on `app`, for what it imports on first use; logs go to `folder`.

    Raises PartFailed and StepFailed.
    """
    settings = {"PYTHONPYCACHEPREFIX": str(seen), "PYTHONDONTWRITEBYTECODE": "", **STORY_SETTINGS}
    stack = Stack(Plan(app=app, folder=folder, settings=settings), tell=lambda _: None)
    try:
        await Story(await stack.start(), say=lambda _: None).play()
    finally:
        await stack.stop()


def imported_from(app: Path, seen: Path) -> list[Path]:
    """Return the sources in `app` that Python compiled into `seen`."""
    inside = seen / app.relative_to(app.anchor)
    return sorted(
        app / source_of(one.parent / "__pycache__" / one.name).relative_to(inside)
        for one in inside.rglob("*.pyc")
    )


def compile_in(app: Path, sources: list[Path]) -> None:
    """Compile `sources` where they stand; tracebacks name them as from `app`."""
    for source in sources:
        py_compile.compile(
            str(source),
            cfile=str(source.parent / "__pycache__" / f"{source.stem}.{_TAG}.pyc"),
            dfile=source.relative_to(app).as_posix(),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


_TAG = sys.implementation.cache_tag
