"""A day's meetings as a table."""

from typing import Any

import pytest
from rich.cells import cell_len

from rollcall.reading.day_table import HEAD, SUBJECT, day_lines, in_order
from rollcall.reading.page import Page
from tests.rollcall.records import INJECTIONS


def row(meeting: str, **members: Any) -> dict[str, Any]:
    """Return a row of the list."""
    return {"meetingId": meeting * 26, "subject": None, "calls": 0, "people": 0, **members}


def test_who_is_in_a_call_comes_first() -> None:
    """The longest there first; then what was held, by its start; then what is planned."""
    rows = [
        row("a"),
        row("d", calls=2, firstStartedAt="2026-11-24T07:00:00.000Z"),
        row("c", calls=1, openSince="2026-11-24T09:00:00.000Z"),
        row("b", calls=1, firstStartedAt="2026-11-24T06:00:00.000Z"),
        row("e", calls=1, openSince="2026-11-24T08:00:00.000Z"),
    ]

    assert [one["meetingId"][0] for one in in_order(rows)] == ["e", "c", "b", "d", "a"]


def test_a_table_at_80_columns() -> None:
    """With its headings whole; the request by its own line."""
    rows = [
        row("a", requestId="INC-4711", subject="checkout is down, and nobody knows why", calls=2),
        row("b", subject="b", people=12, calls=1, openSince="2026-11-24T08:00:00.000Z"),
    ]

    assert [one.text for one in day_lines(rows, Page())] == [
        "meeting                     calls  people  open since  subject",
        "bbbbbbbbbbbbbbbbbbbbbbbbbb      1      12  08:00:00    b",
        "aaaaaaaaaaaaaaaaaaaaaaaaaa      2       0              checkout is down, and no…",
        "  INC-4711",
    ]
    assert cell_len(HEAD + SUBJECT) <= 80


def test_what_failed_says_so() -> None:
    """By the code that `explain` knows."""
    [*_, last] = day_lines([row("a", requestId="INC-1", failed="consent_missing")], Page())

    assert last.text == "  failed: consent_missing"


@pytest.mark.parametrize("columns", [53, 80, 200])
@pytest.mark.parametrize("text", INJECTIONS.values(), ids=list(INJECTIONS))
def test_ids_can_be_copied_whole(text: str, columns: int) -> None:
    """And nothing else is wider than the page, or does more than stand in its place."""
    long_id = "INC-" + "7" * 124
    rows = [row("a", requestId=long_id, subject=text), row("b", requestId=text, subject=text)]
    lines = [one.text for one in day_lines(rows, Page(columns=columns))]

    assert f"  {long_id}" in lines
    assert any(one.startswith("a" * 26) for one in lines)
    assert all(one.isprintable() for one in lines)
    ids = [one for one in lines if one.startswith("  ")]
    assert max(cell_len(one) for one in lines if one not in ids) <= columns
