"""Downloads the locked wheels for Azure with pip, on whatever machine this is, and unpacks them."""

import subprocess
import sys
import tempfile
from pathlib import Path

from devtools.locked import Locked

OLDEST_GLIBC, NEWEST_GLIBC = 5, 28
"""Minor versions of glibc 2. Azure's images have a newer one; pip takes each tag literally."""


class NotInstalled(Exception):
    """pip did not install; it has said why."""


def install(locked: tuple[Locked, ...], libraries: Path) -> None:
    """Unpack exactly these distributions into `libraries`, each held to its hashes.

    Their own requirements are not followed: the lock is complete, and pip would read their markers
    for this machine. Raises NotInstalled.
    """
    platforms = [f"manylinux_2_{minor}" for minor in range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)]
    with tempfile.TemporaryDirectory(prefix="rollcall-package-") as name:
        requirements = Path(name) / "requirements.txt"
        requirements.write_text("".join(f"{one.line}\n" for one in locked), encoding="utf-8")
        run = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile"),
                *("--implementation=cp", "--python-version=3.13"),
                *(f"--platform={one}_x86_64" for one in (*platforms, "manylinux2014")),
                *("--target", str(libraries), "--requirement", str(requirements)),
            ],
            check=False,
        )
    if run.returncode != 0:
        raise NotInstalled(f"pip ended with exit code {run.returncode}")
