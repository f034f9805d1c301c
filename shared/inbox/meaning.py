"""What a message means, however it is written: by this two requests under one id are compared.

Core. What is left out, null, or given as its default means the same; so does a moment with another
offset.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from shared.words.errors import Rejected
from shared.words.ids import utc_text
from shared.words.kinds import problem
from shared.words.problems import rejected


def meaning(message: BaseModel) -> dict[str, Any]:
    """Return the members of a message that are not at their defaults, as JSON, moments in UTC."""
    return {
        str(field.alias or name): _plain(value)
        for name, field in type(message).model_fields.items()
        if (value := getattr(message, name)) is not None and value != field.default
    }


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the members in which two meanings differ."""
    names = before.keys() | now.keys()
    return frozenset(name for name in names if written(before.get(name)) != written(now.get(name)))


def written(value: Any) -> str:
    """Return one text for each JSON value: in Python, True equals 1 and 1.0."""
    return json.dumps(value, sort_keys=True)


def request_conflict(request_id: str, members: Iterable[str]) -> Rejected:
    """Return the refusal of another request under an id that belongs to a request already."""
    return rejected(
        "request_conflict",
        request_id=repr(request_id),
        problems=[problem("differs", name) for name in sorted(members)],
    )


def _plain(value: Any) -> Any:
    match value:
        case BaseModel():
            return meaning(value)
        case datetime():
            return utc_text(value)
        case tuple():
            return [_plain(one) for one in value]
        case _:
            return value
