"""JSON of Graph's: read into values that survive being written again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.documents import read_json

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    """One exception for callers to know, bombs included."""
    with pytest.raises(ValueError):  # noqa: PT011 - the contract names the type alone
        read_json(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\uD83D"', "?"),
        (rb'"a\ude00\ud83db"', "a??b"),
        (rb'{"\ud83d": ["\ud83d", 1, null]}', {"?": ["?", 1, None]}),
        (rb'"\\ud83d"', r"\ud83d"),
        ('"Grüße, 世界"'.encode(), "Grüße, 世界"),
    ],
)
def test_half_a_character_is_replaced_and_nothing_else(body: bytes, value: object) -> None:
    """Whole pairs, and text that only looks like an escape, are left alone."""
    assert read_json(body) == value


@given(st.dictionaries(ANY_TEXT, st.lists(ANY_TEXT)))
def test_whatever_was_read_can_be_encoded(value: object) -> None:
    """Text of any code points, in names and in values."""
    read = read_json(json.dumps(value).encode())

    assert json.dumps(read, ensure_ascii=False).encode()
