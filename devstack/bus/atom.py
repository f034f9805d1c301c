"""The descriptions of entities as Service Bus's management over HTTP shows them: Atom. Pure.

Read only: an entity cannot be made or changed here, and no counts are shown.
Source: https://learn.microsoft.com/rest/api/servicebus/get-queue
"""

import math
from datetime import timedelta
from xml.sax.saxutils import escape

from devstack.bus.config import Namespace, QueueConfig, TopicConfig

ATOM = "http://www.w3.org/2005/Atom"
CONNECT = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"


def entry_of(namespace: Namespace, path: str) -> str | None:
    """Return the entry of a queue, a topic or `topic/Subscriptions/name`; None: there is none."""
    wanted = path.strip("/").lower()
    for queue in namespace.queues:
        if queue.name.lower() == wanted:
            return _entry(queue.name, "Queue", _queue(queue))
    for topic in namespace.topics:
        if topic.name.lower() == wanted:
            return _entry(topic.name, "Topic", _topic(topic))
        for each in topic.subscriptions:
            if f"{topic.name}/subscriptions/{each.queue.name}".lower() == wanted:
                return _entry(each.queue.name, "Subscription", _received(each.queue))
    return None


def no_entry() -> str:
    """Return what the service answers, with 200, for an entity that is not there: an empty feed."""
    return f'<feed xmlns="{ATOM}"><title type="text">Publicly Listed Services</title></feed>'


def _entry(name: str, kind: str, members: dict[str, str]) -> str:
    described = "".join(f"<{one}>{escape(value)}</{one}>" for one, value in members.items())
    return (
        f'<entry xmlns="{ATOM}"><title type="text">{escape(name)}</title>'
        f'<content type="application/xml"><{kind}Description xmlns="{CONNECT}">{described}'
        f"</{kind}Description></content></entry>"
    )


def _queue(queue: QueueConfig) -> dict[str, str]:
    return _received(queue) | _duplicates(queue.duplicate_window)


def _topic(topic: TopicConfig) -> dict[str, str]:
    return {"DefaultMessageTimeToLive": _duration(topic.time_to_live)} | _duplicates(
        topic.duplicate_window
    )


def _received(queue: QueueConfig) -> dict[str, str]:
    return {
        "LockDuration": _duration(queue.lock_duration),
        "RequiresSession": _flag(queue.requires_session),
        "DefaultMessageTimeToLive": _duration(queue.time_to_live),
        "DeadLetteringOnMessageExpiration": _flag(queue.dead_letters_expired),
        "MaxDeliveryCount": str(queue.max_delivery_count),
    }


def _duplicates(window: float | None) -> dict[str, str]:
    shown = {"RequiresDuplicateDetection": _flag(window is not None)}
    if window is not None:
        shown["DuplicateDetectionHistoryTimeWindow"] = _duration(window)
    return shown


def _duration(seconds: float) -> str:
    # What stands for "no end" is .NET's TimeSpan.MaxValue.
    if math.isinf(seconds):
        return "P10675199DT2H48M5.4775807S"
    whole = timedelta(seconds=seconds)
    return f"P{whole.days}DT{whole.seconds}S"


def _flag(on: bool) -> str:
    return str(on).lower()
