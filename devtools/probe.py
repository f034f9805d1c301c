"""Imports every module of a packaged app, and what it imports with an exporter of telemetry set up.

Run as `python -I -S probe.py APP`: so nothing can be imported but the package and Python itself.
"""

import importlib
import sys
from pathlib import Path

ON_FIRST_USE = ("azure.monitor.opentelemetry.exporter",)
"""What the app imports in Azure alone: the story has no workspace to send telemetry to."""
ROOT = "function_app"
"""It reads the settings when it is imported: the story has them."""


def main() -> None:
    """Import; an ImportError ends it with its traceback."""
    (app,) = map(Path, sys.argv[1:])
    libraries = app / ".python_packages" / "lib" / "site-packages"
    sys.path[:0] = [str(libraries), str(app)]
    for module in [*modules_of(app), *ON_FIRST_USE]:
        importlib.import_module(module)


def modules_of(app: Path) -> list[str]:
    """Return the dotted names of the app's own modules, but for its root."""
    files = (file.relative_to(app) for file in app.rglob("*.py"))
    own = sorted(file for file in files if not file.parts[0].startswith("."))
    names = [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in own]
    return [name for name in names if name != ROOT]


if __name__ == "__main__":
    main()
