"""Named cases of the local Service Bus queue; its laws are in test_bus_queue_laws.py."""

from uuid import UUID

import pytest

from devstack.bus.entry import DeadLetter, State
from devstack.bus.message import Message
from devstack.bus.queue import (
    LockLostError,
    MessageNotFoundError,
    Queue,
    Rules,
)

ONE, TWO, THREE = UUID(int=1), UUID(int=2), UUID(int=3)


def _queue(*names: str, limit: int = 3, dead_letters_expired: bool = False) -> Queue:
    rules = Rules(
        lock_duration=10,
        max_delivery_count=limit,
        time_to_live=100,
        dead_letters_expired=dead_letters_expired,
    )
    queue = Queue(rules, dead_letters=Queue(Rules(lock_duration=10)))
    for number, name in enumerate(names, start=1):
        queue.put(Message(message_id=name), sequence=number, origin=number, now=0)
    return queue


def _acquired(queue: Queue, token: UUID, *, now: float) -> str | None:
    entry = queue.acquire(token, now=now)
    return entry.message.message_id if entry else None


def test_a_message_that_comes_back_keeps_its_place() -> None:
    """After an abandon the first message is again the first."""
    queue = _queue("a", "b")

    assert _acquired(queue, ONE, now=0) == "a"
    queue.abandon(ONE, now=1)

    assert _acquired(queue, TWO, now=1) == "a"
    assert _acquired(queue, THREE, now=1) == "b"


def test_a_lock_ends_exactly_when_it_says() -> None:
    """Just before its end a lock holds; at its end the message is anybody's and counted."""
    queue = _queue("a")
    queue.acquire(ONE, now=0)

    assert queue.acquire(TWO, now=9.999) is None
    again = queue.acquire(TWO, now=10)

    assert again is not None
    assert again.delivery_count == 1
    with pytest.raises(LockLostError):
        queue.complete(ONE, now=10)


def test_the_last_allowed_failure_dead_letters_with_its_reason() -> None:
    """A lost lock is a failure as good as an abandon."""
    queue = _queue("a", limit=2)
    queue.acquire(ONE, now=0)
    queue.abandon(ONE, now=0)
    queue.acquire(TWO, now=0)

    queue.advance(10)

    assert len(queue) == 0
    assert queue.dead_letters is not None
    dead = queue.dead_letters.acquire(THREE, now=10)
    assert dead is not None
    assert dead.dead_letter is not None
    assert dead.dead_letter.reason == "MaxDeliveryCountExceeded"
    assert dead.delivery_count == 2


def test_dead_letters_never_die_again() -> None:
    """In the sub-queue there is neither a limit of deliveries nor a time to live."""
    queue = _queue("a")
    queue.acquire(ONE, now=0)
    queue.dead_letter(ONE, DeadLetter(reason="r", description="d"), now=0)
    dead = queue.dead_letters
    assert dead is not None

    for _ in range(20):
        dead.acquire(TWO, now=1000)
        dead.abandon(TWO, now=1000)
    dead.acquire(TWO, now=1000)
    dead.dead_letter(TWO, DeadLetter(reason="again", description=None), now=1000)

    [entry] = dead.browse(0, now=1e6)
    assert entry.dead_letter == DeadLetter(reason="again", description=None)


def test_the_shorter_life_counts_and_a_held_message_does_not_expire() -> None:
    """Expiry takes what nobody holds; a held message expires when it comes back."""
    queue = _queue()
    for number, life in ((1, 5.0), (2, 5.0), (3, 1000.0)):
        message = Message(message_id=str(number), time_to_live=life)
        queue.put(message, sequence=number, origin=number, now=0)
    queue.acquire(ONE, now=0)

    queue.advance(5)
    assert [entry.sequence for entry in queue.browse(0, now=5)] == [1, 3]
    queue.release(ONE, now=6)
    assert [entry.sequence for entry in queue.browse(0, now=6)] == [3]
    assert queue.next_due() == 100


def test_fetching_deferred_messages_is_all_or_nothing() -> None:
    """One unknown number leaves the others where they were."""
    queue = _queue("a", "b")
    queue.acquire(ONE, now=0)
    queue.defer(ONE, now=0)

    with pytest.raises(MessageNotFoundError):
        queue.fetch_deferred({1: TWO, 2: THREE}, now=0)
    [fetched] = queue.fetch_deferred({1: TWO}, now=0)
    with pytest.raises(MessageNotFoundError):
        queue.take_deferred([1], now=0)
    queue.release(TWO, now=0)
    [taken] = queue.take_deferred([1, 1], now=0)

    assert fetched.state is taken.state is State.DEFERRED
    assert len(queue) == 1


def test_taking_removes_at_once() -> None:
    """Receive-and-delete leaves nothing, and nothing is no error."""
    queue = _queue("a")

    assert queue.take(now=0) is not None
    assert queue.take(now=0) is None
    assert queue.next_due() is None


@pytest.mark.parametrize(("counts", "count"), [(True, 1), (False, 0)])
def test_a_lock_that_ends_counts_where_the_rules_say_so(counts: bool, count: int) -> None:
    """Azure's dead-letter sub-queues were seen not to count; an abandon counts there too."""
    queue = Queue(Rules(lock_duration=10, lost_locks_count=counts))
    queue.put(Message(message_id="a"), sequence=1, origin=1, now=0)

    queue.acquire(ONE, now=0)
    again = queue.acquire(TWO, now=10)
    queue.abandon(TWO, now=10)
    last = queue.acquire(THREE, now=10)

    assert again is not None
    assert last is not None
    assert again.delivery_count == count
    assert last.delivery_count == count + 1
