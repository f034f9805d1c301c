"""How long a leg lives that its application does not keep alive. Pure.

Source: the API page call-keepalive. A success is due within 45 minutes of the start or of the one
before; it counts in the lobby too.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from devstack.graph.calls import Leg

LAPSED = (408, 8537)
"""How the service ends a leg that nobody kept alive."""


def lapses_at(leg: Leg, *, lapse: timedelta) -> datetime:
    """Return when a leg lapses unless it is kept alive before."""
    return (leg.kept_alive_at or leg.placed_at) + lapse


def is_lapsed(leg: Leg, *, lapse: timedelta, now: datetime) -> bool:
    """Say whether the service ends a leg now."""
    return now >= lapses_at(leg, lapse=lapse)


def next_lapse(legs: Iterable[Leg], *, lapse: timedelta, now: datetime) -> datetime:
    """Return the first moment at which one of these legs, or one placed from now on, may lapse."""
    return min([*(lapses_at(leg, lapse=lapse) for leg in legs), now + lapse])
