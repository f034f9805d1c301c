"""Text from outside on one line of a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from rollcall.plain import cells, clipped, padded, plain, wrapped
from tests.rollcall.records import INJECTIONS

texts = st.text(st.characters(codec=None, categories=None), max_size=60) | st.sampled_from(
    list(INJECTIONS.values())
)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Ada", "Ada"),
        ("  Ada \t\r\n Lovelace ", "Ada Lovelace"),
        ("\x1b[31mAda\x1b[0m", "[31mAda [0m"),
        ("Ada\u202eevE", "AdaevE"),
        ("Ada\u2028Bo", "Ada Bo"),
        ("[bold]Ada[/bold]", "[bold]Ada[/bold]"),
        ("\ud83d", "\N{REPLACEMENT CHARACTER}"),
        ("e\u0301", "é"),
        ("Z" + "\u0335" * 9, "Z" + "\u0335" * 3),
        ("שלום", "שלום"),
    ],
)
def test_a_text_stands_in_its_place(text: str, seen: str) -> None:
    """What moves, turns or hides is gone; what is to be read stays."""
    assert plain(text) == seen


@given(texts)
def test_no_text_moves_the_cursor(text: str) -> None:
    """And a text that was made plain is plain."""
    seen = plain(text)

    assert seen.isprintable()
    assert plain(seen) == seen
    seen.encode()


@given(texts.map(plain), st.integers(min_value=1, max_value=30))
def test_a_text_has_the_room_it_is_given(text: str, width: int) -> None:
    """No more when clipped or wrapped, exactly that when padded; wrapping loses only spaces."""
    assert cells(text) >= cell_len(text)
    assert cells(clipped(text, width)) <= width
    assert cells(padded(text, width)) == width
    lines = wrapped(text, max(width, 2))
    assert max(map(cells, lines)) <= max(width, 2)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
