"""The verdict on a message: when it is tried again, for how long, and under which identity."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.delivery import (
    QueueMessage,
    RetryPolicy,
    copy_of,
    kept_copy,
    next_attempt,
    postponed,
)
from shared.errors import Rejected, Transient

NOW = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
POLICY = RetryPolicy(
    attempts=4,
    total=timedelta(minutes=30),
    base=timedelta(seconds=2),
    ceiling=timedelta(seconds=60),
)
MESSAGE = QueueMessage(
    queue="create-meeting",
    body=b'{"subject": "x"}',
    message_id="m-1",
    correlation_id="c-1",
    reply_to="replies",
    sequence_number=42,
    delivery_count=1,
    enqueued_at=NOW,
)


def most(seconds: float) -> float:
    return seconds


def again(message: QueueMessage, due: datetime) -> QueueMessage:
    """Return the copy as it would be delivered."""
    sent = copy_of(message, due=due, attempt=message.attempt + 1)
    return replace(message, message_id=sent.message_id, properties=sent.properties, enqueued_at=due)


def test_pauses_grow_and_end() -> None:
    """2, 4, 8 s at most, and after the fourth try no more."""
    pauses: list[timedelta | None] = []
    message, now = MESSAGE, NOW

    for _ in range(4):
        due = next_attempt(message, Transient("busy"), now=now, policy=POLICY, jitter=most)
        pauses.append(due - now if due else None)
        if due is not None:
            message, now = again(message, due), due

    assert pauses == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8), None]


def test_what_the_other_side_asked_for_is_the_least_pause() -> None:
    """Requests made while throttled still count."""
    failed = Transient("throttled", retry_after=timedelta(seconds=90))

    due = next_attempt(MESSAGE, failed, now=NOW, policy=POLICY, jitter=lambda _: 0)

    assert due == NOW + timedelta(seconds=90)


def test_a_message_is_not_tried_beyond_its_total_time() -> None:
    """However few attempts it had."""
    failed = Transient("throttled", retry_after=timedelta(hours=1))

    assert next_attempt(MESSAGE, failed, now=NOW, policy=POLICY, jitter=most) is None


def test_a_copy_keeps_the_identity_and_where_the_answer_goes() -> None:
    """`{id}#{attempt}`, the same origin, correlation and reply queue, and when it all began."""
    second = again(MESSAGE, NOW + timedelta(seconds=5))
    third = copy_of(second, due=NOW, attempt=3)

    assert third.message_id == "m-1#3"
    assert (third.reply_to, third.correlation_id) == ("replies", "c-1")
    assert (second.origin_id, second.attempt, second.first_enqueued) == ("m-1", 2, NOW)
    assert third.body == MESSAGE.body


def test_a_message_without_an_id_is_the_same_over_its_redeliveries() -> None:
    """The queue's sequence number stays, whatever the delivery count."""
    first = replace(MESSAGE, message_id=None)
    second = replace(first, delivery_count=2)

    assert first.origin_id == second.origin_id == "sequence-number-42"


def test_a_postponed_message_starts_its_attempts_anew() -> None:
    """Waiting for the meeting's start is not a failure."""
    tired = again(MESSAGE, NOW)

    later = postponed(tired, due=NOW + timedelta(days=3))

    assert "rollcall-attempt" not in later.properties
    assert later.properties["rollcall-origin"] == "m-1"


def test_the_kept_copy_has_the_body_byte_for_byte_and_the_reason() -> None:
    """Whoever looks into rejected-requests sees what was sent, readable or not."""
    message = replace(MESSAGE, body=b"\xff\x00")
    refused = Rejected(code="invalid_request", message="m", next_step="n")

    kept = kept_copy(message, refused)

    assert (kept.body, kept.subject) == (b"\xff\x00", "invalid_request")
    assert kept.properties["rollcall-queue"] == "create-meeting"


@pytest.mark.parametrize("nonsense", ["", "x", "-1", "²"])
def test_a_foreign_attempt_property_does_no_harm(nonsense: str) -> None:
    """Anybody can put properties on a message."""
    message = replace(MESSAGE, properties={"rollcall-attempt": nonsense})

    assert message.attempt == 1
