"""The decisions about a request to join, as values. Core: plan.py decides, act.py acts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.legs.leg import Leg
from shared.meeting.meeting import Meeting
from shared.words.ids import CallId, LegKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Claim `leg`, send the POST with `body`, and record the outcome.

    `meeting` is the meeting with the leg in it. A link may have made it known just now.
    """

    meeting: Meeting
    leg: Leg
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """A leg of ours is there already, or was granted to this request before: answer with it.

    `unsure`: the callback of its end may be lost, so its call is read before a new request is
    answered with it.
    """

    leg_key: LegKey
    call_id: CallId
    unsure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Another handler may be sending the bot in, or taking it out: retry after the pause."""

    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """The bot is to join at the start, which has moved later since the request."""

    start: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """There is nothing to do: this message was answered, or another was sent in its place.

    A start that moved earlier has a message of its own. A cancelled meeting needs none, and neither
    does one whose bot is not to join at the start any more.
    """


type Decision = Join | Adopt | Wait | NotYet | Done


def is_prepared(decision: Decision, *, by: Decision) -> bool:
    """Return whether the steps taken for the decision `by` are all that `decision` needs."""
    match decision:
        case Join():
            return isinstance(by, Join)
        case Adopt(leg_key=leg_key):
            looked_at = isinstance(by, Adopt) and by.unsure and by.leg_key == leg_key
            return isinstance(by, Join | Adopt) and (looked_at or not decision.unsure)
        case _:
            return True
