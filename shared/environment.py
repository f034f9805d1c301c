"""One environment, read setting by setting; what is wrong is noted, to be named all at once."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Environment:
    """Reads the values of one environment, noting problems instead of stopping at the first.

    What cannot be read is None and a problem; so its type is Any. Values are never quoted.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        """Return the value of a setting that may be left out: `""` then."""
        return self._values.get(name, "").strip()

    def presume(self, name: str, value: str) -> None:
        """Let a setting that is left out have this value."""
        if not self.text(name):
            self._values[name] = value

    def note(self, problem: str) -> None:
        """Note a problem, once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def required(self, name: str) -> str:
        """Return the value of a setting that must be there."""
        value = self.text(name)
        if not value:
            self.note(f"{name} is not set")
        return value

    def read(self, name: str, parse: Callable[[str], Any], expected: str) -> Any:
        """Return what `parse` makes of the value; a ValueError means that it is not as expected."""
        value = self.required(name)
        if not value:
            return None
        try:
            return parse(value)
        except ValueError:
            self.note(f"{name} must be {expected}")
            return None

    def guid(self, name: str) -> Any:
        """Return an id in small letters."""
        return self.read(name, _guid, "a GUID")

    def url(self, name: str) -> Any:
        """Return a URL without a slash at its end."""
        return self.read(name, url, "an https URL, or an http one on loopback")

    def seconds(self, name: str, *, most: timedelta = timedelta.max) -> Any:
        """Return a duration."""
        found = self.read(name, seconds, "a positive number of seconds")
        if found is not None and found > most:
            self.note(f"{name} must be at most {most.total_seconds():g}")
        return found

    def whole(self, name: str, *, least: int = 1, most: int | None = None) -> Any:
        """Return a whole number."""
        found = self.read(name, lambda text: _whole(text, least), f"a whole number from {least}")
        if found is not None and most is not None and found > most:
            self.note(f"{name} must be at most {most}")
        return found

    def flag(self, name: str) -> Any:
        """Return whether a setting is true."""
        return self.read(name, _flag, "true or false")


def url(text: str) -> str:
    """Return a URL that is safe to use, without a slash at its end; raise ValueError for others."""
    parts = urlsplit(text)
    loopback = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or loopback) or parts.port == 0:
        raise ValueError(text)
    return text.rstrip("/")


def seconds(text: str) -> timedelta:
    """Return a positive duration; raise ValueError where the text is none."""
    number = float(text)
    if not 0 < number < 10**9:
        raise ValueError(text)
    return timedelta(seconds=number)


def _guid(text: str) -> str:
    if GUID.fullmatch(text) is None:
        raise ValueError(text)
    return text.lower()


def _whole(text: str, least: int) -> int:
    number = int(text)
    if number < least:
        raise ValueError(text)
    return number


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"
