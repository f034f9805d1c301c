"""What it takes to join a meeting, as Graph gave it or a caller named it. Core: values, and how
they are read.

Holds secrets (join URL, passcode): only `meeting.created` carries them on, nothing logs them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from shared.words.errors import Unavailable

NO_MESSAGE = "0"
"""The message id of a meeting that belongs to no message of a channel."""


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
class ByThread:
    """Join by chat thread and organizer, as classic links and Graph's own coordinates name them.

    `reply_chain_message_id` comes with meetings in a channel.
    """

    thread_id: str
    organizer_id: str
    tenant_id: str
    message_id: str = NO_MESSAGE
    reply_chain_message_id: str | None = None
    form: Literal["thread"] = "thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByJoinId:
    """Join by join id (digits alone), as short links and invitations name it."""

    join_meeting_id: str
    tenant_id: str
    passcode: str | None = field(default=None, repr=False)
    form: Literal["joinId"] = "joinId"


type JoinTarget = ByThread | ByJoinId
"""Enough to ask Graph for a call that joins."""


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
    answers carry the thread id percent-encoded; it is decoded. Raises `Unavailable` where a member
    is missing, or is not what every documented answer to createOrGet has there.
    Source: https://learn.microsoft.com/graph/api/resources/onlinemeeting
    """
    try:
        return _online_meeting(answer, organizer_id=organizer_id, tenant_id=tenant_id)
    except (KeyError, TypeError, AttributeError) as error:
        raise Unavailable("Graph answered with a meeting that lacks its coordinates") from error


def _online_meeting(
    answer: Mapping[str, Any], *, organizer_id: str, tenant_id: str
) -> OnlineMeeting:
    chat = answer["chatInfo"]
    join_id = answer.get("joinMeetingIdSettings") or {}
    participants = answer.get("participants") or {}
    organizer = _user(participants.get("organizer"))
    return OnlineMeeting(
        coordinates=Coordinates(
            online_meeting_id=answer["id"],
            join_web_url=answer["joinWebUrl"],
            thread_id=unquote(chat["threadId"]),
            message_id=chat.get("messageId") or NO_MESSAGE,
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


def target_of(where: Coordinates) -> ByThread:
    """Return how to join a meeting whose coordinates Graph gave."""
    return ByThread(
        thread_id=where.thread_id,
        message_id=where.message_id,
        organizer_id=where.organizer_id,
        tenant_id=where.tenant_id,
    )


def alias_of(target: JoinTarget) -> str:
    """Return the one text that every form of the same coordinates leads to.

    It is the thread id, or the join id: each stands in a normalised link too, so a link needs no
    alias of its own. Meetings of one channel share its thread, and are told apart by their message.
    """
    if isinstance(target, ByJoinId):
        return target.join_meeting_id
    return _thread_alias(target.thread_id, target.message_id)


def thread_alias_of(call: Mapping[str, Any]) -> str | None:
    """Return the alias of the chat thread that Graph's `call` names; None where it names none."""
    chat = call.get("chatInfo")
    thread_id = chat.get("threadId") if isinstance(chat, dict) else None
    if not isinstance(thread_id, str) or not thread_id:
        return None
    message_id = str(chat.get("messageId") or NO_MESSAGE) if chat else NO_MESSAGE
    return _thread_alias(unquote(thread_id), message_id)


def _thread_alias(thread_id: str, message_id: str) -> str:
    return thread_id if message_id == NO_MESSAGE else f"{thread_id};messageid={message_id}"


def _user(participant: Mapping[str, Any] | None) -> Mapping[str, Any]:
    identity = (participant or {}).get("identity") or {}
    user: Mapping[str, Any] = identity.get("user") or {}
    return user
