"""What can be done about a request to join, as values. Core: plan.py decides, act.py acts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.legs.leg import Leg
from shared.meeting.meeting import Meeting
from shared.words.ids import CallId, LegKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Settings that joining follows, and which bot joins."""

    lease: timedelta
    bot_app_id: str
    public_url: str
    tenant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """The claim of `leg` is ours: send the POST that `body` is, and record what comes of it.

    `meeting` is the meeting with the leg in it: where a link made it known, a new one.
    """

    meeting: Meeting
    leg: Leg
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """A leg of ours is there already, or was granted to this very request: answer with it.

    `unsure`: the word of its end may be lost, so Graph is asked whether it is there before a new
    request is answered with it. `unplaced`: it came in by a join id, and Graph's answer, which
    names the thread behind that, was lost: it may be in another meeting of ours.
    """

    leg_key: LegKey
    call_id: CallId
    unsure: bool = False
    unplaced: bool = False

    @property
    def to_be_looked_at(self) -> bool:
        """Whether Graph is to be asked for the leg's call before anybody is answered with it."""
        return self.unsure or self.unplaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Somebody may be putting the bot in, or taking it out, right now: try again after this."""

    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """The bot is to join when the meeting starts, and it starts later than it did when asked."""

    start: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing is to be done: this very message was answered, or another was sent instead.

    A start that moved nearer has a message of its own; one that was cancelled needs none.
    """


type Decision = Join | Adopt | Wait | NotYet | Done


def is_prepared(decision: Decision, *, by: Decision) -> bool:
    """Tell whether what was done for the decision `by` is all that `decision` needs before it."""
    match decision:
        case Join():
            return isinstance(by, Join)
        case Adopt(leg_key=leg_key):
            looked_at = isinstance(by, Adopt) and by.to_be_looked_at and by.leg_key == leg_key
            return isinstance(by, Join | Adopt) and (looked_at or not decision.to_be_looked_at)
        case _:
            return True
