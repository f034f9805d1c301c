"""The faults that a crowd of requests meets: how each begins, and how it is healed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.system.site import Site

ENDLESS = 100_000
OF_GRAPH = "/(onlineMeetings|communications)"
LASTS = 8.0
"""Seconds that a fault lasts: longer than the lock of a message."""

type Deed = Callable[[Site], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What begins it, and what heals it."""

    strike: Deed
    heal: Deed


def _graph(**members: Any) -> Fault:
    """Whatever is requested of Graph, tokens apart."""

    async def strike(site: Site) -> None:
        await site.lab.fault(path=OF_GRAPH, times=ENDLESS, **members)

    async def heal(site: Site) -> None:
        await site.lab.no_faults()

    return Fault(strike=strike, heal=heal)


def _callbacks(**members: Any) -> Fault:
    async def strike(site: Site) -> None:
        await site.lab.delivery(**members)

    async def heal(site: Site) -> None:
        await site.lab.delivery()

    return Fault(strike=strike, heal=heal)


def _held(part: str) -> Fault:
    """Do nothing, with all connections open."""

    async def strike(site: Site) -> None:
        await site.part(part, "hold")

    async def heal(site: Site) -> None:
        await site.part(part, "resume")

    return Fault(strike=strike, heal=heal)


def _of_the_bus(path: str, members: dict[str, Any], after: dict[str, Any]) -> Fault:
    async def strike(site: Site) -> None:
        await site.bus(path, members)

    async def heal(site: Site) -> None:
        await site.bus(path, after)

    return Fault(strike=strike, heal=heal)


async def _hold_both(site: Site) -> None:
    await site.part("functions", "hold")
    site.second.hold()


async def _resume_both(site: Site) -> None:
    await site.part("functions", "resume")
    site.second.resume()


async def _kill_the_second(site: Site) -> None:
    await site.second.kill()


async def _run_the_second(site: Site) -> None:
    await site.second.run()


async def _kill_the_first(site: Site) -> None:
    site.up.crash_host()


async def _first_is_back(site: Site) -> None:
    await site.up.host_is_back()


async def _rotate_keys(site: Site) -> None:
    await site.lab.rotate_keys()


async def _revoke_tokens(site: Site) -> None:
    await site.lab.revoke_tokens()


FAULTS = {
    "Graph throttles": _graph(status=429, retryAfter=1),
    "Graph is unavailable": _graph(status=503),
    "Graph fails": _graph(status=500),
    "Graph does not answer": _graph(delaySeconds=60, effect="none"),
    "Graph works, and its answers are lost": _graph(status=503, effect="done"),
    "Graph is slow": _graph(delaySeconds=1, effect="none"),
    "callbacks are lost": _callbacks(drop=0.5),
    "callbacks are doubled and shuffled": _callbacks(
        duplicate=0.5, shuffle=True, delaySeconds=LASTS
    ),
    "callbacks are late": _callbacks(delaySeconds=10),
    "callbacks are signed with another key": Fault(strike=_rotate_keys, heal=_rotate_keys),
    "tokens are revoked": Fault(strike=_revoke_tokens, heal=_revoke_tokens),
    "the bus is away": _of_the_bus("connections/cut", {"seconds": LASTS}, {}),
    "the bus does not answer": _held("bus"),
    "the bus is busy": _of_the_bus("switches", {"busyShare": 0.5}, {"busyShare": 0}),
    "links are detached": _of_the_bus("links/detach", {}, {}),
    "the tables do not answer": _held("tables"),
    "locks are lost": Fault(strike=_hold_both, heal=_resume_both),
    "one host is killed": Fault(strike=_kill_the_second, heal=_run_the_second),
    "the other host is killed": Fault(strike=_kill_the_first, heal=_first_is_back),
}
