"""Drops requests on create-meeting and takes the answers, as a client of the app does.

Knows nothing of the app but its message contract. Every answer is checked: a refusal is no meeting.
"""

import json
import time
from collections.abc import Callable, Iterator
from itertools import batched
from typing import Any

from azure.servicebus import ServiceBusMessage, ServiceBusReceiveMode
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender

QUEUE = "create-meeting"
REPLIES = "replies"
PER_BATCH = 200
SILENCE_SECONDS = 20.0
"""So long without any answer means that no more will come."""

ATTENDEES = (("ada@example.com", "attendee"), ("bo@example.com", "presenter"))

type Progress = Callable[[int], None]
"""Is told, whenever answers came, how many there are by now."""


class NotAnswered(Exception):
    """Requests stayed without an answer, or were refused."""


def request_of(request_id: str) -> dict[str, Any]:
    """Return one request, as a platform team would send it."""
    return {
        "requestId": request_id,
        "subject": f"{request_id}: checkout is down",
        "attendees": [{"upn": upn, "role": role} for upn, role in ATTENDEES],
    }


async def drop(requests: ServiceBusSender, name: str, count: int) -> None:
    """Put `count` requests on the queue, under request ids that begin with `name`."""
    for some in batched(_messages(name, count), PER_BATCH, strict=False):
        await requests.send_messages(list(some))


async def take(
    replies: ServiceBusReceiver,
    count: int,
    *,
    progress: Progress = lambda _: None,
    until: float = float("inf"),
) -> list[float]:
    """Take the answers to `count` requests, or those that come until `until` on the monotonic
    clock; return when, by the wall clock, each of them lay in the caller's queue, in that order.

    Raises `NotAnswered` when no more come.
    """
    meetings: set[str] = set()
    came, moments = 0, list[float]()
    while came < count and time.monotonic() < until:
        some = await replies.receive_messages(100, max_wait_time=SILENCE_SECONDS)
        if not some:
            raise NotAnswered(f"{came} of {count} requests were answered")
        for message in some:
            event = json.loads(str(message))
            if not event["type"].endswith("meeting.created.v1"):
                raise NotAnswered(f"a request was answered with {event['type']}")
            meetings.add(event["data"]["meetingId"])
            # Not when it was received: the SDK waits for more before it hands messages over.
            if message.enqueued_time_utc is not None:
                moments.append(message.enqueued_time_utc.timestamp())
        came += len(some)
        progress(came)
    if len(meetings) != came:
        raise NotAnswered(f"{came} answers told of {len(meetings)} meetings")
    return sorted(moments)


def replies_of(bus: ServiceBusClient) -> ServiceBusReceiver:
    """Return a receiver of the answers that costs them no settling."""
    return bus.get_queue_receiver(REPLIES, receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE)


def _messages(name: str, count: int) -> Iterator[ServiceBusMessage]:
    for number in range(count):
        request_id = f"{name}-{number}"
        yield ServiceBusMessage(
            json.dumps(request_of(request_id)), message_id=request_id, reply_to=REPLIES
        )
