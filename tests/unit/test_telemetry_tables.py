"""docs/telemetry.md names every span, figure and log line of the code, and no other."""

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from shared.telemetry import LEVELS, UNITS, Counted, Line, Measured, Shown

ROOT = Path(__file__).parents[2]
APP = ("shared", "create_meeting", "join_meeting", "call_callback", "tend_meeting")
DOCUMENT = (ROOT / "docs" / "telemetry.md").read_text()
NOTING = ("count", "measure", "show")


def table_of(heading: str) -> list[list[str]]:
    """Return the cells of the table whose first heading this is."""
    lines = DOCUMENT.partition(f"| {heading} |")[2].splitlines()[2:]
    cells = []
    for line in lines:
        if not line.startswith("|"):
            break
        cells.append([cell.strip() for cell in line.strip("|").split("|")])
    return cells


def names_in(cell: str) -> set[str]:
    """Return what stands between backticks."""
    return set(re.findall(r"`([^`]+)`", cell))


def calls_of(names: tuple[str, ...], *paths: Path) -> Iterator[ast.Call]:
    """Yield the calls of functions of these names."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and isinstance(called, ast.Name) and called.id in names:
                yield node


def test_every_figure_has_its_row_with_its_attributes() -> None:
    """The attributes are those that the code gives."""
    paths = [path for room in APP for path in (ROOT / room).rglob("*.py")]
    given: dict[str, set[str]] = {}
    for call in calls_of(NOTING, *paths):
        name = call.args[0]
        if isinstance(name, ast.Constant):
            found = {str(one.arg) for one in call.keywords}
            given.setdefault(str(name.value), set()).update(found)
    listed = {name for kind in (Counted, Measured, Shown) for name in get_args(kind.__value__)}

    rows = table_of("figure")

    assert set(given) == listed
    assert {name: names_in(row[2]) for row in rows for name in names_in(row[0])} == given
    units = {name: next(iter(names_in(row[1])), None) for row in rows for name in names_in(row[0])}
    assert {name: unit for name, unit in units.items() if unit is not None} == UNITS


def test_every_span_has_its_row() -> None:
    """With names for what differs from one to the next."""
    made = calls_of(("Work", "made"), *(ROOT / "shared" / "tracing").glob("*.py"))
    names = {ast.unparse(call.args[0]).removeprefix("f").strip("'\"") for call in made}

    assert {name for row in table_of("span") for name in names_in(row[0])} == names


def test_every_line_has_its_row_with_its_level() -> None:
    """A warning, unless the code says otherwise."""
    levels = {
        name: logging.getLevelName(LEVELS.get(name, logging.WARNING))
        for name in get_args(Line.__value__)
    }

    assert {name: row[1] for row in table_of("line") for name in names_in(row[0])} == levels
