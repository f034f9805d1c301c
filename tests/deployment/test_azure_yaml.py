"""azure.yaml: the members that are used, as azd reads them.

Schema: https://github.com/Azure/azure-dev/blob/main/schemas/v1.0/azure.yaml.json
"""

import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.deployment.bicep import INFRA, ROOT, read

SOURCE = ROOT / "azure.yaml"
FILE: dict[str, Any] = YAML(typ="safe").load(SOURCE)
SERVICE: dict[str, Any] = FILE["services"]["rollcall"]
SHELLS = {"posix": "sh", "windows": "pwsh"}


def test_the_members_are_those_that_azd_knows() -> None:
    """An editor finds the schema by the first line."""
    assert SOURCE.read_text().splitlines()[0] == (
        "# yaml-language-server: $schema="
        "https://raw.githubusercontent.com/Azure/azure-dev/main/schemas/v1.0/azure.yaml.json"
    )
    assert FILE.keys() == {"name", "metadata", "services", "pipeline", "hooks"}
    assert FILE["pipeline"].keys() == {"variables"}
    assert FILE["services"].keys() == {"rollcall"}
    assert FILE["hooks"].keys() == {"postprovision", "postdeploy"}
    assert SERVICE.keys() == {"project", "language", "host", "dist", "remoteBuild", "hooks"}


def test_the_package_is_built_here() -> None:
    """From dist/app, which `make package` fills. azd deploy runs hooks of the service alone."""
    assert (SERVICE["project"], SERVICE["dist"]) == (".", "dist/app")
    assert (SERVICE["language"], SERVICE["host"]) == ("python", "function")
    assert SERVICE["remoteBuild"] is False
    assert SERVICE["hooks"].keys() == {"prepackage"}
    assert {one["run"] for one in SERVICE["hooks"]["prepackage"].values()} == {"make package"}


@pytest.mark.parametrize(
    ("hook", "script"), [("postprovision", "next_steps"), ("postdeploy", "smoke")]
)
def test_hooks_run_on_either_system(hook: str, script: str) -> None:
    """Each the script of its shell, which exists."""
    runs = {system: one["run"] for system, one in FILE["hooks"][hook].items()}

    assert runs == {"posix": f"infra/hooks/{script}.sh", "windows": f"infra/hooks/{script}.ps1"}
    assert all((ROOT / run).is_file() for run in runs.values())


def test_every_hook_names_its_shell() -> None:
    """Inline commands need it, and it says what a user has to have."""
    for hook in (*FILE["hooks"].values(), *SERVICE["hooks"].values()):
        assert {system: one["shell"] for system, one in hook.items()} == SHELLS
        assert all(one.keys() == {"shell", "run"} for one in hook.values())


def test_the_service_is_the_one_that_the_template_tags() -> None:
    """And its outputs are named after it."""
    site = read(INFRA / "app" / "function.bicep").resources["site"].body

    assert f"'azd-service-name': '{next(iter(FILE['services']))}'" in site["tags"]
    assert {"SERVICE_ROLLCALL_NAME", "SERVICE_ROLLCALL_ENDPOINT_URL"} <= read(
        INFRA / "main.bicep"
    ).outputs.keys()


def test_azd_gives_the_template_its_own_variables() -> None:
    """Where it deploys and who does, under the names that azd sets."""
    parameters = json.dumps(json.loads((INFRA / "main.parameters.json").read_text()))
    given = set(re.findall(r"\$\{(AZURE_\w+)", parameters))

    assert given == {
        "AZURE_ENV_NAME",
        "AZURE_LOCATION",
        "AZURE_PRINCIPAL_ID",
        "AZURE_PRINCIPAL_TYPE",
    }


def test_a_pipeline_is_given_every_other_variable_of_the_template() -> None:
    """`azd pipeline config` sets those that are listed; a missing one would fall to its default.

    Source: https://learn.microsoft.com/azure/developer/azure-developer-cli/pipeline-advanced-features
    """
    parameters = (INFRA / "main.parameters.json").read_text()
    read_by_it = {name for name in re.findall(r"\$\{(\w+)", parameters) if name[:6] != "AZURE_"}

    assert set(FILE["pipeline"]["variables"]) == read_by_it
