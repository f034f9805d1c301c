"""What `make run` says while it plays, as lines of a given width. Pure: values in, text out."""

import textwrap
from collections.abc import Mapping
from typing import Any

PUBLISHED = {
    "meeting.created": "the meeting exists; its coordinates went to the topic and to the caller",
    "bot.joining": "Graph accepted the bot's call",
    "bot.joined": "the bot is in the meeting",
    "bot.left": "the bot is out of the meeting ({reason})",
    "call.started": "group call {callNumber} started ({startBasis})",
    "call.unwatched": "group call {callNumber} goes on, unheard",
    "call.ended": "group call {callNumber} ended ({endBasis}; confirmed by reading the roster)",
    "call.corrected": ("group call {callNumber}, final: {startedAt} to {endedAt} ({endBasis})"),
    "meeting.rejected": "a request was refused; the answer says why and what to do",
    "participant.joined": "{who} is in group call {callNumber}",
    "participant.left": "{who} left group call {callNumber} at {leftAt}",
}
_TIMES = ("startedAt", "endedAt", "leftAt")
_BEGINNING = len("  0.00 s  rollcall  ")
_NAME = len("participant.joined ")
_GET = "GET\N{NO-BREAK SPACE}"
"""So that no line ends between a method and its path."""


def said(seconds: float, who: str, what: str, *, width: int) -> str:
    """Return what `who` says or does, `seconds` after the beginning, as lines of up to `width`."""
    return _wrapped(f"{seconds:6.2f} s  {who:<8}", what, indent=_BEGINNING, width=width)


def published(seconds: float, name: str, data: Mapping[str, Any], *, width: int) -> str:
    """Return that Rollcall published an event; `data` is its data. Times are those of the day."""
    times = {member: clock(data[member]) for member in _TIMES if data.get(member)}
    who = data.get("participant", {}).get("displayName") or "a person without a name"
    words = PUBLISHED.get(name, "").format_map({**data, **times, "who": who})
    beginning = f"{seconds:6.2f} s  {'rollcall':<8}  {name:<18}"
    return _wrapped(beginning, words, indent=_BEGINNING + _NAME, width=width)


def shortened(text: str, length: int) -> str:
    """Return `text` cut between two words to about `length`; a … says that more follows."""
    return textwrap.shorten(text, length, placeholder=" …", break_on_hyphens=False)


def clock(time: str) -> str:
    """Return the time of day of a time in the record or in an event: both are in UTC."""
    return time[len("2026-11-26T") :].removesuffix("Z")


def _wrapped(beginning: str, words: str, *, indent: int, width: int) -> str:
    lines = textwrap.wrap(
        words.replace("GET ", _GET),
        max(width - indent, _NAME),
        break_on_hyphens=False,
        break_long_words=False,
    )
    return "\n".join(
        f"{beginning if number == 0 else '':<{indent}}{line}".rstrip().replace(_GET, "GET ")
        for number, line in enumerate(lines or [""])
    )
