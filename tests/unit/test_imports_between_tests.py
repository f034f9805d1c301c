"""No test module imports another: what two of them share has a module of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def imported(source: str) -> Iterator[str]:
    """Yield what a module of tests imports, as dotted names, wherever in it the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "tests." if node.level else ""
            yield from (f"{start}{node.module or ''}.{alias.name}" for alias in node.names)


def imported_tests(source: str) -> list[str]:
    """Return those of the imported names that lead into a module of tests."""
    return [
        name
        for name in imported(source)
        if name.startswith("tests.") and any(part.startswith("test_") for part in name.split("."))
    ]


def test_no_module_of_tests_is_imported() -> None:
    """Neither by another one nor by what they share."""
    modules = sorted(TESTS.rglob("*.py"))
    found = {str(one.relative_to(TESTS)): imported_tests(one.read_text()) for one in modules}

    assert len(modules) > 100
    assert {module: names for module, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "line",
    [
        "from tests.application.test_gaps import talking",
        "from tests.application import test_gaps",
        "from .test_gaps import talking",
        "from . import test_gaps",
        "import tests.application.test_gaps as gaps",
        "def late() -> None:\n    import tests.application.test_gaps",
    ],
)
def test_the_rule_sees_every_form_of_import(line: str) -> None:
    """Else it would hold because it is blind."""
    assert imported_tests(line) != []
    assert imported_tests(line.replace("test_gaps", "gaps")) == []
