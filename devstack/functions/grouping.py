"""Groups the functions of an app as Flex Consumption does, and picks some of them. Pure.

Each group scales, and so runs, by itself: all HTTP functions together, every other function alone.
Source: https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#per-function-scaling
"""

import json
from collections.abc import Collection, Sequence

from devstack.functions.invocation import IndexedFunction

HTTP = "http"


class GroupError(ValueError):
    """Functions that cannot be picked or grouped; the text says why."""


def groups_of(functions: Sequence[IndexedFunction]) -> dict[str, list[str]]:
    """Return the names of the functions by the name of their group.

    Raises GroupError where a function without HTTP trigger has the name of the HTTP group.
    """
    groups: dict[str, list[str]] = {}
    for function in functions:
        is_http = any(json.loads(raw)["type"] == "httpTrigger" for raw in function.raw_bindings)
        if function.name == HTTP and not is_http:
            raise GroupError("a function called http must have an HTTP trigger: rename it")
        groups.setdefault(HTTP if is_http else function.name, []).append(function.name)
    return groups


def picked(
    functions: Sequence[IndexedFunction], names: Collection[str]
) -> tuple[IndexedFunction, ...]:
    """Return the functions of these names. Raises GroupError for a name that none has."""
    known = [function.name for function in functions]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise GroupError(
            f"there is no function {', '.join(unknown)}; the app has {', '.join(known)}"
        )
    return tuple(function for function in functions if function.name in names)
