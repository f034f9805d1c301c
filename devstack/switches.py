"""Switches: difference by difference, how hard a part of the stack is on the app. Pure.

A part has a class of its own (`graph/switches.py`, `bus/switches.py`, `functions/switches.py`) with
one field for each difference, and a value of it for each world: `kind` spares the app, `documented`
does what the documentation promises and no more, `harsh` does what was reported besides.
"""

import argparse
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, from_json


class World(StrEnum):
    """How hard the whole stack is on the app."""

    KIND = "kind"
    DOCUMENTED = "documented"
    HARSH = "harsh"


class SwitchMistake(Exception):
    """Switches that cannot be set; the message names every problem."""


class Switches(BaseModel):
    """The switches of one part; in JSON their names are in camelCase."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    def changed(self, members: Mapping[str, Any]) -> Self:
        """Return them with some changed, by their names in JSON; raise SwitchMistake."""
        try:
            return self.model_validate(self.shown() | dict(members), strict=True)
        except ValidationError as error:
            raise SwitchMistake("; ".join(map(_problem, error.errors()))) from error

    def shown(self) -> dict[str, Any]:
        """Return them as JSON shows them."""
        return self.model_dump(by_alias=True)


def add_switch_options(parser: argparse.ArgumentParser) -> None:
    """Give a part the options `--world` and `--switch`."""
    parser.add_argument("--world", type=World, choices=list(World), default=World.DOCUMENTED)
    parser.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a switch that differs from the world's, the value in JSON; may be repeated",
    )


def chosen[S: Switches](worlds: Mapping[World, S], options: argparse.Namespace) -> S:
    """Return the switches that the options of `add_switch_options` name; raise SwitchMistake."""
    members = {}
    for option in options.switch:
        name, _, value = option.partition("=")
        try:
            members[name] = from_json(value)
        except ValueError as error:
            raise SwitchMistake(f"{name}: {value!r} is not JSON") from error
    return worlds[options.world].changed(members)


def members_of(body: bytes) -> dict[str, Any]:
    """Return the members that a request changes; raise SwitchMistake where it is no object."""
    try:
        members = from_json(body)
    except ValueError as error:
        raise SwitchMistake("the body is not JSON") from error
    if not isinstance(members, dict):
        raise SwitchMistake("the body is not a JSON object")
    return members


def _problem(error: ErrorDetails) -> str:
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
