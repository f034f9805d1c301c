"""What an event means for the request that it answers: goes on, done, or refused. A table. Pure.

Source: docs/messages.md, the last column of the table of events, and "Replies".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollcall.asking.requests import Kind, Request
from rollcall.console import Exit

type Data = Mapping[str, Any]

GOES_ON = None
PLANNED = frozenset({"meeting.created", "meeting.updated"})
"""What answers a request for a meeting. Where a bot is sent at once, its outcome follows."""

_BOT: dict[str, Exit | None] = {
    "bot.joining": GOES_ON,
    "bot.waiting": GOES_ON,
    "bot.joined": Exit.DONE,
    "bot.failed": Exit.NO,
    "bot.left": Exit.NO,  # it was sent away before it was in the meeting
}
_OUTCOMES: dict[Kind, dict[str, Exit | None]] = {
    Kind.CREATE: {"meeting.created": Exit.DONE, "meeting.rejected": Exit.NO},
    Kind.UPDATE: {"meeting.updated": Exit.DONE, "meeting.rejected": Exit.NO},
    Kind.CANCEL: {"meeting.cancelled": Exit.DONE, "meeting.rejected": Exit.NO},
    Kind.JOIN: _BOT,
    Kind.LEAVE: {"bot.left": Exit.DONE, "bot.absent": Exit.DONE, "bot.failed": Exit.NO},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An event: the middle of its type, such as `meeting.created`, and its data.

    `recorded`: it was read in the record. The event itself may still come.
    """

    type: str
    data: Data
    recorded: bool = False

    @property
    def is_refusal(self) -> bool:
        """Whether it says what was wrong, and what to do."""
        return "code" in self.data and self.type in ("meeting.rejected", "bot.failed")


def heard(body: bytes) -> Heard | None:
    """Read the body of an answer; None where it is no CloudEvent."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        return None
    kind = str(event.get("type", "")).removeprefix("rollcall.").removesuffix(".v1")
    return Heard(type=kind, data=event["data"])


def outcome(request: Request, event: Heard) -> Exit | None:
    """Return how the command ends by this event; `GOES_ON` where more is to come."""
    rows = _OUTCOMES[request.kind]
    found = rows.get(event.type, _BOT.get(event.type))
    if event.type == "bot.joining" and event.data.get("state") == "in":
        return Exit.DONE  # a leg is there already: nothing else comes
    return GOES_ON if request.joins and event.type in PLANNED else found
