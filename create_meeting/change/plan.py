"""What to do about a request to update or cancel a meeting. Core.

The ledger's `asked` keeps the members of the first request, so a repeat of it is still recognised.
Its times, their zone and the join follow the changes, so a scheduled join follows them too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from create_meeting.answers.published import (
    cancelled_again,
    is_answered,
    publish_cancelled,
    publish_updated,
)
from create_meeting.answers.unfilled import subject_or, time_or
from create_meeting.answers.warnings import differences, past_start
from create_meeting.bodies import Members, update_body
from create_meeting.decision import Identity
from create_meeting.request import UpdateMeeting
from create_meeting.scheduled_join import heard_at, join_message, rescheduled_join
from shared.inbox.meaning import written
from shared.inbox.message import QueueMessage
from shared.journal.step import Step
from shared.legs.leg import Leaver
from shared.meeting.legs import asked_to_leave, standing
from shared.meeting.meeting import Asked, Cancellation, Meeting
from shared.words.answers import MeetingAnswer
from shared.words.coordinates import Attendee, OnlineMeeting
from shared.words.errors import Transient
from shared.words.ids import CallId, digest
from shared.words.problems import rejected

NAMES = {"participants": "attendees"}
"""Members that have another name in Graph than in a request."""
SHOWN = frozenset({"subject", "startDateTime", "endDateTime", "participants"})
"""Members of Graph's that are no options; events show their values."""
SENT = frozenset({"now", "atStart"})
"""Requests for a join that send a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Change Graph's meeting by `body`; empty: the change is not one of Graph's.

    `times` are the start and the end as they are to be, where one of them was requested.
    """

    identity: Identity
    request: UpdateMeeting
    organizer_id: str
    online_meeting_id: str
    times: tuple[datetime, datetime] | None
    body: Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """End our calls, then delete Graph's meeting."""

    organizer_id: str
    online_meeting_id: str
    calls: tuple[CallId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The message is done: an earlier delivery did it all, or another message cancelled before."""


def plan_update(
    known: Meeting | None, request: UpdateMeeting, message: QueueMessage, identity: Identity
) -> Update | Answered:
    """Return what to do; raise `Rejected` where the meeting does not exist, or not any more."""
    meeting, asked, online = _made(known, identity)
    if is_answered(meeting, message):
        return Answered()
    _require_standing(meeting)
    times = request.times(asked)
    return Update(
        identity=identity,
        request=request,
        organizer_id=asked.organizer_id,
        online_meeting_id=online.coordinates.online_meeting_id,
        times=times,
        body=update_body(request, times),
    )


def record_updated(
    known: Meeting | None,
    update: Update,
    answer: MeetingAnswer,
    message: QueueMessage,
    *,
    now: datetime,
) -> Step | None:
    """Return the step that records and publishes what Graph changed, and moves a scheduled join."""
    meeting, asked, online = _made(known, update.identity)
    if is_answered(meeting, message):
        return None
    _require_standing(meeting)
    request, requested_at = update.request, message.first_enqueued
    followed = _followed(asked, update, message)
    changed = publish_updated(
        replace(
            meeting,
            context=meeting.context if request.context is None else request.context,
            asked=followed,
            online=_changed(online, update.body, answer),
        ),
        _names(update.body, request),
        (
            *differences(update.body, answer),
            *past_start(_new_start(update), requested_at),
        ),
        message,
        now=now,
        anew=followed.last_change != asked.last_change
        or (request.join in SENT and _is_void(meeting, asked)),
    )
    if changed is None or changed.meeting.updates == meeting.updates:
        return changed  # it repeats the last one
    if request.join is None:
        joins = rescheduled_join(changed.meeting, before=asked.start_date_time, now=now)
    elif request.join in SENT:
        joins = (join_message(changed.meeting, at_start=request.join == "atStart"),)
    else:
        joins = ()
    return replace(changed, outgoing=(*changed.outgoing, *joins))


def _followed(asked: Asked, update: Update, message: QueueMessage) -> Asked:
    """Return what is kept of the first request, with what a change of it says instead."""
    request = update.request
    start, end = update.times or (asked.start_date_time, asked.end_date_time)
    followed = replace(
        asked,
        start_date_time=start,
        end_date_time=end,
        time_zone=request.time_zone or asked.time_zone,
        last_change=_digest(update),
    )
    if request.join is None:
        return followed
    return replace(
        followed,
        join=request.join,
        join_asked_at=message.first_enqueued,
        reply=heard_at(message) if request.join in SENT else None,
    )


def _digest(update: Update) -> str:
    """Return a digest of what a change requests and its event shows no values of."""
    options = {name: value for name, value in update.body.items() if name not in SHOWN}
    own = {"timeZone": update.request.time_zone, "join": update.request.join}
    return digest("change", written(options | own), characters=13)


def _new_start(update: Update) -> datetime | None:
    if update.request.start_date_time is None or update.times is None:
        return None
    return update.times[0]


def _is_void(meeting: Meeting, asked: Asked) -> bool:
    """Return whether a leave was requested after the join of the meeting."""
    requested_at = asked.join_asked_at or meeting.created_at
    left = meeting.leave_asked
    return left is not None and requested_at is not None and requested_at < left


def plan_cancel(
    known: Meeting | None, message: QueueMessage, identity: Identity, *, now: datetime
) -> Cancel | Answered:
    """Return what is left to do for a cancellation that has begun."""
    meeting, asked, online = _made(known, identity)
    done = meeting.cancellation is not None and meeting.cancellation.done_at is not None
    if done or is_answered(meeting, message):
        return Answered()
    bound = standing(meeting, now=now).bound
    return Cancel(
        organizer_id=asked.organizer_id,
        online_meeting_id=online.coordinates.online_meeting_id,
        calls=tuple(claim.call_id for claim in bound if claim.call_id is not None),
    )


def begin_cancelling(
    known: Meeting | None, message: QueueMessage, identity: Identity, *, now: datetime
) -> Step | None:
    """Return the change after which no bot joins and every leg of ours has to go.

    A leg whose POST is on its way is hung up as soon as Graph names its call. If the meeting is
    cancelled already, only the answer is repeated.
    """
    meeting, _, _ = _made(known, identity)
    if meeting.cancellation is not None:
        return cancelled_again(meeting, message, now=now)
    leaver = Leaver(why="meetingCancelled")
    meeting = asked_to_leave(meeting, standing(meeting, now=now), leaver)
    cancellation = Cancellation(asked_at=now)
    return Step(meeting=replace(meeting, cancellation=cancellation, leave_asked=now))


def record_cancelled(
    known: Meeting | None, message: QueueMessage, identity: Identity, *, now: datetime
) -> Step | None:
    """Return the step that publishes `meeting.cancelled`, once."""
    meeting, _, _ = _made(known, identity)
    if meeting.cancellation is not None and meeting.cancellation.done_at is not None:
        return cancelled_again(meeting, message, now=now)
    return publish_cancelled(meeting, message, now=now)


def record_kept(meeting: Meeting) -> Step | None:
    """Return the change after Graph could not delete the meeting: it may be joined again."""
    if meeting.cancellation is None or meeting.cancellation.done_at is not None:
        return None
    return Step(meeting=replace(meeting, cancellation=None))


def _made(known: Meeting | None, identity: Identity) -> tuple[Meeting, Asked, OnlineMeeting]:
    if known is not None and known.asked is not None and known.online is not None:
        return known, known.asked, known.online
    if known is not None and known.post_claim is not None:
        raise Transient("the meeting is being made")
    raise rejected("meeting_not_found", what=f"the request id {identity.request_id}")


def _require_standing(meeting: Meeting) -> None:
    if meeting.cancellation is not None:
        raise rejected("meeting_cancelled", meeting_id=meeting.meeting_id)


def _names(body: Members, request: UpdateMeeting) -> list[str]:
    of_graph = [NAMES.get(name, name) if name in SHOWN else f"options.{name}" for name in body]
    own = {"timeZone": request.time_zone, "join": request.join, "context": request.context}
    return of_graph + [name for name, value in own.items() if value is not None]


def _changed(online: OnlineMeeting, body: Members, answer: MeetingAnswer) -> OnlineMeeting:
    """Return the meeting as Graph now has it. Its answer need not repeat unchanged members."""

    def now(
        name: str,
        said: str | None,
        before: str | None,
        filled: Callable[[str, str | None], str | None] = time_or,
    ) -> str | None:
        return (filled(body[name], said) or body[name]) if name in body else before

    attendees = online.attendees
    if "participants" in body:
        wanted = body["participants"]["attendees"]
        sent = tuple(_attendee(one) for one in wanted)
        attendees = sent if answer.attendees is None else answer.attendees
    return replace(
        online,
        subject=now("subject", answer.subject, online.subject, subject_or),
        start_date_time=now("startDateTime", answer.start_date_time, online.start_date_time),
        end_date_time=now("endDateTime", answer.end_date_time, online.end_date_time),
        attendees=attendees,
    )


def _attendee(sent: Mapping[str, Any]) -> Attendee:
    user = sent.get("identity", {}).get("user", {})
    return Attendee(upn=sent["upn"], role=sent["role"], user_id=user.get("id"))
