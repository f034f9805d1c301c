"""Finds the function that answers a path: route templates as ASP.NET reads them. Pure.

Source: https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

_PARAMETER = re.compile(r"\{(?P<all>\*{0,2})(?P<name>\w+)(?::(?P<kind>\w+))?(?P<optional>\?)?\}")
_KINDS = {
    None: re.compile(r".+"),
    "int": re.compile(r"-?\d+"),
    "long": re.compile(r"-?\d+"),
    "alpha": re.compile(r"[A-Za-z]+"),
    "bool": re.compile(r"true|false", re.IGNORECASE),
    "guid": re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"),
}


class RouteError(ValueError):
    """A route template that this host cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One segment: a literal where `name` is None."""

    literal: str = ""
    name: str | None = None
    kind: str | None = None
    optional: bool = False
    rest: bool = False

    @property
    def rank(self) -> int:
        """Return how loosely it fits; the tightest template is asked first."""
        if self.name is None:
            return 0
        return 3 if self.rest else 2 if self.kind is None else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A template with the methods that it takes."""

    parts: tuple[_Part, ...]
    methods: frozenset[str]
    key: str
    """Says whose route it is; for the caller."""


def route(template: str, *, prefix: str, methods: Iterable[str], key: str) -> Route:
    """Return the route of `template` under `prefix`. Raises RouteError."""
    segments = [part for part in f"{prefix}/{template}".split("/") if part]
    return Route(
        parts=tuple(_part(segment, template) for segment in segments),
        methods=frozenset(methods),
        key=key,
    )


def find(routes: Sequence[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the tightest route for `method` and the raw `path`, with its decoded parameters."""
    for candidate in sorted(routes, key=lambda each: [part.rank for part in each.parts]):
        params = _match(candidate.parts, path)
        if params is not None and method in candidate.methods:
            return candidate, dict(params)
    return None


def _part(segment: str, template: str) -> _Part:
    if "{" not in segment:
        return _Part(literal=segment.lower())
    found = _PARAMETER.fullmatch(segment)
    if found is None or found["kind"] not in _KINDS:
        raise RouteError(f"the local host cannot read {segment!r} in the route {template!r}")
    return _Part(
        name=found["name"],
        kind=found["kind"],
        optional=bool(found["optional"]),
        rest=bool(found["all"]),
    )


def _match(parts: Sequence[_Part], path: str) -> Mapping[str, str] | None:
    segments = [segment for segment in path.split("/") if segment]
    params: dict[str, str] = {}
    for part in parts:
        if part.rest:
            if segments:
                params[part.name or ""] = "/".join(_decoded(segment) for segment in segments)
            return params
        if not segments:
            if part.optional:
                continue
            return None
        value = _decoded(segments.pop(0))
        if part.name is None:
            if value.lower() != part.literal:
                return None
        elif _KINDS[part.kind].fullmatch(value) is None:
            return None
        else:
            params[part.name] = value
    return None if segments else params


def _decoded(segment: str) -> str:
    # An encoded slash stays encoded in ASP.NET, for it does not part segments.
    return "%2F".join(unquote(piece) for piece in re.split("%2[fF]", segment))
