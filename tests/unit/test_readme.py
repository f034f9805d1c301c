"""The README stays true: its settings table is the code's own."""

from pathlib import Path

from shared.settings import as_markdown

README = Path(__file__).parents[2] / "README.md"


def test_the_settings_table_is_the_codes_own() -> None:
    """To mend it: put `as_markdown()` between the markers."""
    _, _, rest = README.read_text().partition("<!-- settings -->\n")
    table, _, _ = rest.partition("<!-- /settings -->")

    assert table.strip() == as_markdown().strip()
