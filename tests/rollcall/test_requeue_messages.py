"""What is read of an SDK's message, and what is sent of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus._pyamqp.message import Message, Properties  # the SDK's own parts

from rollcall.requeue.letters import CREATE, REJECTED, Place
from rollcall.requeue.messages import copy_of, letter_of

DEAD = Place(entity=CREATE)
AT = int(datetime(2026, 11, 26, tzinfo=UTC).timestamp() * 1000)


def received(**parts: Any) -> ServiceBusReceivedMessage:
    """Return a message as the SDK gives it to a receiver; texts are bytes there."""
    annotations = {b"x-opt-sequence-number": 7, b"x-opt-enqueued-time": AT}
    message = Message(
        **{
            "properties": Properties(message_id=b"m-1"),
            "message_annotations": annotations,
            "data": [b"{}"],
        }
        | parts
    )
    return ServiceBusReceivedMessage(message, receiver=None, frame=None)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ([b'{"requestId": "INC-1"}'], "INC-1"),
        ([b'{"requestId"', b': "INC-1"}'], "INC-1"),
        ([b'{"requestId": 7}'], "first"),
        ([b"[1]"], "first"),
        ([b"\xff"], "first"),
        ([b"[" * 100_000], "first"),
    ],
)
def test_the_request_id_is_that_of_the_body_else_the_first_message(
    body: list[bytes], found: str
) -> None:
    """A body that is not readable is listed all the same."""
    message = received(data=body, application_properties={b"rollcall-origin": b"first"})

    assert letter_of(message, DEAD).request_id == found


def test_a_copy_names_its_queue_and_its_code() -> None:
    """The code is the reason that it lies there."""
    names = {b"rollcall-queue": b"join-meeting", b"rollcall-code": b"gave_up"}
    letter = letter_of(received(application_properties=names), Place(entity=REJECTED, dead=False))

    assert (letter.from_queue, letter.code, letter.reason) == ("join-meeting", "gave_up", "gave_up")
    assert (letter.sequence, letter.message_id, letter.defect) == (7, "m-1", None)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"data": None, "value": "text"}, "AMQP value"),
        ({"data": None, "sequence": [[1]]}, "AMQP sequence"),
        ({"application_properties": {b"key": b"\xff"}}, "send as they are: key"),
        (
            {"application_properties": {b"rollcall-left-out": b"the body after 131072 bytes"}},
            "body was cut",
        ),
    ],
)
def test_what_cannot_be_sent_as_it_was_has_a_defect(parts: dict[str, Any], said: str) -> None:
    """It says what."""
    assert said in (letter_of(received(**parts), DEAD).defect or "")


def test_what_service_bus_added_is_left_out_of_the_copy() -> None:
    """Its reasons, and its annotations but the partition key."""
    message = received(
        application_properties={b"DeadLetterReason": b"r", b"team": b"a", b"n": 2**40},
        message_annotations={b"x-opt-partition-key": b"p", b"x-opt-sequence-number": 7},
    )

    copy = copy_of(message)

    assert copy.application_properties == {"team": "a", "n": {"TYPE": "LONG", "VALUE": 2**40}}
    assert copy.annotations == {"x-opt-partition-key": "p"}
    assert list(copy.body) == [b"{}"]
