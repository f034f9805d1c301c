"""The documents that come from the code are up to date, and those written by hand are true."""

import re
from pathlib import Path
from typing import get_args

import pytest

from create_meeting.answers.warnings import WarningCode
from docs.contract.render import REQUESTS, documents, request_schema, with_events, with_settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MESSAGES = (DOCS / "messages.md").read_text()
SECTIONS = re.findall(r"<!-- members: (\S+) ?(\S+)? -->", MESSAGES)


def table_after(marker: str) -> list[list[str]]:
    """Return the rows of the table that follows `marker`, each as its cells."""
    lines = MESSAGES.partition(marker)[2].strip().splitlines()
    rows = []
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def names_in(cell: str) -> set[str]:
    """Return what stands between backticks, without the mark of what may be absent."""
    return {name.removesuffix("?") for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize("name", documents())
def test_a_generated_document_is_up_to_date(name: str) -> None:
    """Otherwise: python -m docs.contract."""
    assert (DOCS / name).read_text() == documents()[name]


def test_no_schema_outlives_what_it_describes() -> None:
    """Each file has its model."""
    files = {f"schemas/{path.name}" for path in (DOCS / "schemas").iterdir()}

    assert files == {name for name in documents() if name.startswith("schemas/")}


def test_every_request_has_its_table() -> None:
    """A sender finds the members of every message."""
    assert {name for name, _ in SECTIONS} == set(REQUESTS)


@pytest.mark.parametrize(("name", "part"), SECTIONS)
def test_a_table_of_members_has_every_member_and_no_other(name: str, part: str) -> None:
    """What is written by hand is held to the model."""
    marker = f"<!-- members: {name} {part} -->" if part else f"<!-- members: {name} -->"
    schema = request_schema(name)
    described = schema["$defs"][part] if part else schema

    written = [name for row in table_after(marker) for name in names_in(row[0])]

    assert sorted(written) == sorted(described["properties"])


def test_the_tables_in_documents_are_up_to_date() -> None:
    """Settings and events as the code has them. Otherwise: python -m docs.contract."""
    readme = (ROOT / "README.md").read_text()

    assert readme == with_settings(readme)
    assert with_events(MESSAGES) == MESSAGES


def test_every_warning_is_named() -> None:
    """By its code, which programs go by."""
    named = names_in(MESSAGES.partition("Codes: ")[2].partition(".\n")[0])

    assert named == set(get_args(WarningCode.__value__))


def anchors_of(document: Path) -> set[str]:
    """Return the anchors that GitHub makes of the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def markdown() -> list[Path]:
    """Return every Markdown file of the repository's own."""
    folders = [DOCS, ROOT / "infra", ROOT / "rollcall", ROOT / ".github"]
    return [
        *ROOT.glob("*.md"),
        *(path for folder in folders for path in folder.rglob("*.md")),
        *(ROOT / "devstack").glob("README.md"),
        *(ROOT / "devstack").glob("*/README.md"),
    ]


@pytest.mark.parametrize("document", markdown(), ids=lambda one: str(one.relative_to(ROOT)))
def test_every_link_between_the_documents_leads_somewhere(document: Path) -> None:
    """To a file that exists, and to a heading in it."""
    for link, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)", document.read_text()):
        target = (document.parent / link).resolve() if link else document
        assert target.exists(), f"{document.name}: {link}"
        if anchor:
            assert anchor in anchors_of(target), f"{document.name}: {link}#{anchor}"


@pytest.mark.parametrize("document", markdown(), ids=lambda one: str(one.relative_to(ROOT)))
def test_every_file_of_ours_that_a_document_names_exists(document: Path) -> None:
    """So a file that is moved or renamed takes its documents along."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    named = re.findall(r"`([\w./-]+/[\w./-]*)`", document.read_text())

    for path in named:
        if path.split("/")[0] in folders - {"dist"}:
            assert (ROOT / path).exists(), path


def test_the_shortest_client_has_25_lines() -> None:
    """Short enough for the README, which shows it."""
    client = (DOCS / "client" / "rollcall.py").read_text()

    assert sum(bool(line) for line in client.splitlines()) <= 25
    assert client in (DOCS.parent / "README.md").read_text()


def test_every_decision_has_a_status_a_date_and_a_row() -> None:
    """So that a reader of one knows whether it still holds."""
    decisions = DOCS / "adr"
    index = (decisions / "README.md").read_text()
    for decision in decisions.glob("[0-9]*.md"):
        title, _, status, _, date = decision.read_text().splitlines()[:5]
        number, _, name = title.removeprefix("# ").partition(". ")

        assert status.startswith("Status: ")
        assert re.match(r"Date: \d{4}-\d{2}-\d{2}", date)
        row = (f"[{number}]({decision.name})", name, status[8:], date[6:])
        assert f"| {' | '.join(row)} |" in index
