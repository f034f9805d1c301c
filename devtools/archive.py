"""Writes a folder as a zip file: equal folders give equal files."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

_DATE = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many files, and their bytes together."""

    files: int
    bytes: int


def size_of(folder: Path) -> Size:
    """Return what `folder` holds, at any depth."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Size(files=len(sizes), bytes=sum(sizes))


def write_zip(folder: Path, archive: Path) -> None:
    """Write all files of `folder`, by name, each with the same date and mode."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED) as written:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), date_time=_DATE)
            entry.external_attr = _READABLE
            entry.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(entry, file.read_bytes())
