"""JSON as Python values, and Graph's way of writing a moment. No I/O, no clock."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

type Json = bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None
type JsonObject = dict[str, Json]

_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(?P<offset>Z|[+-]\d\d:\d\d)?", re.IGNORECASE
)


def graph_time(moment: datetime) -> str:
    """Write an aware moment as Graph does: UTC, seven fraction digits, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def lab_time(moment: datetime | None) -> str | None:
    """Write a moment of the room log: UTC, microseconds, `Z`."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_moment(text: str) -> datetime | None:
    """Read an Edm.DateTimeOffset; None where it is none (no offset, no time, no such date)."""
    match = _MOMENT.fullmatch(text)
    if match is None or match["offset"] is None:
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
