"""Graph's texts about a request, without what lets a reader into the meeting. Core.

Graph may quote a request. Its texts go into events, refusals and histories, which must hold neither
a link nor a passcode.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from shared.words.errors import Rejected

REMOVED = "[removed]"
LINK = re.compile(
    r"(?:https?|msteams)(?::|%3a)(?://|%2f%2f|/)\S+|(?:[\w-]+\.)*teams\.(?:microsoft|live)\.com/\S+",
    re.IGNORECASE,
)
SHORT = 4
"""A secret shorter than this is removed only as a word of its own: any text may contain it."""


def without_links(text: str) -> str:
    """Return `text` with every URL removed."""
    return LINK.sub(REMOVED, text)


def shortened(text: str, longest: int) -> str:
    """Return at most `longest` characters, cut between words: half a secret is still a secret."""
    if len(text) <= longest:
        return text
    return text[: longest + 1].rpartition(" ")[0]


def without_coordinates(refused: Rejected, body: Mapping[str, Any]) -> Rejected:
    """Return the refusal of the call `body` without its passcode, join id, link and thread."""
    message = refused.message
    for secret in _secrets(body):
        message = _without(message, secret)
    return replace(refused, message=message)


def _secrets(body: Mapping[str, Any]) -> Iterator[str]:
    for group in ("meetingInfo", "chatInfo"):
        members = body.get(group) or {}
        for name in ("passcode", "joinMeetingId", "joinWebUrl", "threadId"):
            secret = members.get(name)
            if isinstance(secret, str) and secret:
                yield secret


def _without(text: str, secret: str) -> str:
    # A join id is written in groups of digits as often as in one.
    between = r"\s?" if secret.isdecimal() else ""
    found = between.join(re.escape(character) for character in secret)
    if len(secret) < SHORT:
        found = rf"(?<!\w){found}(?!\w)"
    return re.sub(found, REMOVED, text, flags=re.IGNORECASE)
