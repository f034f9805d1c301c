"""Whatever a tool writes on a terminal is written as it is: foreign text is no markup."""

import ast
from pathlib import Path
from types import ModuleType

import pytest
from rich.table import Table

import devstack.console
import rollcall.console
from bench.figures import Figure, as_table

CHECKOUT = Path(__file__).parents[2]
PLAIN = {Path("devstack/console.py"), Path("rollcall/console.py")}
"""The modules that make consoles."""
TEXTS = ["[bold]Ada[/bold]", "[/x]", ":smile: Ada"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("console", [devstack.console, rollcall.console])
def test_no_text_is_markup(
    console: ModuleType, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither in a line, nor in the cell of a table."""
    cells = Table.grid()
    cells.add_row(text)

    for one in (console.out, console.err):
        one.print(text)
        one.print(cells)

    out, err = capsys.readouterr()
    assert [line.rstrip() for line in (out + err).splitlines()] == [text] * 4


@pytest.mark.parametrize("text", TEXTS)
def test_the_figures_of_a_benchmark_are_no_markup(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A figure may name what came from elsewhere."""
    devstack.console.show(as_table([Figure(what=text, figure=text)]), width=100)

    assert capsys.readouterr().out.count(text) == 2


def test_consoles_are_made_where_they_are_plain() -> None:
    """Any other module would have to switch markup off again."""
    folders = ("devstack", "devtools", "bench", "rollcall", "tests/soak")
    files = [file for folder in folders for file in (CHECKOUT / folder).rglob("*.py")]

    makes = {file.relative_to(CHECKOUT) for file in files if "Console" in _called(file)}

    assert makes == PLAIN


def _called(file: Path) -> set[str]:
    """Return the last names of what a module calls."""
    calls = (
        node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)
    )
    return {
        one.id if isinstance(one, ast.Name) else one.attr
        for one in calls
        if isinstance(one, ast.Name | ast.Attribute)
    }
