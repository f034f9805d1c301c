"""What is done about a meeting whose day to be purged has come. Core.

shared/meeting/retention.py says when that is, and what stays.
"""

from dataclasses import replace
from datetime import date, datetime

from shared.journal.step import Step
from shared.meeting.days import day_of
from shared.meeting.meeting import Meeting, Purged
from shared.meeting.retention import purge_day, tombstone_of
from shared.words.ids import utc_text
from shared.words.outgoing import Fact


def plan_purge(
    meeting: Meeting | None, other: Meeting | None, *, now: datetime, days: int
) -> tuple[Step | None, date | None]:
    """Return the step that purges a meeting, or the day on which the walk looks at it again.

    Neither is returned where there is nothing to purge. `other` is the meeting of ours that this
    one turned out to be. While it is kept, what leads here leads on to it.
    """
    if meeting is None or meeting.purged is not None:
        return None, None
    day = purge_day(meeting, now=now, days=days)
    if other is not None and other.purged is None:
        day = max(day, purge_day(other, now=now, days=days))
    return (_purged(meeting, now=now), None) if day <= day_of(now) else (None, day)


def record_cleared(meeting: Meeting, purged: Purged) -> Step | None:
    """Return the step that notes that nothing is left to delete; None where that is known."""
    if meeting.purged != purged:
        return None
    return Step(meeting=replace(meeting, purged=replace(purged, left=None)))


def _purged(meeting: Meeting, *, now: datetime) -> Step:
    """Return the step that leaves a tombstone, and says so where the meeting was known."""
    fact = Fact(name="meeting.purged", at=now, key=(), data={"purgedAt": utc_text(now)})
    was_known = meeting.known or meeting.sequence > 0
    return Step(meeting=tombstone_of(meeting, at=now), facts=(fact,) if was_known else ())
