"""The times of a request: instants with an offset, or times on the clocks of a time zone. Core.

A time that a change of the clocks skips, or shows twice, is refused: it names no instant, or two.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

FIRST_YEAR, LAST_YEAR = 1970, 9000
"""Beyond these years, adding an offset or an hour can leave the range of dates."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")
LONGEST_ZONE = 64
NO_ZONES = frozenset({"Factory", "localtime"})
"""Names that some systems list among the time zones."""
EXAMPLE = "2026-11-23T09:00:00Z"


def placed(moment: datetime, time_zone: str | None) -> datetime:
    """Return the instant of `moment`, which without an offset is on the clocks of `time_zone`.

    Raises ValueError where it has no offset and there is no zone, or no single instant in it.
    """
    if moment.tzinfo is not None:
        return moment
    if time_zone is None:
        raise ValueError(
            f"must carry an offset, for example {EXAMPLE}, or go with timeZone, for example "
            "Europe/Berlin"
        )
    zone = ZoneInfo(time_zone)
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    skipped = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment
    said = "is skipped when" if skipped else "comes twice when"
    raise ValueError(f"{said} the clocks of {time_zone} change: give it with an offset")


def _read_time(value: object) -> datetime:
    """Return the time that the text means. Pydantic would also take seconds since 1970."""
    if isinstance(value, str) and MOMENT.match(value) is not None:
        with suppress(ValueError):
            return datetime.fromisoformat(value.upper())
    if isinstance(value, dict) and "dateTime" in value:
        raise ValueError(
            "must be text: give the dateTime itself, for example 2026-11-23T09:00:00, and timeZone "
            "as a member of the message, for example Europe/Berlin"
        )
    raise ValueError(f"must be a date and time, for example {EXAMPLE}")


def _imaginable(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"must be in a year from {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _zone(name: str) -> str:
    if name in _zones():
        return name
    meant = {one.casefold(): one for one in _zones()}.get(name.casefold()) or _of_windows(name)
    hint = f": did you mean {meant}?" if meant else ", for example Europe/Berlin"
    raise ValueError(f"must be the name of a time zone in the IANA database{hint}")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - NO_ZONES)


def _of_windows(name: str) -> str | None:
    # On first use: the indexing of the app must stay quick.
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415

    meant: str | None = WINDOWS_TO_OLSON.get(name)
    return meant


Time = Annotated[datetime, BeforeValidator(_read_time, str), AfterValidator(_imaginable)]
TimeZone = Annotated[str, Field(max_length=LONGEST_ZONE), AfterValidator(_zone)]
