"""Every word that Rollcall publishes, and how one is found in whatever way it is written.

`rollcall/catalogue.json` is written by `python -m docs.contract` from the app's tables.
"""

import json
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rollcall.plain import cells, clipped, padded
from rollcall.reading.page import INDENT, Line, Page, field, heading

type Entry = dict[str, Any]

FILE = Path(__file__).parents[1] / "catalogue.json"
FULL_TYPE = re.compile(r"^rollcall\.(.+?)(\.v\d+)?$", re.IGNORECASE)
FILLERS = frozenset({"code", "subcode", "result", "error", "status", "graph"})
"""Words that people write before numbers."""
NUMBERS = re.compile(r"\d+")
FAULT = 500
"""Entries of a single number of 500 stand for all from there to 599."""
CLOSE, MOST = 0.6, 3
"""How alike, to difflib, a word and its suggestions are; and how many there are."""
WORD = 26
"""Cells of the words of the list."""


def catalogue() -> list[Entry]:
    """Return all entries, in the order in which they are listed."""
    entries: list[Entry] = json.loads(FILE.read_text(encoding="utf-8"))["entries"]
    return entries


def found(wanted: str, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that the text may mean: by their word, else by numbers of Graph's."""
    entries = list(entries)
    word = _same(wanted)
    by_word = [one for one in entries if word and _same(one["word"]) == word]
    numbers = _numbers(wanted)
    if by_word or not numbers:
        return by_word
    exact = [one for one in entries if _has(one["numbers"], numbers)]
    return exact or [one for one in entries if _is_fault(one["numbers"], numbers)]


def nearest(wanted: str, entries: Iterable[Entry]) -> list[str]:
    """Return the words most like the text, the most alike first."""
    words = {_same(one["word"]): one["word"] for one in entries}
    close = get_close_matches(_same(wanted), words, n=MOST, cutoff=CLOSE)
    return [words[one] for one in close]


def _same(text: str) -> str:
    """Return what is left of a word when case, signs and the ends of an event's type are not."""
    named = FULL_TYPE.match(text.strip())
    return re.sub(r"[\W_]", "", named[1] if named else text).casefold()


def _numbers(text: str) -> list[int]:
    """Return the numbers in a text that holds little else; [] for any other text."""
    words = (one.casefold() for one in re.findall(r"[^\W\d_]+", text))
    if not FILLERS.issuperset(words):
        return []
    return [int(one) for one in NUMBERS.findall(text)[:2] if len(one) < 10]


def _has(own: list[int], wanted: list[int]) -> bool:
    """Return whether an entry is found by code and subcode, or by the subcode alone."""
    if not own:
        return False
    return own == wanted or own[-1:] == wanted or (len(own) == 1 and own == wanted[-1:])


def _is_fault(own: list[int], wanted: list[int]) -> bool:
    """Return whether the entry stands for all results of a code that have no entry."""
    return len(own) == 1 and (own[0] == wanted[0] or own[0] == FAULT == wanted[0] // 100 * 100)


def entry_lines(entry: Entry, page: Page) -> Iterator[Line]:
    """Draw one entry: what it is, what it means, what to do."""
    yield from heading(f"{entry['word']} ({entry['kind']})", page)
    yield from field("", " ".join([entry["meaning"], *entry["sentences"]]), page)
    if entry["nextStep"]:
        yield from field("next step", entry["nextStep"], page)


def index_lines(entries: Iterable[Entry], page: Page) -> Iterator[Line]:
    """Draw a line for each entry, kind by kind."""
    kind = None
    for one in entries:
        if one["kind"] != kind:
            kind = one["kind"]
            yield from heading(kind, page)
        word = padded(one["word"], max(WORD, cells(one["word"])), cut=page.marks.cut)
        line = f"{INDENT}{word} {one['meaning']}"
        yield Line(clipped(line, page.width, cut=page.marks.cut))
