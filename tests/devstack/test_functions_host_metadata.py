"""What a Service Bus message becomes for the worker: names, kinds and surprises as in Azure."""

from datetime import UTC, datetime, timedelta

import pytest

from devstack.functions.metadata import (
    Body,
    BodyNotSupportedError,
    Delivery,
    SequenceBody,
    ValueBody,
    body_data,
    trigger_metadata,
)
from devstack.functions.protos import TypedData

ENQUEUED = datetime(2026, 3, 4, 5, 6, 7, 891000, UTC)


def _delivery(body: Body = b"", **members: object) -> Delivery:
    values: dict[str, object] = {
        "body": body,
        "sequence_number": 42,
        "delivery_count": 0,
        "enqueued_time": ENQUEUED,
    }
    return Delivery(**(values | members))  # type: ignore[arg-type]  # members are named by the test


def test_first_delivery_counts_one() -> None:
    """Azure counts the delivery under way; the AMQP header does not."""
    metadata = trigger_metadata(_delivery(delivery_count=0), binary=True)

    assert metadata["DeliveryCount"] == TypedData(json="1")


def test_numbers_are_json_texts() -> None:
    """The worker library cannot decode the kind int."""
    metadata = trigger_metadata(_delivery(), binary=True)

    assert metadata["SequenceNumber"] == TypedData(json="42")
    assert {data.WhichOneof("data") for data in metadata.values()} <= {"json", "string"}


def test_utc_times_lack_their_zone() -> None:
    """A DateTime of kind Unspecified is written without Z, a DateTimeOffset with its offset."""
    delivery = _delivery(expires_at=ENQUEUED + timedelta(hours=1, microseconds=500))

    metadata = trigger_metadata(delivery, binary=True)

    assert metadata["EnqueuedTimeUtc"] == TypedData(json='"2026-03-04T05:06:07.891"')
    assert metadata["EnqueuedTime"] == TypedData(json='"2026-03-04T05:06:07.891+00:00"')
    assert metadata["ExpiresAtUtc"] == TypedData(json='"2026-03-04T06:06:07.8915"')


def test_whole_seconds_have_no_fraction() -> None:
    """Json.NET leaves out a fraction of zero."""
    metadata = trigger_metadata(
        _delivery(enqueued_time=ENQUEUED.replace(second=10, microsecond=0)), binary=True
    )

    assert metadata["EnqueuedTimeUtc"] == TypedData(json='"2026-03-04T05:06:10"')


def test_message_that_never_expires_shows_the_largest_time() -> None:
    """.NET has a time for never."""
    metadata = trigger_metadata(_delivery(expires_at=None), binary=True)

    assert metadata["ExpiresAtUtc"] == TypedData(json='"9999-12-31T23:59:59.9999999"')


def test_absent_values_are_not_sent() -> None:
    """A null never reaches the worker, and some values never do at all."""
    metadata = trigger_metadata(_delivery(message_id="m"), binary=True)

    assert metadata["MessageId"] == TypedData(string="m")
    assert metadata.keys().isdisjoint(
        {"Subject", "Label", "ReplyTo", "SessionId", "LockedUntil", "ScheduledEnqueueTimeUtc"}
    )


def test_subject_is_also_the_label() -> None:
    """The old name stays."""
    metadata = trigger_metadata(_delivery(subject="s"), binary=True)

    assert metadata["Subject"] == metadata["Label"] == TypedData(string="s")


def test_user_properties_are_always_there() -> None:
    """The library fails with a misleading text without them."""
    metadata = trigger_metadata(_delivery(), binary=True)

    assert metadata["UserProperties"] == metadata["ApplicationProperties"] == TypedData(json="{}")


def test_json_body_overwrites_the_metadata() -> None:
    """Members of a JSON object replace the message's own values, whatever their case."""
    body = b'{"messageId": "x", "SUBJECT": "y", "count": 3, "on": true, "more": {"a": 1}}'

    metadata = trigger_metadata(_delivery(body, message_id="m", subject="s"), binary=False)

    assert metadata["MessageId"] == TypedData(string="x")
    assert metadata["Subject"] == TypedData(string="y")
    assert metadata["Label"] == TypedData(string="s")
    assert metadata["count"] == TypedData(string="3")
    assert metadata["on"] == TypedData(string="True")
    assert metadata["more"] == TypedData(json='{"a": 1}')


def test_arrays_and_nulls_of_a_json_body_do_not_leak() -> None:
    """The host skips them."""
    body = b'{"messageId": null, "subject": ["y"]}'

    metadata = trigger_metadata(_delivery(body, message_id="m", subject="s"), binary=False)

    assert metadata["MessageId"] == TypedData(string="m")
    assert metadata["Subject"] == TypedData(string="s")


def test_bodies_that_are_no_json_object_do_not_leak() -> None:
    """Neither a list nor broken JSON changes anything."""
    plain = trigger_metadata(_delivery(), binary=False)

    for body in (b'[{"messageId": "x"}]', b'{"messageId": "x"', b'"messageId"', b"\xff"):
        assert trigger_metadata(_delivery(body), binary=False) == plain


def test_binary_trigger_keeps_the_metadata() -> None:
    """Nothing leaks where the body is bytes."""
    metadata = trigger_metadata(_delivery(b'{"messageId": "x"}', message_id="m"), binary=True)

    assert metadata["MessageId"] == TypedData(string="m")


def test_body_is_bytes_or_text_as_the_trigger_says() -> None:
    """JSON has no kind of its own; text that is not UTF-8 loses what cannot be read."""
    assert body_data(_delivery(b"\xffa"), binary=True) == TypedData(bytes=b"\xffa")
    assert body_data(_delivery(b'{"a":1}'), binary=False) == TypedData(string='{"a":1}')
    assert body_data(_delivery(b"\xffa"), binary=False) == TypedData(string="�a")


@pytest.mark.parametrize("binary", [True, False])
def test_empty_body_is_set_and_empty(binary: bool) -> None:
    """The kind is that of any other body."""
    data = body_data(_delivery(b""), binary=binary)

    assert data == (TypedData(bytes=b"") if binary else TypedData(string=""))


@pytest.mark.parametrize(
    ("body", "kind"), [(ValueBody(text="said"), "Value"), (SequenceBody(), "Sequence")]
)
def test_binary_trigger_takes_data_alone(body: Body, kind: str) -> None:
    """The words are the extension's; what is in the body is not among them."""
    with pytest.raises(
        BodyNotSupportedError, match=f"^{kind} cannot be retrieved using"
    ) as refusal:
        body_data(_delivery(body), binary=True)

    assert "said" not in str(refusal.value)


def test_text_trigger_takes_a_value_that_is_a_string() -> None:
    """Nothing else that is no data; the string leaks like any other body."""
    delivery = _delivery(ValueBody(text='{"messageId": "x"}'), message_id="m")

    assert body_data(delivery, binary=False) == TypedData(string='{"messageId": "x"}')
    assert trigger_metadata(delivery, binary=False)["MessageId"] == TypedData(string="x")
    for other in (ValueBody(text=None), SequenceBody()):
        with pytest.raises(BodyNotSupportedError, match="cannot be bound to a string"):
            body_data(_delivery(other), binary=False)
