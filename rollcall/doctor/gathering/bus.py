"""Looks at queues and topic, and puts nothing on them.

A link for sending and one for receiving is opened; dead letters are peeked; how an entity is set up
is read over HTTP, which takes the right to manage.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusClient, ServiceBusSubQueue
from azure.servicebus.exceptions import ServiceBusConnectionError, ServiceBusError
from azure.servicebus.management import (
    EntityStatus,
    QueueProperties,
    ServiceBusAdministrationClient,
    TopicProperties,
)

from rollcall.bus import open_bus
from rollcall.doctor.gathering.answers import said
from rollcall.doctor.of_bus import QUEUES, TOPIC
from rollcall.doctor.seen import MOST_DEAD_LETTERS, BusSeen, Described, EntitySeen
from rollcall.greeting import Silent
from rollcall.management import open_administration
from rollcall.target import Target

SCOPE = "https://servicebus.azure.net/.default"
WITHIN = 10.0
"""Seconds a peek waits."""
FAILURES = (ServiceBusError, AzureError, OSError)
"""What the SDK raises."""


def looked_at(target: Target) -> BusSeen:
    """Look at every entity of the namespace."""

    def look(name: str) -> EntitySeen:
        with open_bus(target) as client, open_administration(target) as administration:
            return _entity(client, administration, name)

    names = (*QUEUES, TOPIC)
    if (missing := _no_identity(target)) is not None:
        return BusSeen(error=f"no identity for Service Bus: {missing}", signed_in=False)
    try:
        # Before there are threads: Ctrl-C does not end what they wait for.
        open_bus(target).close()
        # The SDK waits a second for each link. So all at once, each by a client of its own.
        with ThreadPoolExecutor(len(names)) as pool:
            entities = tuple(pool.map(look, names))
    except Silent as error:
        return BusSeen(error=str(error))
    except FAILURES as error:
        return BusSeen(error=f"Service Bus cannot be reached: {said(error)}")
    return BusSeen(entities=entities)


def _no_identity(target: Target) -> str | None:
    """Return why this machine gets no token for Service Bus; None where it does, or needs none."""
    if "=" in target.bus:
        return None
    from azure.identity import DefaultAzureCredential

    try:
        DefaultAzureCredential().get_token(SCOPE)
    except AzureError as error:
        return said(error)
    return None


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
        return said(error)
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
        return said(error)
    return ""
