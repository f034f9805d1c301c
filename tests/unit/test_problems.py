"""The catalogue of refusals holds every code that the app uses, and is told as it stands."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from shared.words.problems import CATALOGUE, Code, Waiting, heals, rejected

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "shared",
    "create_meeting",
    "join_meeting",
    "call_callback",
    "tend_meeting",
    "meeting_record",
    "health_doctor",
)
MAKERS = ("Rejected", "rejected")


def codes_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every code that a refusal is made with, and its line; "" where it is no literal."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in MAKERS:
                named = [one.value for one in node.keywords if one.arg == "code"]
                for value in (*node.args[:1], *named):
                    literal = value.value if isinstance(value, ast.Constant) else ""
                    yield str(literal), node.lineno


def used_codes() -> list[tuple[str, str]]:
    """Return every literal code in the app, and where it is."""
    return [
        (code, f"{path.relative_to(ROOT)}:{line}")
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for code, line in codes_in(ast.parse(path.read_text()))
        if code
    ]


def test_every_code_in_the_app_is_in_the_catalogue() -> None:
    """A refusal without a row has no next step that anybody checked."""
    strangers = [f"{where}: {code}" for code, where in used_codes() if code not in CATALOGUE]

    assert strangers == []
    assert used_codes()


def test_the_type_of_codes_and_the_catalogue_are_one() -> None:
    """So that mypy knows a misspelt code."""
    assert set(get_args(Code.__value__)) == set(CATALOGUE)


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_row_says_what_it_is_and_what_to_do(code: str) -> None:
    """Whole sentences, whose blanks are filled."""
    row = CATALOGUE[code]
    blanks = {
        name
        for template in (row.message, row.next_step)
        for _, name, _, _ in Formatter().parse(template)
        if name
    }

    refused = rejected(code, **{blank: f"<{blank}>" for blank in blanks})  # type: ignore[arg-type]  # a code by its text

    assert row.waiting in get_args(Waiting)
    assert refused.code == code
    assert refused.next_step.endswith((".", "`"))
    assert all(f"<{blank}>" in refused.message + refused.next_step for blank in blanks)
    assert heals(code) is (row.waiting == "heals")


def test_a_forgotten_blank_is_found_at_once() -> None:
    """Not by the reader of the refusal."""
    with pytest.raises(KeyError):
        rejected("organizer_quota")
