"""A host on an app with libraries of its own: it imports the app and them, and nothing else."""

import json
import site
from pathlib import Path

import pytest

from devstack.packaged import libraries_of, with_own_libraries
from tests.fixtures.functions_apps.host_process import HostProcess

OF_THE_STACK_ALONE = ("proton", "cproton")
FUNCTION_APP = """
from importlib.util import find_spec

import azure.functions as func
import greeting

app = func.FunctionApp()
FOREIGN = [name for name in ("shared", "devstack.nothing", "proton") if find_spec(name)]


@app.function_name("_".join([greeting.WORD, *FOREIGN]))
@app.route(route="greeting")
def greet(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse()
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return an app whose own libraries are the installed ones, but for two, and `greeting`."""
    libraries = libraries_of(tmp_path)
    libraries.mkdir(parents=True)
    for folder in site.getsitepackages():
        for installed in Path(folder).iterdir():
            if installed.name.partition(".")[0] not in OF_THE_STACK_ALONE:
                (libraries / installed.name).symlink_to(installed)
    (libraries / "greeting.py").write_text("WORD = 'hello'\n")
    (tmp_path / "function_app.py").write_text(FUNCTION_APP)
    return tmp_path


def test_the_app_finds_its_own_libraries_and_nothing_of_the_checkout(package: Path) -> None:
    """Neither the checkout's packages nor what is installed beside the stack."""
    settings = with_own_libraries(package, {})

    with HostProcess(str(package), "--groups", settings=settings) as host:
        assert host.ended() == 0, host.log()
        assert json.loads(host.rest_of_stdout()) == {"groups": {"http": ["hello"]}}


def test_a_host_that_would_import_other_libraries_is_refused(package: Path) -> None:
    """It has imported some before it knows the app."""
    with HostProcess(str(package), "--groups", settings={}) as host:
        assert host.ended() == 1
        assert f"{libraries_of(package)} must be on PYTHONPATH" in host.log()


def test_stand_ins_stay_before_the_libraries(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the stack puts on PYTHONPATH comes first, what the user has there comes last."""
    monkeypatch.setenv("PYTHONPATH", "/users")

    environment = with_own_libraries(package, {"PYTHONPATH": "/stand-ins", "A": "b"})

    path = f"/stand-ins:{libraries_of(package)}:/users"
    assert environment == {"PYTHONPATH": path, "A": "b"}


def test_an_app_without_libraries_is_started_as_ever(tmp_path: Path) -> None:
    """Its libraries are the installed ones."""
    assert with_own_libraries(tmp_path, {"A": "b"}) == {"A": "b"}
