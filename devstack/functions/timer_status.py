"""What is remembered of a timer from run to run, and over restarts; what was missed. Pure.

Source: ScheduleMonitor.cs and TimerListener.cs of Azure/azure-webjobs-sdk-extensions.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from devstack.functions.ncrontab import Schedule, next_after

_SHORTEST_MONITORED = timedelta(minutes=1)


class StatusError(ValueError):
    """A text that is not the status of a timer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerStatus:
    """When a timer ran last (None: never), is due next, and from when that was computed."""

    last: datetime | None
    next: datetime
    updated: datetime

    def shown(self) -> dict[str, str]:
        """Return it as the extension writes it."""
        return {
            "Last": "0001-01-01T00:00:00+00:00" if self.last is None else self.last.isoformat(),
            "Next": self.next.isoformat(),
            "LastUpdated": self.updated.isoformat(),
        }


def parse(text: str) -> TimerStatus:
    """Return the status that was written as JSON of `shown`. Raises StatusError."""
    try:
        told = json.loads(text)
        last = datetime.fromisoformat(told["Last"])
        return TimerStatus(
            last=None if last.year == 1 else last,
            next=datetime.fromisoformat(told["Next"]),
            updated=datetime.fromisoformat(told["LastUpdated"]),
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise StatusError("this is not the status of a timer") from exc


def is_monitored(schedule: Schedule, now: datetime) -> bool:
    """Say whether missed occurrences count: not where they are less than a minute apart."""
    first = next_after(schedule, now)
    return next_after(schedule, first) - first >= _SHORTEST_MONITORED


def on_start(
    remembered: TimerStatus | None, schedule: Schedule, now: datetime
) -> tuple[TimerStatus, bool]:
    """Return the status to begin with, and whether an occurrence was missed.

    Where the schedule is another than before, nothing counts as missed.
    """
    if remembered is None:
        return TimerStatus(last=None, next=next_after(schedule, now), updated=now), False
    expected = next_after(schedule, remembered.last or remembered.updated)
    if remembered.next == expected:
        return remembered, now > expected
    if now > expected:
        return TimerStatus(last=None, next=next_after(schedule, now), updated=now), False
    updated = remembered.last or remembered.updated
    return TimerStatus(last=None, next=expected, updated=updated), False


def after_run(
    before: TimerStatus, schedule: Schedule, began: datetime, *, scheduled: bool
) -> TimerStatus:
    """Return the status after a run that began at `began`, on schedule or not.

    A run on schedule may begin a little early by the clock: its occurrence does not come twice.
    """
    at = max(began, before.next) if scheduled else began
    return TimerStatus(last=at, next=next_after(schedule, at), updated=at)
