"""What goes into the package: the app's files, and its libraries without what no import reads."""

import subprocess
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from bench.starting import Start
from devtools.archive import Size, size_of, write_zip
from devtools.contents import (
    NoFiles,
    app_files,
    copy_app,
    is_left_out,
    leave_out,
    name_clashes,
)
from devtools.measured import MEGABYTE, size_figures, start_figures
from devtools.package import NotBuilt, build
from devtools.probe import modules_of

ROOT = Path(__file__).parents[2]
PACKAGES = {
    *("create_meeting", "join_meeting", "call_callback", "tend_meeting", "meeting_record"),
    "health_doctor",
    "shared",
}


def written(folder: Path, *names: str) -> Path:
    """Write files with their names as content, and return the folder."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def in_git(folder: Path, *names: str) -> None:
    """Let a new repository in `folder` track these files."""
    for words in (["init", "--quiet"], ["add", "--", *names]):
        subprocess.run(["git", *words], cwd=folder, check=True)  # noqa: S603, S607 - our own words


def test_the_package_has_the_app_and_nothing_else_of_the_checkout() -> None:
    """A new file at the top is either the app's, or `.funcignore` names it."""
    files = app_files(ROOT)

    assert {file.parts[0] for file in files} == {
        *PACKAGES,
        *("function_app.py", "host.json", "requirements.txt"),
    }
    assert PurePosixPath("shared/bootstrap.py") in files


def test_only_tracked_files_are_copied(tmp_path: Path) -> None:
    """As they are now, without what `.funcignore` names at any depth."""
    names = ("app.py", "one/two.py", "one/README.md", "notes.md")
    checkout = written(tmp_path / "checkout", *names, "one/new.py")
    (checkout / ".funcignore").write_text("*.md\n.funcignore\n")
    in_git(checkout, *names, ".funcignore")
    (checkout / "app.py").write_text("changed")

    copy_app(checkout, tmp_path / "app")

    copied = {file for file in (tmp_path / "app").rglob("*") if file.is_file()}
    assert copied == {tmp_path / "app" / "app.py", tmp_path / "app" / "one" / "two.py"}
    assert (tmp_path / "app" / "app.py").read_text() == "changed"


def test_a_folder_without_git_is_refused_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an unpacked archive of the sources is."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(NoFiles, match="not a git repository"):
        app_files(tmp_path)


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("icalendar/tests/test_event.py", True),
        ("icalendar/event.py", False),
        ("yarl/_quoting_c.pyi", True),
        ("msgraph/generated/kiota-dom-export.txt", True),
        ("httpx-0.28.1.dist-info/RECORD", False),
        ("bin/httpx", True),
        ("cryptography/bin/x.py", False),
        ("tests.py", False),
    ],
)
def test_what_of_a_library_is_left_out(name: str, *, left_out: bool) -> None:
    """Nothing that an import could need."""
    assert is_left_out(PurePosixPath(name)) is left_out


def test_folders_that_are_empty_then_go_too(tmp_path: Path) -> None:
    """Those above them as well."""
    written(tmp_path, "a/tests/deep/test_a.py", "a/a.py", "b/tests/test_b.py")

    leave_out(tmp_path)

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "a.py"]


def test_a_library_with_the_name_of_an_app_package_is_found(tmp_path: Path) -> None:
    """The worker would import the library's."""
    app = written(tmp_path / "app", "shared/a.py", "function_app.py", "host.json")
    libraries = written(tmp_path / "libraries", "shared.py", "yarl/__init__.py")

    assert name_clashes(app, libraries) == ["shared"]


def test_the_modules_to_import_are_all_of_the_app_but_its_root(tmp_path: Path) -> None:
    """Its libraries are imported by them."""
    libraries = ".python_packages/lib/site-packages"
    app = written(
        tmp_path, "function_app.py", "one/__init__.py", "one/two.py", f"{libraries}/yarl.py"
    )

    assert modules_of(app) == ["one", "one.two"]


def test_equal_folders_make_equal_zip_files(tmp_path: Path) -> None:
    """Whatever the times, modes and order of their files."""
    first = written(tmp_path / "first", "b", "a/c")
    second = written(tmp_path / "second", "a/c", "b")
    (second / "b").chmod(0o700)

    for folder in (first, second):
        write_zip(folder, folder.with_suffix(".zip"))

    archive = tmp_path / "first.zip"
    assert archive.read_bytes() == (tmp_path / "second.zip").read_bytes()
    assert zipfile.ZipFile(archive).namelist() == ["a/c", "b"]
    assert size_of(first) == Size(files=2, bytes=4)


@pytest.mark.parametrize(("seconds", "held"), [(2.5, True), (2.6, False)])
def test_the_package_may_take_a_quarter_longer_than_the_checkout(
    seconds: float, *, held: bool
) -> None:
    """From the start of the process until the first answer is sent."""
    package, checkout = (
        Start(indexing=0.5, indexed=0.7, done=1.5, returned=returned) for returned in (seconds, 2.0)
    )

    indexing, first = start_figures(package, checkout)

    assert indexing.held is None
    assert (first.held, first.beside) == (held, "checkout 2.00 s")


@pytest.mark.parametrize(("megabytes", "held"), [(60, True), (61, False)])
def test_the_zip_file_has_a_bound(megabytes: int, *, held: bool) -> None:
    """The folder has none of its own."""
    archive = Size(files=1, bytes=megabytes * MEGABYTE)

    figures = size_figures(Size(files=20_000, bytes=2 * archive.bytes), archive, 1_300)

    assert [one.held for one in figures] == [None, None, held]


def test_a_folder_that_is_no_package_is_not_replaced(tmp_path: Path) -> None:
    """It is refused before anything is done."""
    folder = written(tmp_path, "work/notes").joinpath("work")
    said: list[str] = []

    with pytest.raises(NotBuilt, match="is no package"):
        build(folder, say=said.append)

    assert (folder / "notes").exists()
    assert said == []
