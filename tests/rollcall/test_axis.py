"""Moments on a line of time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from rollcall.reading.axis import Axis, Span, axis_over, bar, times
from rollcall.reading.page import Page

START = datetime(2026, 11, 24, 2, 14, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


AXIS = Axis(start=START, end=later(100), width=20)


def test_a_span_is_drawn_from_its_start_to_its_end() -> None:
    """Whatever is before or after the axis is not seen."""
    assert bar(AXIS, [Span(start=later(10), end=later(20), mark="#")]) == "  ##" + " " * 16
    assert bar(AXIS, [Span(start=later(-50), end=later(5), mark="#")]) == "#" + " " * 19
    assert bar(AXIS, [Span(start=later(95), end=later(500), mark="#")]) == " " * 19 + "#"
    assert bar(AXIS, [Span(start=later(90), end=None, mark="#", last=">")]) == " " * 18 + "#>"


def test_the_shortest_span_is_seen() -> None:
    """A person who came and left at once, also at the very end."""
    for seconds in (0, 50, 100):
        drawn = bar(AXIS, [Span(start=later(seconds), end=later(seconds), mark="#")])
        assert drawn.count("#") == 1


@given(st.lists(st.tuples(st.floats(-50, 150), st.floats(0, 100)), max_size=5))
def test_a_bar_has_the_width_of_its_axis(spans: list[tuple[float, float]]) -> None:
    """Whatever lies on it."""
    drawn = [
        Span(start=later(one), end=later(one + two), mark="#", first="<") for one, two in spans
    ]

    assert len(bar(AXIS, drawn, empty=".")) == AXIS.width


def test_times_stand_above_their_moments() -> None:
    """Round ones, on the clocks of the zone, as far as they have room."""
    axis = Axis(start=START, end=later(3600), width=60)
    written = times(axis, Page())

    assert written.split() == ["02:20", "02:30", "02:40", "02:50", "03:00"]
    assert written.index("02:30") == 16
    india = times(axis, Page(zone=ZoneInfo("Asia/Kolkata")))
    assert india.split()[0] == "07:50"


@given(
    st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(days=40000)),
    st.integers(min_value=5, max_value=200),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
)
@example(timedelta(days=11200, microseconds=1), 40, "UTC")
def test_times_have_room(length: timedelta, width: int, zone: str) -> None:
    """For any length, at any width; where there is room for one, there is one for long axes."""
    axis = axis_over([START, START + length], width)
    written = times(axis, Page(zone=ZoneInfo(zone)))

    assert len(written) <= width
    assert width < 40 or written


def test_a_single_moment_has_an_axis() -> None:
    """Also the last one of all time."""
    last = datetime.max.replace(tzinfo=UTC)

    for moment in (START, last):
        axis = axis_over([moment], 10)
        assert axis.start < axis.end
        assert len(bar(axis, [Span(start=moment, end=moment, mark="#")])) == 10
