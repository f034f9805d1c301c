"""A body that was meant for the other queue of requests. Core.

Told by members that only the other queue's requests have, so that the caller learns of the queue
and not of a dozen unknown members.
"""

from collections.abc import Mapping
from typing import Any

from shared.words.kinds import problem
from shared.words.problems import rejected

MARKS: Mapping[str, frozenset[str]] = {
    "create-meeting": frozenset(
        {
            "subject",
            "startDateTime",
            "endDateTime",
            "attendees",
            "options",
            "organizerId",
            "retentionDays",
            "timeZone",
        }
    ),
    "join-meeting": frozenset(
        {
            "meetingId",
            "meetingRequestId",
            "joinWebUrl",
            "joinMeetingId",
            "passcode",
            "chatInfo",
            "meetingInfo",
            "guestName",
        }
    ),
}
"""Members by which a body is known to be meant for a queue."""
ACTIONS: Mapping[str, frozenset[str]] = {
    "create-meeting": frozenset({"create", "update", "cancel"}),
    "join-meeting": frozenset({"join", "leave"}),
}


def require_queue(here: str, members: Mapping[str, Any]) -> None:
    """Return if `members` may be meant for the queue `here`; raise `Rejected` (`wrong_queue`)."""
    (other,) = MARKS.keys() - {here}
    if not MARKS[here].isdisjoint(members) or _acts(here, members):
        return
    if _acts(other, members) or not MARKS[other].isdisjoint(members):
        found = problem("other_queue", queue=other, here=here)
        raise rejected("wrong_queue", problems=[found], queue=other, here=here)


def _acts(queue: str, members: Mapping[str, Any]) -> bool:
    action = members.get("action")
    return isinstance(action, str) and action in ACTIONS[queue]
