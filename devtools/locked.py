"""The locked distributions of a deployment, and whether a folder holds exactly those."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackagePath, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TARGET: Mapping[str, str] = {
    "implementation_name": "cpython",
    "implementation_version": "3.13.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}
"""Flex Consumption with Python 3.13, in the words of requirement markers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One distribution: its normalized name, its version, and its line for pip with all hashes."""

    name: str
    version: str
    line: str


def locked_for(target: Mapping[str, str], requirements: str) -> tuple[Locked, ...]:
    """Return what a universal requirements.txt locks for `target`, whatever this machine is.

    pip would evaluate the markers for the machine that it runs on.
    Raises ValueError for a line that locks no single version.
    """
    found = []
    for line in _logical_lines(requirements):
        words, *hashes = line.split(" --hash=")
        requirement = Requirement(words)
        (pinned,) = requirement.specifier
        if pinned.operator != "==" or not hashes:
            raise ValueError(f"not locked: {words}")
        if requirement.marker is None or requirement.marker.evaluate(dict(target)):
            pin = f"{requirement.name}=={pinned.version}"
            found.append(
                Locked(
                    name=canonicalize_name(requirement.name),
                    version=pinned.version,
                    line=" --hash=".join((pin, *(one.strip() for one in hashes))),
                )
            )
    return tuple(found)


def differences(libraries: Path, locked: tuple[Locked, ...]) -> list[str]:
    """Return in words what in `libraries` is not locked, is missing, or was changed.

    A file that is left out of a distribution is no difference. Compiled modules count with their
    source.
    """
    wanted = {(one.name, one.version) for one in locked}
    installed = list(distributions(path=[str(libraries)]))
    there = {(canonicalize_name(one.name), one.version) for one in installed}
    recorded = {
        (libraries / file.as_posix()).resolve(): file
        for one in installed
        for file in _files_of(one)
    }
    return [
        *(f"{name} {version} is not locked" for name, version in sorted(there - wanted)),
        *(f"{name} {version} is missing" for name, version in sorted(wanted - there)),
        *sorted(
            f"{path.relative_to(libraries)} {reason}"
            for path in libraries.rglob("*")
            if path.is_file() and (reason := _wrong(path, recorded))
        ),
    ]


def source_of(compiled: Path) -> Path:
    """Return the module of which a file in a `__pycache__` was made."""
    return compiled.parent.parent / f"{compiled.name.partition('.')[0]}.py"


def _wrong(path: Path, recorded: Mapping[Path, PackagePath]) -> str | None:
    path = path.resolve()
    if path.parent.name == "__pycache__":
        return None if source_of(path) in recorded else "has no locked source"
    file = recorded.get(path)
    if file is None:
        return "belongs to no distribution"
    if file.hash is None or file.hash.value == _digest(path, file.hash.mode):
        return None
    return "is not what the distribution holds"


def _files_of(distribution: Distribution) -> list[PackagePath]:
    files = distribution.files
    if files is None:
        raise ValueError(f"{distribution.name} has no RECORD")
    return files


def _digest(path: Path, mode: str) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, mode).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _logical_lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        written = line.partition(" #")[0].strip()
        if written and not written.startswith("#"):
            yield " ".join(written.split())
