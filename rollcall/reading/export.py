"""Attendance sheets as the app gives them, in a file that is written whole or not at all."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import FrameType
from typing import IO

from rollcall.console import Exit, Failed, write_bytes

END_OF_LINE = b"\r\n"
"""Source: https://www.rfc-editor.org/rfc/rfc4180"""
SHOWN = 60
"""Characters of a file's name in that of the file beside it: a name may have 255 bytes."""
ENDED = 128 + signal.SIGTERM


def joined(sheets: Iterable[bytes], *, headed: bool) -> Iterator[bytes]:
    """Yield the sheets; where they are `headed`, the line with the names of columns once.

    Raises `Failed` where a sheet has other columns than the first.
    """
    head: bytes | None = None
    for sheet in sheets:
        own, _, rows = sheet.partition(END_OF_LINE) if headed else (b"", b"", sheet)
        if head is None:
            head = own
            yield sheet
            continue
        if own != head:
            why = "The app changed the columns while it was read. Export again."
            raise Failed(why, Exit.NO)
        yield rows


def write(parts: Iterable[bytes], output: Path | None) -> None:
    """Write the parts to a file, or to the standard output. Raises `Failed`.

    A link stays, and what it leads to is written. A device or a pipe cannot be replaced by a whole
    file: the parts go straight into it.
    """
    if output is None or _is_standard_output(output):
        write_bytes(parts)
        return
    try:
        in_circle = output.resolve().is_symlink()
        special = in_circle or (output.exists() and not output.is_file())
        with output.open("wb") if special else whole_file(output.resolve()) as file:
            file.writelines(parts)
    except OSError as error:
        raise Failed(f"{output} cannot be written: {error.strerror or error}.", Exit.NO) from error


def _is_standard_output(path: Path) -> bool:
    """Return whether it is our own output by another name, as /dev/stdout is.

    It may be a file that the shell opened: replaced by name, it would lose what stood in it.
    """
    if sys.__stdout__ is None:
        return False
    try:
        return os.path.samestat(path.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError):
        return False


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path` that takes its place once it is whole, and is removed otherwise.

    Until then `path` is as it was. A process that is killed outright leaves the file beside it,
    whose name begins with a dot. Only its owner can read it: it says who was in which meeting.
    """
    with NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name[:SHOWN]}.", suffix=".part", delete=False
    ) as file:
        try:
            with _terminable():
                yield file
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the process as an exception, which cleans up; it would not by itself."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(ENDED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
