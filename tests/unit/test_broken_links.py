"""Links over the lines of a mail in plain text: read whole, or refused."""

import pytest

from tests.fixtures.join_links import (
    BY_JOIN_ID,
    BY_THREAD,
    CLASSIC,
    SHORT,
    proofpoint_v3,
    read,
    refusal,
    safe_link,
)


@pytest.mark.parametrize("width", [20, 40, 60, 72, 76])
@pytest.mark.parametrize("mark", ["\n", "\r\n", "\r\n    ", "\n> ", " \n"])
@pytest.mark.parametrize("wrapped", [str, safe_link, proofpoint_v3])
def test_a_classic_link_is_read_over_broken_lines(width: int, mark: str, wrapped: object) -> None:
    """Mail in plain text is broken after so many characters, and quoted."""
    assert callable(wrapped)
    link = wrapped(CLASSIC)
    lines = mark.join(link[at : at + width] for at in range(0, len(link), width))

    assert read(f"Join here:\n{lines}\n\nMeeting ID: 234 567") == BY_THREAD


@pytest.mark.parametrize("cut", range(35, len(SHORT)))
def test_a_broken_short_link_is_never_read_as_another(cut: int) -> None:
    """Its passcode has no end of its own, so half of it must not pass for the whole."""
    text = f"{'x' * 30} {SHORT[:cut]}\n{SHORT[cut:]}\n"

    if cut < SHORT.index("aB3") and cut != SHORT.index("23456"):
        assert read(text) == BY_JOIN_ID
    else:
        assert "next line" in refusal(text)


def test_a_word_in_the_next_line_is_no_rest_of_a_passcode() -> None:
    """Unless the line is as long as programs make lines, or the word is none."""
    before = "Click here to join the meeting of today: "

    assert read(f"{before}{SHORT}\nThanks\n") == BY_JOIN_ID
    assert read(f"{before}{SHORT}\nMany thanks") == BY_JOIN_ID
    assert read(f"{SHORT}\nAda") == BY_JOIN_ID
    assert "next line" in refusal(f"{before}{SHORT}\nf7K2")
    assert "next line" in refusal(f"{'x' * (76 - len(SHORT))}{SHORT}\nthanks")


@pytest.mark.parametrize("cut", range(40, len(safe_link(SHORT))))
def test_a_broken_short_link_is_read_where_its_wrapper_shows_its_end(cut: int) -> None:
    """The parameter behind it ends the passcode."""
    link = safe_link(SHORT)

    assert read(f"{link[:cut]}\n{link[cut:]}") == BY_JOIN_ID
