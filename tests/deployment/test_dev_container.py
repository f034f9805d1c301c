"""The dev container brings what CONTRIBUTING.md asks for."""

import json
import re

from tests.deployment.reading import ROOT

TEXT = (ROOT / ".devcontainer/devcontainer.json").read_text()
CONTAINER = json.loads(re.sub(r"^\s*//.*$", "", TEXT, flags=re.MULTILINE))
FEATURES = {
    "ghcr.io/devcontainers/features/node": "Core Tools are an npm package",
    "ghcr.io/devcontainers/features/docker-in-docker": "compose.yaml",
    "ghcr.io/devcontainers/features/azure-cli": "az bicep, and the hooks of infra/",
    "ghcr.io/azure/azure-dev/azd": "azd up",
}
"""Each feature, and what it is there for."""


def test_it_has_the_features_that_the_work_needs_and_no_other() -> None:
    """Each with its major version."""
    names = {feature.rpartition(":")[0] for feature in CONTAINER["features"]}

    assert names == FEATURES.keys()
    assert all(re.search(r":\d+$", feature) for feature in CONTAINER["features"])


def test_its_python_is_that_of_the_app() -> None:
    """Deployed, the app runs on no other."""
    version = (ROOT / ".python-version").read_text().strip()

    assert CONTAINER["image"] == f"mcr.microsoft.com/devcontainers/python:{version}-bookworm"


def test_it_installs_as_the_makefile_does() -> None:
    """There is one way to install; the container calls it."""
    makefile = (ROOT / "Makefile").read_text()
    core_tools, installed = CONTAINER["postCreateCommand"].split(" && ")

    assert core_tools == "npm install --global azure-functions-core-tools@4"
    assert installed == "make .venv/.installed"
    assert "VENV := .venv\n" in makefile
    assert "INSTALLED := $(VENV)/.installed\n" in makefile
    assert CONTAINER["customizations"]["vscode"]["settings"] == {
        "python.defaultInterpreterPath": ".venv/bin/python"
    }
