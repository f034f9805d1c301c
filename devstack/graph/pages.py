"""Pages of a collection, with next links. Pure. Source: the page paging of Graph's concepts."""

from collections.abc import Mapping, Sequence

from devstack.graph.json_values import Json, JsonObject
from devstack.graph.refusals import bad_request

SKIP = "$skiptoken"


def one_page(
    entries: Sequence[JsonObject],
    *,
    size: int,
    address: str,
    query: Mapping[str, str],
    name: str = "",
) -> JsonObject:
    """Return the page that a query asks for: its entries, and the link to the next one.

    `address` is where the collection stands by itself; the link leads there. `name`: the member
    that holds the collection where it is expanded in another resource.
    """
    start = _start(query.get(SKIP))
    shown: list[Json] = list(entries[start : start + size])
    page: JsonObject = {name or "value": shown}
    if start + size < len(entries):
        page[f"{name}@odata.nextLink"] = f"{address}?{SKIP}={start + size}"
    return page


def is_expanded(query: Mapping[str, str], name: str) -> bool:
    """Say whether a query expands `name`; raise GraphRefusal where it expands anything else."""
    wanted = query.get("$expand")
    if wanted not in (None, name):
        raise bad_request(f"This simulator expands {name} alone.")
    return wanted is not None


def _start(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdecimal():
        raise bad_request("The skip token is malformed.")
    return int(token)
