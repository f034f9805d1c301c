"""The time zones by their IANA names. Core: the same on every machine but for its edition."""

from functools import cache
from zoneinfo import available_timezones

NO_ZONES = frozenset({"Factory", "localtime"})
"""Names that some systems list among the time zones."""


@cache
def known_zones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(available_timezones() - NO_ZONES)
