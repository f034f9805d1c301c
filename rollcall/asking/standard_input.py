"""What commands read beside their arguments: a file, or the standard input where `-` is given."""

import sys
from pathlib import Path

from rollcall.asking.requests import Body
from rollcall.console import Exit, Failed

STDIN = "-"


def read_file(file: str) -> str:
    """Return the text of a file. Raises `Failed`."""
    if file == STDIN:
        return _standard_input()
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{file} cannot be read: {error}.", Exit.USAGE) from error


def read_secrets(file: str | None, **given: str | None) -> Body:
    """Read from standard input what is `-`: an argument stands in the shell's history.

    Raises `Failed`.
    """
    if [file, *given.values()].count(STDIN) > 1:
        raise Failed("Only one option can be - (standard input).", Exit.USAGE)
    return {
        name: _standard_input().strip() if text == STDIN else text for name, text in given.items()
    }


def _standard_input() -> str:
    """Read it as UTF-8 in every locale. Failures show none of its bytes: they may be a secret."""
    if sys.__stdin__ is None:
        raise Failed("Standard input is closed. Give a file instead of -.", Exit.USAGE)
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"Standard input is not UTF-8 at byte {error.start}. Write it in UTF-8."
        raise Failed(why, Exit.USAGE) from None
    except OSError as error:
        raise Failed(f"Standard input cannot be read: {error.strerror}.", Exit.USAGE) from error
