"""Looks at queues and topic, and puts nothing on them.

A link for sending and one for receiving is opened; dead letters are peeked; how an entity is set up
is read over HTTP, which takes the right to manage.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport._requests_basic import RequestsTransport
from azure.servicebus import ServiceBusClient, ServiceBusSubQueue
from azure.servicebus.exceptions import ServiceBusConnectionError, ServiceBusError
from azure.servicebus.management import (
    EntityStatus,
    QueueProperties,
    ServiceBusAdministrationClient,
    TopicProperties,
)

from rollcall.doctor.finding import LOOPBACK
from rollcall.doctor.of_bus import QUEUES, TOPIC
from rollcall.doctor.seen import MOST_DEAD_LETTERS, BusSeen, Described, EntitySeen

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

WITHIN = 10.0
"""Seconds a peek waits."""
QUICKLY: dict[str, Any] = {"retry_total": 1, "retry_backoff_factor": 0.2, "socket_timeout": 5}
FAILURES = (ServiceBusError, AzureError, ValueError, OSError)
"""What the SDK raises; ValueError for a connection string that is none."""
LONGEST_REASON = 160


def looked_at(bus: str, management: str, credential: "TokenCredential | None") -> BusSeen:
    """Look at every entity. `bus`: a connection string or a host name, `management` likewise."""
    try:
        with (
            _client(bus, credential) as client,
            _administration(management, credential) as administration,
        ):
            entities = tuple(_entity(client, administration, name) for name in (*QUEUES, TOPIC))
    except FAILURES as error:
        return BusSeen(error=f"Service Bus cannot be reached: {_said(error)}")
    return BusSeen(entities=entities)


def _client(bus: str, credential: "TokenCredential | None") -> ServiceBusClient:
    if credential is None:
        return ServiceBusClient.from_connection_string(bus, **QUICKLY)
    return ServiceBusClient(bus, credential, **QUICKLY)


def _administration(
    management: str, credential: "TokenCredential | None"
) -> ServiceBusAdministrationClient:
    options: dict[str, Any] = {"retry_total": 1, "transport": _PlainOnLoopback()}
    if credential is None:
        return ServiceBusAdministrationClient.from_connection_string(management, **options)
    return ServiceBusAdministrationClient(management, credential, **options)


def _entity(
    client: ServiceBusClient, administration: ServiceBusAdministrationClient, name: str
) -> EntitySeen:
    """Look at one entity. Raises `ServiceBusConnectionError` where there is no Service Bus."""
    send = _refusal(lambda: _open_sender(client, name))
    described = _described(administration, name)
    if name == TOPIC:
        return EntitySeen(name=name, send=send, described=described)
    found: list[int] = []
    receive = _refusal(lambda: found.append(_dead_letters(client, name)))
    return EntitySeen(
        name=name,
        send=send,
        receive=receive,
        dead_letters=found[0] if found else None,
        described=described,
    )


def _open_sender(client: ServiceBusClient, name: str) -> None:
    sender = client.get_queue_sender(name) if name != TOPIC else client.get_topic_sender(name)
    with sender:
        sender.create_message_batch()  # asks the link for its largest message, and sends nothing


def _dead_letters(client: ServiceBusClient, name: str) -> int:
    """Return how many dead letters a queue has; the queue itself is peeked, too."""
    with client.get_queue_receiver(name) as receiver:
        receiver.peek_messages(max_message_count=1, timeout=WITHIN)
    found = 0
    with client.get_queue_receiver(name, sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        sequence_number = 1
        while found < MOST_DEAD_LETTERS:
            page = receiver.peek_messages(
                max_message_count=MOST_DEAD_LETTERS,
                sequence_number=sequence_number,
                timeout=WITHIN,
            )
            if not page:
                break
            found += len(page)
            sequence_number = (page[-1].sequence_number or 0) + 1
    return min(found, MOST_DEAD_LETTERS)


def _described(administration: ServiceBusAdministrationClient, name: str) -> Described | str:
    try:
        found: QueueProperties | TopicProperties = (
            administration.get_topic(name) if name == TOPIC else administration.get_queue(name)
        )
    except AzureError as error:
        return _said(error)
    # An answer without a status is one of a stack that disables nothing.
    active = found.status in (None, EntityStatus.ACTIVE)
    duplicates = bool(found.requires_duplicate_detection)
    if isinstance(found, TopicProperties):
        return Described(active=active, duplicate_detection=duplicates)
    lock = found.lock_duration
    return Described(
        active=active,
        duplicate_detection=duplicates,
        lock=lock if isinstance(lock, timedelta) else None,
        most_deliveries=found.max_delivery_count,
        sessions=found.requires_session,
    )


def _refusal(act: Callable[[], None]) -> str:
    """Return why something was refused; "" where it was not."""
    try:
        act()
    except ServiceBusConnectionError:
        raise
    except (ServiceBusError, AzureError) as error:
        return _said(error)
    return ""


def _said(error: Exception) -> str:
    said = str(error).partition("\n")[0].strip() or type(error).__name__
    return said if len(said) <= LONGEST_REASON else f"{said[:LONGEST_REASON]}…"


class _PlainOnLoopback(RequestsTransport):
    """The SDK speaks https alone; a stack on this machine has no TLS."""

    def send(self, request: Any, **options: Any) -> Any:
        """See azure-core."""
        if urlsplit(request.url).hostname in LOOPBACK:
            request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)
