"""docs/cli.md names the options that the commands take: no more, and no fewer."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from rollcall.cli import app
from tests.stack.process import ROOT

DOCUMENT = (ROOT / "docs" / "cli.md").read_text()
OPTION = re.compile(r"--[a-z][a-z-]*")
GROUP: Any = typer.main.get_command(app)
SENDING = frozenset({"ask", "join", "leave", "update", "cancel"})
REQUEUE: Any = GROUP.commands["requeue"]


def section(heading: str) -> str:
    """Return what stands under a heading, up to the next one of its rank."""
    rank = heading.partition(" ")[0]
    return DOCUMENT.split(f"\n{heading}\n")[1].split(f"\n{rank} ")[0]


def rows(text: str, *, columns: int) -> Iterator[list[str]]:
    """Yield the cells of the rows of the tables that have so many columns, without their heads."""
    for line in text.splitlines():
        cells = [one.strip() for one in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == columns and OPTION.search(cells[0]):
            yield cells


def taken_by(command: Any) -> set[str]:
    """Return the long names of the options of a command that its help shows."""
    options = (one for one in command.params if one.param_type_name == "option")
    shown = (one for one in options if not one.hidden)
    return {name for one in shown for name in one.opts if name.startswith("--")} - {"--help"}


@pytest.mark.parametrize("name", sorted(set(GROUP.commands) - {"requeue"}))
def test_a_command_takes_what_its_synopsis_names(name: str) -> None:
    """Those that send a request have the options of their table, too."""
    synopsis = section(f"## {name}").split("```")[1]
    common = section("## What the requests have in common")
    table = {one for cells in rows(common, columns=2) for one in OPTION.findall(cells[0])}

    named = set(OPTION.findall(synopsis)) | (table if name in SENDING else set())

    assert synopsis.split()[:2] == ["rollcall", name]
    assert named == taken_by(GROUP.commands[name])


@pytest.mark.parametrize("name", sorted(REQUEUE.commands))
def test_a_command_of_requeue_takes_what_its_tables_name(name: str) -> None:
    """The second column has the commands."""
    tables = rows(section("## requeue"), columns=3)
    named = {
        option
        for options, of, _ in tables
        if f"`{name}`" in of.split(", ")
        for option in OPTION.findall(options)
    }

    assert named == taken_by(REQUEUE.commands[name])


def test_the_options_before_the_command_are_in_their_table() -> None:
    """With the variables that stand for them."""
    table = rows(section("## Which deployment"), columns=3)
    named = {(option, variable) for option, variable, _ in table}

    own = (one for one in GROUP.params if f"--{one.name.replace('_', '-')}" in taken_by(GROUP))
    assert named == {
        (f"`--{one.name.replace('_', '-')}`", f"`{one.envvar}`") for one in own if one.envvar
    }


def test_every_variable_is_named() -> None:
    """Of the commands in this document; doctor has its own."""
    commands = [GROUP, *(GROUP.commands[one] for one in sorted(SENDING))]
    variables = {one.envvar for command in commands for one in command.params if one.envvar}

    assert {one for one in variables if f"`{one}`" not in section("## Which deployment")} == set()
