"""What POST /lab/sources asks for: how long a leg lives without keepAlive. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from devstack.graph.json_values import Json
from devstack.graph.lab_requests import lab_object, number

KEEP_ALIVE_LAPSE = timedelta(minutes=45)
_MEMBERS = frozenset({"keepAliveLapseSeconds"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """`keep_alive_lapse`: a leg ends when no keepAlive came for so long."""

    keep_alive_lapse: timedelta = KEEP_ALIVE_LAPSE


def parse_sources(body: Json) -> Sources:
    """Read the body of POST /lab/sources; an absent member goes back to its default."""
    wanted = lab_object(body, _MEMBERS)
    usual = KEEP_ALIVE_LAPSE.total_seconds()
    seconds = number(wanted, "keepAliveLapseSeconds", 0.1, 86_400, default=usual)
    return Sources(keep_alive_lapse=timedelta(seconds=seconds))
