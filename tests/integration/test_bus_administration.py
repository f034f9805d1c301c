"""Entities that come and go while the broker runs, through the SDK's administration client."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import HttpRequest, RequestsTransport
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.exceptions import MessagingEntityNotFoundError, ServiceBusError
from azure.servicebus.management import ServiceBusAdministrationClient

from tests.stack.connections import bus_at
from tests.stack.process import StackProcess

IDLE = timedelta(minutes=5)
TOPIC = "meeting-events"


class PlainHttp(RequestsTransport):  # type: ignore[misc]  # re-exported without types
    """The broker has no TLS; the client knows no other than https."""

    def send(self, request: HttpRequest, **options: Any) -> Any:
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)


@pytest.fixture(scope="module")
def broker() -> Iterator[StackProcess]:
    """Return a broker of this module's own."""
    with StackProcess("bus", "--seed", "1") as process:
        yield process


@pytest.fixture
def admin(broker: StackProcess) -> Iterator[ServiceBusAdministrationClient]:
    """Return a client of its management."""
    with ServiceBusAdministrationClient.from_connection_string(
        bus_at(int(broker.ready["lab"])), transport=PlainHttp(), retry_total=0
    ) as client:
        yield client


@pytest.fixture
def bus(broker: StackProcess) -> Iterator[ServiceBusClient]:
    """Return a client of its messages."""
    with ServiceBusClient.from_connection_string(bus_at(broker.port), retry_total=0) as client:
        yield client


def test_a_queue_is_used_until_it_is_deleted(
    admin: ServiceBusAdministrationClient, bus: ServiceBusClient
) -> None:
    """What it holds goes with it, and so do the links to it."""
    admin.create_queue("own", auto_delete_on_idle=IDLE)
    with bus.get_queue_sender("own") as sender, bus.get_queue_receiver("own") as receiver:
        sender.send_messages([ServiceBusMessage("a"), ServiceBusMessage("b")])
        (first,) = receiver.receive_messages(1, max_wait_time=5)
        receiver.complete_message(first)
        admin.delete_queue("own")
        with pytest.raises(ServiceBusError):
            sender.send_messages(ServiceBusMessage("c"))
    with bus.get_queue_receiver("own") as receiver, pytest.raises(MessagingEntityNotFoundError):
        receiver.receive_messages(1, max_wait_time=1)

    admin.create_queue("own")
    with bus.get_queue_receiver("own") as receiver:
        assert receiver.peek_messages(1, sequence_number=1) == []
    admin.delete_queue("own")


def test_a_subscription_gets_what_is_published_while_it_is_there(
    admin: ServiceBusAdministrationClient, bus: ServiceBusClient
) -> None:
    """The other subscriptions get the same, before and after."""
    with (
        bus.get_topic_sender(TOPIC) as sender,
        bus.get_subscription_receiver(TOPIC, "all") as others,
    ):
        sender.send_messages(ServiceBusMessage("before", message_id="1"))
        admin.create_subscription(TOPIC, "own", auto_delete_on_idle=IDLE)
        with bus.get_subscription_receiver(TOPIC, "own") as receiver:
            sender.send_messages(ServiceBusMessage("while", message_id="2"))
            found = [str(one) for one in receiver.receive_messages(2, max_wait_time=1)]
        admin.delete_subscription(TOPIC, "own")
        sender.send_messages(ServiceBusMessage("after", message_id="3"))
        peeked = [str(one) for one in others.peek_messages(9, sequence_number=1)]

    assert found == ["while"]
    assert peeked == ["before", "while", "after"]


def test_what_is_shown_is_what_was_set(admin: ServiceBusAdministrationClient) -> None:
    """And what an update changed."""
    made = admin.create_queue("own", auto_delete_on_idle=IDLE, max_delivery_count=3)
    made.auto_delete_on_idle = timedelta(hours=2)

    admin.update_queue(made)
    shown = admin.get_queue("own")
    admin.delete_queue("own")

    assert (shown.auto_delete_on_idle, shown.max_delivery_count) == (timedelta(hours=2), 3)


def test_configured_and_made_subscriptions_are_shown(admin: ServiceBusAdministrationClient) -> None:
    """Each with its own description; topics are shown, too."""
    admin.create_subscription(TOPIC, "own", auto_delete_on_idle=IDLE)
    made = admin.get_subscription(TOPIC, "own")
    admin.delete_subscription(TOPIC, "own")

    assert made.auto_delete_on_idle == IDLE
    assert admin.get_subscription(TOPIC, "all").max_delivery_count == 10
    assert admin.get_topic(TOPIC).requires_duplicate_detection


def test_what_is_there_already_is_not_made_again(admin: ServiceBusAdministrationClient) -> None:
    """Whatever the letters' case."""
    with pytest.raises(ResourceExistsError):
        admin.create_queue("Replies")
    with pytest.raises(ResourceExistsError):
        admin.create_subscription(TOPIC, "ALL")


def test_what_is_not_there_is_not_found(admin: ServiceBusAdministrationClient) -> None:
    """Read, changed, deleted, or subscribed to."""
    with pytest.raises(ResourceNotFoundError):
        admin.get_queue("none")
    with pytest.raises(ResourceNotFoundError):
        admin.delete_queue("none")
    with pytest.raises(ResourceNotFoundError):
        admin.create_subscription("replies", "own")


@pytest.mark.parametrize(
    "wrong",
    [
        {"auto_delete_on_idle": timedelta(minutes=4)},
        {"lock_duration": timedelta(minutes=6)},
        {"forward_to": "replies"},
    ],
)
def test_what_service_bus_refuses_is_refused(
    admin: ServiceBusAdministrationClient, wrong: dict[str, Any]
) -> None:
    """What this broker does not do, too."""
    with pytest.raises(HttpResponseError) as refused:
        admin.create_queue("wrong", **wrong)

    assert refused.value.status_code == 400


def test_topics_and_rules_are_not_managed_here(admin: ServiceBusAdministrationClient) -> None:
    """They are answered 501, so that no test relies on them."""
    with pytest.raises(HttpResponseError) as refused:
        admin.get_rule(TOPIC, "all", "$Default")

    assert refused.value.status_code == 501
