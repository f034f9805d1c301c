"""Several decisions about one meeting, made one after another, for one transaction. Core."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.meeting.meeting import Change, Meeting
from shared.meeting.older_legs import KEPT, Kept, put_by
from shared.sources.kept import key_of

ENOUGH_HEARD = 40
"""How many observations a transaction has before it takes no further change."""

type Decision = Callable[[Meeting | None, datetime], Change | None]
"""(the meeting or None, now) -> what to write, None: nothing. A `step.Decide`, settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What to write for all decisions; None: nothing.

    The first `count` decisions are in this transaction; the rest wait for the next. `failures`
    holds what a decision raised, by its place.
    """

    change: Change | None
    count: int
    failures: dict[int, Exception] = field(default_factory=dict)


def decide_together(
    decisions: Sequence[Decision], meeting: Meeting | None, *, now: datetime, kept: Kept = KEPT
) -> Decided:
    """Let each decision start from what those before made of `meeting`; move out what is over."""
    decided = _decided(decisions, meeting, now=now)
    if decided.change is None:
        return decided
    return replace(decided, change=put_by(decided.change, now=now, kept=kept))


def _decided(decisions: Sequence[Decision], meeting: Meeting | None, *, now: datetime) -> Decided:
    together: Change | None = None
    failures: dict[int, Exception] = {}
    for place, decide in enumerate(decisions):
        if together is not None and len(together.heard) >= ENOUGH_HEARD:
            return Decided(change=together, count=place, failures=failures)
        try:
            change = decide(meeting, now)
        except Exception as error:  # noqa: BLE001 - passed to the caller of the change
            failures[place] = error
            continue
        if change is not None:
            meeting = change.meeting
            together = change if together is None else _both(together, change)
    return Decided(change=together, count=len(decisions), failures=failures)


def _both(first: Change, second: Change) -> Change:
    sources = {key_of(one.source): one for one in (*first.sources, *second.sources)}
    return Change(
        meeting=second.meeting,
        heard=first.heard + second.heard,
        outgoing=first.outgoing + second.outgoing,
        pages=first.pages + second.pages,
        leg_pages=first.leg_pages + second.leg_pages,
        # A transaction writes each row once.
        sources=tuple(sources.values()),
    )
