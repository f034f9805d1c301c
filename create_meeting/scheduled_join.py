"""The message that sends our bot into a meeting of ours, now or when it starts. Core.

The join handler reads the start from the ledger, so a message that comes too early waits again.
"""

import json
from datetime import datetime
from typing import Any

from shared.inbox.message import ASKED, AT_START, QueueMessage, own_delivery
from shared.meeting.meeting import Meeting
from shared.words.entities import JOIN_QUEUE
from shared.words.ids import utc_text
from shared.words.outgoing import Outgoing, ReplyAddress

HANDED_ON = ("leaveWhenAloneSeconds", "retryForSeconds")
"""Members of the request for the meeting that its join also follows."""


def heard_at(message: QueueMessage) -> ReplyAddress | None:
    """Return where the sender of a request hears what becomes of its join; None: nowhere."""
    reply = message.reply
    return reply if reply is not None and reply.problem is None else None


def join_message(meeting: Meeting, *, at_start: bool) -> Outgoing:
    """Return the message that requests the bot; each change of the start has its own message.

    `AT_START` names the start that it was sent for. `ASKED` names the moment of the request: a
    leave after that moment voids this join, even if the join is due later. What becomes of it goes
    to the queue that the request for the meeting named.
    """
    members = meeting.asked.members if meeting.asked else {}
    start = meeting.asked.start_date_time if at_start and meeting.asked else None
    reply = meeting.asked.reply if meeting.asked else None
    body: dict[str, Any] = {"meetingId": meeting.meeting_id}
    body |= {name: members[name] for name in HANDED_ON if members.get(name) is not None}
    message_id = f"{meeting.meeting_id}-join" + (f"-{meeting.updates}" if meeting.updates else "")
    properties = own_delivery(message_id)
    if start is not None:
        properties[AT_START] = utc_text(start)
    requested_at = (meeting.asked and meeting.asked.join_asked_at) or meeting.created_at
    if requested_at is not None:
        properties[ASKED] = utc_text(requested_at)
    return Outgoing(
        entity=JOIN_QUEUE,
        message_id=message_id,
        body=json.dumps(body, separators=(",", ":")),
        correlation_id=reply.correlation_id if reply is not None else meeting.correlation_id,
        reply_to=reply.queue if reply is not None else None,
        properties=properties,
        due=start,
    )


def rescheduled_join(meeting: Meeting, *, before: datetime, now: datetime) -> tuple[Outgoing, ...]:
    """Return the message for a start that moved from `before`, where one is needed.

    A start that moved later while its message still waits needs none: that message waits again.
    """
    if meeting.asked is None or meeting.asked.join != "atStart":
        return ()
    start = meeting.asked.start_date_time
    waits_on = now < before <= start
    return () if waits_on or start == before else (join_message(meeting, at_start=True),)
