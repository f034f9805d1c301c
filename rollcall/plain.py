"""Text from outside, made safe to write on one line of a terminal, and measured there. Pure.

People choose their names and callers their subjects. A control character moves the cursor, a line
separator begins a line of its own, and a bidirectional control turns a line around.
"""

import unicodedata

from rich.cells import get_character_cell_size

SEPARATE = frozenset({"Cc", "Zl", "Zp", "Zs"})
"""Categories of Unicode that become a space: controls and separators."""
UNSEEN = frozenset({"Cf"})
"""Left out: they format. A joiner of emoji is one of them, so what it joins stands side by side."""
UNKNOWN = frozenset({"Cs", "Cn", "Co"})
"""Halves of pairs, and what no font has: `REPLACED` stands for each."""
MARKS = frozenset({"Mn", "Me"})
SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
"""They choose a form of the character before, which terminals then measure each in its own way.
Source: https://www.unicode.org/charts/PDF/UFE00.pdf"""
MOST_MARKS = 3
"""Marks upon one letter; no language needs more, and a pile of them runs into other lines."""
REPLACED = "\N{REPLACEMENT CHARACTER}"
CUT = "…"


def plain(text: object) -> str:
    """Return `text` as the characters of one line, which draw nothing outside of it."""
    return "".join(_seen(unicodedata.normalize("NFC", str(text)))).strip()


def is_text(text: str) -> bool:
    """Return whether it is text; bytes of the shell's that are no UTF-8 come as halves of pairs."""
    return not any(unicodedata.category(one) == "Cs" for one in text)


def counted(number: object, one: str, several: str) -> str:
    """Return a number with its noun: `1 person`, `2 people`."""
    return f"{number} {one if number == 1 else several}"


def _seen(text: str) -> list[str]:
    found: list[str] = []
    marks = 0
    for one in text:
        category = unicodedata.category(one)
        marks = marks + 1 if category in MARKS else 0
        if category in UNSEEN or marks > MOST_MARKS or ord(one) in SELECTORS:
            continue
        if category in SEPARATE:
            if found and found[-1] != " ":
                found.append(" ")
            continue
        found.append(REPLACED if category in UNKNOWN else one)
    return found


def cells(text: str) -> int:
    """Return how many cells of a terminal a plain text takes."""
    return len(text) if text.isascii() else sum(map(get_character_cell_size, text))


def clipped(text: str, most: int, *, cut: str = CUT) -> str:
    """Return a plain text in at most `most` cells; `cut` stands for what had no room."""
    if cells(text) <= most:
        return text
    return _head(text, most - cells(cut)) + cut if most >= cells(cut) else ""


def padded(text: str, width: int, *, cut: str = CUT) -> str:
    """Return a plain text in exactly `width` cells."""
    text = clipped(text, width, cut=cut)
    return text + " " * (width - cells(text))


def wrapped(text: str, width: int) -> list[str]:
    """Return a plain text as lines of at most `width` cells; it breaks at spaces where it can.

    A character wider than `width` has a line of its own.
    """
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cells(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while cells(line) > width:
            head = _head(line, width) or line[0]
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line] if line or not lines else lines


def _head(text: str, most: int) -> str:
    taken, used = 0, 0
    for one in text:
        used += get_character_cell_size(one)
        if used > most:
            break
        taken += 1
    return text[:taken]
