"""JSON as Graph sends it, read into values that can be stored and sent on.

Core. JSON can escape half of a character pair, such as a name cut in the middle of an emoji. No
encoding holds that: such a value would break a later write, long after it came.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any

from shared.words.problems import rejected

SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
FIRST_YEAR, LAST_YEAR = 2000, 2999
"""Moments outside of these years stand for none: .NET writes one that was never set in year 1."""
LONGEST_MOMENT = 40
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


def object_in(body: bytes) -> Mapping[str, Any]:
    """Return the object in `body`, without members where there is none that can be read."""
    try:
        return object_of(read_json(body))
    except ValueError:
        return NOTHING


def http_date(text: str) -> datetime | None:
    """Return the moment that a header such as `Date` names; None where it names none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def text_of(value: Any) -> str | None:
    """Return `value` if it is a text that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def object_of(value: Any) -> Mapping[str, Any]:
    """Return `value` if it is an object, else an object without members."""
    return value if isinstance(value, dict) else NOTHING


def moment_of(value: Any) -> datetime | None:
    """Return the moment, in UTC, that a text of Graph's names; None without one or its offset."""
    if not isinstance(value, str) or len(value) > LONGEST_MOMENT:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            return None
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def page_in(answer: Mapping[str, Any], name: str = "value") -> tuple[list[Any], str | None]:
    """Return the entries of one page of a list, and the link to the next one.

    `name` is the member that holds the list where it is expanded in another object; the pages after
    it have the list as `value`. Raises `Rejected` (`graph_answer_unusable`) for a page without a
    list: what cannot be read must not pass for empty.
    """
    if name not in answer:
        name = "value"
    prefix = "" if name == "value" else name
    listed, link = answer.get(name), answer.get(f"{prefix}@odata.nextLink")
    entries = essential(listed if isinstance(listed, list) else None, name)
    return entries, None if link is None else essential(text_of(link), "@odata.nextLink")


def essential[T](value: T | None, name: str) -> T:
    """Return `value`; raise `Rejected` where the member `name` has no value that can be used."""
    if value is None:
        raise rejected("graph_answer_unusable", what=f"{name} is missing, or cannot be used")
    return value
