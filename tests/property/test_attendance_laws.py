"""Laws of the attendance sheet: no cell begins a formula, and harmless text stays as it is."""

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meeting_record.attendance import BYTE_ORDER_MARK, COLUMNS, as_csv

BEGINNINGS = "=+-@\uff1d\uff0b\uff0d\uff20"
SEPARATORS = ",;|\t"
UNSEEN = " \u00a0\u200b\u200e\ufeff\u2060\t"
hostile = st.text(
    st.sampled_from(BEGINNINGS + SEPARATORS + UNSEEN + "\"'\r\n\x0b\x00\x85\u2028ab1"), max_size=12
)
texts = st.text(max_size=20) | hostile


def record(*names: str, subject: str = "s") -> dict[str, Any]:
    """Return as much of a record as the sheet needs: one call with people of these names."""
    person = {
        "external": False,
        "firstJoinedAt": "2026-09-14T08:00:00.000Z",
        "lastLeftAt": None,
        "seconds": 1.5,
        "intervals": [],
    }
    return {
        "meeting": {"meetingId": "a" * 26, "subject": subject},
        "calls": [
            {
                "callNumber": 1,
                "startedAt": "2026-09-14T08:00:00.000Z",
                "participants": [],
                "people": [
                    {"participant": {"kind": "user", "displayName": name}, **person}
                    for name in names
                ],
            }
        ],
    }


def cells(text: str, separator: str) -> list[str]:
    """Return the cells of a file, read with a separator that may not be the one it has."""
    return [cell for row in csv.reader(io.StringIO(text), delimiter=separator) for cell in row]


@pytest.mark.parametrize("separator", SEPARATORS)
@given(st.lists(texts, max_size=3), texts)
@example(["=1+1", "a;=1+1", 'a";"=1+1', "\t=1", "\r=1", "a\n=1", "\u200b@SUM(1)"], "-1")
def test_no_cell_begins_a_formula(separator: str, names: list[str], subject: str) -> None:
    """Whatever the separator a spreadsheet expects, and whatever it strips from a cell."""
    text = as_csv(record(*names, subject=subject), None).removeprefix(BYTE_ORDER_MARK)

    for cell in cells(text, separator):
        assert not re.match(rf'[\s"{UNSEEN}\x00-\x1f]*[{re.escape(BEGINNINGS)}]', cell), cell


@given(st.lists(texts, max_size=3), texts)
def test_the_sheet_has_one_line_a_person(names: list[str], subject: str) -> None:
    """And each line all columns, for every reader of RFC 4180."""
    text = as_csv(record(*names, subject=subject), None).removeprefix(BYTE_ORDER_MARK)

    head, *rows = csv.reader(io.StringIO(text))
    assert tuple(head) == COLUMNS
    assert [len(row) for row in rows] == [len(COLUMNS)] * len(names)
    assert text.count("\r\n") == 1 + len(names)
    assert text.count("\n") == text.count("\r\n")


@given(st.lists(st.text(st.characters(categories=["L", "N", "Zs"]), max_size=20), max_size=3))
@example(["Ada - Sales", "Jean-Luc", "O'Hara", 'Ada "the" L.', "Müller; Bo", "山田 太郎"])
def test_harmless_names_stay_as_they_are(names: list[str]) -> None:
    """Letters, digits, spaces, and signs that begin nothing."""
    text = as_csv(record(*names), None).removeprefix(BYTE_ORDER_MARK)

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["displayName"] for row in rows] == names
