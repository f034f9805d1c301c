"""What a meeting costs: how many a second were made, and the CPU each took. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Meetings a second, and milliseconds of one process's CPU a meeting."""

    rate: float
    cpu_ms: float


def steady_rate(done: Sequence[float]) -> float:
    """Return meetings a second over the middle half of `done`, the moments in order.

    How the load begins and ends is not the rate at which it is worked off: at the end places are
    empty, and at the beginning all of them do the same thing at the same time.
    """
    skipped = len(done) // 4
    return (len(done) - 2 * skipped) / (done[-skipped - 1] - done[skipped - 1])
