"""One request to join or to leave, gathered; and how a repeated request is recognised. Core.

A request that names its own id is granted once. The same request again is answered with the same
leg. Another request under that id is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from join_meeting.forms import COMPANIONS, FORMS
from join_meeting.meaning import meaning_of
from join_meeting.request import JoinMeeting
from shared.inbox.meaning import request_conflict, written
from shared.inbox.message import ASKED, DELIVERY, MOVED, ORIGIN, QueueMessage
from shared.inbox.quotas import OURS
from shared.legs.leg import Leg
from shared.meeting.meeting import Meeting, Stay
from shared.words.coordinates import JoinTarget
from shared.words.ids import MeetingId, digest, utc_text
from shared.words.outgoing import Outgoing


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
        return next(iter(self.asked()), self.message.origin_id)

    @property
    def asker(self) -> str:
        """The caller's request by its own id, else the identity of this message."""
        return next(iter(self.asked()), self.message.delivery_id)

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
            return moved_request(self.message)
        return {
            self.request.request_id: {
                name: digest(written(value), characters=13)
                for name, value in meaning_of(self.request, self.target).items()
            }
        }

    def elsewhere(self, meeting_id: MeetingId, *, due: datetime) -> Outgoing:
        """Return the same request for another meeting of ours, which will answer it."""
        message = self.message
        named_by = {*FORMS, *COMPANIONS, "requestId"}
        kept = {name: value for name, value in self.members.items() if name not in named_by}
        return Outgoing(
            entity=message.queue,
            message_id=f"{message.delivery_id}#{meeting_id}",
            body=json.dumps({**kept, "meetingId": meeting_id}),
            correlation_id=message.correlation_id,
            reply_to=message.reply_to,
            properties={
                ORIGIN: message.origin_id,
                DELIVERY: message.delivery_id,
                ASKED: utc_text(message.asked_at),
                **({MOVED: json.dumps(own)} if (own := self.asked()) else {}),
            },
            due=due,
        )


def has_failed(meeting: Meeting, request_id: str) -> bool:
    """Return whether legs were sent for a request, and all of them are known to have failed."""
    sent = [leg for leg in meeting.legs if request_id in leg.asked and leg.state != "unsent"]
    return bool(sent) and all(leg.came_to_nothing for leg in sent)


def moved_request(message: QueueMessage) -> dict[str, dict[str, str]]:
    """Return the `Wish.asked` of a request that was sent on from another meeting; {} for others."""
    text = message.properties.get(MOVED, "{}")
    try:
        found = json.loads(text) if len(text) <= OURS[MOVED] else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or len(found) > 1:
        return {}
    for members in found.values():
        if not isinstance(members, dict) or not all(
            isinstance(one, str) for one in members.values()
        ):
            return {}
    return found


def granted_before(meeting: Meeting, wish: Wish) -> Leg | None:
    """Return the leg that this request was answered with before; None where it may be tried.

    A leg that ended before it came in does not count: the same request may be sent again.
    """
    for request_id, members in wish.asked().items():
        for leg in meeting.legs:
            before = leg.asked.get(request_id)
            if before is None or leg.call_id is None or leg.came_to_nothing:
                continue
            differing = {name for name, _ in before.items() ^ members.items()}
            if differing:
                raise request_conflict(request_id, differing)
            return leg
    return None
