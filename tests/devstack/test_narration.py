"""What `make run` says while it plays fits the terminal, and hangs under its beginning."""

from typing import Any

import pytest

from devstack.narration import PUBLISHED, published, said, shortened

DATA: dict[str, Any] = {
    "callNumber": 1,
    "startedAt": "2026-11-26T23:25:00.614Z",
    "endedAt": "2026-11-26T23:25:01.872Z",
    "startBasis": "attendanceReport",
    "endBasis": "attendanceReport",
    "reason": "serviceFault",
    "participant": {"kind": "user", "displayName": "Ada"},
    "leftAt": "2026-11-26T23:25:01.871Z",
}


def test_long_words_hang_under_the_first() -> None:
    """A request stays on one line with its method."""
    path = "/api/meetings/j5rphdao4kpwlhfziojv6eldyb?format=csv"
    shown = said(1.5, "you", f"read the attendance sheet: GET {path}", width=80)

    assert shown.splitlines() == [
        "  1.50 s  you       read the attendance sheet:",
        f"                    GET {path}",
    ]


def test_an_event_is_shown_with_the_times_of_the_day() -> None:
    """And who it is about."""
    assert published(16.25, "participant.left", DATA, width=80) == (
        " 16.25 s  rollcall  participant.left   Ada left group call 1 at 23:25:01.871"
    )
    assert published(16.25, "call.corrected", DATA, width=80).splitlines() == [
        " 16.25 s  rollcall  call.corrected     group call 1, final: 23:25:00.614 to",
        "                                       23:25:01.872 (attendanceReport)",
    ]


def test_an_event_that_it_has_no_words_for_is_shown_by_its_name() -> None:
    """A new kind of event breaks nothing."""
    assert published(0.5, "bot.absent", {}, width=80) == "  0.50 s  rollcall  bot.absent"


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_line_fits(name: str) -> None:
    """In 80 columns."""
    assert all(len(line) <= 80 for line in published(1, name, DATA, width=80).splitlines())


def test_a_long_text_is_cut_between_words() -> None:
    """And says that it is."""
    assert shortened("New-CsApplicationAccessPolicy -Identity Rollcall", 44) == (
        "New-CsApplicationAccessPolicy -Identity …"
    )
