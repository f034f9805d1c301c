"""Service Bus functions through the real worker library, the real SDK and the local broker."""

import time
from collections.abc import Iterator

import pytest
from azure.servicebus import ServiceBusMessage

from tests.fixtures.functions_apps.stage import Stage

LOCK_SECONDS = 5


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    """Return a stage with one host on it, which the tests leave idle."""
    with Stage() as stage, stage.host() as host:
        host.ready()
        yield stage
        assert host.stop() == 0


def test_binary_message_reaches_the_function_as_in_azure(running: Stage) -> None:
    """Bytes, its own metadata even where the body is JSON, naive times, counted from 1."""
    body = b'{"messageId": "leak"} \xff'
    running.send(
        "binary",
        ServiceBusMessage(
            body,
            message_id="m-1",
            subject="s",
            correlation_id="c",
            reply_to="replies",
            application_properties={"type": "x", "attempt": 2},
        ),
    )

    sighting = running.witness.next("binary")
    sighting.answer("return")

    saw = sighting.saw
    assert saw["body"].encode("latin-1") == body
    assert (saw["messageId"], saw["subject"], saw["deliveryCount"]) == ("m-1", "s", 1)
    assert saw["applicationProperties"] == {"type": "x", "attempt": 2}
    assert saw["enqueuedHasZone"] is False
    assert saw["lockedUntil"] is None
    assert saw["metadata"]["CorrelationId"] == "c"
    assert saw["metadata"]["ReplyTo"] == "replies"
    assert saw["ownInvocation"] is True


def test_json_text_overwrites_the_metadata(running: Stage) -> None:
    """As Azure does where the data type is not binary."""
    running.send("text", ServiceBusMessage('{"messageId": "leak"}', message_id="m-2"))

    sighting = running.witness.next("text")
    sighting.answer("return")

    assert sighting.saw["body"] == '{"messageId": "leak"}'
    assert sighting.saw["messageId"] == "leak"


def test_message_without_body_or_id(running: Stage) -> None:
    """An empty body is empty bytes."""
    running.send("binary", ServiceBusMessage(b""))

    sighting = running.witness.next("binary")
    sighting.answer("return")

    assert sighting.saw["body"] == ""
    assert sighting.saw["sequenceNumber"] >= 1


def test_subscription_is_a_trigger(running: Stage) -> None:
    """What is published to the topic reaches the function."""
    running.publish("news", ServiceBusMessage("extra", message_id="n-1"))

    sighting = running.witness.next("news")
    sighting.answer("return")

    assert (sighting.saw["messageId"], sighting.saw["body"]) == ("n-1", "extra")


@pytest.mark.parametrize(
    ("queue", "word"),
    [("binary", "raise"), ("binary", "exit"), ("binary", "cancel"), ("text", "exit")],
)
def test_failed_message_comes_again_and_is_then_dead_lettered(
    running: Stage, queue: str, word: str
) -> None:
    """Abandoned at once, counted, and set aside after the queue's MaxDeliveryCount.

    SystemExit and CancelledError of a function fail it and leave the host alone.
    """
    running.send(queue, ServiceBusMessage(b"x", message_id=f"bad-{word}"))

    counts = []
    for _ in range(3):
        sighting = running.witness.next(queue)
        counts.append(sighting.saw["deliveryCount"])
        sighting.answer(word)
    (dead,) = running.take_dead(queue)

    assert counts == [1, 2, 3]
    assert dead.message_id == f"bad-{word}"
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"


def test_as_many_run_at_once_as_there_are_slots(running: Stage) -> None:
    """host.json says two: the third waits until one has ended."""
    running.send("text", *(ServiceBusMessage("x", message_id=f"s-{n}") for n in range(3)))

    first, second = running.witness.next("text"), running.witness.next("text")
    waits = not running.witness.sees_more("text")
    first.answer("return")
    third = running.witness.next("text")
    second.answer("return")
    third.answer("return")

    assert waits
    assert {each.saw["messageId"] for each in (first, second, third)} == {"s-0", "s-1", "s-2"}


def test_lock_is_renewed_while_the_function_runs(running: Stage) -> None:
    """A function that takes longer than the lock keeps its message, and completes it."""
    running.send("binary", ServiceBusMessage(b"long", message_id="long"))
    sighting = running.witness.next("binary")

    # Real time has to pass: the broker's clock is what is tested against.
    time.sleep(LOCK_SECONDS + 1)
    came_again = running.witness.sees_more("binary")
    sighting.answer("return")
    running.send("binary", ServiceBusMessage(b"after", message_id="after"))
    after = running.witness.next("binary")
    after.answer("return")

    assert not came_again
    assert after.saw["messageId"] == "after"
