"""How commands speak: lines for people on a terminal, JSON for scripts, and exit codes."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

from rich.console import Console
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


def write_json(value: Any) -> None:
    """Write one JSON value on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(line: str = "", *, style: str | None = None) -> None:
    """Write one line."""
    out.print(line, style=style)


def advise(line: str) -> None:
    """Write one line beside the output."""
    err.print(line)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show that `what` goes on, on a terminal only."""
    with err.status(Text(what)) if err.is_terminal else _nothing():
        yield


@contextmanager
def _nothing() -> Iterator[None]:
    yield
