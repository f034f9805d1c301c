"""The edge between the host and a function of ours: one scope of ids, and errors without texts.

The worker writes the text of each error that leaves a function to the log, and the texts of its
causes; a link may stand in them. So what no handler expects is written here, with its stack and
without any value, and leaves as `Unexpected`. The invocation fails all the same: a message is
delivered again.
"""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any

from shared.telemetry import bound_ids, correlated, frames_of, linkless, log


class Unexpected(Exception):
    """An error that no handler expects: its class, where it was raised, and the bound ids."""


def at_edge[**P, R](function: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Let a function be the outermost of its invocation."""

    @wraps(function)
    async def invoked(*args: P.args, **kwargs: P.kwargs) -> R:
        with correlated(function=getattr(function, "__name__", None)):
            try:
                return await function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the outermost frame, which raises again
                unexpected = _without_text(error)
            # Not within `except`: there the error itself would stay its context.
            raise unexpected

    return invoked


def _without_text(error: Exception) -> Unexpected:
    from shared.words.errors import Transient  # noqa: PLC0415 - indexing must stay quick

    if isinstance(error, Transient):
        # Our own words, and the verdict on a message that was expected to end so.
        return Unexpected(f"{type(error).__name__}: {linkless(str(error))} ({bound_ids()})")
    log("function.failed", error=error)
    raised_at = next(iter(frames_of(error)), "an unknown place")
    return Unexpected(f"{type(error).__name__} at {raised_at} ({bound_ids()})")
