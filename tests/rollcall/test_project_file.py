"""What `pipx install ./rollcall` installs."""

import tomllib

from tests.stack.process import ROOT

FOLDER = ROOT / "rollcall"


def test_every_package_is_installed() -> None:
    """A folder that the project file does not name would be missing where it is installed."""
    there = {one.parent.relative_to(ROOT) for one in FOLDER.rglob("__init__.py")}
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())
    setuptools = project["tool"]["setuptools"]

    assert set(setuptools["packages"]) == {".".join(one.parts) for one in there}
    assert setuptools["package-data"] == {"rollcall": ["*.json"]}
    assert list(FOLDER.glob("*.json"))
