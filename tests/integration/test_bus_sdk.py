"""The local Service Bus through the real azure-servicebus SDK: every feature the app may use.

One sender and receivers on the queue `work` are shared, for opening a link costs the SDK half a
second; each test leaves the queue empty, which is checked.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from azure.servicebus import (
    ServiceBusClient as BlockingClient,
)
from azure.servicebus import (
    ServiceBusMessage,
    ServiceBusMessageBatch,
    ServiceBusReceivedMessage,
    ServiceBusReceiveMode,
    ServiceBusSubQueue,
)
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender
from azure.servicebus.amqp import AmqpAnnotatedMessage
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageNotFoundError,
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusError,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAIT = 5
"""Longest wait for a message that is known to come, in seconds."""
type Properties = dict[str | bytes, int | float | bytes | bool | str | UUID]

BRIEF = 0.1
"""Wait for a message that must not come."""


def _queue(name: str, **properties: object) -> dict[str, object]:
    usual = {"LockDuration": "PT30S", "MaxDeliveryCount": 3}
    return {"Name": name, "Properties": {**usual, **properties}}


CONFIG = {
    "UserConfig": {
        "Namespaces": [
            {
                "Name": "sbemulatorns",
                "Queues": [
                    _queue("work"),
                    _queue("brief-locks", LockDuration="PT5S"),
                    _queue("detecting", RequiresDuplicateDetection=True),
                    _queue("expiring", DeadLetteringOnMessageExpiration=True),
                    _queue("spare"),
                ],
                "Topics": [
                    {
                        "Name": "events",
                        "Properties": {"RequiresDuplicateDetection": True},
                        "Subscriptions": [
                            {"Name": "all"},
                            {
                                "Name": "greetings",
                                "Rules": [
                                    {
                                        "Name": "greets",
                                        "Properties": {
                                            "FilterType": "Correlation",
                                            "CorrelationFilter": {
                                                "Label": "greeting",
                                                "Properties": {"kind": "polite"},
                                            },
                                        },
                                    }
                                ],
                            },
                        ],
                    }
                ],
            }
        ]
    }
}


@pytest.fixture(scope="module")
def connection_string(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker in a process of its own, on a free port."""
    config = tmp_path_factory.mktemp("bus") / "Config.json"
    config.write_text(json.dumps(CONFIG))
    command = [sys.executable, "-m", "devstack.bus", "--port", "0", "--exit-with-stdin"]
    with subprocess.Popen(  # noqa: S603 - our own module
        [*command, "--config", str(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as broker:
        assert broker.stdin is not None
        assert broker.stdout is not None
        port = json.loads(broker.stdout.readline())["port"]
        yield (
            f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;"
            "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
        )
        broker.stdin.close()
        assert broker.wait(timeout=10) == 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(connection_string: str) -> AsyncIterator[ServiceBusClient]:
    async with ServiceBusClient.from_connection_string(
        connection_string, retry_backoff_factor=0.001
    ) as client:
        yield client


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Open links to one queue."""

    sender: ServiceBusSender
    receiver: ServiceBusReceiver
    dead: ServiceBusReceiver

    async def one(self) -> ServiceBusReceivedMessage:
        [message] = await self.receiver.receive_messages(1, max_wait_time=WAIT)
        return message

    async def one_dead(self) -> ServiceBusReceivedMessage:
        [message] = await self.dead.receive_messages(1, max_wait_time=WAIT)
        return message


@asynccontextmanager
async def _opened(*links: ServiceBusSender | ServiceBusReceiver) -> AsyncIterator[None]:
    """Open and close links side by side: the SDK takes half a second for each."""
    await asyncio.gather(*(link.__aenter__() for link in links))
    try:
        yield
    finally:
        await asyncio.gather(*(link.close() for link in links))


@asynccontextmanager
async def _lane(client: ServiceBusClient, queue: str) -> AsyncIterator[Lane]:
    lane = Lane(
        sender=client.get_queue_sender(queue),
        receiver=client.get_queue_receiver(queue),
        dead=client.get_queue_receiver(queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER),
    )
    async with _opened(lane.sender, lane.receiver, lane.dead):
        yield lane


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_lane(client: ServiceBusClient) -> AsyncIterator[Lane]:
    async with _lane(client, "work") as lane:
        yield lane


@pytest_asyncio.fixture(loop_scope="module")
async def lane(shared_lane: Lane) -> AsyncIterator[Lane]:
    """The shared links; the test must leave nothing in the queue."""
    yield shared_lane
    assert await shared_lane.receiver.peek_messages(1, sequence_number=1) == []
    assert await shared_lane.dead.peek_messages(1, sequence_number=1) == []


def _body(message: ServiceBusReceivedMessage) -> bytes:
    return b"".join(message.body)


async def test_everything_sent_arrives_as_it_was(lane: Lane) -> None:
    """Body, properties and application properties pass unchanged; the broker adds its own."""
    before = datetime.now(UTC)

    await lane.sender.send_messages(
        ServiceBusMessage(
            b"\x00\xff body",
            message_id="id",
            subject="subject",
            correlation_id="correlation",
            content_type="application/json",
            reply_to="replies",
            to="to",
            time_to_live=timedelta(minutes=5),
            application_properties={"text": "ä", "number": 7, "flag": True, "real": 0.5},
        )
    )
    message = await lane.one()

    assert _body(message) == b"\x00\xff body"
    assert message.message_id == "id"
    assert message.subject == "subject"
    assert message.correlation_id == "correlation"
    assert message.content_type == "application/json"
    assert message.reply_to == "replies"
    assert message.to == "to"
    assert message.time_to_live == timedelta(minutes=5)
    assert message.application_properties == {
        b"text": "ä".encode(),
        b"number": 7,
        b"flag": True,
        b"real": 0.5,
    }
    assert message.delivery_count == 0
    assert message.sequence_number is not None
    assert message.enqueued_time_utc is not None
    assert abs(message.enqueued_time_utc - before) < timedelta(seconds=WAIT)
    assert message.locked_until_utc is not None
    assert message.locked_until_utc - message.enqueued_time_utc >= timedelta(seconds=29)
    await lane.receiver.complete_message(message)


async def test_bodies_other_than_data_pass_too(lane: Lane) -> None:
    """AMQP value and sequence bodies are as good as data."""
    await lane.sender.send_messages(AmqpAnnotatedMessage(value_body={"a": [1, "x"]}))
    await lane.sender.send_messages(AmqpAnnotatedMessage(sequence_body=[[1, 2], [3]]))

    value, sequence = await lane.one(), await lane.one()

    assert value.raw_amqp_message.body == {b"a": [1, b"x"]}
    assert list(sequence.raw_amqp_message.body) == [[1, 2], [3]]
    await lane.receiver.complete_message(value)
    await lane.receiver.complete_message(sequence)


async def test_a_message_without_an_id_gets_a_lasting_one(lane: Lane) -> None:
    """The id given by the broker is the same at every delivery."""
    await lane.sender.send_messages(AmqpAnnotatedMessage(data_body=b"anonymous"))

    first = await lane.one()
    await lane.receiver.abandon_message(first)
    second = await lane.one()

    assert first.message_id
    assert second.message_id == first.message_id
    await lane.receiver.complete_message(second)


async def test_batches_and_lists_are_single_messages_in_order(lane: Lane) -> None:
    """Batch objects and lists arrive message by message, in the order given."""
    batch: ServiceBusMessageBatch = await lane.sender.create_message_batch()
    for number in range(20):
        batch.add_message(ServiceBusMessage(str(number)))

    await lane.sender.send_messages(batch)
    await lane.sender.send_messages([ServiceBusMessage(str(n)) for n in range(20, 40)])
    found: list[ServiceBusReceivedMessage] = []
    while len(found) < 40:
        found += await lane.receiver.receive_messages(40 - len(found), max_wait_time=WAIT)

    assert [int(_body(message)) for message in found] == list(range(40))
    assert len({message.message_id for message in found}) == 40
    for message in found:
        await lane.receiver.complete_message(message)


async def test_abandoned_messages_count_and_end_dead_lettered(lane: Lane) -> None:
    """Three failed deliveries, the queue's limit, send a message to the sub-queue."""
    await lane.sender.send_messages(ServiceBusMessage("hopeless", application_properties={"a": 1}))

    counts = []
    for _ in range(3):
        message = await lane.one()
        counts.append(message.delivery_count)
        await lane.receiver.abandon_message(message)
    dead = await lane.one_dead()

    assert counts == [0, 1, 2]
    assert _body(dead) == b"hopeless"
    assert dead.delivery_count == 3
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert dead.dead_letter_source == "work"
    assert dead.application_properties is not None
    assert dead.application_properties[b"a"] == 1
    await lane.dead.complete_message(dead)


async def test_dead_lettering_keeps_the_reason(lane: Lane) -> None:
    """An explicit dead-letter carries the caller's reason and description."""
    await lane.sender.send_messages(ServiceBusMessage("refused"))

    await lane.receiver.dead_letter_message(
        await lane.one(), reason="NotValid", error_description="end before start"
    )
    dead = await lane.one_dead()

    assert dead.dead_letter_reason == "NotValid"
    assert dead.dead_letter_error_description == "end before start"
    await lane.dead.complete_message(dead)


async def test_deferred_messages_come_by_sequence_number_only(lane: Lane) -> None:
    """A deferred message is passed over, and fetched, settled or put back by its number."""
    await lane.sender.send_messages([ServiceBusMessage("later"), ServiceBusMessage("now")])
    later = await lane.one()
    await lane.receiver.defer_message(later)
    number = later.sequence_number
    assert number is not None

    now = await lane.one()
    await lane.receiver.complete_message(now)
    [peeked] = await lane.receiver.peek_messages(1, sequence_number=number)
    [fetched] = await lane.receiver.receive_deferred_messages(number)
    await lane.receiver.abandon_message(fetched)
    [again] = await lane.receiver.receive_deferred_messages([number])
    await lane.receiver.complete_message(again)

    assert _body(now) == b"now"
    assert peeked.state.name == "DEFERRED"
    assert _body(fetched) == b"later"
    assert again.delivery_count == 1
    with pytest.raises(MessageNotFoundError):
        await lane.receiver.receive_deferred_messages(number)


async def test_deferred_messages_can_be_dead_lettered(lane: Lane) -> None:
    """Settling through the management node carries the reason as well."""
    await lane.sender.send_messages(ServiceBusMessage("later"))
    later = await lane.one()
    await lane.receiver.defer_message(later)
    assert later.sequence_number is not None
    [fetched] = await lane.receiver.receive_deferred_messages(later.sequence_number)

    await lane.receiver.dead_letter_message(fetched, reason="TooLate", error_description="gone")
    dead = await lane.one_dead()

    assert (dead.dead_letter_reason, dead.dead_letter_error_description) == ("TooLate", "gone")
    await lane.dead.complete_message(dead)


async def test_scheduled_messages_come_when_due_and_not_before(lane: Lane) -> None:
    """Both ways of scheduling give the message at its time; it was to be peeked before."""
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    [number] = await lane.sender.schedule_messages(ServiceBusMessage("by operation"), due)
    await lane.sender.send_messages(
        ServiceBusMessage("by annotation", scheduled_enqueue_time_utc=due)
    )

    early = await lane.receiver.receive_messages(1, max_wait_time=BRIEF)
    peeked = await lane.receiver.peek_messages(2, sequence_number=number)
    first, second = await lane.one(), await lane.one()

    assert early == []
    assert [message.state.name for message in peeked] == ["SCHEDULED", "SCHEDULED"]
    assert {_body(first), _body(second)} == {b"by operation", b"by annotation"}
    assert first.enqueued_time_utc is not None
    assert first.enqueued_time_utc >= due - timedelta(milliseconds=1)
    assert first.sequence_number != number
    await lane.receiver.complete_message(first)
    await lane.receiver.complete_message(second)


async def test_cancelled_messages_never_come(lane: Lane) -> None:
    """A scheduled message can be cancelled once, by its number."""
    due = datetime.now(UTC) + timedelta(hours=1)
    numbers = await lane.sender.schedule_messages(
        [ServiceBusMessage("one"), ServiceBusMessage("two")], due
    )

    await lane.sender.cancel_scheduled_messages(numbers)

    with pytest.raises(MessageNotFoundError):
        await lane.sender.cancel_scheduled_messages(numbers[0])


async def test_peeking_takes_nothing(lane: Lane) -> None:
    """Peek shows messages in order from a sequence number, and they can still be received."""
    await lane.sender.send_messages([ServiceBusMessage(text) for text in ("one", "two", "three")])

    peeked = await lane.receiver.peek_messages(10, sequence_number=1)
    rest = await lane.receiver.peek_messages(10, sequence_number=(peeked[1].sequence_number or 0))
    received = [await lane.one() for _ in range(3)]

    assert [_body(message) for message in peeked] == [b"one", b"two", b"three"]
    assert [_body(message) for message in rest] == [b"two", b"three"]
    assert [_body(message) for message in received] == [b"one", b"two", b"three"]
    for message in received:
        await lane.receiver.complete_message(message)


async def test_a_waiting_receiver_gets_a_message_at_once(lane: Lane) -> None:
    """A receive call that waits ends with the message, not with its time limit."""
    waiting = asyncio.create_task(lane.receiver.receive_messages(1, max_wait_time=60))

    await lane.sender.send_messages(ServiceBusMessage("awaited"))
    [message] = await asyncio.wait_for(waiting, WAIT)

    await lane.receiver.complete_message(message)


async def test_receive_and_delete_leaves_nothing_to_settle(
    client: ServiceBusClient, lane: Lane
) -> None:
    """In receive-and-delete mode a message is gone with its delivery."""
    await lane.sender.send_messages(ServiceBusMessage("once"))

    async with client.get_queue_receiver(
        "work", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE
    ) as receiver:
        [message] = await receiver.receive_messages(1, max_wait_time=WAIT)

    assert _body(message) == b"once"


async def test_a_closing_receiver_gives_prefetched_messages_back_uncounted(
    client: ServiceBusClient, lane: Lane
) -> None:
    """What was prefetched and not used is released: the next delivery is still the first."""
    await lane.sender.send_messages([ServiceBusMessage(str(number)) for number in range(10)])

    async with client.get_queue_receiver("work", prefetch_count=10) as receiver:
        [first] = await receiver.receive_messages(1, max_wait_time=WAIT)
        await receiver.complete_message(first)
    rest = [await lane.one() for _ in range(9)]

    assert [_body(message) for message in rest] == [str(n).encode() for n in range(1, 10)]
    assert {message.delivery_count for message in rest} == {0}
    for message in rest:
        await lane.receiver.complete_message(message)


async def test_iterating_with_prefetch_gives_each_message_once(
    client: ServiceBusClient, lane: Lane
) -> None:
    """The SDK's iterator over a prefetching receiver sees every message exactly once."""
    await lane.sender.send_messages([ServiceBusMessage(str(number)) for number in range(25)])

    seen = []
    async with client.get_queue_receiver("work", prefetch_count=10, max_wait_time=1) as receiver:
        async for message in receiver:
            seen.append(int(_body(message)))
            await receiver.complete_message(message)
            if len(seen) == 25:
                break

    assert seen == list(range(25))


async def test_too_large_a_message_is_refused_at_the_sender(lane: Lane) -> None:
    """Over 256 KB the sender is told, and goes on working; just under passes."""
    with pytest.raises(MessageSizeExceededError):
        await lane.sender.send_messages(ServiceBusMessage(b"x" * 256 * 1024))
    with pytest.raises(MessageSizeExceededError):
        await lane.sender.send_messages(ServiceBusMessage(b"x" * 1100 * 1024))

    await lane.sender.send_messages(ServiceBusMessage(b"x" * 255 * 1024))
    message = await lane.one()

    assert len(_body(message)) == 255 * 1024
    await lane.receiver.complete_message(message)


async def test_unknown_entities_are_named_not_found(client: ServiceBusClient) -> None:
    """Receiving from what is not configured says which name is unknown."""
    async with client.get_queue_receiver("no-such-queue") as receiver:
        with pytest.raises(MessagingEntityNotFoundError, match="no-such-queue"):
            await receiver.receive_messages(1, max_wait_time=1)


async def test_a_queue_without_sessions_refuses_them_clearly(client: ServiceBusClient) -> None:
    """A session receiver is told what the queue lacks."""
    async with client.get_queue_receiver("spare", session_id="s") as receiver:
        with pytest.raises(ServiceBusError, match="does not require sessions"):
            await receiver.receive_messages(1, max_wait_time=1)


async def test_locks_end_and_outlive_connections(client: ServiceBusClient) -> None:
    """A lock ends after its time, not with the connection; a renewed one stays.

    One test for all, since the shortest lock the emulator's format allows lasts 5 seconds.
    """
    async with _lane(client, "brief-locks") as lane:
        await lane.sender.send_messages([ServiceBusMessage(t) for t in ("lost", "kept", "cut")])
        lost, kept = await lane.one(), await lane.one()
        async with client.get_queue_receiver("brief-locks") as other:
            [cut] = await other.receive_messages(1, max_wait_time=WAIT)
        during = await lane.receiver.receive_messages(1, max_wait_time=BRIEF)
        await asyncio.sleep(2)  # the lock has to be older than its renewal
        before = kept.locked_until_utc
        renewed = await lane.receiver.renew_message_lock(kept)

        again = [await lane.one(), await lane.one()]

        assert _body(cut) == b"cut"
        assert during == []
        assert before is not None
        assert renewed - before >= timedelta(seconds=2)
        assert [(_body(m), m.delivery_count) for m in again] == [(b"lost", 1), (b"cut", 1)]
        await lane.receiver.complete_message(kept)
        with pytest.raises(MessageLockLostError):
            await lane.receiver.complete_message(lost)
        with pytest.raises(MessageLockLostError):
            await lane.receiver.renew_message_lock(lost)
        for message in again:
            await lane.receiver.complete_message(message)
        assert await lane.receiver.peek_messages(1, sequence_number=1) == []


async def test_expired_messages_are_dead_lettered_where_asked_for(
    client: ServiceBusClient,
) -> None:
    """A message nobody reads moves to the sub-queue when its time to live ends."""
    async with _lane(client, "expiring") as lane:
        await lane.sender.send_messages(
            ServiceBusMessage("stale", time_to_live=timedelta(seconds=0.2))
        )

        dead = await lane.one_dead()

        assert dead.dead_letter_reason == "TTLExpiredException"
        assert await lane.receiver.peek_messages(1) == []
        await lane.dead.complete_message(dead)


async def test_expired_messages_vanish_elsewhere(lane: Lane) -> None:
    """Without dead-lettering on expiration an expired message is simply gone."""
    await lane.sender.send_messages(
        [
            ServiceBusMessage("stale", time_to_live=timedelta(milliseconds=1)),
            ServiceBusMessage("fresh"),
        ]
    )
    await asyncio.sleep(0.01)  # time itself is what is tested

    message = await lane.one()

    assert _body(message) == b"fresh"
    await lane.receiver.complete_message(message)


async def test_duplicates_are_dropped_silently(client: ServiceBusClient) -> None:
    """With duplicate detection on, a message id counts once within the window."""
    async with _lane(client, "detecting") as lane:
        for text, name in (("first", "a"), ("copy", "a"), ("other", "b")):
            await lane.sender.send_messages(ServiceBusMessage(text, message_id=name))

        received = [await lane.one(), await lane.one()]

        assert [_body(message) for message in received] == [b"first", b"other"]
        for message in received:
            await lane.receiver.complete_message(message)
        assert await lane.receiver.peek_messages(1, sequence_number=1) == []


async def test_topics_copy_to_the_subscriptions_whose_filter_matches(
    client: ServiceBusClient,
) -> None:
    """Each subscription settles its own copy; a correlation filter must match in every part."""
    sender = client.get_topic_sender("events")
    everything = client.get_subscription_receiver("events", "all")
    greetings = client.get_subscription_receiver("EVENTS", "Greetings")
    dead = client.get_subscription_receiver(
        "events", "all", sub_queue=ServiceBusSubQueue.DEAD_LETTER
    )
    async with _opened(sender, everything, greetings, dead):
        polite: Properties = {"kind": "polite"}
        rude: Properties = {"kind": "rude"}
        repeated = "repeated"
        for subject, properties, name in (
            ("greeting", polite, repeated),
            ("greeting", polite, repeated),
            ("greeting", rude, "rude"),
            ("parting", polite, "parting"),
        ):
            await sender.send_messages(
                ServiceBusMessage(
                    subject, subject=subject, message_id=name, application_properties=properties
                )
            )

        for_all = [(await everything.receive_messages(1, max_wait_time=WAIT))[0] for _ in range(3)]
        [greeting] = await greetings.receive_messages(1, max_wait_time=WAIT)

        assert [message.message_id for message in for_all] == [repeated, "rude", "parting"]
        assert greeting.message_id == repeated
        await greetings.complete_message(greeting)
        assert await greetings.peek_messages(2, sequence_number=1) == []
        await everything.dead_letter_message(for_all[0], reason="Test")
        for message in for_all[1:]:
            await everything.complete_message(message)
        [buried] = await dead.receive_messages(1, max_wait_time=WAIT)
        assert buried.dead_letter_source == "events/Subscriptions/all"
        await dead.complete_message(buried)


async def test_competing_receivers_share_without_overlap(
    client: ServiceBusClient, lane: Lane
) -> None:
    """Two receivers on one queue never hold the same message."""
    async with client.get_queue_receiver("work") as other:
        waiting = [
            asyncio.create_task(each.receive_messages(1, max_wait_time=WAIT))
            for each in (lane.receiver, other)
        ]
        await lane.sender.send_messages([ServiceBusMessage("one"), ServiceBusMessage("two")])
        [mine], [theirs] = await asyncio.gather(*waiting)

        assert {_body(mine), _body(theirs)} == {b"one", b"two"}
        await lane.receiver.complete_message(mine)
        await other.complete_message(theirs)


async def test_the_blocking_client_works_as_well(connection_string: str) -> None:
    """The synchronous SDK sends, receives, renews, schedules and settles."""
    await asyncio.to_thread(_use_blocking_client, connection_string)


def _use_blocking_client(connection_string: str) -> None:
    with (
        BlockingClient.from_connection_string(connection_string) as client,
        client.get_queue_sender("spare") as sender,
        client.get_queue_receiver("spare") as receiver,
    ):
        sender.send_messages([ServiceBusMessage("one"), ServiceBusMessage("two")])
        [number] = sender.schedule_messages(
            ServiceBusMessage("never"), datetime.now(UTC) + timedelta(hours=1)
        )
        sender.cancel_scheduled_messages(number)

        [first] = receiver.receive_messages(1, max_wait_time=WAIT)
        until = receiver.renew_message_lock(first)
        receiver.abandon_message(first)
        [again] = receiver.receive_messages(1, max_wait_time=WAIT)
        receiver.complete_message(again)
        [second] = receiver.receive_messages(1, max_wait_time=WAIT)
        receiver.dead_letter_message(second, reason="Test")

        assert _body(again) == b"one"
        assert again.delivery_count == 1
        assert until > datetime.now(UTC)
        assert receiver.peek_messages(1, sequence_number=1) == []
