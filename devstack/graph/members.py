"""Reads members of a request body, and refuses what Graph's types do not allow. Pure."""

from collections.abc import Collection
from datetime import datetime

from devstack.graph.json_values import Json, JsonObject, parse_moment
from devstack.graph.refusals import bad_request
from devstack.graph.switches import DOCUMENTED, GraphSwitches


def an_object(value: Json, where: str) -> JsonObject:
    """Return `value` as an object, or refuse."""
    if not isinstance(value, dict):
        raise bad_request(f"{where} must be a JSON object.")
    return value


def only_known(
    body: JsonObject, known: Collection[str], type_name: str, switches: GraphSwitches = DOCUMENTED
) -> None:
    """Refuse members that the type does not have; OData annotations pass."""
    for name in body if switches.unknown_members == "refused" else ():
        if name not in known and "@odata." not in name:
            raise bad_request(
                f"The property '{name}' does not exist on type 'microsoft.graph.{type_name}'."
            )


def odata_type(body: JsonObject, where: str) -> str:
    """Return the type named by `@odata.type` without its namespace, or refuse."""
    name = body.get("@odata.type")
    if not isinstance(name, str) or not name:
        raise bad_request(f"{where} needs '@odata.type': its declared type is abstract.")
    return name.removeprefix("#").removeprefix("microsoft.graph.")


def text(body: JsonObject, name: str) -> str | None:
    """Return a text member; None where absent or null."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_request(f"{name} must be a string.")
    return value


def required_text(body: JsonObject, name: str) -> str:
    """Return a text member that must be there and not empty."""
    value = text(body, name)
    if not value:
        raise bad_request(f"{name} is required.")
    return value


def moment(body: JsonObject, name: str) -> datetime | None:
    """Return a date-time member in UTC; None where absent or null; naive ones are refused."""
    value = text(body, name)
    if value is None:
        return None
    parsed = parse_moment(value)
    if parsed is None:
        raise bad_request(f"Cannot convert the literal of {name} to 'Edm.DateTimeOffset'.")
    return parsed


def flag(body: JsonObject, name: str) -> bool | None:
    """Return a boolean member; None where absent or null."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad_request(f"{name} must be a boolean.")
    return value


def one_of(body: JsonObject, name: str, allowed: Collection[str]) -> str | None:
    """Return an enumeration member; None where absent or null."""
    value = text(body, name)
    if value is not None and value not in allowed:
        raise bad_request(f"'{value}' is not a value of {name}.")
    return value
