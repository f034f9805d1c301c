"""`python -m devtools.package`: writes the app as it is deployed to Azure, and beside it as a zip.

The app's files are those that git tracks and `.funcignore` does not leave out. Its libraries are
the locked wheels for Linux x86-64 and CPython 3.13, downloaded on any machine. Azure builds
nothing: its remote build has run another Python than the app's
(https://github.com/Azure/azure-dev/issues/8538), and leaves compiling to each cold start.

On Linux x86-64 with CPython 3.13 the whole job is played on the package before it takes its place,
and what the app imported then is compiled. Elsewhere both are left out, and a line says so.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bench.figures import as_table
from bench.load import NotAnswered
from bench.starting import NotStarted
from devstack.console import complain, say, show
from devstack.packaged import libraries_of
from devstack.process import PartFailed
from devstack.story import StepFailed
from devtools.archive import Size, size_of, write_zip
from devtools.compiled import (
    Incomplete,
    compile_in,
    import_all,
    imported_from,
    play,
    runs_here,
)
from devtools.contents import NoFiles, copy_app, leave_out, name_clashes
from devtools.libraries import NotInstalled, install
from devtools.locked import TARGET, differences, locked_for
from devtools.measured import measured_starts, size_figures

CHECKOUT = Path(__file__).resolve().parent.parent
IGNORES_NOTHING = """\
# Everything in this folder is deployed. Without this file azd would leave out __pycache__.
"""
TABLE_WIDTH = 120


class NotBuilt(Exception):
    """What was built is no package, or would replace what is none; the message says why."""


def main(
    to: Annotated[Path, typer.Option(help="Folder of the package; replaced.")] = Path("dist/app"),
    *,
    measure: Annotated[bool, typer.Option(help="Measure how quickly it starts.")] = True,
) -> None:
    """Build the package, play the job on it, and print its size and how quickly it starts."""
    try:
        compiled = build(to, say=say)
        figures = size_figures(size_of(to), _file_size(archive_of(to)), compiled)
        if measure and runs_here():
            say("starting processes from the package and from the checkout ...")
            figures += asyncio.run(measured_starts(to.resolve()))
    except (
        *(NoFiles, NotInstalled, NotBuilt, Incomplete),
        *(PartFailed, StepFailed, NotStarted, NotAnswered),
    ) as error:
        complain(str(error))
        sys.exit(1)
    show(as_table(figures), width=TABLE_WIDTH)
    say(f"{to} is the package, {archive_of(to)} the same as one file")


def build(to: Path, *, say: Callable[[str], None]) -> int:
    """Write the package to `to` and its zip file beside it; return how many modules are compiled.

    What stood there is replaced at the end, and stays where anything fails. Raises NoFiles,
    NotInstalled, NotBuilt, Incomplete, PartFailed, StepFailed.
    """
    if to.exists() and not libraries_of(to).is_dir():
        raise NotBuilt(f"{to} exists and is no package; it stays")
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=".building-") as name:
        folder = Path(name).resolve()
        app = folder / "app"
        app.mkdir()
        _gather(app, say=say)
        compiled = _compile(app, folder, say=say)
        say("writing the zip file ...")
        write_zip(app, folder / "app.zip")
        if to.exists():
            to.rename(folder / "replaced")
        app.rename(to)
        shutil.move(folder / "app.zip", archive_of(to))
    return compiled


def archive_of(package: Path) -> Path:
    """Return the zip file beside a package."""
    return package.with_name(f"{package.name}.zip")


def _gather(app: Path, *, say: Callable[[str], None]) -> None:
    copy_app(CHECKOUT, app)
    (app / ".funcignore").write_text(IGNORES_NOTHING, encoding="utf-8")
    libraries = libraries_of(app)
    locked = locked_for(TARGET, (app / "requirements.txt").read_text(encoding="utf-8"))
    say(f"installing {len(locked)} locked distributions for Linux x86-64 and CPython 3.13 ...")
    install(locked, libraries)
    leave_out(libraries)
    wrong = differences(libraries, locked)
    wrong += [f"{one}: a library has this name, too" for one in name_clashes(app, libraries)]
    if wrong:
        raise NotBuilt("\n".join(wrong))


def _compile(app: Path, folder: Path, *, say: Callable[[str], None]) -> int:
    if not runs_here():
        say(
            "compiled modules are left out, and nothing was tried: this is not CPython 3.13 on "
            "Linux x86-64. Each cold start will compile, which takes seconds"
        )
        return 0
    seen = folder / "seen"
    say("importing every module of the app from the package alone ...")
    import_all(app, seen)
    say("playing the whole job on the package ...")
    asyncio.run(play(app, folder / "stack", seen))
    sources = imported_from(app, seen)
    say(f"compiling the {len(sources)} modules that were imported ...")
    compile_in(app, sources)
    return len(sources)


def _file_size(file: Path) -> Size:
    return Size(files=1, bytes=file.stat().st_size)


if __name__ == "__main__":
    typer.run(main)
