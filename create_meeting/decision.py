"""Which meeting a message is about, and what is decided about a request for one. Core.

Identity comes first: the request id gives the meeting's id before the first request to Graph. So a
repeated request, whether redelivered or sent again, finds its own record.
"""

from dataclasses import dataclass

from create_meeting.bodies import Members
from create_meeting.request import CreateMeeting
from shared.inbox.message import QueueMessage
from shared.meeting.meeting import Asked, Meeting
from shared.words.ids import MeetingId, meeting_id_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The meeting that a message is about."""

    request_id: str
    meeting_id: MeetingId
    tenant_id: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Create the meeting in Graph, set its options, then record the answer.

    `options` is what one PATCH sets, in parts. `post` is what only a POST can set.
    """

    identity: Identity
    request: CreateMeeting
    asked: Asked
    body: Members
    options: tuple[Members, ...] = ()
    post: Members


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAgain:
    """The meeting exists; answer the repeated request again."""


def identify(request_id: str | None, message: QueueMessage, *, tenant_id: str) -> Identity:
    """Return which meeting this is: by the request's own id, else by the message's identity."""
    found = request_id or message.origin_id
    return Identity(
        request_id=found,
        meeting_id=meeting_id_for(tenant_id=tenant_id, request_id=found),
        tenant_id=tenant_id,
        traceparent=message.traceparent,
    )


def newcomer(identity: Identity) -> Meeting:
    """Return a meeting of which only the ids are known."""
    return Meeting(
        meeting_id=identity.meeting_id,
        tenant_id=identity.tenant_id,
        correlation_id=identity.request_id,
        traceparent=identity.traceparent,
    )
