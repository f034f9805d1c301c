"""CloudEvents as Rollcall publishes them, and the Service Bus messages that carry them.

Core. Ids are deterministic: a fact that is published twice has the same id, so a topic's duplicate
detection and every consumer can drop the duplicate. An event under one id has one content;
a refusal without a meeting, if its message is delivered again, may be of a later time.
Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.calls.history import LoggedEvent
from shared.events.sizes import LARGEST_EVENT, as_json, fitted, size_of
from shared.meeting.meeting import Change, Meeting
from shared.words.entities import EVENTS_TOPIC
from shared.words.errors import GraphTrace, Rejected
from shared.words.ids import MeetingId, digest, life, utc_text
from shared.words.outgoing import Fact, Outgoing, Published, ReplyAddress, Undelivered

CLOUD_EVENT = "application/cloudevents+json"
PREFIX, VERSION = "rollcall.", ".v1"
"""What stands around a fact's name in the type of its event."""
UNDELIVERED = "answer_undelivered"


def publish(
    meeting: Meeting, facts: Iterable[Fact], *, now: datetime, reply: ReplyAddress | None = None
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Return the meeting that has published `facts`, and the messages; see `publish_one`."""
    outgoing: list[Outgoing] = []
    for fact in facts:
        meeting, _, messages = publish_one(meeting, fact, now=now, to=[reply])
        outgoing += messages
    return meeting, tuple(outgoing)


def publish_one(
    meeting: Meeting, fact: Fact, *, now: datetime, to: Iterable[ReplyAddress | None]
) -> tuple[Meeting, Published, tuple[Outgoing, ...]]:
    """Return the meeting with its sequence advanced, what it published, and the messages.

    One message is the topic's; the queues of `to` get the same body. Where such an address cannot
    be used, the event says so. None: nowhere.
    """
    addresses = dict.fromkeys(one for one in to if one is not None)
    meeting = replace(meeting, sequence=meeting.sequence + 1)
    published = as_published(meeting, fact, sequence=meeting.sequence, now=now, to=addresses)
    message = event_message(meeting, published)
    replies = (reply_message(message, one) for one in addresses if one.problem is None)
    return meeting, published, (message, *replies)


def as_published(
    meeting: Meeting,
    fact: Fact,
    *,
    sequence: int,
    now: datetime,
    to: Iterable[ReplyAddress | None] = (),
) -> Published:
    """Return what is published of `fact`, to be published again: whatever changes since, the same.

    `to`: where it goes besides the topic; None: nowhere.
    """
    problems = [one.problem for one in to if one is not None and one.problem is not None]
    said = undelivered_data(problems[0]) if problems else {}
    data = {"context": meeting.context, **fact.data, **said}
    return Published(fact=replace(fact, data=data), sequence=sequence, recorded_at=now)


def warn_once(
    meeting: Meeting, code: str, *, message: str, next_step: str, now: datetime
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Return the meeting with `code` noted as warned of, and the warning if it is the first."""
    if code in meeting.warned:
        return meeting, ()
    data = {"code": code, "message": message, "nextStep": next_step}
    fact = Fact(name="meeting.warning", at=now, key=(code,), data=data)
    return publish(replace(meeting, warned=(*meeting.warned, code)), [fact], now=now)


def warn_undelivered(
    meeting: Meeting, problem: Undelivered, *, now: datetime
) -> tuple[Meeting, tuple[Outgoing, ...]]:
    """Return the meeting with the warning that an answer reached no queue, once a meeting."""
    return warn_once(
        meeting,
        UNDELIVERED,
        message=f"An answer was not delivered. {problem.message}",
        next_step="Name a queue of your own in Rollcall's Service Bus namespace as reply_to, and "
        "send the request again: the same requestId is answered again.",
        now=now,
    )


def undelivered_data(problem: Undelivered) -> dict[str, Any]:
    """Return the member by which an event says that it reached no queue of the caller's."""
    return {"undelivered": {"code": problem.code, "message": problem.message}}


def publish_again(meeting: Meeting, published: Published, reply: ReplyAddress | None) -> Outgoing:
    """Return the event that was published before, as the answer to another request.

    `reply` None: on the topic, which drops it for some minutes after it was there.
    """
    event = event_message(meeting, published)
    return event if reply is None else reply_message(event, reply)


def event_message(meeting: Meeting, published: Published) -> Outgoing:
    """Return the topic message that publishes a fact as an event of its meeting."""
    fact = published.fact
    subject = f"meetings/{meeting.meeting_id}"
    if fact.call_number is not None:
        subject += f"/calls/{fact.call_number}"
    return _message(
        name=fact.name,
        event_id=digest(
            fact.name, meeting.meeting_id, *life(meeting.lives), *fact.key, characters=26
        ),
        tenant_id=meeting.tenant_id,
        subject=subject,
        at=fact.at,
        correlation_id=meeting.correlation_id,
        meeting_id=meeting.meeting_id,
        request_id=meeting.correlation_id,
        call_number=fact.call_number,
        traceparent=meeting.traceparent,
        sequence=published.sequence,
        data={
            "meetingId": meeting.meeting_id,
            "context": None,
            "recordedAt": utc_text(published.recorded_at),
            **fact.data,
        },
    )


def logged_in(change: Change, before: Meeting | None) -> tuple[LoggedEvent, ...]:
    """Return the meeting's events among what a commit on `before` sends, as its log has them.

    Those that `before` counts are published again. Where the commit makes the meeting, and all that
    it says is `meeting.created`, which the head holds, the log says nothing: two rows cost a
    creation a tenth more than one. Of a purged meeting nothing is kept.
    """
    meeting = change.meeting
    events = _published_in(change.outgoing, after=0 if before is None else before.sequence)
    created = () if meeting.created is None else (meeting.created.sequence,)
    if before is None and not change.heard and tuple(one.sequence for one in events) == created:
        return ()
    return () if meeting.purged is not None else events


def _published_in(outgoing: Iterable[Outgoing], *, after: int) -> tuple[LoggedEvent, ...]:
    events = (json.loads(one.body) for one in outgoing if one.entity == EVENTS_TOPIC)
    return tuple(
        LoggedEvent(
            sequence=int(event["sequence"]),
            type=event["type"],
            time=datetime.fromisoformat(event["time"]),
        )
        for event in events
        if int(event.get("sequence", after)) > after
    )


def reply_message(message: Outgoing, reply: ReplyAddress) -> Outgoing:
    """Return `message` addressed to the caller's own queue."""
    return replace(message, entity=reply.queue, correlation_id=reply.correlation_id)


def naming_schema(message: Outgoing, schemas: str) -> Outgoing:
    """Return an event that names the schema of its `data`, or any other message as it is.

    `schemas` is the URL under which this deployment serves them. CloudEvents wants an absolute URI,
    which the core does not know: so the attribute is added where an event leaves.
    """
    if message.content_type != CLOUD_EVENT or not isinstance(message.body, str):
        return message
    name = (message.subject or "").removeprefix(PREFIX).removesuffix(VERSION)
    attribute = json.dumps({"dataschema": f"{schemas}/{name}.data.json"})
    # One more member at the end of an object of ours: a body of 64 KB is not read for it.
    return replace(message, body=f"{message.body[:-1]},{attribute[1:]}")


def refusal_message(
    name: str,
    refused: Rejected,
    *,
    tenant_id: str,
    request_id: str,
    delivery_id: str,
    at: datetime,
    context: dict[str, Any] | None,
    traceparent: str | None,
) -> Outgoing:
    """Return the topic message that refuses a request which has no meeting.

    `delivery_id` is that of the request's message: a redelivery is refused with the same event id,
    but where the answer was lost meanwhile: the event that says so is another one.
    `traceparent`: the trace that the request is part of.
    """
    return _message(
        name=name,
        event_id=digest(
            *(name, tenant_id, request_id, delivery_id, refused.code),
            *([refused.undelivered.code] if refused.undelivered is not None else []),
            characters=26,
        ),
        tenant_id=tenant_id,
        subject=f"requests/{request_id}",
        at=at,
        correlation_id=request_id,
        request_id=request_id,
        traceparent=traceparent,
        data={
            "requestId": request_id,
            "context": context,
            "recordedAt": utc_text(at),
            **refusal_data(refused),
        },
    )


def warning_message(
    meeting_id: MeetingId, refused: Rejected, *, tenant_id: str, at: datetime
) -> Outgoing:
    """Return the topic message that warns of a meeting whose record cannot be read.

    It is not one of the meeting's numbered events. Each time it is published it has the same id.
    The meeting's trace is not known: it stands in the record.
    """
    return _message(
        name="meeting.warning",
        event_id=digest("meeting.warning", meeting_id, refused.code, characters=26),
        tenant_id=tenant_id,
        subject=f"meetings/{meeting_id}",
        at=at,
        correlation_id=meeting_id,
        meeting_id=meeting_id,
        traceparent=None,
        data={
            "meetingId": meeting_id,
            "context": None,
            "recordedAt": utc_text(at),
            "code": refused.code,
            "message": refused.message,
            "nextStep": refused.next_step,
        },
    )


def refusal_data(refused: Rejected) -> dict[str, Any]:
    """Return what every refusal says: code, problems, message, next step, Graph, the tries."""
    data: dict[str, Any] = {
        "code": refused.code,
        "problems": [
            {
                "member": one.member,
                "code": one.code,
                "message": one.message,
                "params": dict(one.params),
            }
            for one in refused.problems
        ],
        "message": refused.message,
        "nextStep": refused.next_step,
    }
    if refused.graph is not None:
        data["graph"] = trace_data(refused.graph)
    if refused.undelivered is not None:
        data |= undelivered_data(refused.undelivered)
    if refused.history:
        data["history"] = [
            {"at": utc_text(one.at), "message": one.said, "requestId": one.request_id}
            for one in refused.history
        ]
    return data


def trace_data(trace: GraphTrace) -> dict[str, Any]:
    """Return what Microsoft's support needs of an answer of Graph's."""
    return {
        "status": trace.status,
        "code": trace.code,
        "requestId": trace.request_id,
        "clientRequestId": trace.client_request_id,
        "date": trace.date,
    }


def _message(
    *,
    name: str,
    event_id: str,
    tenant_id: str,
    subject: str,
    at: datetime,
    correlation_id: str,
    traceparent: str | None,
    data: dict[str, Any],
    meeting_id: str | None = None,
    request_id: str | None = None,
    call_number: int | None = None,
    sequence: int | None = None,
) -> Outgoing:
    kind = f"{PREFIX}{name}{VERSION}"
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/rollcall/{tenant_id}",
        "type": kind,
        "subject": subject,
        "time": utc_text(at),
        "datacontenttype": "application/json",
        "correlationid": correlation_id,
    }
    if traceparent is not None:
        # The trace that all this began in, as the extension demands, not that of this message.
        # https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/distributed-tracing.md
        event["traceparent"] = traceparent
    if sequence is not None:
        event |= {"sequence": str(sequence), "sequencetype": "Integer"}
    event["data"] = fitted(data, room=LARGEST_EVENT - size_of(event))
    beside = {
        "type": kind,
        "meetingid": meeting_id,
        "requestid": request_id,
        "callnumber": None if call_number is None else str(call_number),
    }
    return Outgoing(
        entity=EVENTS_TOPIC,
        message_id=event_id,
        body=as_json(event),
        content_type=CLOUD_EVENT,
        subject=kind,
        correlation_id=correlation_id,
        session_id=meeting_id,
        properties={name: value for name, value in beside.items() if value is not None},
    )
