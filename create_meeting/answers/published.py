"""The events of a meeting as a whole (created, updated, cancelled), and answers that repeat them.

Core. `meeting.created` is kept as it was published, with its context. So a repeated request is
answered with the same bytes, even if the meeting has changed since.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from create_meeting.answers.invitation import Invited, invitation
from create_meeting.answers.warnings import Warn, moment_of
from shared.events.cloud_events import publish, publish_one, undelivered_data
from shared.inbox.message import QueueMessage
from shared.journal.step import Step, answer_again
from shared.meeting.meeting import Asked, Cancellation, Meeting
from shared.words.coordinates import Coordinates, OnlineMeeting
from shared.words.outgoing import Fact, Published


def publish_created(
    meeting: Meeting, warnings: Iterable[Warn], message: QueueMessage, *, now: datetime
) -> Step:
    """Return the step that publishes a meeting which Graph has just created."""
    answer = {
        **_described(meeting),
        "coordinates": _coordinates(_online(meeting).coordinates),
        "warnings": list(warnings),
        "invitation": invitation(_invited(meeting, now)),
    }
    key = (_asked(meeting).request_id,)
    created = Fact(name="meeting.created", at=now, key=key, data=answer)
    meeting = meeting.having_answered(message.delivery_id)
    meeting, published, events = publish_one(meeting, created, now=now, to=[message.reply])
    return Step(meeting=replace(meeting, created=published), outgoing=events)


def created_again(known: Meeting, message: QueueMessage, *, now: datetime) -> Step | None:
    """Return the step that answers a repeated request on its own reply queue, once a message."""
    return _again(known, known.created, message, now=now)


def publish_updated(
    meeting: Meeting,
    changed: Iterable[str],
    warnings: Iterable[Warn],
    message: QueueMessage,
    *,
    now: datetime,
    anew: bool = False,
) -> Step | None:
    """Return the step that publishes a meeting which was just changed.

    If the last `meeting.updated` says the same, the request repeats that update, unless it is to be
    carried out `anew`, as another change or once more: the answer is the same event. None if that
    answer was given, or if no queue waits for it.
    """
    data = {
        "context": meeting.context,
        **_described(meeting),
        "coordinates": _coordinates(_online(meeting).coordinates),
        "changed": list(changed),
        "warnings": list(warnings),
    }
    last = meeting.updated
    if not anew and last is not None and last.fact.data == {**last.fact.data, **data}:
        return _again(meeting, last, message, now=now)
    meeting = replace(meeting, updates=meeting.updates + 1).having_answered(message.delivery_id)
    shown = {**data, "invitation": invitation(_invited(meeting, now))}
    updated = Fact(name="meeting.updated", at=now, key=(message.delivery_id,), data=shown)
    meeting, published, events = publish_one(meeting, updated, now=now, to=[message.reply])
    return Step(meeting=replace(meeting, updated=published), outgoing=events)


def publish_cancelled(meeting: Meeting, message: QueueMessage, *, now: datetime) -> Step:
    """Return the step that publishes that Graph has deleted the meeting."""
    requested_at = meeting.cancellation.asked_at if meeting.cancellation else now
    cancellation = Cancellation(
        asked_at=requested_at,
        done_at=now,
        sequence=meeting.sequence + 1,
        undelivered=message.reply.problem if message.reply is not None else None,
    )
    meeting = replace(meeting, cancellation=cancellation).having_answered(message.delivery_id)
    meeting, events = publish(meeting, [_cancelled(meeting, now)], now=now, reply=message.reply)
    return Step(meeting=meeting, outgoing=events)


def cancelled_again(known: Meeting, message: QueueMessage, *, now: datetime) -> Step | None:
    """Return the step that answers another request to cancel, once a message."""
    cancellation = known.cancellation
    if cancellation is None or cancellation.done_at is None:
        return None
    fact, lost = _cancelled(known, cancellation.done_at), cancellation.undelivered
    said = {"context": known.context} | (undelivered_data(lost) if lost is not None else {})
    published = Published(
        fact=replace(fact, data=fact.data | said),
        sequence=cancellation.sequence,
        recorded_at=cancellation.done_at,
    )
    return _again(known, published, message, now=now)


def is_answered(known: Meeting, message: QueueMessage) -> bool:
    """Return whether the message, or an earlier delivery of it, was answered."""
    return message.delivery_id in known.answered


def _again(
    known: Meeting, published: Published | None, message: QueueMessage, *, now: datetime
) -> Step | None:
    if published is None:
        return None
    return answer_again(known, published, message.reply, key=message.delivery_id, now=now)


def _cancelled(meeting: Meeting, at: datetime) -> Fact:
    over = replace(
        _invited(meeting, at),
        sequence=meeting.updates + 1,
        status="CANCELLED",
        join_web_url=None,
        join_meeting_id=None,
        passcode=None,
        dial_in=None,
    )
    return Fact(
        name="meeting.cancelled",
        at=at,
        key=(),
        data={
            **_described(meeting),
            "onlineMeetingId": _online(meeting).coordinates.online_meeting_id,
            "invitation": invitation(over),
        },
    )


def _described(meeting: Meeting) -> dict[str, Any]:
    online, asked = _online(meeting), _asked(meeting)
    return {
        "requestId": asked.request_id,
        "organizerId": asked.organizer_id,
        "subject": online.subject,
        "startDateTime": online.start_date_time,
        "endDateTime": online.end_date_time,
        "attendees": [
            {"upn": one.upn, "role": one.role, "id": one.user_id} for one in online.attendees
        ],
    }


def _coordinates(where: Coordinates) -> dict[str, Any]:
    return {
        "onlineMeetingId": where.online_meeting_id,
        "joinWebUrl": where.join_web_url,
        "chatInfo": {"threadId": where.thread_id, "messageId": where.message_id},
        "tenantId": where.tenant_id,
        "joinMeetingId": where.join_meeting_id,
        "passcode": where.passcode,
        "dialIn": where.dial_in,
    }


def _invited(meeting: Meeting, at: datetime) -> Invited:
    online, asked = _online(meeting), _asked(meeting)
    where = online.coordinates
    return Invited(
        meeting_id=meeting.meeting_id,
        subject=online.subject or str(asked.members.get("subject", "")),
        start=moment_of(online.start_date_time) or asked.start_date_time,
        end=moment_of(online.end_date_time) or asked.end_date_time,
        written_at=at,
        sequence=meeting.updates,
        time_zone=asked.time_zone,
        organizer=online.organizer_upn,
        attendees=online.attendees,
        join_web_url=where.join_web_url,
        join_meeting_id=where.join_meeting_id,
        passcode=where.passcode,
        dial_in=where.dial_in,
    )


def _online(meeting: Meeting) -> OnlineMeeting:
    if meeting.online is None:
        raise ValueError("a meeting is published only once Graph has created it")
    return meeting.online


def _asked(meeting: Meeting) -> Asked:
    if meeting.asked is None:
        raise ValueError("only a meeting that was requested is published")
    return meeting.asked
