"""What answers must look like before anything is made of them. Pure.

Findings put ids, names and addresses of answers into commands that people copy into a shell. So
these must have no character that a shell would act upon.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ID = re.compile(r"[0-9A-Za-z-]{1,64}")
NAME = re.compile(r"[0-9A-Za-z_.:-]{1,200}")
ADDRESS = re.compile(
    r"https?://([0-9A-Za-z][0-9A-Za-z.-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"(/[0-9A-Za-z_.~%/:@-]*)?(\?[0-9A-Za-z_.~%/:@=-]*)?"
)
NUMBER = (int, float)
ABSENT = object()


@dataclass(frozen=True, slots=True)
class Maybe:
    """This shape, or null."""

    shape: object


@dataclass(frozen=True, slots=True)
class IfThere:
    """This shape, or null, or no such member."""

    shape: object


EXAMINATION: Mapping[str, object] = {
    "version": str,
    "publicUrl": ADDRESS,
    "tenantId": ID,
    "botAppId": ID,
    "settings": {"required": [NAME], "given": [str], "missing": [NAME]},
    "token": {"error": Maybe(str), "needed": [NAME], "roles": Maybe([NAME])},
    "organizer": {
        "id": ID,
        "error": Maybe(str),
        "status": Maybe(int),
        "enabled": Maybe(bool),
        "teams": Maybe(bool),
    },
    "policy": [
        {
            "organizerId": ID,
            "made": bool,
            "code": Maybe(NAME),
            "message": Maybe(str),
            "status": Maybe(int),
            "left": Maybe(str),
        }
    ],
    "signingKeys": {"url": ADDRESS, "error": Maybe(str), "count": int},
    "store": {"error": Maybe(str)},
    "clock": {"graphAheadSeconds": Maybe(NUMBER), "withinSeconds": Maybe(NUMBER)},
}
"""The answer of `POST /api/health/doctor`, as far as it is read; docs/openapi.json has it whole."""
RECORD: Mapping[str, object] = {
    "meeting": Maybe({"meetingId": ID}),
    "bot": {"state": str, "legs": list, "failure": IfThere(dict)},
    "calls": list,
    "request": IfThere(dict),
}
"""A meeting's record, as far as the canary reads it."""
BOT: Mapping[str, object] = {"properties": {"msaAppId": ID}}
CHANNEL: Mapping[str, object] = {"properties": {"properties": Maybe(dict)}}
SETTING_NAMES: Mapping[str, object] = {"properties": dict}
"""Answers of Azure Resource Manager."""


def misfits(value: object, shape: object, at: str = "") -> Iterator[str]:
    """Yield the JSON Pointer of each part of `value` that has not its shape."""
    match shape:
        case Maybe() if value is None:
            return
        case IfThere() if value is None or value is ABSENT:
            return
        case Maybe() | IfThere():
            yield from misfits(value, shape.shape, at)
        case Mapping() if isinstance(value, Mapping):
            for name, member in shape.items():
                yield from misfits(value.get(name, ABSENT), member, f"{at}/{name}")
        case [each] if isinstance(value, list):
            for index, one in enumerate(value):
                yield from misfits(one, each, f"{at}/{index}")
        case re.Pattern() if isinstance(value, str) and shape.fullmatch(value):
            return
        case type() | tuple() if isinstance(value, shape):
            return
        case _:
            yield at


def fits(value: Any, shape: object) -> bool:
    """Return whether `value` has this shape."""
    return next(misfits(value, shape), None) is None
