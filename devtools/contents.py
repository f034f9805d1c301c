"""What a package holds: the app's files, and its libraries without what no import reads."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

LEFT_OUT_FOLDERS = frozenset({"tests"})
COMMANDS = "bin"
"""Where pip puts what is for a shell."""
LEFT_OUT_SUFFIXES = frozenset({".pyi"})
LEFT_OUT_NAMES = frozenset({"kiota-dom-export.txt"})
"""msgraph-sdk ships the text that its generator compares versions by: 38 MB."""


class NoFiles(Exception):
    """The app's files cannot be listed; the message is git's."""


def app_files(checkout: Path) -> list[PurePosixPath]:
    """Return the files that git tracks and `.funcignore`, in its syntax, does not leave out."""
    left_out = _listed(checkout, "--cached", "--ignored", "--exclude-from=.funcignore")
    return [PurePosixPath(name) for name in sorted(_listed(checkout) - left_out)]


def copy_app(checkout: Path, app: Path) -> None:
    """Copy the app's files, as they are in the checkout now."""
    for file in app_files(checkout):
        (app / file.parent).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkout / file, app / file)


def is_left_out(file: PurePosixPath) -> bool:
    """Say whether a file of the libraries, by its path from their folder, is left out."""
    return (
        file.parts[0] == COMMANDS
        or not LEFT_OUT_FOLDERS.isdisjoint(file.parts[:-1])
        or file.suffix in LEFT_OUT_SUFFIXES
        or file.name in LEFT_OUT_NAMES
    )


def leave_out(libraries: Path) -> None:
    """Delete what is left out, and the folders that are empty then."""
    for path in _deepest_first(libraries):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif is_left_out(PurePosixPath(path.relative_to(libraries).as_posix())):
            path.unlink()


def name_clashes(app: Path, libraries: Path) -> list[str]:
    """Return names that both a library and the app have at the top: the worker finds the library's.

    Source: `prioritize_customer_dependencies` in Azure/azure-functions-python-worker.
    """
    return sorted(
        {path.stem for path in app.iterdir()} & {path.stem for path in libraries.iterdir()}
    )


def _deepest_first(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*"), reverse=True)


def _listed(checkout: Path, *options: str) -> set[str]:
    git = shutil.which("git")
    if git is None:
        raise NoFiles("git is needed: it says which files are the app's")
    run = subprocess.run(
        [git, "ls-files", "-z", *options], cwd=checkout, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise NoFiles(run.stderr.strip())
    return set(run.stdout.split("\0")) - {""}
