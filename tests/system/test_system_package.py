"""The package of `make package`: locked, complete by itself, and the whole job runs on it."""

import asyncio
import os
import sys
import zipfile
from pathlib import Path
from uuid import uuid4

import pytest

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


async def test_the_package_is_locked_compiled_and_complete_and_the_job_runs_on_it(
    tmp_path: Path,
) -> None:
    """One test, because a package takes a minute to build."""
    package = tmp_path / "app"

    code, said = await ran(
        *("-m", "devtools.package", "--to", str(package), "--no-measure"), environment={}
    )

    assert code == 0, said
    locked = locked_for(TARGET, (ROOT / "requirements.txt").read_text())
    assert differences(libraries_of(package), locked) == []
    assert set(zipfile.ZipFile(tmp_path / "app.zip").namelist()) == names_in(package)
    await indexing_compiles_nothing(package)
    await the_story_is_played_on(package, tmp_path / "story")


async def indexing_compiles_nothing(package: Path) -> None:
    """Index the package's functions in a process that may write compiled modules."""
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
    before = names_in(package)

    code, said = await ran(
        *("-m", "devstack.functions", "--app", str(package), "--groups"), environment=settings
    )

    assert code == 0, said
    assert '"create_meeting"' in said
    assert names_in(package) == before


async def the_story_is_played_on(package: Path, folder: Path) -> None:
    """Play it as `make run APP=dist/app` does; nothing is left running."""
    mark = uuid4().hex

    async with asyncio.timeout(STORY_WITHIN):
        code, said = await ran(
            *("-m", "devstack", "run", "--app", str(package)),
            environment={"DEVSTACK_FOLDER": str(folder), processes.MARK: mark},
        )
    await processes.all_ended(mark, within=STORY_WITHIN)

    assert code == 0, said
    assert "Group calls of" in said


async def test_a_folder_without_an_app_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Before anything is started."""
    code, said = await ran("-m", "devstack", "run", "--app", str(tmp_path), environment={})

    assert code == 1
    assert "make package" in said


def names_in(package: Path) -> set[str]:
    """Return every file of the package."""
    return {file.relative_to(package).as_posix() for file in package.rglob("*") if file.is_file()}
