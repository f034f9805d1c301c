"""How callbacks travel: doubled, lost, delayed, shuffled. Pure; the courier does the sending."""

from dataclasses import dataclass
from random import Random

from devstack.graph.switches import GraphSwitches

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 3.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One notification that was made, also if it was lost on its way.

    `kind`: what it holds, a NotificationKind; those of a bundle joined by a plus sign.
    """

    kind: str
    call_id: str
    dropped: bool


def copies(switches: GraphSwitches, chance: Random, *, number: int = 0) -> tuple[float, ...]:
    """Return the delay in seconds of each copy to send: none when lost, two when doubled.

    `number` counts the notifications since `drop_nth` was set, from 1. Which one is lost by its
    number changes nothing in the luck of the others.
    """
    delays = _by_luck(switches, chance)
    return () if number == switches.drop_nth else delays


def _by_luck(switches: GraphSwitches, chance: Random) -> tuple[float, ...]:
    if chance.random() < switches.drop:
        return ()
    count = 2 if chance.random() < switches.duplicate else 1
    if switches.shuffle:
        return tuple(chance.uniform(0, switches.delay_seconds) for _ in range(count))
    return (switches.delay_seconds,) * count


def late_copy(switches: GraphSwitches, chance: Random) -> float | None:
    """Return the delay in seconds of a roster's late copy; None where there is none."""
    if chance.random() >= switches.late:
        return None
    return switches.delay_seconds + switches.late_seconds


def retry_pauses(switches: GraphSwitches) -> tuple[float, ...]:
    """Return the seconds before each further attempt at a copy, growing."""
    return tuple(
        min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE) for attempt in range(switches.retries)
    )


def is_worth_retrying(status: int | None) -> bool:
    """Say whether a callback is sent again: nobody answered (None), or a server error."""
    return status is None or status >= 500
