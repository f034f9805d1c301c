"""What a reader requests, beside the path: parameters, and `Accept`. Core.

Every parameter that is wrong is named in one refusal. An unknown one is refused too: a misspelt
`continuation` would otherwise answer the first page for ever.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from shared.inbox.suggestions import closest
from shared.words.zones import known_zones

type Format = Literal["json", "csv", "ndjson"]

MEDIA: Mapping[Format, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
}
FORMATS: tuple[Format, ...] = get_args(Format.__value__)
OF_AZURE = frozenset({"code", "clientId"})
"""Where Azure takes a function key.
Source: https://learn.microsoft.com/azure/azure-functions/function-keys-how-to"""
OF_RECORDS = frozenset({"format", "tz"})
OF_REQUEST = frozenset({"requestId"})
OF_DAYS = frozenset({"day", "open", "continuation"})
OF_PAGES = frozenset({"tz"})
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_RANGE = re.compile(r"\s*([^\s;,/]+/[^\s;,]+)([^,]*)")
_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came. Parameters without a value never come."""

    parameters: Mapping[str, str]
    accept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One thing wrong with a request: the parameter, or header, and a sentence."""

    parameter: str
    message: str


@dataclass(eq=False)
class BadRequest(Exception):
    """The request cannot be answered as it is. 406: in no form that it accepts."""

    problems: tuple[Wrong, ...]
    status: Literal[400, 406] = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """In which form a record is answered. `zone`: of the times; None: UTC."""

    format: Format
    zone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAsked:
    """Which part of a day's list is requested. `continuation` is not verified yet."""

    day: date
    open_only: bool = False
    continuation: str | None = None


def form_of(asked: Asked, *, beside: Collection[str] = ()) -> Form:
    """Return the form of a record; `beside` are further parameters. Raises `BadRequest`.

    `format` counts before `Accept`.
    """
    parameters, problems = asked.parameters, [*_unknown(asked, {*OF_RECORDS, *beside})]
    named = parameters.get("format")
    chosen = next((one for one in FORMATS if one == named), None)
    if named is not None and chosen is None:
        problems.append(Wrong(parameter="format", message=f"is none of {', '.join(FORMATS)}"))
    problems += _wrong_zone(asked)
    if problems:
        raise BadRequest(tuple(problems))
    chosen = chosen or _accepted(asked.accept)
    zone = _zone(asked)
    if zone is None:
        return Form(format=chosen)
    if chosen != "csv":
        why = "is for format=csv alone; elsewhere times are in UTC"
        raise BadRequest((Wrong(parameter="tz", message=why),))
    return Form(format=chosen, zone=zone)


def day_of_list(asked: Asked) -> DayAsked:
    """Return which part of which day's list is requested. Raises `BadRequest`."""
    if "day" not in asked.parameters:
        why = "is missing: /api/meetings?requestId=… reads a record, ?day=2026-11-24 lists a day"
        missing = Wrong(parameter="requestId", message=why)
        raise BadRequest((missing, *_unknown(asked, {*OF_REQUEST, *OF_RECORDS, *OF_DAYS})))
    return _day_asked(asked, [*_unknown(asked, OF_DAYS)])


def day_of_page(asked: Asked, *, today: date) -> tuple[DayAsked, ZoneInfo | None]:
    """Return which part of which day's list the page shows, and the zone of its times.

    `today`: the day without one. Zone None: UTC. Raises `BadRequest`.
    """
    problems = [*_unknown(asked, {*OF_DAYS, *OF_PAGES}), *_wrong_zone(asked)]
    parameters = {"day": today.isoformat(), **asked.parameters}
    return _day_asked(replace(asked, parameters=parameters), problems), _zone(asked)


def zone_of_page(asked: Asked) -> ZoneInfo | None:
    """Return the zone of the times of a page; None: UTC. Raises `BadRequest`."""
    if problems := (*_unknown(asked, OF_PAGES), *_wrong_zone(asked)):
        raise BadRequest(problems)
    return _zone(asked)


def whole_number(asked: Asked, name: str, *, most: int) -> int:
    """Return the number that is the only parameter there may be; 0 without it.

    Raises `BadRequest`.
    """
    problems = [*_unknown(asked, {name})]
    text = asked.parameters.get(name, "0")
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else -1
    if not 0 <= value <= most:
        problems.append(Wrong(parameter=name, message=f"is no whole number from 0 to {most}"))
    if problems:
        raise BadRequest(tuple(problems))
    return value


def without_parameters(asked: Asked) -> None:
    """Raise `BadRequest` where there are parameters."""
    if problems := tuple(_unknown(asked, ())):
        raise BadRequest(problems)


def _unknown(asked: Asked, known: Collection[str]) -> Iterator[Wrong]:
    for name in asked.parameters:
        if name in known or name in OF_AZURE:
            continue
        meant = closest(name, known)
        why = "is not a parameter here" + ("" if meant is None else f"; did you mean {meant}?")
        yield Wrong(parameter=name, message=why)


def _day_asked(asked: Asked, problems: list[Wrong]) -> DayAsked:
    """Return the part of a list, or raise what is wrong besides `problems`."""
    parameters = asked.parameters
    day = _day(parameters["day"])
    if day is None:
        why = "is no day: write it as 2026-11-24; it is one of UTC"
        problems.append(Wrong(parameter="day", message=why))
    if parameters.get("open", "true") not in {"true", "false"}:
        problems.append(Wrong(parameter="open", message="is neither true nor false"))
    if problems or day is None:
        raise BadRequest(tuple(problems))
    return DayAsked(
        day=day,
        open_only=parameters.get("open") == "true",
        continuation=parameters.get("continuation"),
    )


def _wrong_zone(asked: Asked) -> Iterator[Wrong]:
    zone = asked.parameters.get("tz")
    if zone is not None and zone not in known_zones():
        yield Wrong(parameter="tz", message=f"is no IANA time zone{_zone_meant(zone)}")


def _zone(asked: Asked) -> ZoneInfo | None:
    """Return the zone, which is known to be one; None without it."""
    zone = asked.parameters.get("tz")
    return None if zone is None else ZoneInfo(zone)


def _day(text: str) -> date | None:
    if _DAY.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _zone_meant(name: str) -> str:
    meant = closest(name, known_zones()) if len(name) <= max(map(len, known_zones())) else None
    return ", such as Europe/Berlin" if meant is None else f"; did you mean {meant}?"


def _accepted(accept: str) -> Format:
    """Return the form that `Accept` prefers; JSON where it prefers none.

    Source: https://www.rfc-editor.org/rfc/rfc9110#name-accept
    """
    ranges = {found[1].lower(): _quality(found[2]) for found in _RANGE.finditer(accept)}
    if not ranges:
        return "json"
    qualities = {one: _wanted(MEDIA[one], ranges) for one in FORMATS}
    best = max(FORMATS, key=lambda one: qualities[one])
    if qualities[best] > 0:
        return best
    why = f"names none of {', '.join(MEDIA.values())}; or say format={'|'.join(FORMATS)}"
    raise BadRequest((Wrong(parameter="Accept", message=why),), status=406)


def _wanted(media: str, ranges: Mapping[str, float]) -> float:
    kind = media.partition("/")[0]
    return next((ranges[one] for one in (media, f"{kind}/*", "*/*") if one in ranges), 0)


def _quality(parameters: str) -> float:
    found = _QUALITY.search(parameters)
    return 1 if found is None else float(found[1])
