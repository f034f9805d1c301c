"""The package of `make package`: locked, complete by itself, and the whole job runs on it."""

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from devstack.packaged import libraries_of, with_own_libraries
from devtools.compiled import runs_here
from devtools.locked import TARGET, differences, locked_for
from tests.system import processes
from tests.system.stack import ROOT

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not runs_here(), reason="it runs on Linux x86-64 with CPython 3.13"),
]

STORY_WITHIN = 180.0


async def ran(*arguments: str, environment: dict[str, str]) -> tuple[int | None, str]:
    """Run Python with these arguments; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments),
        cwd=ROOT,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a package that was built just now."""
    app = tmp_path_factory.mktemp("package") / "app"
    code, said = await ran(
        *("-m", "devtools.package", "--to", str(app), "--no-measure"), environment={}
    )
    assert code == 0, said
    return app


async def test_nothing_unlocked_is_in_it(package: Path) -> None:
    """Every file of a library is one of a locked distribution, as it was published."""
    locked = locked_for(TARGET, (ROOT / "requirements.txt").read_text())

    assert differences(libraries_of(package), locked) == []


async def test_what_is_imported_first_is_compiled(package: Path) -> None:
    """The app, what it imports on its first message, and the exporter of telemetry."""
    libraries = libraries_of(package)
    for folder in (
        *(package, package / "create_meeting", package / "shared" / "journal"),
        *(libraries / "msgraph", libraries / "azure" / "servicebus" / "aio"),
        libraries / "azure" / "monitor" / "opentelemetry" / "exporter",
    ):
        assert any((folder / "__pycache__").glob("*.cpython-313.pyc")), folder


async def test_its_functions_are_indexed_from_the_package_alone(
    package: Path, tmp_path: Path
) -> None:
    """In a process that compiles nothing of it."""
    settings = with_own_libraries(
        package,
        {
            "PYTHONDONTWRITEBYTECODE": "",
            "SERVICE_BUS": "Endpoint=sb://127.0.0.1;SharedAccessKeyName=a;SharedAccessKey=b;",
            "TABLES": "AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;",
            **{name: str(uuid4()) for name in ("TENANT_ID", "BOT_APP_ID", "ORGANIZER_ID")},
            "PUBLIC_URL": "http://127.0.0.1:1",
        },
    )
    before = compiled_in(package)

    code, said = await ran(
        *("-m", "devstack.functions", "--app", str(package), "--groups"), environment=settings
    )

    assert code == 0, said
    assert '"create_meeting"' in said
    assert compiled_in(package) == before


async def test_the_story_is_played_on_it(package: Path, tmp_path: Path) -> None:
    """As `make run APP=dist/app` does; nothing of it is left running."""
    mark = uuid4().hex
    async with asyncio.timeout(STORY_WITHIN):
        code, said = await ran(
            *("-m", "devstack", "run", "--app", str(package)),
            environment={"DEVSTACK_FOLDER": str(tmp_path), processes.MARK: mark},
        )
    await processes.all_ended(mark, within=STORY_WITHIN)

    assert code == 0, said
    assert "Group calls of" in said


async def test_a_folder_without_an_app_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Before anything is started."""
    code, said = await ran("-m", "devstack", "run", "--app", str(tmp_path), environment={})

    assert code == 1
    assert "make package" in said


def compiled_in(package: Path) -> set[Path]:
    """Return every compiled module of the package."""
    return set(package.rglob("*.pyc"))
