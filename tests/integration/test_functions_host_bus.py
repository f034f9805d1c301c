"""Service Bus functions through the real worker library, the real SDK and the local broker."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.amqp import AmqpAnnotatedMessage, AmqpMessageProperties

from tests.fixtures.functions_apps.host_process import HostProcess
from tests.fixtures.functions_apps.stage import Stage

LOCK_SECONDS = 5
SECRET = "what-the-body-holds"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Return a stage for one host."""
    with Stage() as stage:
        yield stage


@pytest.fixture(scope="module")
def host(stage: Stage) -> Iterator[HostProcess]:
    """Return the host on the stage."""
    with stage.host() as host:
        host.ready()
        yield host
        assert host.stop() == 0


@pytest.fixture
def running(stage: Stage, host: HostProcess) -> Stage:
    """Return the stage with its host running, which the tests leave idle."""
    assert host.running
    return stage


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


def test_properties_keep_their_types(running: Stage) -> None:
    """As Json.NET writes them: text and binary differ, and a time is no number."""
    properties: Any = {
        "text": "ab",
        "binary": bytearray(b"ab"),  # the SDK sends bytes as text
        "when": datetime(2026, 3, 4, 5, 6, 7, 890_000, UTC),
        "id": UUID(int=7),
        "number": 3,
        "flag": True,
    }
    running.send("binary", ServiceBusMessage(b"x", application_properties=properties))

    sighting = running.witness.next("binary")
    sighting.answer("return")

    assert sighting.saw["applicationProperties"] == {
        "text": "ab",
        "binary": "YWI=",
        "when": "2026-03-04T05:06:07.89Z",
        "id": "00000000-0000-0000-0000-000000000007",
        "number": 3,
        "flag": True,
    }


def test_data_sections_are_joined(running: Stage) -> None:
    """A body may come in pieces."""
    running.send("binary", AmqpAnnotatedMessage(data_body=[b"one", b"two"]))

    sighting = running.witness.next("binary")
    sighting.answer("return")

    assert sighting.saw["body"] == "onetwo"


@pytest.mark.parametrize(
    ("queue", "body", "words"),
    [
        ("binary", {"sequence_body": [[SECRET]]}, "Sequence cannot be retrieved using the Body"),
        ("binary", {"value_body": SECRET}, "Value cannot be retrieved using the Body property"),
        ("text", {"sequence_body": [[SECRET]]}, "A sequence body message cannot be bound"),
        ("text", {"value_body": {SECRET: 1}}, "cannot be bound to a string"),
    ],
)
def test_body_that_is_no_data_fails_without_the_function(
    running: Stage, host: HostProcess, queue: str, body: dict[str, Any], words: str
) -> None:
    """Abandoned at once until it is dead-lettered, in the extension's words and not the body's.

    What comes right behind it is handled.
    """
    seen_before = len(host.log())
    running.send(queue, AmqpAnnotatedMessage(**body), ServiceBusMessage("next", message_id="next"))

    sighting = running.witness.next(queue)
    (dead,) = running.take_dead(queue)
    sighting.answer("return")

    log = host.log()[seen_before:]
    assert sighting.saw["messageId"] == "next"
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert [
        f"{queue} failed on delivery {count}: System.NotSupportedException: " in log
        for count in (1, 2, 3, 4)
    ] == [True, True, True, False]
    assert words in log
    assert SECRET not in log


def test_message_without_a_body_section_is_empty(running: Stage) -> None:
    """It counts as one of data; the SDK leaves the section out where it is to send a null."""
    properties = AmqpMessageProperties(message_id="bare")
    running.send("binary", AmqpAnnotatedMessage(value_body=None, properties=properties))

    sighting = running.witness.next("binary")
    sighting.answer("return")

    assert (sighting.saw["messageId"], sighting.saw["body"]) == ("bare", "")


def test_text_that_is_an_amqp_value_is_bound_to_text(running: Stage) -> None:
    """The one body besides data that the extension takes."""
    running.send("text", AmqpAnnotatedMessage(value_body="said"))

    sighting = running.witness.next("text")
    sighting.answer("return")

    assert sighting.saw["body"] == "said"


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
