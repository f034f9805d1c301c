"""How commands speak: lines for people on a terminal, JSON for scripts, and exit codes."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from io import TextIOWrapper
from typing import Any, TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text


def plain_console(**options: Any) -> Console:
    """Return a console that writes text as it is: foreign text is no markup, `:smile:` no emoji."""
    return Console(markup=False, emoji=False, highlight=False, **options)


out = plain_console(soft_wrap=True)
"""For what was requested. Colours only on a terminal, and never where NO_COLOR is set."""
err = plain_console(stderr=True, soft_wrap=True)
"""For progress, advice and failures."""


class Exit(IntEnum):
    """What a script can go by; docs/cli.md has the table."""

    DONE = 0
    NO = 1
    """Refused, not found, or a check failed."""
    USAGE = 2
    UNREACHABLE = 3
    """The app or Service Bus did not answer, or refused the key."""
    LATE = 4
    """No answer came in time; the request stands."""
    INTERRUPTED = 130


class Failed(Exception):
    """A command cannot be carried out. The text says what is wrong, and what to do."""

    def __init__(self, message: str, code: Exit) -> None:
        """`code`: what the process exits with."""
        super().__init__(message)
        self.code = code


def replace_unwritable() -> None:
    """Let `?` stand for each character that the output's encoding has not."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def write_json(value: Any) -> None:
    """Write one JSON value on one line, escaped where the output's encoding lacks a character.

    Raises `Failed`.
    """
    text = json.dumps(value, ensure_ascii=False)
    with _writing():
        try:
            text.encode(sys.stdout.encoding)
        except UnicodeEncodeError:
            text = json.dumps(value)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def write_bytes(parts: Iterable[bytes]) -> None:
    """Write bytes as they are. Raises `Failed`."""
    for part in parts:
        with _writing():
            sys.stdout.buffer.write(part)
    with _writing():
        sys.stdout.flush()


def say(line: str = "", *, style: str | None = None) -> None:
    """Write one line. Raises `Failed`."""
    with _writing():
        out.print(line, style=style)


def advise(line: str) -> None:
    """Write one line beside the output. Where that takes nothing, the command goes on."""
    try:
        err.print(line)
    except OSError:
        _let_go(sys.stderr)


@contextmanager
def _writing() -> Iterator[None]:
    """Turn an output that takes nothing into `Failed`; a reader that has left is typer's matter."""
    if sys.__stdout__ is None:
        raise Failed("The standard output is closed. Open it, or send it to a file.", Exit.NO)
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        _let_go(sys.__stdout__)
        why = f"The output cannot be written: {error.strerror or error}. Check where it goes."
        raise Failed(why, Exit.NO) from error


def _let_go(stream: TextIO) -> None:
    """Send what is left in its buffer nowhere.

    It would fail once more when Python ends, with an exit code of its own.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show that `what` goes on, on a terminal only."""
    with waiting(what) if err.is_terminal else _nothing():
        yield


def waiting(what: str) -> Status:
    """Return a line that moves while `what` goes on, in signs that the terminal has."""
    return err.status(Text(what), spinner="dots" if has_unicode(err) else "line")


def has_unicode(console: Console) -> bool:
    """Return whether its encoding has every character."""
    return console.encoding.lower().startswith("utf")


@contextmanager
def _nothing() -> Iterator[None]:
    yield
