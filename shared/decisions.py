"""Several decisions about one meeting, made one after another, for one transaction. Core."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain import Observation
from shared.meeting import Change, Meeting
from shared.recording import OlderThanTail

ENOUGH_OBSERVATIONS = 40
"""How many a transaction has before it takes no further change: each is one row of a hundred."""

type Observations = tuple[Observation, ...] | None
type Decide = Callable[[Meeting | None, datetime, Observations], Change | None]
"""(the meeting or None, now, all its observations if asked for) -> what to write, None: nothing.

Pure: it may be called again after a lost race. Raising `OlderThanTail` asks for all observations;
any other exception goes to the one who asked for the change, and writes nothing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is to be written for all of them, None: nothing.

    The first `count` decided; those after them came too late for this transaction. `failures`
    holds, by its place, what a decision raised.
    """

    change: Change | None
    count: int
    failures: dict[int, Exception] = field(default_factory=dict)


def decide_together(
    decisions: Sequence[Decide],
    meeting: Meeting | None,
    *,
    now: datetime,
    everything: Observations,
) -> Decided:
    """Let each decide on what those before it made of `meeting`; raise only `OlderThanTail`."""
    together: Change | None = None
    failures: dict[int, Exception] = {}
    for place, decide in enumerate(decisions):
        if together is not None and len(together.observations) >= ENOUGH_OBSERVATIONS:
            return Decided(change=together, count=place, failures=failures)
        try:
            change = decide(meeting, now, everything)
        except OlderThanTail:
            raise
        except Exception as error:  # noqa: BLE001 - handed to the one who asked, not swallowed
            failures[place] = error
            continue
        if change is not None:
            meeting = change.meeting
            together = change if together is None else _both(together, change)
            if everything is not None:
                everything = (*everything, *change.observations)
    return Decided(change=together, count=len(decisions), failures=failures)


def _both(first: Change, second: Change) -> Change:
    return replace(
        second,
        observations=first.observations + second.observations,
        outgoing=first.outgoing + second.outgoing,
        pages=second.pages if second.rebuilt else first.pages + second.pages,
        rebuilt=first.rebuilt or second.rebuilt,
    )
