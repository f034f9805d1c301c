"""Reads the bodies of /lab requests. A mistake in one is told in a clear sentence. Pure."""

from collections.abc import Collection

from devstack.graph.json_values import Json, JsonObject


class LabMistake(Exception):
    """A /lab request that cannot be done, and why."""


def lab_object(body: Json, known: Collection[str]) -> JsonObject:
    """Return the body as an object with known members only."""
    if not isinstance(body, dict):
        raise LabMistake("the body must be a JSON object")
    unknown = sorted(name for name in body if name not in known)
    if unknown:
        raise LabMistake(
            f"unknown members: {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    return body


def optional_text(body: JsonObject, name: str) -> str | None:
    """Return a text member; None where absent or null."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise LabMistake(f"{name} must be a string")
    return value


def needed_text(body: JsonObject, name: str) -> str:
    """Return a text member that must be there."""
    value = optional_text(body, name)
    if not value:
        raise LabMistake(f"{name} is missing")
    return value


def switch(body: JsonObject, name: str) -> bool:
    """Return a boolean member, false by default."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise LabMistake(f"{name} must be true or false")
    return value


def number(
    body: JsonObject, name: str, least: float, most: float, *, default: float | None = None
) -> float:
    """Return a number within bounds; `default` where absent, LabMistake without one."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise LabMistake(f"{name} must be a number from {least:g} to {most:g}")
    return value
