"""What a timer remembers, and what it counts as missed when the host starts again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from devstack.functions import ncrontab
from devstack.functions.timer_status import (
    StatusError,
    TimerStatus,
    after_run,
    is_monitored,
    on_start,
    parse,
)

HOURLY = ncrontab.parse("0 0 * * * *")
HALF_HOURLY = ncrontab.parse("0 0,30 * * * *")
TEN = datetime(2026, 3, 4, 10, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RAN_AT_TEN = TimerStatus(last=TEN, next=TEN + HOUR, updated=TEN)


def test_first_start_misses_nothing() -> None:
    """But what comes next is remembered from then on."""
    now = TEN + timedelta(minutes=5)

    status, past_due = on_start(None, HOURLY, now)

    assert (status, past_due) == (TimerStatus(last=None, next=TEN + HOUR, updated=now), False)


def test_occurrence_that_passed_meanwhile_was_missed() -> None:
    """However many there were: it is one run."""
    assert on_start(RAN_AT_TEN, HOURLY, TEN + 3 * HOUR) == (RAN_AT_TEN, True)


def test_occurrence_still_to_come_was_not_missed() -> None:
    """Nor is the one due this very moment."""
    assert on_start(RAN_AT_TEN, HOURLY, TEN + HOUR) == (RAN_AT_TEN, False)


def test_occurrence_before_the_first_run_may_be_missed() -> None:
    """A host that ended before the timer ever ran."""
    never = TimerStatus(last=None, next=TEN + HOUR, updated=TEN)

    assert on_start(never, HOURLY, TEN + 2 * HOUR) == (never, True)


def test_another_schedule_misses_nothing() -> None:
    """What the old one would have run does not count."""
    now = TEN + 3 * HOUR + timedelta(minutes=1)

    status, past_due = on_start(RAN_AT_TEN, HALF_HOURLY, now)

    assert not past_due
    assert status == TimerStatus(last=None, next=now + timedelta(minutes=29), updated=now)


def test_another_schedule_counts_from_the_last_run() -> None:
    """As long as its next occurrence is still to come."""
    status, past_due = on_start(RAN_AT_TEN, HALF_HOURLY, TEN + timedelta(minutes=1))

    half_past = TEN + timedelta(minutes=30)
    assert (status, past_due) == (TimerStatus(last=None, next=half_past, updated=TEN), False)


def test_run_a_little_early_by_the_clock_does_not_come_twice() -> None:
    """The occurrence counts, not the clock."""
    early = RAN_AT_TEN.next - timedelta(milliseconds=3)

    after = after_run(RAN_AT_TEN, HOURLY, early, scheduled=True)

    assert after == TimerStatus(last=TEN + HOUR, next=TEN + 2 * HOUR, updated=TEN + HOUR)


def test_run_out_of_turn_leaves_the_schedule() -> None:
    """One on start or past due is followed by the next occurrence."""
    began = TEN + timedelta(minutes=20)

    after = after_run(RAN_AT_TEN, HOURLY, began, scheduled=False)

    assert after == TimerStatus(last=began, next=TEN + HOUR, updated=began)


@pytest.mark.parametrize(
    ("schedule", "monitored"),
    [("0 * * * * *", True), ("*/30 * * * * *", False), ("* * * * * *", False)],
)
def test_schedules_of_less_than_a_minute_remember_nothing(schedule: str, monitored: bool) -> None:
    """As the trigger's documentation says of useMonitor."""
    assert is_monitored(ncrontab.parse(schedule), TEN) is monitored


@pytest.mark.parametrize("status", [RAN_AT_TEN, replace(RAN_AT_TEN, last=None)])
def test_status_is_read_as_it_was_written(status: TimerStatus) -> None:
    """Also where the timer never ran."""
    assert parse(str(status.shown()).replace("'", '"')) == status


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"Last": 3, "Next": 3, "LastUpdated": 3}'])
def test_other_texts_are_no_status(text: str) -> None:
    """They are refused, not forgotten."""
    with pytest.raises(StatusError):
        parse(text)
