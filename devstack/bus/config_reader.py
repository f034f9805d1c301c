"""Reads one JSON object member by member and remembers everything wrong with it.

Every reading gives a usable value, so that the reading goes on and all problems are found at once.
"""

import re
from collections.abc import Mapping
from typing import cast

from devstack.bus.bounds import Range

_DURATION = re.compile(r"P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


class ObjectReader:
    """A JSON object at a place (`where`, for messages) of a document; `problems` is shared."""

    def __init__(self, value: object, where: str, problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        self._members: Mapping[str, object] = {}
        self._read: set[str] = set()
        if isinstance(value, dict):
            self._members = value
        else:
            problems.append(f"{where}: must be an object")

    def problem(self, text: str) -> None:
        self.problems.append(f"{self.where}: {text}")

    def raw(self, key: str) -> object:
        """Give a member as it stands, None where it is absent."""
        self._read.add(key)
        return self._members.get(key)

    def text(self, key: str, *, required: bool = False) -> str:
        value = self.raw(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or (required and not value):
            self.problem(f"{key} must be a text")
            return ""
        return value

    def flag(self, key: str) -> bool:
        value = self.raw(key)
        if value is not None and not isinstance(value, bool):
            self.problem(f"{key} must be true or false")
        return value is True

    def number(self, key: str, taken: Range) -> int:
        value = self.raw(key)
        if value is None:
            return int(taken.default)
        low, high = int(taken.low), int(taken.high)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.problem(f"{key} must be a whole number from {low} to {high}, not {value!r}")
            return int(taken.default)
        return value

    def duration(self, key: str, taken: Range) -> float:
        """Read an ISO 8601 duration of whole seconds, in seconds."""
        value = self.raw(key)
        if value is None:
            return taken.default
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.problem(f"{key} must be an ISO 8601 duration such as PT30S, not {value!r}")
            return taken.default
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        total = float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
        if not taken.low <= total <= taken.high:
            span = f"from {taken.low:g} to {taken.high:g} seconds"
            self.problem(f"{key} must be {span}, not {value} ({total:g})")
            return taken.default
        return total

    def object(self, key: str, *, required: bool = False) -> "ObjectReader":
        """Read a member that is an object; an absent one reads as empty unless required."""
        value = self.raw(key)
        if value is None and not required:
            value = {}
        return ObjectReader(value, f"{self.where}.{key}", self.problems)

    def objects(self, key: str, *, required: bool = False) -> list["ObjectReader"]:
        """Read a member that is a list of objects, each named in problems by its `Name`."""
        value = self.raw(key)
        if value is None and not required:
            return []
        if not isinstance(value, list):
            self.problem(f"{key} must be a list")
            return []
        return [
            ObjectReader(item, f"{self.where}.{key}[{_label(item, place)}]", self.problems)
            for place, item in enumerate(cast("list[object]", value))
        ]

    def end(self) -> None:
        """Report the members nobody asked for."""
        for key in self._members:
            if key not in self._read:
                self.problem(f"unknown member {key}")


def _label(item: object, place: int) -> object:
    name = item.get("Name") if isinstance(item, dict) else None
    return name if isinstance(name, str) else place
