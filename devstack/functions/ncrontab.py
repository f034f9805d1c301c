"""NCRONTAB schedules: six fields from seconds to day of week; five start at minutes. Pure.

Unlike cron, a day must fit both its day of month and its day of week.
Source: https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES = {name: number for number, name in enumerate(_MONTHS, start=1)}
_NAMES |= {name: number for number, name in enumerate(_DAYS)}
# 29 February on a given day of the week returns within 40 years, even around 2100.
_HORIZON = timedelta(days=366 * 40)


class ScheduleError(ValueError):
    """A text that is no NCRONTAB expression, or one that never comes true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The values that each field allows."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]


def parse(expression: str) -> Schedule:
    """Return the schedule of `expression`. Raises ScheduleError."""
    fields = expression.split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        raise ScheduleError(f"a schedule has six fields, not {len(fields)}: {expression!r}")
    seconds, minutes, hours, days, months, weekdays = fields
    return Schedule(
        seconds=_values(seconds, 0, 59),
        minutes=_values(minutes, 0, 59),
        hours=_values(hours, 0, 23),
        days=_values(days, 1, 31),
        months=_values(months, 1, 12),
        weekdays=_values(weekdays, 0, 6),
    )


def next_after(schedule: Schedule, now: datetime) -> datetime:
    """Return the first time later than `now` (aware) that fits, in UTC.

    Raises ScheduleError where none comes, as for 30 February.
    """
    earliest = now.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    day, floor = earliest.date(), earliest.time()
    last = (earliest + _HORIZON).date()
    while day <= last:
        if _fits(schedule, day):
            moment = _first_time(schedule, floor)
            if moment is not None:
                return datetime.combine(day, moment, UTC)
        day, floor = day + timedelta(days=1), time.min
    raise ScheduleError("the schedule names a day that never comes")


def _fits(schedule: Schedule, day: date) -> bool:
    return (
        day.day in schedule.days
        and day.month in schedule.months
        and day.isoweekday() % 7 in schedule.weekdays
    )


def _first_time(schedule: Schedule, floor: time) -> time | None:
    """Return the first fitting time of a day that is not before `floor`."""
    for hour in sorted(schedule.hours):
        if hour > floor.hour:
            return time(hour, min(schedule.minutes), min(schedule.seconds))
        for minute in sorted(schedule.minutes) if hour == floor.hour else ():
            if minute > floor.minute:
                return time(hour, minute, min(schedule.seconds))
            for second in sorted(schedule.seconds) if minute == floor.minute else ():
                if second >= floor.second:
                    return time(hour, minute, second)
    return None


def _values(field: str, lowest: int, highest: int) -> frozenset[int]:
    """Read one field: lists of `*`, `n`, `n-m`, each with an optional `/step`."""
    values: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, field) if slash else 1
        if span == "*":
            first, last = lowest, highest
        else:
            first_text, dash, last_text = span.partition("-")
            first = _number(first_text, field)
            last = _number(last_text, field) if dash else (highest if slash else first)
        if step < 1 or not lowest <= first <= last <= highest:
            raise ScheduleError(f"{field!r} is not within {lowest} to {highest}")
        values.update(range(first, last + 1, step))
    return frozenset(values)


def _number(text: str, field: str) -> int:
    if text.lower() in _NAMES:
        return _NAMES[text.lower()]
    if not text.isdecimal():
        raise ScheduleError(f"{text!r} in {field!r} is no number")
    return int(text)
