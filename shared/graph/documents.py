"""JSON as Graph sends it, read into values that can be stored and sent on.

Core. JSON can escape half of a character pair, such as a name cut in the middle of an emoji. No
encoding holds that: such a value would break a later write, long after it came.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from shared.words.problems import rejected

SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
NOTHING: Mapping[str, Any] = MappingProxyType({})


def read_json(body: bytes) -> Any:
    """Return the value in `body`, with `?` for half a character; raise ValueError without one.

    JSON that is nested too deeply to be read raises ValueError too.
    """
    try:
        found = json.loads(body)
        if SURROGATE.search(body) is not None:
            found = json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return found


def text_of(value: Any) -> str | None:
    """Return `value` if it is a text that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def object_of(value: Any) -> Mapping[str, Any]:
    """Return `value` if it is an object, else an object without members."""
    return value if isinstance(value, dict) else NOTHING


def essential[T](value: T | None, name: str) -> T:
    """Return `value`; raise `Rejected` where the member `name` has no value that can be used."""
    if value is None:
        raise rejected("graph_answer_unusable", what=f"{name} is missing, or cannot be used")
    return value
