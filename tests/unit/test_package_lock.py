"""What is locked for Azure, and whether a folder holds exactly that."""

import base64
import hashlib
from pathlib import Path

import pytest

from devtools.compiled import compile_in, imported_from
from devtools.locked import TARGET, Locked, differences, locked_for

REQUIREMENTS = r"""
# made by a tool
Typing_Extensions==4.16.0 \
    --hash=sha256:aa \
    --hash=sha256:bb
    # via
    #   pydantic
colorama==0.4.6 ; sys_platform == 'win32' \
    --hash=sha256:cc
cffi==2.1.1 ; platform_python_implementation != 'PyPy' \
    --hash=sha256:dd
"""
YARL = Locked(name="yarl", version="1.0", line="")


@pytest.fixture
def libraries(tmp_path: Path) -> Path:
    """Return a folder in which yarl 1.0 is installed: one module, and a file with the commands."""
    (tmp_path / "yarl").mkdir()
    module = tmp_path / "yarl" / "url.py"
    module.write_text("A = 1\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(module.read_bytes()).digest())
    information = tmp_path / "yarl-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: Yarl\nVersion: 1.0\n")
    (information / "RECORD").write_text(
        f"yarl/url.py,sha256={digest.decode().rstrip('=')},6\n"
        "yarl/tests/test_url.py,sha256=ab,6\n"
        "../../bin/yarl,sha256=ab,6\n"
        "yarl-1.0.dist-info/METADATA,,\n"
        "yarl-1.0.dist-info/RECORD,,\n"
    )
    return tmp_path


def test_markers_are_read_for_azure() -> None:
    """Not for the machine that builds."""
    assert locked_for(TARGET, REQUIREMENTS) == (
        Locked(
            name="typing-extensions",
            version="4.16.0",
            line="Typing_Extensions==4.16.0 --hash=sha256:aa --hash=sha256:bb",
        ),
        Locked(name="cffi", version="2.1.1", line="cffi==2.1.1 --hash=sha256:dd"),
    )
    windows = {**TARGET, "sys_platform": "win32"}
    assert [one.name for one in locked_for(windows, REQUIREMENTS)][1] == "colorama"


@pytest.mark.parametrize("line", ["yarl>=1 --hash=sha256:aa", "yarl==1"])
def test_what_locks_nothing_is_refused(line: str) -> None:
    """A range, or a version without a hash."""
    with pytest.raises(ValueError, match=f"not locked: {line.partition(' ')[0]}"):
        locked_for(TARGET, line)


def test_what_is_locked_and_unchanged_makes_no_difference(libraries: Path) -> None:
    """Nor does what was left out, nor what was compiled."""
    compile_in(libraries, [libraries / "yarl" / "url.py"])

    assert differences(libraries, (YARL,)) == []


def test_each_difference_is_named(libraries: Path) -> None:
    """Other versions, changed files, and files that belong to no distribution."""
    (libraries / "yarl" / "url.py").write_text("A = 2\n")
    (libraries / "yarl" / "stray.py").write_text("")
    compile_in(libraries, [libraries / "yarl" / "stray.py"])
    wanted = Locked(name="yarl", version="2.0", line="")

    found = differences(libraries, (wanted,))

    assert found == [
        "yarl 1.0 is not locked",
        "yarl 2.0 is missing",
        *[one for one in found if "__pycache__" in one],
        "yarl/stray.py belongs to no distribution",
        "yarl/url.py is not what the distribution holds",
    ]
    assert len(found) == 5
    assert found[2].endswith(".pyc has no locked source")


def test_compiled_modules_are_not_compared_with_their_source(libraries: Path) -> None:
    """By PEP 552: bit 0 of the flags says that a hash stands there, bit 1 to check it."""
    source = libraries / "yarl" / "url.py"

    compile_in(libraries, [source])

    [file] = source.parent.glob("__pycache__/url.*.pyc")
    compiled = file.read_bytes()
    assert int.from_bytes(compiled[4:8], "little") == 0b01
    assert str(libraries).encode() not in compiled


def test_the_sources_are_found_that_python_compiled_elsewhere(tmp_path: Path) -> None:
    """Those in the app alone: the process has imported others, too."""
    app, seen = tmp_path / "app", tmp_path / "seen"
    for compiled in (f"{app}/one/two.cpython-313.pyc", f"{tmp_path}/host/x.cpython-313.pyc"):
        target = seen / compiled.lstrip("/")
        target.parent.mkdir(parents=True)
        target.touch()

    assert imported_from(app, seen) == [app / "one" / "two.py"]
