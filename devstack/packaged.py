"""An app that brings its own libraries, as a package does: they come before all others.

Source: https://learn.microsoft.com/azure/azure-functions/python-313-changes (dependencies are
isolated); `prioritize_customer_dependencies` in Azure/azure-functions-python-worker.
"""

import os
import site
import sys
from collections.abc import Mapping
from pathlib import Path

_LIBRARIES = Path(".python_packages", "lib", "site-packages")
_CHECKOUT = Path(__file__).resolve().parent.parent


class NotPackaged(Exception):
    """A process does not import an app's own libraries; the message says what to do."""


def libraries_of(app: Path) -> Path:
    """Return the folder of an app's own libraries; it exists in a package alone."""
    return app.resolve() / _LIBRARIES


def with_own_libraries(app: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` for a process that runs `app`: its own libraries are found first.

    What is on PYTHONPATH in `environment` stays before them: it stands in for libraries.
    """
    libraries = libraries_of(app)
    if not libraries.is_dir():
        return dict(environment)
    paths = [environment.get("PYTHONPATH", ""), str(libraries), os.environ.get("PYTHONPATH", "")]
    unique = dict.fromkeys(path for some in paths for path in some.split(os.pathsep) if path)
    return {**environment, "PYTHONPATH": os.pathsep.join(unique)}


def import_only_from(app: Path) -> None:
    """Let this process import from `app`, and where `app` has its own libraries from nowhere else.

    Then the checkout's packages and installed libraries can no longer be imported; what the process
    has imported stays. Raises NotPackaged in a process without `with_own_libraries`.
    """
    libraries = libraries_of(app)
    if libraries.is_dir():
        if str(libraries) not in sys.path:
            raise NotPackaged(f"{libraries} must be on PYTHONPATH when the process starts")
        foreign = {"", str(_CHECKOUT), *site.getsitepackages()}
        sys.path[:] = [entry for entry in sys.path if entry not in foreign]
    sys.path.insert(0, str(app.resolve()))
