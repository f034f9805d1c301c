"""The end of `make run`: a call of a second and one of hours read well, and fit the terminal."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from devstack.ending import attendance, bar, files, how_long

START = datetime(2026, 11, 26, 23, 25, tzinfo=UTC)
REPORT = "attendanceReport"


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def person(name: str, *stays: tuple[float, float]) -> dict[str, Any]:
    """A person who was there at these times, in seconds after the start."""
    intervals = [
        {
            "joinedAt": text(START + timedelta(seconds=joined)),
            "leftAt": text(START + timedelta(seconds=left)),
        }
        for joined, left in stays
    ]
    return {
        "participant": {"kind": "user", "userId": "a" * 36, "displayName": name},
        "firstJoinedAt": intervals[0]["joinedAt"],
        "lastLeftAt": intervals[-1]["leftAt"],
        "seconds": sum(left - joined for joined, left in stays),
        "intervals": intervals,
    }


def call(seconds: float, *people: dict[str, Any], basis: str = REPORT) -> dict[str, Any]:
    """A call that began at the start."""
    return {
        "callNumber": 1,
        "startedAt": text(START),
        "startBasis": REPORT,
        "endedAt": text(START + timedelta(seconds=seconds)),
        "endBasis": basis,
        "people": people,
    }


def lines(*calls: dict[str, Any], width: int = 80, **console: Any) -> list[str]:
    """What is printed of them, without what stands behind the last word."""
    out = StringIO()
    record = {"meeting": {"subject": "the checkout is down"}, "calls": calls}
    Console(file=out, width=width, **console).print(attendance(record, width=width))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_call_of_a_second_is_shown_to_the_millisecond() -> None:
    """Who, from, to, how long, known by; then each person's time as a bar."""
    shown = lines(call(1.28, person("Ada", (0, 0.96)), person("Bo", (0.32, 1.28))), width=80)

    assert shown == [
        "Group calls of “the checkout is down” (2026-11-26, UTC)",
        "",
        "who           from          to            how long  known by",
        "group call 1  23:25:00.000  23:25:01.280  1.3 s     attendanceReport",
        "  Ada         23:25:00.000  23:25:00.960  1.0 s",
        "  Bo          23:25:00.320  23:25:01.280  1.0 s",
        "",
        "group call 1  23:25:00.000" + " " * 42 + "23:25:01.280",
        "  Ada         " + "█" * 50 + "·" * 16,
        "  Bo          " + "·" * 16 + "█" * 50,
    ]


@pytest.mark.parametrize("name", ["[bold]Ada[/bold]", "[/x]", ":smile: Ada", "[link=x]Ada"])
def test_names_and_subjects_are_written_as_they_are(name: str) -> None:
    """Whatever the console makes of markup: people choose their names."""
    out = StringIO()
    record = {"meeting": {"subject": name}, "calls": [call(1.28, person(name, (0, 0.96)))]}

    Console(file=out, width=100).print(attendance(record, width=100))

    title, *rest = out.getvalue().splitlines()
    assert f"“{name}”" in title
    assert [line.startswith(f"  {name} ") for line in rest].count(True) == 2


def test_a_call_of_hours_is_shown_to_the_second_with_the_day_on_which_it_ended() -> None:
    """It began before midnight. Who came back has a gap in the bar; both bases are said."""
    ada = person("Ada", (0, 3600), (7200, 10920))
    shown = lines(call(10920, ada, basis="polled"), width=100)

    assert shown[3:5] == [
        "group call 1  23:25:00  11-27 02:27:00  3 h 2 min  attendanceReport, polled",
        "  Ada         23:25:00  11-27 02:27:00  2 h 2 min",
    ]
    assert set(shown[-1].split()[-1].strip("█")) == {"·"}


@pytest.mark.parametrize("name", ["Ada", "A" * 200, "会議の議長" * 20, ""])
@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("seconds", [1.3, 10920.0])
def test_every_line_fits_the_terminal(name: str, width: int, seconds: float) -> None:
    """Whatever people are called; one without a name is shown by the user id."""
    shown = lines(call(seconds, person(name, (0, seconds)), basis="polled"), width=width)

    assert max(map(cell_len, shown)) <= width
    assert any("attendanceReport" in line for line in shown)


@pytest.mark.parametrize(
    ("console", "escapes"),
    [
        ({"force_terminal": True, "color_system": "standard", "no_color": False}, True),
        ({"force_terminal": True, "color_system": "standard", "no_color": True}, False),
        ({}, False),
    ],
)
def test_without_colour_or_terminal_it_is_plain_text(
    console: dict[str, Any], *, escapes: bool
) -> None:
    """No escape sequence is in it."""
    shown = lines(call(1.3, person("Ada", (0, 1.3))), **console)

    assert ("\x1b" in "".join(shown)) is escapes


@pytest.mark.parametrize(
    ("stays", "signs"),
    [
        ([(0, 10)], "██████████"),
        ([(0, 3), (5, 10)], "███··█████"),
        ([(5, 5.001)], "·····█····"),
        ([(10, 10)], "·········█"),
        ([(-1, 2), (9, 11)], "██·······█"),
    ],
)
def test_a_bar_shows_when_a_person_was_there(stays: list[tuple[float, float]], signs: str) -> None:
    """A moment has a sign, too; what lies outside the call has none."""
    moments = [
        (START + timedelta(seconds=joined), START + timedelta(seconds=left))
        for joined, left in stays
    ]

    assert bar(moments, START, START + timedelta(seconds=10), width=10) == signs


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (1.257, "1.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (725.4, "12 min 5 s"),
        (3599.6, "1 h 0 min"),
        (10920, "3 h 2 min"),
        (90000, "25 h 0 min"),
    ],
)
def test_a_length_has_the_two_units_that_matter(seconds: float, said: str) -> None:
    """Rounded once, so that no unit is full."""
    assert how_long(timedelta(seconds=seconds)) == said


def test_the_files_are_named_with_the_address_of_the_page() -> None:
    """In 80 columns, whatever port the stack had."""
    url = "http://127.0.0.1:65535/api/meetings/j5rphdao4kpwlhfziojv6eldyb/timeline"
    folder = Path(".devstack")
    said = files(url, page=folder / "timeline.html", sheet=folder / "attendance.csv").splitlines()

    assert said == [
        "the attendance sheet is in .devstack/attendance.csv",
        "the page is in .devstack/timeline.html; while the stack ran, it was at",
        url,
    ]
    assert max(map(len, said)) <= 80
