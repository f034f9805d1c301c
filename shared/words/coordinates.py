"""What is needed to join a meeting, as Graph gave it or a caller named it. Core: values.

Holds secrets: join URL and passcode. Only `meeting.created` and `meeting.updated` publish them. No
log line has them.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

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
    """Join by join id (only digits), as short links and invitations name it."""

    join_meeting_id: str
    tenant_id: str
    passcode: str | None = field(default=None, repr=False)
    form: Literal["joinId"] = "joinId"


type JoinTarget = ByThread | ByJoinId
"""Enough to request from Graph a call that joins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """One attendee as Graph returned them."""

    upn: str | None
    role: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineMeeting:
    """Graph's `onlineMeeting`, as far as Rollcall keeps it. Times are Graph's own text.

    `organizer_upn` is the organizer's sign-in name, which is their mail address as a rule.
    """

    coordinates: Coordinates
    subject: str | None
    start_date_time: str | None
    end_date_time: str | None
    attendees: tuple[Attendee, ...] = ()
    organizer_upn: str | None = None


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

    It is the thread id, or the join id. A normalised link holds one of them too, so a link needs no
    alias of its own. Meetings of one channel share its thread; their messages distinguish them.
    """
    if isinstance(target, ByJoinId):
        return target.join_meeting_id
    return thread_alias(target.thread_id, target.message_id)


def aliases_of(where: Coordinates) -> frozenset[str]:
    """Return every alias of a meeting whose coordinates Graph gave: its thread, and its join id."""
    thread = alias_of(target_of(where))
    return frozenset({thread, where.join_meeting_id} if where.join_meeting_id else {thread})


def thread_alias(thread_id: str, message_id: str) -> str:
    """Return the alias of a chat thread, or of the message in it that a meeting belongs to."""
    return thread_id if message_id == NO_MESSAGE else f"{thread_id};messageid={message_id}"
