"""When a timer runs next."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from devstack.functions.ncrontab import ScheduleError, next_after, parse

NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * * *", datetime(2026, 3, 4, 12, 0, 1, tzinfo=UTC)),
        ("*/5 * * * * *", datetime(2026, 3, 4, 12, 0, 5, tzinfo=UTC)),
        ("0 */5 * * * *", datetime(2026, 3, 4, 12, 5, tzinfo=UTC)),
        ("*/5 * * * *", datetime(2026, 3, 4, 12, 5, tzinfo=UTC)),
        ("0 0 * * * *", datetime(2026, 3, 4, 13, tzinfo=UTC)),
        ("30 15 9 * * *", datetime(2026, 3, 5, 9, 15, 30, tzinfo=UTC)),
        ("0 0 12,18 * * *", datetime(2026, 3, 4, 18, tzinfo=UTC)),
        ("0 50/4 * * * *", datetime(2026, 3, 4, 12, 50, tzinfo=UTC)),
        ("0 0 9 * * Mon-Fri", datetime(2026, 3, 5, 9, tzinfo=UTC)),
        ("0 0 0 * * sun", datetime(2026, 3, 8, tzinfo=UTC)),
        ("0 0 0 1 JAN *", datetime(2027, 1, 1, tzinfo=UTC)),
        ("0 0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 0 0 13 * 5", datetime(2026, 3, 13, tzinfo=UTC)),
    ],
)
def test_next_time(expression: str, expected: datetime) -> None:
    """Each field narrows the time; day of month and day of week must both fit."""
    assert next_after(parse(expression), NOON) == expected


def test_the_time_itself_is_not_next() -> None:
    """A timer that has just run waits for the time after."""
    schedule = parse("0 0 12 * * *")

    assert next_after(schedule, NOON) == NOON + timedelta(days=1)
    assert next_after(schedule, NOON - timedelta(microseconds=1)) == NOON


def test_schedules_are_utc() -> None:
    """Whatever the zone of the clock."""
    east = NOON.astimezone(timezone(timedelta(hours=9)))

    assert next_after(parse("0 0 13 * * *"), east) == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "60 * * * * *", "* * * 0 * *", "*/0 * * * * *", "5-1 * * * * *", "a * * * * *"],
)
def test_broken_expressions_are_refused(expression: str) -> None:
    """With the text that is wrong."""
    with pytest.raises(ScheduleError):
        parse(expression)


def test_day_that_never_comes_is_refused() -> None:
    """The search ends."""
    with pytest.raises(ScheduleError, match="never"):
        next_after(parse("0 0 0 30 2 *"), NOON)
