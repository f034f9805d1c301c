"""Which queue a `reply_to` means, as senders and their frameworks write it."""

import pytest

from shared.inbox.reply_to import read_reply_to
from shared.words.outgoing import Undelivered

NAMESPACE = "ns.servicebus.windows.net"


@pytest.mark.parametrize(
    "text",
    [
        "answers",
        "  answers\t",
        "/answers/",
        "sb://ns.servicebus.windows.net/answers",
        "SB://NS.ServiceBus.Windows.NET:5671/answers/",
        "sb://ns/answers",
        "sb://ns.servicebus.windows.net/answers?autodelete=300",
        "amqps://ns.servicebus.windows.net/answers",
        "amqp://ns.servicebus.windows.net/answers",
        "https://ns.servicebus.windows.net/answers",
        "queue:answers",
        "queue:answers?durable=false",
        "queue://answers",
        "answers@ns",
        "answers@ns.servicebus.windows.net",
    ],
)
def test_a_queue_of_our_namespace_is_read(text: str) -> None:
    """By its name, and as MassTransit, NServiceBus and JMS write it."""
    assert read_reply_to(text, namespace=NAMESPACE) == "answers"


@pytest.mark.parametrize("text", ["team/answers", "sb://ns/team/answers", "sb://ns/team%2Fanswers"])
def test_a_name_may_have_slashes_in_it(text: str) -> None:
    """Service Bus lets a queue's name have levels."""
    assert read_reply_to(text, namespace=NAMESPACE) == "team/answers"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sb://other.servicebus.windows.net/answers", "other_namespace"),
        ("sb:///answers", "other_namespace"),
        ("answers@other", "other_namespace"),
        ("answers@", "other_namespace"),
        ("rejected-requests", "own_entity"),
        (" Join-Meeting/", "own_entity"),
        ("sb://ns/meeting-events", "own_entity"),
        ("meeting-events/subscriptions/all", "own_entity"),
        ("queue:tend-meeting", "own_entity"),
        ("topic:answers", "not_a_queue"),
        ("rabbitmq://ns/answers", "not_a_queue"),
        ("answers/$deadletterqueue", "not_a_queue"),
        ("my answers", "not_a_queue"),
        ("sb://[ns/answers", "not_a_queue"),
        ("a" * 261, "not_a_queue"),
        ("///", "not_a_queue"),
    ],
)
def test_what_is_no_queue_for_answers_is_named_for_what_it_is(text: str, code: str) -> None:
    """Nothing of it is quoted that is not the name of a queue."""
    found = read_reply_to(text, namespace=NAMESPACE)

    assert isinstance(found, Undelivered)
    assert found.code == code


def test_a_connection_string_is_never_quoted() -> None:
    """NServiceBus once wrote one behind the queue's name."""
    text = "answers@Endpoint=sb://other/;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0"

    assert "c2VjcmV0" not in repr(read_reply_to(text, namespace=NAMESPACE))


def test_a_namespace_without_a_domain_of_service_bus_is_its_whole_host() -> None:
    """The emulator has an address: `127` is none of its names."""
    assert read_reply_to("sb://127.0.0.1:5672/answers", namespace="127.0.0.1") == "answers"
    assert isinstance(read_reply_to("sb://127/answers", namespace="127.0.0.1"), Undelivered)
