"""What others say of a request, without what lets its reader into the meeting. Core.

Graph may quote what it was sent. Its words go into events, refusals and histories, where neither a
link nor a passcode may stand.
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
"""A secret shorter than this is taken out only where it stands alone: it is a part of any text."""


def without_links(text: str) -> str:
    """Return `text` with every URL taken out."""
    return LINK.sub(REMOVED, text)


def shortened(text: str, longest: int) -> str:
    """Return at most `longest` characters, cut between words: half a secret is still one."""
    if len(text) <= longest:
        return text
    return text[: longest + 1].rpartition(" ")[0]


def without_coordinates(refused: Rejected, body: Mapping[str, Any]) -> Rejected:
    """Return the refusal of a call, `body`, without what it joins by: passcode, join id, thread."""
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
