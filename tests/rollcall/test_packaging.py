"""`pip install ./rollcall` brings all of the command line, and what it imports."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2] / "rollcall"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MODULES = {
    "azure.core": "azure-servicebus",  # which brings it
    "azure.identity": "azure-identity",
    "azure.servicebus": "azure-servicebus",
}


def imported() -> Iterator[str]:
    for file in ROOT.rglob("*.py"):
        if "build" in file.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (one.name for one in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                yield node.module


def distribution_of(module: str) -> str:
    parts = module.split(".")
    return MODULES.get(".".join(parts[:2]), parts[0])


def test_every_package_is_listed() -> None:
    """One that is not is left out of the wheel without a word."""
    found = {
        ".".join(("rollcall", *file.parent.relative_to(ROOT).parts))
        for file in ROOT.rglob("__init__.py")
        if "build" not in file.relative_to(ROOT).parts
    }

    assert found == {*PROJECT["tool"]["setuptools"]["packages"]}


def test_the_dependencies_are_what_is_imported() -> None:
    """No more, and no fewer. On Windows `zoneinfo` reads its zones from another distribution."""
    modules = set(imported())
    named = {one.partition(">")[0] for one in PROJECT["project"]["dependencies"]}
    used = {distribution_of(one) for one in modules} - sys.stdlib_module_names - {"rollcall"}

    assert named == used | ({"tzdata"} if "zoneinfo" in modules else set())
    (zones,) = (one for one in PROJECT["project"]["dependencies"] if one.startswith("tzdata"))
    assert zones.endswith('; sys_platform == "win32"')


def test_the_version_is_the_app_s() -> None:
    """A record and its reader belong together."""
    app = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())

    assert PROJECT["project"]["version"] == app["project"]["version"]
