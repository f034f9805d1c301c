"""What it takes to join a meeting, as Graph gave it. Core: values and how they are read.

Holds secrets (join URL, passcode): only `meeting.created` carries them on, nothing logs them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """The coordinates of one online meeting. `dial_in` is Graph's `audioConferencing`."""

    online_meeting_id: str
    join_web_url: str = field(repr=False)
    thread_id: str
    message_id: str
    organizer_id: str
    tenant_id: str
    join_meeting_id: str | None = None
    passcode: str | None = field(default=None, repr=False)
    dial_in: dict[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """One attendee as Graph returned them."""

    upn: str | None
    role: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineMeeting:
    """Graph's `onlineMeeting`, as far as Rollcall keeps it. Times are Graph's own text."""

    coordinates: Coordinates
    subject: str | None
    start_date_time: str | None
    end_date_time: str | None
    attendees: tuple[Attendee, ...] = ()


def read_online_meeting(
    answer: Mapping[str, Any], *, organizer_id: str, tenant_id: str
) -> OnlineMeeting:
    """Return the `onlineMeeting` in Graph's `answer`.

    `organizer_id` and `tenant_id` stand in where Graph's answer leaves them out. Some documented
    answers carry the thread id percent-encoded; it is decoded. Raises KeyError where a member is
    missing that every documented answer has.
    Source: https://learn.microsoft.com/graph/api/resources/onlinemeeting
    """
    chat = answer["chatInfo"]
    join_id = answer.get("joinMeetingIdSettings") or {}
    participants = answer.get("participants") or {}
    organizer = _user(participants.get("organizer"))
    return OnlineMeeting(
        coordinates=Coordinates(
            online_meeting_id=answer["id"],
            join_web_url=answer["joinWebUrl"],
            thread_id=unquote(chat["threadId"]),
            message_id=chat.get("messageId") or "0",
            organizer_id=organizer.get("id") or organizer_id,
            tenant_id=organizer.get("tenantId") or tenant_id,
            join_meeting_id=join_id.get("joinMeetingId"),
            passcode=join_id.get("passcode"),
            dial_in=answer.get("audioConferencing"),
        ),
        subject=answer.get("subject"),
        start_date_time=answer.get("startDateTime"),
        end_date_time=answer.get("endDateTime"),
        attendees=tuple(
            Attendee(
                upn=attendee.get("upn"),
                role=attendee.get("role"),
                user_id=_user(attendee).get("id"),
            )
            for attendee in participants.get("attendees") or ()
        ),
    )


def _user(participant: Mapping[str, Any] | None) -> Mapping[str, Any]:
    identity = (participant or {}).get("identity") or {}
    user: Mapping[str, Any] = identity.get("user") or {}
    return user
