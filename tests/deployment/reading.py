"""What the tests of this folder read, and how."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]


def yaml_at(path: Path) -> Any:
    """Return what a YAML file holds; raise where it is none, or names a key twice."""
    return YAML(typ="safe", pure=True).load(path)


def complaints(schema: str, *paths: Path) -> str:
    """Return what a published schema that check-jsonschema brings finds wrong; empty: nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    checked = subprocess.run(  # noqa: S603 - an installed module, in this interpreter
        [*command, *map(str, paths)], check=False, capture_output=True, text=True
    )
    return "" if checked.returncode == 0 else checked.stdout + checked.stderr
