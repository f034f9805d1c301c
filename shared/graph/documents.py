"""JSON as Graph sends it, read into values that can be stored and sent on.

Core. JSON can escape half of a character pair (a name cut in the middle of an emoji); no encoding
holds that, so that such a value would break whatever writes it, long after it came.
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
    """Return the value in `body`, halves of characters replaced by `?`; ValueError if it is none.

    What is nested too deeply to be read is none either.
    """
    try:
        found = json.loads(body)
        if SURROGATE.search(body) is not None:
            found = json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return found


def text_of(value: Any) -> str | None:
    """Return a text; None for an empty one, and for what is none."""
    return value if isinstance(value, str) and value else None


def object_of(value: Any) -> Mapping[str, Any]:
    """Return the members of an object; none for what is none."""
    return value if isinstance(value, dict) else NOTHING


def essential[T](value: T | None, name: str) -> T:
    """Return what was read of a member; `Rejected` where there is none of it to be used."""
    if value is None:
        raise rejected("graph_answer_unusable", what=f"{name} is missing, or is no such thing")
    return value
