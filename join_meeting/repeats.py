"""One request to join or to leave, gathered; and how a repeated request is recognised. Core.

A request that names its own id is granted once. The same request again is answered with the same
leg. Another request under that id is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from join_meeting.meaning import meaning_of
from join_meeting.request import JoinMeeting
from shared.inbox.meaning import request_conflict, written
from shared.inbox.message import QueueMessage
from shared.legs.leg import Leg
from shared.meeting.meeting import Meeting, Stay
from shared.words.coordinates import JoinTarget
from shared.words.ids import MeetingId, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A message, what it says, how to join by it, and which meeting that is.

    `members` are those of its body, as they came. `target` is None where the request names a
    meeting of ours by its id, or by the request that made it.
    """

    message: QueueMessage
    request: JoinMeeting
    members: Mapping[str, Any]
    target: JoinTarget | None
    meeting_id: MeetingId

    @property
    def request_id(self) -> str:
        """The request's own id, else its message's."""
        return self.request.request_id or self.message.origin_id

    @property
    def asker(self) -> str:
        """The caller's request by its own id, else the identity of this message."""
        return self.request.request_id or self.message.delivery_id

    def stay(self, before: Stay) -> Stay:
        """Return how long the bot stays where nobody is: as this request says, else as before."""
        seconds = self.request.leave_when_alone_seconds
        return Stay(
            watch=self.request.watch or before.watch,
            alone_for=timedelta(seconds=seconds) if seconds else before.alone_for,
        )

    def asked(self) -> dict[str, dict[str, str]]:
        """Return the request's own id, where it has one, with a digest of each member."""
        if self.request.request_id is None:
            return {}
        return {
            self.request.request_id: {
                name: digest(written(value), characters=13)
                for name, value in meaning_of(self.request, self.target).items()
            }
        }


def granted_before(meeting: Meeting, wish: Wish) -> Leg | None:
    """Return the leg that this request was answered with before; None where it may be tried.

    A leg that ended before it came in does not count: the same request may be sent again. Neither
    does one that another leg took the place of: the request is answered with that.
    """
    for request_id, members in wish.asked().items():
        for leg in meeting.legs:
            before = leg.asked.get(request_id)
            if before is None or leg.call_id is None:
                continue
            if leg.came_to_nothing or leg.place == "surplus":
                continue
            differing = {name for name, _ in before.items() ^ members.items()}
            if differing:
                raise request_conflict(request_id, differing)
            return leg
    return None
