"""Which events go to the reply queues of which requests: the one place that decides. Core.

docs/messages.md shows this table. The queue of a request gets the answer to it, and what becomes of
what it set going.
"""

from collections.abc import Mapping
from typing import Literal

from shared.legs.leg import Leg
from shared.words.outgoing import ReplyAddress

type Request = Literal["create", "update", "cancel", "join", "leave"]
"""`join`: also a creation with `join`."""

HEARD_BY: Mapping[str, tuple[Request, ...]] = {
    "meeting.created": ("create",),
    "meeting.updated": ("update",),
    "meeting.cancelled": ("cancel",),
    "meeting.rejected": ("create", "update", "cancel"),
    "bot.joining": ("join",),
    "bot.waiting": ("join",),
    "bot.joined": ("join",),
    "bot.failed": ("join", "leave"),
    "bot.left": ("join", "leave"),
    "bot.absent": ("leave",),
}
"""Events that are not here go to the topic alone. A join hears `bot.left` only where the bot left
before it was in the meeting."""

WAITING_KEPT = 16
"""How many requests to join a leg remembers as waiting for its outcome."""


def waiting_for(name: str, leg: Leg) -> tuple[ReplyAddress, ...]:
    """Return the queues of requests that wait for an event of this name about `leg`."""
    requests = HEARD_BY.get(name, ())
    joins = leg.callers if "join" in requests else ()
    leaves = (leaver.reply for leaver in leg.leaving if "leave" in requests)
    return tuple(dict.fromkeys((*joins, *(reply for reply in leaves if reply is not None))))


def awaited_by(leg: Leg, reply: ReplyAddress | None) -> Leg:
    """Return the leg whose outcome also goes to `reply`; unchanged where the outcome is known."""
    if reply is None or reply in leg.callers or leg.is_in or not leg.alive:
        return leg
    return leg.heard_by((*leg.callers, reply)[-WAITING_KEPT:])
