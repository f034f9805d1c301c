"""What a message's own properties say is held to bounds: any sender can set them to anything."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from shared.inbox.copies import copy_of, kept_copy, postponed
from shared.inbox.message import CLOCKS_APART, LONGEST_AHEAD, LONGEST_WAY, QueueMessage
from shared.inbox.patience import next_try
from shared.inbox.quotas import OURS
from shared.inbox.verdict import final
from shared.words.errors import Unavailable
from shared.words.rules import RetryPolicy

NOW = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
ENQUEUED = NOW - timedelta(seconds=3)
POLICY = RetryPolicy(
    attempts=4,
    total=timedelta(minutes=30),
    base=timedelta(seconds=2),
    ceiling=timedelta(seconds=60),
)
BUSY = Unavailable("Graph answered 503")
EARLIEST, LATEST = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"
DEEP = "[" * 30_000
ODD = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=200),
    st.sampled_from(["", "0", "-1", "1e9", "999999", "9" * 400, "٣", "null", "NaN", "[[]]", DEEP]),
    st.datetimes(timezones=st.sampled_from([None, UTC])).map(datetime.isoformat),
    st.sampled_from([EARLIEST, LATEST, "2036-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]),
)


@given(
    properties=st.dictionaries(st.sampled_from(sorted(OURS)), ODD),
    message_id=st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=400),
)
@example(properties=dict.fromkeys(OURS, EARLIEST), message_id=None)
@example(properties=dict.fromkeys(OURS, LATEST), message_id="m" * 400)
@example(properties=dict.fromkeys(OURS, DEEP), message_id="m")
def test_no_property_raises_or_leads_out_of_the_bounds(
    properties: dict[str, str], message_id: str | None
) -> None:
    """Moments lie between what is kept and now, ids have a length, copies are made of it."""
    message = QueueMessage(
        queue="create-meeting",
        body=b"{}",
        message_id=message_id,
        correlation_id=None,
        reply_to="replies",
        sequence_number=7,
        delivery_count=1,
        enqueued_at=ENQUEUED,
        properties=properties,
    )

    assert ENQUEUED - LONGEST_WAY <= message.first_enqueued <= ENQUEUED
    assert message.first_enqueued - LONGEST_AHEAD <= message.asked_at <= message.first_enqueued
    assert message.first_enqueued - CLOCKS_APART <= message.first_tried(now=NOW) <= NOW
    assert 0 < len(message.origin_id) <= 128
    assert len(message.delivery_id) == 26
    assert 1 <= message.attempt < 10**6
    due = next_try(message, BUSY, now=NOW, policy=POLICY, jitter=lambda most: most)
    assert due is None or NOW <= due <= NOW + POLICY.total
    copies = [
        copy_of(message.after(BUSY, at=NOW), due=NOW),
        postponed(message, due=NOW),
        kept_copy(message, final(BUSY, message, now=NOW)),
    ]
    assert all(len(copy.message_id) <= 128 for copy in copies)


@given(seconds=st.integers(0, 3000 * 24 * 3600))
def test_what_rollcall_carries_itself_is_read_as_it_was_written(seconds: int) -> None:
    """However long before its start a meeting was requested, and however its first try went."""
    ahead = timedelta(seconds=seconds)
    message = QueueMessage(
        queue="join-meeting",
        body=b"{}",
        message_id="m",
        correlation_id=None,
        reply_to=None,
        sequence_number=7,
        delivery_count=1,
        enqueued_at=ENQUEUED,
    )

    later = postponed(message, due=NOW + ahead)
    received = replace(message, properties=later.properties, enqueued_at=NOW + ahead)
    tried = received.after(BUSY, at=NOW + ahead)

    assert received.asked_at == tried.asked_at == message.enqueued_at
    assert tried.first_enqueued == received.enqueued_at
    assert tried.first_tried(now=NOW + ahead + timedelta(hours=1)) == NOW + ahead
