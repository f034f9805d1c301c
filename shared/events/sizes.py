"""Events within what one message holds. Core.

An event that is too large would never be sent, and consumers would miss its number for ever. So it
is shortened, always in the same way, and `shortened` names the members that lack something.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

LARGEST_EVENT = 180 * 1024
"""Bytes of an event: a message has 256 KB, of which its properties may take 64 KB.

Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas
"""
LARGEST_VALUE = 1024
"""Bytes of what a warning quotes, and characters of a text, in an event that is too large."""
LONGEST_CHARACTER = 4
"""Bytes of a character in UTF-8, at most."""
SHORTENED = "shortened"
type Data = dict[str, Any]


def as_json(value: Any) -> str:
    """Return `value` as the JSON that is sent."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def size_of(value: Any) -> int:
    """Return how many bytes `value` takes as JSON."""
    return len(as_json(value).encode(errors="replace"))


def fitted(data: Mapping[str, Any], *, room: int) -> Data:
    """Return the data of an event in at most `room` bytes.

    First what is quoted or said elsewhere is left out, then lists are cut at their ends, the
    longest first, then long texts. What names the meeting and the fact stays.
    """
    if len(as_json(data)) * LONGEST_CHARACTER <= room:
        return dict(data)
    found, cut = dict(data), dict[str, None]()
    for lighten in (_quoted, _invitation(room), _lists, _dial_in, _invitation(0), _texts):
        over = size_of({**found, SHORTENED: [*cut, *found]}) - room
        if over <= 0:
            break
        cut |= dict.fromkeys(lighten(found, over))
    return {**found, SHORTENED: list(cut)} if cut else found


def _quoted(data: Data, _: int) -> list[str]:
    """Leave out what warnings quote at length: what was requested, and what Graph made of it."""
    warnings = data.get("warnings")
    if not isinstance(warnings, list):
        return []
    data["warnings"] = [
        {
            name: value
            for name, value in one.items()
            if name not in {"requested", "returned"} or size_of(value) <= LARGEST_VALUE
        }
        for one in warnings
    ]
    return ["warnings"] if data["warnings"] != warnings else []


def _invitation(room: int) -> Callable[[Data, int], list[str]]:
    """Leave out an invitation that takes more than half of the room: it repeats the attendees."""

    def lighten(data: Data, _: int) -> list[str]:
        if size_of(data.get("invitation")) * 2 <= room or "invitation" not in data:
            return []
        del data["invitation"]
        return ["invitation"]

    return lighten


def _lists(data: Data, over: int) -> list[str]:
    lists = {name: value for name, value in data.items() if isinstance(value, list) and value}
    cut: list[str] = []
    for name in sorted(lists, key=lambda one: size_of(lists[one]), reverse=True):
        if over <= 0:
            break
        kept = list(lists[name])
        while kept and over > 0:
            over -= size_of(kept.pop()) + 1
        data[name] = kept
        cut.append(name)
    return cut


def _dial_in(data: Data, _: int) -> list[str]:
    where = data.get("coordinates")
    if not isinstance(where, dict) or where.get("dialIn") is None:
        return []
    data["coordinates"] = {**where, "dialIn": None}
    return ["coordinates"]


def _texts(data: Data, _: int) -> list[str]:
    """Cut long texts, but those of the caller's own `context`, which has at most 4 KB."""
    cut: list[str] = []
    for name in data.keys() - {"context"}:
        whole = data[name]
        data[name] = _with_short_texts(whole)
        cut += [name] if data[name] != whole else []
    return sorted(cut)


def _with_short_texts(value: Any) -> Any:
    match value:
        case str():
            return value[:LARGEST_VALUE]
        case dict():
            return {name: _with_short_texts(one) for name, one in value.items()}
        case list():
            return [_with_short_texts(one) for one in value]
        case _:
            return value
