"""How the tools beside the app speak: every text is written as it is.

Names and subjects are foreign text: `[bold]` in one is no markup, and `:smile:` no picture.
"""

from typing import Any

from rich.console import Console, RenderableType


def _plain(**options: Any) -> Console:
    return Console(markup=False, emoji=False, highlight=False, **options)


out = _plain(soft_wrap=True)
err = _plain(stderr=True, soft_wrap=True)


def say(line: str) -> None:
    """Write lines for the reader."""
    out.print(line)


def complain(message: str) -> None:
    """Write what went wrong, beside the output."""
    err.print(message)


def show(table: RenderableType, *, width: int) -> None:
    """Write a table that takes up to `width` columns, on a terminal that is narrower, too."""
    _plain(width=max(out.width, width)).print(table)
