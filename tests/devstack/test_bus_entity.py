"""What stands between a sender and the queues: numbers, duplicates, schedules, copies."""

import pytest

from devstack.bus.config import parse
from devstack.bus.directory import Directory, path_of
from devstack.bus.entity import DuplicateHistory, Entity, Subscription
from devstack.bus.filters import CorrelationFilter
from devstack.bus.message import Message
from devstack.bus.queue import MessageNotFoundError, Queue, Rules

CONFIG = """{"UserConfig": {"Namespaces": [{"Name": "sbemulatorns",
  "Queues": [{"Name": "Orders"}],
  "Topics": [{"Name": "events", "Properties": {"DefaultMessageTimeToLive": "PT5M"},
              "Subscriptions": [{"Name": "all"}]}]}]}}"""


def _queue() -> Queue:
    return Queue(Rules(lock_duration=10))


def _names(queue: Queue, *, now: float) -> list[str]:
    return [entry.message.message_id for entry in queue.browse(0, now=now)]


def test_duplicates_count_within_the_window_only() -> None:
    """The window is counted from the first of them, not prolonged by its copies."""
    history = DuplicateHistory(10)

    assert history.is_new("a", now=0)
    assert not history.is_new("a", now=9)
    assert history.is_new("b", now=9)
    assert history.is_new("a", now=10)


def test_scheduled_messages_take_their_place_when_due() -> None:
    """What becomes due goes behind what was sent before, under a new number."""
    queue = _queue()
    entity = Entity(queue=queue)
    number = entity.schedule(Message(message_id="later", scheduled_for=5), now=0)
    entity.send(Message(message_id="now"), now=1)
    entity.send(Message(message_id="late", scheduled_for=4), now=6)

    entries = list(queue.browse(0, now=6))

    assert [entry.message.message_id for entry in entries] == ["now", "later", "late"]
    assert number not in {entry.sequence for entry in entries}
    assert entity.next_due() is None
    with pytest.raises(MessageNotFoundError):
        entity.cancel([number])


def test_cancelling_is_all_or_nothing() -> None:
    """One unknown number leaves the other messages scheduled."""
    entity = Entity(queue=_queue())
    number = entity.schedule(Message(message_id="a", scheduled_for=5), now=0)

    with pytest.raises(MessageNotFoundError):
        entity.cancel([number, 99])
    assert [entry.sequence for entry in entity.scheduled(0)] == [number]
    entity.cancel([number])

    assert entity.next_due() is None


def test_a_topic_copies_by_filter_and_numbers_each_subscription() -> None:
    """Sequence numbers are each subscription's own; the origin is the topic's."""
    everything = Subscription(queue=_queue())
    some = Subscription(
        queue=_queue(), filters=(CorrelationFilter(properties={"Label": "wanted"}),)
    )
    topic = Entity(subscriptions=[everything, some], history=DuplicateHistory(10))

    topic.send(Message(message_id="a", properties={"Label": "other"}), now=0)
    topic.send(Message(message_id="b", properties={"Label": "wanted"}), now=0)
    topic.send(Message(message_id="b", properties={"Label": "wanted"}), now=0)
    topic.schedule(Message(message_id="b", scheduled_for=5), now=0)
    topic.advance(5)

    assert _names(everything.queue, now=5) == ["a", "b"]
    [entry] = some.queue.browse(0, now=5)
    assert (entry.sequence, entry.origin) == (1, 2)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("orders", "orders"),
        ("amqps://127.0.0.1:5672/orders", "orders"),
        ("amqps://localhost/events/Subscriptions/all", "events/Subscriptions/all"),
        ("amqps://localhost", ""),
    ],
)
def test_addresses_are_cut_to_their_path(address: str, path: str) -> None:
    """Links name a whole address, management nodes a bare path."""
    assert path_of(address) == path


def test_the_directory_finds_every_address_whatever_its_case() -> None:
    """A queue, a topic, a subscription and the dead-letter sub-queues have an address each."""
    directory = Directory(parse(CONFIG))

    queue = directory.find("orders")
    topic = directory.find("EVENTS")
    subscription = directory.find("events/subscriptions/all")
    dead = directory.find("Orders/$deadletterqueue")

    assert queue is not None
    assert queue.entity is not None
    assert topic is not None
    assert topic.queue is None
    assert subscription is not None
    assert subscription.entity is None
    assert subscription.queue is not None
    assert subscription.queue.rules.time_to_live == 300
    assert dead is not None
    assert dead.dead_letter_source == "Orders"
    assert directory.find("nothing") is None
    assert [len(queues) for queues in directory.entities().values()] == [2, 2]


def test_a_late_scheduled_message_becomes_active_by_so_much_later() -> None:
    """Neither at its time nor before; scheduled by operation or by its own annotation."""
    queue = Queue(Rules(lock_duration=10))
    entity = Entity(queue=queue)
    entity.schedule(Message(message_id="operation", scheduled_for=5), now=0, late=3)
    entity.send(Message(message_id="annotation", scheduled_for=5), now=0, late=2)

    assert entity.next_due() == 7
    entity.advance(7.5)
    assert [entry.message.message_id for entry in queue.browse(0, now=7.5)] == ["annotation"]
    entity.advance(8)
    assert len(queue) == 2
