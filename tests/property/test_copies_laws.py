"""A copy of any message that Service Bus took is one that it takes, with all of ours in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from azure.servicebus import ServiceBusMessageBatch
from hypothesis import example, given
from hypothesis import strategies as st

from shared.bus.batches import service_bus_message
from shared.inbox.bodies import LARGEST_BODY
from shared.inbox.copies import COUNTED, copy_of, kept_copy, postponed
from shared.inbox.message import DELIVERY, ORIGIN, QueueMessage
from shared.inbox.quotas import FOREIGN, LEFT_OUT, OURS, TRIES
from shared.inbox.verdict import final
from shared.words.errors import GraphTrace, Unavailable
from shared.words.outgoing import Outgoing

NOW = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
KIB = 1024
HEAD, PROPERTY, WHOLE = 64 * KIB, 32 * KIB, 256 * KIB
CHARACTERS = st.sampled_from(["a", "é", "世", "😀", '"', "\\", "\n", "\x01"])
OUR_NAMES = st.sampled_from(sorted(OURS))


def texts(longest: int) -> st.SearchStrategy[str]:
    """Return texts of up to `longest` bytes, long ones as often as short ones."""
    sizes = st.one_of(st.integers(0, 200), st.integers(0, longest))
    return st.builds(lambda one, size: one * (size // len(one.encode())), CHARACTERS, sizes)


def size_of(name: str, text: str) -> int:
    return len(name.encode()) + len(text.encode())


@st.composite
def messages(draw: st.DrawFn) -> QueueMessage:
    """Return a message within the quotas of Service Bus, with properties of any names."""
    names = st.one_of(OUR_NAMES, st.text("abc-", min_size=1, max_size=8), texts(300))
    correlation_id = draw(st.none() | texts(PROPERTY))
    reply_to = draw(st.none() | texts(PROPERTY))
    room = HEAD - KIB - len((correlation_id or "").encode()) - len((reply_to or "").encode())
    properties: dict[str, str] = {}
    many = st.builds(lambda count: [(f"p{n}", "x") for n in range(count)], st.integers(0, 3000))
    few = st.lists(st.tuples(names, texts(PROPERTY)), max_size=8)
    for name, text in draw(st.one_of(few, many)):
        if name and name not in properties and size_of(name, text) + 8 <= room:
            properties[name] = text
            room -= size_of(name, text) + 8
    piece = draw(st.sampled_from([0, 1000, 3000, 15_000]))
    while piece and room > piece + 100:
        properties[f"full {room}"] = "f" * piece
        room -= piece + 100
    return QueueMessage(
        queue="create-meeting",
        body=b"b" * draw(st.integers(0, WHOLE - HEAD + room)),
        message_id=draw(st.none() | st.text("m世", min_size=1, max_size=128)),
        correlation_id=correlation_id,
        reply_to=reply_to,
        sequence_number=7,
        delivery_count=1,
        enqueued_at=NOW,
        properties=properties,
    )


@st.composite
def failures(draw: st.DrawFn) -> Unavailable:
    """Return a failure that says whatever there is to be said."""
    trace = GraphTrace(status=503, code="", request_id=draw(texts(400)))
    return Unavailable(draw(texts(2000)), graph=trace)


def tried(message: QueueMessage, failed: Unavailable, times: int) -> QueueMessage:
    """Return the message as it comes back from its last copy."""
    for _ in range(times):
        sent = copy_of(message.after(failed, at=NOW), due=NOW)
        message = received(message, sent)
    return message


def received(message: QueueMessage, sent: Outgoing) -> QueueMessage:
    return replace(
        message,
        message_id=sent.message_id,
        reply_to=sent.reply_to,
        properties=sent.properties,
    )


def encoded(outgoing: Outgoing) -> int:
    """Return the bytes of a message on the wire; the SDK refuses one that is larger."""
    batch = ServiceBusMessageBatch(max_size_in_bytes=WHOLE)
    batch.add_message(service_bus_message(outgoing))
    return batch.size_in_bytes


def hold_to_quotas(copy: Outgoing) -> None:
    assert len(copy.message_id) <= 128
    assert copy.session_id is None
    assert all(len(text.encode()) <= PROPERTY for text in copy.properties.values())
    assert encoded(replace(copy, body=b"")) <= HEAD
    assert encoded(copy) <= WHOLE


def hold_to_what_it_carries(message: QueueMessage, copy: Outgoing) -> None:
    """Check that the caller's properties come whole or not at all, and that the copy says so."""
    foreign = message.properties.keys() - OURS.keys()
    carried = foreign & copy.properties.keys()
    assert all(copy.properties[name] == message.properties[name] for name in carried)
    assert carried == foreign or LEFT_OUT in copy.properties
    assert sum(size_of(name, copy.properties[name]) for name in carried) <= FOREIGN


FULL = QueueMessage(
    queue="create-meeting",
    body=b"b" * (LARGEST_BODY + KIB),
    message_id="世" * 128,
    correlation_id="c" * (PROPERTY - KIB),
    reply_to="r" * 260,
    sequence_number=7,
    delivery_count=1,
    enqueued_at=NOW,
    properties={f"p{number}": "x" * KIB for number in range(30)} | {"rollcall-at-start": "x" * 500},
)
"""All that a head holds, and what fails says all that is remembered, in characters of six bytes."""
LOUD = Unavailable("\x01" * 2000, graph=GraphTrace(status=503, code="", request_id="\x01" * 400))


@given(message=messages(), failed=failures(), times=st.integers(1, 15))
@example(message=FULL, failed=LOUD, times=15)
def test_a_retry_copy_is_always_taken_and_has_all_of_ours(
    message: QueueMessage, failed: Unavailable, times: int
) -> None:
    """However often it was tried, whatever its caller put beside it."""
    message = replace(message, body=message.body[:LARGEST_BODY])

    last = tried(message, failed, times - 1)
    copy = copy_of(last.after(failed, at=NOW), due=NOW)

    hold_to_quotas(copy)
    hold_to_what_it_carries(message, copy)
    assert copy.body == message.body
    assert copy.correlation_id == message.correlation_id
    again = received(message, copy)
    assert again.attempt == message.attempt + times
    assert (again.origin_id, again.delivery_id) == (message.origin_id, message.delivery_id)
    assert copy.properties.keys() >= {*COUNTED, ORIGIN, DELIVERY}
    assert again.history[-1].said == str(failed)[:200]


@given(message=messages(), failed=failures(), times=st.integers(0, 15))
@example(message=FULL, failed=LOUD, times=15)
def test_the_kept_copy_is_always_taken_and_names_the_reason(
    message: QueueMessage, failed: Unavailable, times: int
) -> None:
    """Its body is whole, or is cut and says so."""
    last = tried(message, failed, times)

    copy = kept_copy(last, final(failed, last, now=NOW))

    hold_to_quotas(copy)
    hold_to_what_it_carries(message, copy)
    assert copy.properties["rollcall-code"] == "gave_up"
    assert copy.properties[ORIGIN] == message.origin_id
    assert copy.properties[TRIES]
    assert isinstance(copy.body, bytes)
    assert message.body.startswith(copy.body)
    assert copy.body == message.body or "the body after" in copy.properties[LEFT_OUT]


@given(message=messages())
def test_a_postponed_copy_is_always_taken(message: QueueMessage) -> None:
    """It waits for the meeting's start, with what its caller put beside it."""
    message = replace(message, body=message.body[:LARGEST_BODY])

    copy = postponed(message, due=NOW + timedelta(days=3))

    hold_to_quotas(copy)
    hold_to_what_it_carries(message, copy)
    assert received(message, copy).origin_id == message.origin_id


@given(message=messages(), failed=failures())
def test_what_a_copy_carries_stays_the_same_in_its_own_copies(
    message: QueueMessage, failed: Unavailable
) -> None:
    """Nothing more is left out, however long the history grows."""
    message = replace(message, body=message.body[:LARGEST_BODY])
    once, often = tried(message, failed, 1), tried(message, failed, 14)

    assert once.properties.keys() == often.properties.keys()
    assert once.properties.get(LEFT_OUT) == often.properties.get(LEFT_OUT)
