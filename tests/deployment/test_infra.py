"""The template is whole: it parses, and what one file names the other declares.

No compiler was near: types of properties and functions are not known here.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.bicep import INFRA, ROOT, Expression, read

MAIN = INFRA / "main.bicep"
MODULES = sorted((INFRA / "app").glob("*.bicep"))
FILES = [MAIN, *MODULES]
OUTPUT_OF = re.compile(r"\b(\w+)!?\.outputs\.(\w+)")
VARIABLE = re.compile(r"\$\{(\w+)(?:=([^}]*))?\}")


def the_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parameters_file() -> dict[str, Any]:
    """Return what main.parameters.json gives, by parameter."""
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    return {name: one["value"] for name, one in given.items()}


@pytest.mark.parametrize("path", FILES, ids=the_name)
def test_every_file_parses(path: Path) -> None:
    """A line that does not is named."""
    assert read(path).errors == []


@pytest.mark.parametrize("path", FILES, ids=the_name)
def test_names_are_declared_and_used(path: Path) -> None:
    """No unknown name, and no parameter or variable that nothing reads."""
    file = read(path)
    inputs = {*file.parameters, *file.variables}

    assert file.uses - inputs - {*file.modules, *file.resources} == set()
    assert inputs - file.uses == set()


def test_every_module_is_given_its_parameters() -> None:
    """Those it requires, and none that it does not know."""
    for module in read(MAIN).modules.values():
        wanted = read(INFRA / module.kind).parameters
        given = module.body["params"].keys()

        assert given <= wanted.keys(), module.kind
        assert {name for name, one in wanted.items() if one.required} <= given, module.kind


def test_every_module_is_used() -> None:
    """A file beside the template deploys nothing."""
    assert {INFRA / module.kind for module in read(MAIN).modules.values()} == set(MODULES)


def test_outputs_that_are_read_exist() -> None:
    """In the module that is named, and at least one of them is read."""
    main = read(MAIN)
    found = OUTPUT_OF.findall(MAIN.read_text())

    assert len(found) > 10
    for module, output in found:
        assert output in read(INFRA / main.modules[module].kind).outputs, f"{module}.{output}"


def test_every_parameter_of_the_template_is_described() -> None:
    """azd shows the description where it asks for a value."""
    undescribed = [name for name, one in read(MAIN).parameters.items() if not one.described]

    assert undescribed == []


def test_the_parameters_file_gives_what_the_template_knows() -> None:
    """Three that azd asks for where they are missing; the defaults are those of the template."""
    given = parameters_file()
    wanted = read(MAIN).parameters
    required = {name for name, one in wanted.items() if one.required}

    assert required == {"environmentName", "location", "organizerId"}
    assert required <= given.keys() <= wanted.keys()
    for name, value in given.items():
        if variable := VARIABLE.fullmatch(str(value)):
            default = defaults()[name]
            assert (variable[2] or "") == default, name
        else:
            assert value == [], name


def defaults() -> dict[str, str]:
    """Return the default of each parameter, as the text that azd would pass; empty for none."""
    source = MAIN.read_text()
    found = re.findall(r"^param (\w+) \w+(?: = (.*))?$", source, re.MULTILINE)
    return {name: default.strip("'") for name, default in found}


def test_the_readme_names_every_variable_of_a_deployment() -> None:
    """What can be set with `azd env set`, and the lists that are set in the file itself."""
    readme = (INFRA / "README.md").read_text()

    for name, value in parameters_file().items():
        variable = VARIABLE.fullmatch(str(value))
        assert f"`{variable[1] if variable else name}`" in readme


def test_abbreviations_are_used() -> None:
    """Each once; the list is not azd's whole one."""
    used = re.findall(r"\$\{abbreviations\.(\w+)", MAIN.read_text())

    assert sorted(used) == sorted(json.loads((INFRA / "abbreviations.json").read_text()))


def test_azd_finds_the_app_by_its_tag() -> None:
    """By one resource alone that has it: with two azd refuses to deploy. All have azd's own tag."""
    tagged = [
        name
        for path in FILES
        for name, one in read(path).resources.items()
        if "azd-service-name" in str(one.body.get("tags"))
    ]

    assert tagged == ["site"]
    assert read(MAIN).variables["tags"] == {"azd-env-name": "environmentName"}


def test_the_graph_extension_is_configured_where_it_is_used() -> None:
    """Under the name that bot-app.bicep gives it."""
    extensions = json.loads((INFRA / "bicepconfig.json").read_text())["extensions"]
    named = [
        name
        for path in FILES
        for name in re.findall(r"^extension (\w+)$", path.read_text(), re.MULTILINE)
    ]

    assert named == ["microsoftGraphV1"]
    assert extensions.keys() == set(named)


def test_nothing_takes_a_key_where_identities_do() -> None:
    """Every service of ours refuses keys and passwords."""
    properties = {
        "storage": ("data", "allowSharedKeyAccess", False),
        "namespace": ("bus", "disableLocalAuth", True),
        "component": ("monitor", "DisableLocalAuth", True),
        "bot": ("bot", "disableLocalAuth", True),
        "ftp": ("function", "allow", False),
        "scm": ("function", "allow", False),
    }

    for resource, (module, name, value) in properties.items():
        body = read(INFRA / "app" / f"{module}.bicep").resources[resource].body
        assert body["properties"][name] is value, resource


def test_the_reader_finds_what_is_wrong(tmp_path: Path) -> None:
    """A file with one mistake of each kind that these tests look for."""
    path = tmp_path / "wrong.bicep"
    path.write_text(
        "param unused string\n"
        "@description('x')\n"
        "param list array = []\n"
        "var texts = map(list, one => one.text)\n"
        "output first string = unknown.outputs.it ?? texts[0]\n"
    )
    broken = tmp_path / "broken.bicep"
    broken.write_text("param a string\nresource x = {\n")

    file = read(path)

    assert read(broken).errors != []
    assert file.errors == []
    assert file.uses == {"list", "unknown", "texts"}
    assert [one.required for one in file.parameters.values()] == [True, False]
    assert [one.described for one in file.parameters.values()] == [False, True]
    assert file.outputs["first"] == Expression("unknown.outputs.it ?? texts[0]")
