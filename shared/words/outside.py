"""The shape and the length that Rollcall takes of ids, names and kinds from outside.

Core. They are checked where they are read. So no input from outside makes a meeting's row too
large, or a message that no entity takes.
"""

import re
from typing import Any, TypeGuard

LONGEST_ID = 128
"""Characters of a participant's, a user's or a tenant's id."""
LONGEST_NAME = 256
"""Characters of a display name; the directory takes no longer names."""
LONGEST_KIND = 64
"""Characters of the name of a member, a resource or a change."""
MOST_ENTRIES = 5_000
"""How many entries of a roster are read. The rest is only counted: the roster counts as cut."""
CALL_ID = re.compile("[0-9A-Za-z_-]{1,64}")
"""A GUID with or without dashes, or a short token. It becomes part of a path: a `..` in its place
once became `DELETE /v1.0/communications`."""
LONGEST_SEGMENT = 512
"""Characters of an id that becomes part of a path. Those of Graph's meetings have up to 250."""
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def usable_id(value: Any) -> TypeGuard[str]:
    """Return whether `value` may be kept as an id: short, and printable throughout."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()


def is_segment(value: Any) -> TypeGuard[str]:
    """Return whether `value` may be an id in a path, where it stays one segment once it is encoded.

    Dots alone mean the segment before, or this one, encoded or not.
    Source: https://url.spec.whatwg.org/#double-dot-path-segment
    """
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_SEGMENT
        and value.isprintable()
        and value.strip(".") != ""
    )


def held_name(name: str) -> str:
    """Return a display name as it is kept: cut, with a blank for each control character."""
    return CONTROLS.sub(" ", name[:LONGEST_NAME])


def held_kind(kind: str) -> str:
    """Return the name of a kind as it is kept: cut, with a blank for each control character."""
    return CONTROLS.sub(" ", kind[:LONGEST_KIND])
