"""What is done about a create-meeting request, given what the ledger knows of it.

Core. Identity comes first: the request id leads to the meeting's id before Graph is asked, so a
request that comes again, in whatever way, meets its own record.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from create_meeting.request import Attendee, CreateMeeting
from shared.coordinates import OnlineMeeting
from shared.delivery import AT_START, QueueMessage
from shared.domain import MeetingId, meeting_id_for, utc_text
from shared.errors import Problem, Rejected
from shared.events import Fact, event_message, reply_message, tell
from shared.meeting import Asked, Change, Meeting, Outgoing

JOIN_QUEUE = "join-meeting"
DEFAULT_LENGTH = timedelta(hours=1)
ANSWERED_KEPT = 16
"""How many answered message ids a meeting remembers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which meeting a message asks for."""

    request_id: str
    meeting_id: MeetingId
    tenant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Ask Graph for the meeting, then record what it gave."""

    identity: Identity
    request: CreateMeeting
    asked: Asked
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAgain:
    """The meeting is there; whoever asks again is told so once more."""


def identify(request: CreateMeeting, message: QueueMessage, *, tenant_id: str) -> Identity:
    """Return whose meeting this is: by the request's own id, else by the message's identity."""
    request_id = request.request_id or message.origin_id
    return Identity(
        request_id=request_id,
        meeting_id=meeting_id_for(tenant_id=tenant_id, request_id=request_id),
        tenant_id=tenant_id,
    )


def plan(
    request: CreateMeeting,
    members: dict[str, Any],
    identity: Identity,
    known: Meeting | None,
    *,
    organizer_id: str,
    now: datetime,
) -> Create | AnswerAgain:
    """Return what to do; raise `Rejected` where the id stands for another request already."""
    members = {name: value for name, value in members.items() if name != "requestId"}
    if known is not None and known.asked is not None:
        _require_same(known.asked, members, identity)
        return AnswerAgain()
    start = request.start_date_time or now
    asked = Asked(
        request_id=identity.request_id,
        members=members,
        organizer_id=request.organizer_id or organizer_id,
        start_date_time=start,
        end_date_time=request.end_date_time or start + DEFAULT_LENGTH,
    )
    return Create(identity=identity, request=request, asked=asked, body=_graph_body(request, asked))


def record_created(
    known: Meeting | None,
    create: Create,
    online: OnlineMeeting,
    message: QueueMessage,
    *,
    now: datetime,
) -> Change | None:
    """Return the change that records the meeting Graph gave, tells it, and asks for the join."""
    if known is not None and known.asked is not None:
        _require_same(known.asked, create.asked.members, create.identity)
        return answer_again(known, message, now=now)
    identity, request = create.identity, create.request
    meeting = replace(
        known
        or Meeting(
            meeting_id=identity.meeting_id,
            tenant_id=identity.tenant_id,
            correlation_id=identity.request_id,
        ),
        context=request.context,
        asked=create.asked,
        online=online,
        created_at=now,
        answered=(message.origin_id,),
    )
    meeting, events = tell(meeting, [_created(meeting, now)], now=now, reply=message.reply)
    meeting = replace(meeting, created_sequence=meeting.sequence)
    joins = (_join_message(meeting, request),) if request.join != "never" else ()
    return Change(meeting=meeting, outgoing=(*events, *joins))


def answer_again(known: Meeting | None, message: QueueMessage, *, now: datetime) -> Change | None:
    """Return the change that answers a repeated request to its own reply queue, once a message."""
    if known is None or known.created_at is None or message.reply is None:
        return None
    if message.origin_id in known.answered:
        return None
    event = event_message(
        known, _created(known, known.created_at), sequence=known.created_sequence, now=now
    )
    answered = (*known.answered, message.origin_id)[-ANSWERED_KEPT:]
    return Change(
        meeting=replace(known, answered=answered),
        outgoing=(reply_message(event, message.reply),),
    )


def _require_same(asked: Asked, members: dict[str, Any], identity: Identity) -> None:
    differing = sorted(
        name
        for name in asked.members.keys() | members.keys()
        if asked.members.get(name) != members.get(name)
        or (name in asked.members) != (name in members)
    )
    if differing:
        raise Rejected(
            code="request_conflict",
            message=f"The request id {identity.request_id!r} already stands for another request.",
            next_step="Send the new request under a request id of its own.",
            problems=tuple(
                Problem(member=name, message="differs from the first request under this id")
                for name in differing
            ),
        )


def _graph_body(request: CreateMeeting, asked: Asked) -> dict[str, Any]:
    # createOrGet takes these and no options: https://learn.microsoft.com/graph/api/onlinemeeting-createorget
    body: dict[str, Any] = {
        "externalId": asked.request_id,
        "subject": request.subject,
        "startDateTime": utc_text(asked.start_date_time),
        "endDateTime": utc_text(asked.end_date_time),
    }
    if request.attendees:
        body["participants"] = {"attendees": [_attendee(one) for one in request.attendees]}
    return body


def _attendee(asked: str | Attendee) -> dict[str, Any]:
    if isinstance(asked, str):
        return {"upn": asked, "role": "attendee"}
    attendee: dict[str, Any] = {"upn": asked.upn, "role": asked.role or "attendee"}
    if asked.id is not None:
        attendee["identity"] = {"user": {"id": asked.id}}
    return attendee


def _created(meeting: Meeting, at: datetime) -> Fact:
    online, asked = meeting.online, meeting.asked
    if online is None or asked is None:
        raise ValueError("a meeting is told as created only once Graph has given it")
    where = online.coordinates
    return Fact(
        name="meeting.created",
        at=at,
        key=(asked.request_id,),
        data={
            "requestId": asked.request_id,
            "organizerId": asked.organizer_id,
            "subject": online.subject,
            "startDateTime": online.start_date_time,
            "endDateTime": online.end_date_time,
            "attendees": [
                {"upn": one.upn, "role": one.role, "id": one.user_id} for one in online.attendees
            ],
            "coordinates": {
                "onlineMeetingId": where.online_meeting_id,
                "joinWebUrl": where.join_web_url,
                "chatInfo": {"threadId": where.thread_id, "messageId": where.message_id},
                "tenantId": where.tenant_id,
                "joinMeetingId": where.join_meeting_id,
                "passcode": where.passcode,
                "dialIn": where.dial_in,
            },
            "warnings": [],
        },
    )


def _join_message(meeting: Meeting, request: CreateMeeting) -> Outgoing:
    at_start = request.join == "atStart"
    body: dict[str, Any] = {"meetingId": meeting.meeting_id}
    if request.leave_when_alone_seconds is not None:
        body["leaveWhenAloneSeconds"] = request.leave_when_alone_seconds
    if request.retry_for_seconds is not None:
        body["retryForSeconds"] = request.retry_for_seconds
    return Outgoing(
        entity=JOIN_QUEUE,
        message_id=f"{meeting.meeting_id}-join",
        body=json.dumps(body, separators=(",", ":")),
        correlation_id=meeting.correlation_id,
        properties={AT_START: "true"} if at_start else {},
        due=meeting.asked.start_date_time if at_start and meeting.asked else None,
    )
