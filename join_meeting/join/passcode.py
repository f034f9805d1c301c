"""Warn of a passcode that is not that of the meeting, though the bot gets in without it. Core.

A meeting of ours is joined by its thread, so a wrong passcode would go unnoticed until a person
types it.
"""

from dataclasses import replace
from datetime import datetime

from join_meeting.repeats import Wish
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.words.coordinates import ByJoinId
from shared.words.outgoing import Fact

CODE = "passcode_differs"


def warned_of_passcode(
    step: Step | None, meeting: Meeting, wish: Wish, *, now: datetime
) -> Step | None:
    """Return the step with a warning, once a message, where the request has another passcode."""
    key = f"passcode {wish.message.delivery_id}"
    if not _differs(meeting, wish) or key in meeting.answered:
        return step
    step = step or Step(meeting=meeting)
    data = {
        "code": CODE,
        "message": "The request has another passcode than the meeting. The bot joins without it.",
        "nextStep": "Correct the passcode where it is kept: people cannot join with it. "
        "meeting.created has the right one.",
    }
    warning = Fact(name="meeting.warning", at=now, key=(CODE, wish.message.delivery_id), data=data)
    return replace(
        step,
        meeting=step.meeting.having_answered(key),
        facts=(*step.facts, warning),
        reply=wish.message.reply,
    )


def _differs(meeting: Meeting, wish: Wish) -> bool:
    if meeting.online is None or not isinstance(wish.target, ByJoinId):
        return False
    known, given = meeting.online.coordinates, wish.target
    both = known.passcode is not None and given.passcode is not None
    return both and known.passcode != given.passcode
