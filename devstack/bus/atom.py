"""What Config.json says of entities, in the words of Service Bus's management over HTTP. Pure.

Source: https://learn.microsoft.com/rest/api/servicebus/get-queue
"""

import math
from datetime import timedelta

from devstack.bus.config import Namespace, QueueConfig, TopicConfig


def description_of(namespace: Namespace, path: str) -> dict[str, str]:
    """Return the members of a queue, a topic or `topic/Subscriptions/name`; {}: there is none."""
    wanted = path.strip("/").lower()
    for queue in namespace.queues:
        if queue.name.lower() == wanted:
            return _queue(queue)
    for topic in namespace.topics:
        if topic.name.lower() == wanted:
            return _topic(topic)
        for each in topic.subscriptions:
            if f"{topic.name}/subscriptions/{each.queue.name}".lower() == wanted:
                return _received(each.queue)
    return {}


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
