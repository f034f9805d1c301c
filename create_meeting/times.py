"""The times of a request: instants with an offset, or times on the clocks of a time zone. Core.

A time that a change of the clocks skips, or shows twice, is refused: it names no instant, or two.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from shared.inbox.refusals import wrong
from shared.words.zones import known_zones

FIRST_YEAR, LAST_YEAR = 1970, 9000
"""Beyond these years, adding an offset or an hour can leave the range of dates."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")
LONGEST_ZONE = 64


def placed(moment: datetime, time_zone: str | None) -> datetime:
    """Return the instant of `moment`, which without an offset is on the clocks of `time_zone`.

    Raises what a validator may raise, where it has no offset and there is no zone, or no single
    instant in it.
    """
    if moment.tzinfo is not None:
        return moment
    if time_zone is None:
        raise wrong("no_offset")
    zone = ZoneInfo(time_zone)
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    skipped = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment
    raise wrong("time_skipped" if skipped else "time_twice", zone=time_zone)


def _read_time(value: object) -> datetime:
    """Return the time that the text means. Pydantic would also take seconds since 1970."""
    if isinstance(value, str) and MOMENT.match(value) is not None:
        with suppress(ValueError):
            return datetime.fromisoformat(value.upper())
    if isinstance(value, dict) and "dateTime" in value:
        raise wrong("not_graphs_time")
    raise wrong("not_moment")


def _imaginable(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise wrong("year_out_of_range", first=FIRST_YEAR, last=LAST_YEAR)
    return moment


def _zone(name: str) -> str:
    if name in known_zones():
        return name
    meant = {one.casefold(): one for one in known_zones()}.get(name.casefold()) or _of_windows(name)
    raise wrong("misspelt_zone", suggestion=meant) if meant else wrong("not_a_zone")


def _of_windows(name: str) -> str | None:
    # On first use: the indexing of the app must stay quick.
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415

    meant: str | None = WINDOWS_TO_OLSON.get(name)
    return meant


Time = Annotated[datetime, BeforeValidator(_read_time, str), AfterValidator(_imaginable)]
TimeZone = Annotated[str, Field(max_length=LONGEST_ZONE), AfterValidator(_zone)]
