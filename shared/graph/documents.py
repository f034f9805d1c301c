"""JSON as Graph sends it, read into values that can be stored and sent on.

Core. JSON can escape half of a character pair (a name cut in the middle of an emoji); no encoding
holds that, so that such a value would break whatever writes it, long after it came.
"""

import json
import re
from typing import Any

SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


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
