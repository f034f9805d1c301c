"""What a body at the bot's registered webhook says: which calls came in, and in which format.

Core: decides, never asks Graph. Rollcall's bot takes no calls, so each that comes in is to be
rejected. What one body may cause is bounded; what is left of it is counted.
Source: https://learn.microsoft.com/microsoftteams/platform/bots/calls-and-meetings/call-notifications
"""

from dataclasses import dataclass
from typing import Any

from call_callback.notification import (
    MalformedNotification,
    call_of,
    is_object,
    read_envelope,
    text_in,
)
from shared.graph.documents import read_json
from shared.words.ids import CallId

MOST_REJECTIONS = 4
"""How many calls one body rejects. Graph sends one call in a body; any other rings until it times
out, after 15 seconds.
Source: https://learn.microsoft.com/graph/api/call-reject
"""
GRAPH_TYPE = "#microsoft.graph."


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What one body says.

    `calls` came in and are to be rejected. `left` counts the calls and the items beyond the bounds,
    `other` everything else. `legacy`: the body has the format of Skype, and nothing of it is read.
    """

    calls: tuple[CallId, ...] = ()
    left: int = 0
    other: int = 0
    legacy: bool = False


def read_incoming(body: bytes) -> Incoming:
    """Return what `body` says. A body that is too long is one item that is left."""
    try:
        envelope = read_envelope(body)
    except MalformedNotification:
        return Incoming(legacy=True) if _is_legacy(body) else Incoming(other=1)
    found = [_incoming_call(item) for item in envelope.items]
    calls = tuple(dict.fromkeys(call for call in found if call is not None))
    return Incoming(
        calls=calls[:MOST_REJECTIONS],
        left=envelope.left + len(calls[MOST_REJECTIONS:]),
        other=found.count(None),
    )


def _incoming_call(item: Any) -> CallId | None:
    about = call_of(item)
    if about is None:
        return None
    call_id, tail = about
    created = text_in(item, "changeType").lower() == "created"
    comes_in = text_in(item.get("resourceData"), "state").lower() == "incoming"
    return call_id if tail == "" and created and comes_in else None


def _is_legacy(body: bytes) -> bool:
    """Tell Skype's format, which is not documented for Teams: any object that is not Graph's.

    Its members are those of Skype's own notification: id, participants, callState and more. Source:
    https://github.com/microsoft/BotBuilder-V3/blob/master/en-us/Skype/calling-api-reference.md
    """
    try:
        found = read_json(body)
    except ValueError:
        return False
    if not is_object(found) or not found or "value" in found:
        return False
    return not text_in(found, "@odata.type").startswith(GRAPH_TYPE)
