"""What the lists of a day say of a meeting, as values. Core. A day is one of UTC."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from shared.calls.record import GroupCall

DAYS_KEPT = 3
"""Of how many days, the newest, the head counts the calls that left it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many calls began on a day, and the people in them, each counted once a call.

    `first_at`: when the first of them began.
    """

    calls: int = 0
    people: int = 0
    first_at: datetime | None = None

    def with_calls(self, calls: Iterable[GroupCall]) -> "Tally":
        """Return the tally with these calls, too."""
        own = tuple(calls)
        starts = [one.started_at for one in own]
        if self.first_at is not None:
            starts.append(self.first_at)
        return Tally(
            calls=self.calls + len(own),
            people=self.people + sum(one.participant_count for one in own),
            first_at=min(starts, default=None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a day's list says of a meeting. `open_since`: a call that began that day goes on.

    `failed`: the code of what failed that day, and was not made good since: the bot's newest leg,
    or a request that made no meeting.
    """

    request_id: str | None = None
    subject: str | None = None
    tally: Tally = Tally()
    open_since: datetime | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """What the head keeps for the lists.

    `listed` is what was last said of the meeting, day by day, at `listed_at`; `before` counts the
    calls that left the head.
    """

    listed: Mapping[date, Brief] = field(default_factory=dict)
    listed_at: datetime | None = None
    before: Mapping[date, Tally] = field(default_factory=dict)

    def having_counted(self, calls: Iterable[GroupCall]) -> "Days":
        """Return the days with `calls` as all that are not in the head."""
        return replace(self, before={}).having_sealed(calls)

    def having_sealed(self, calls: Iterable[GroupCall]) -> "Days":
        """Return the days with `calls`, which leave the head."""
        before = dict(self.before)
        for call in calls:
            day = day_of(call.started_at)
            before[day] = before.get(day, Tally()).with_calls([call])
        newest = {day: before[day] for day in sorted(before)[-DAYS_KEPT:]}
        return self if newest == self.before else replace(self, before=newest)


def day_of(moment: datetime) -> date:
    """Return the day of UTC on which a moment lies."""
    return moment.astimezone(UTC).date()
