"""When a leg gets in, and how long it lives that its application does not keep alive. Pure.

Source: the API page call-keepalive. A success is due within 45 minutes of the start or of the one
before; it counts in the lobby too.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from devstack.graph.calls import Leg
from devstack.graph.switches import GraphSwitches

LAPSED = (408, 8537)
"""How the service ends a leg that was not kept alive."""


def is_established(leg: Leg, *, switches: GraphSwitches, now: datetime) -> bool:
    """Say whether a leg that was on its way gets in now."""
    on_its_way = leg.state == "establishing" and not leg.in_lobby
    return on_its_way and now >= leg.placed_at + timedelta(seconds=switches.establish_seconds)


def is_lapsed(leg: Leg, *, switches: GraphSwitches, now: datetime) -> bool:
    """Say whether the service ends a leg now."""
    return now >= _lapses_at(leg, switches)


def next_lapse(legs: Iterable[Leg], *, switches: GraphSwitches, now: datetime) -> datetime:
    """Return the first moment at which one of these legs, or one placed from now on, may lapse."""
    later = now + timedelta(seconds=switches.keep_alive_lapse_seconds)
    return min([*(_lapses_at(leg, switches) for leg in legs), later])


def _lapses_at(leg: Leg, switches: GraphSwitches) -> datetime:
    lapse = timedelta(seconds=switches.keep_alive_lapse_seconds)
    return (leg.kept_alive_at or leg.placed_at) + lapse
