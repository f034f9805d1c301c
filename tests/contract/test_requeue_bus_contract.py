"""The fake that kills runs at every step does what Service Bus does, as the SDK shows it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from rollcall.console import Failed
from rollcall.requeue.bus import ALMOST_DEAD, AzureBus
from rollcall.requeue.letters import CREATE, REJECTED, Place
from rollcall.requeue.moving import Notebook
from rollcall.requeue.plan import key_of, origin_text
from rollcall.requeue.port import Bus, Busy
from rollcall.target import Target
from tests.fakes.requeue_bus import LOCK, FakeBus, World
from tests.stack.connections import bus_at
from tests.stack.process import StackProcess
from tests.stack.put_aside import Bus as Client
from tests.stack.put_aside import with_short_locks

DEAD = Place(entity=CREATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A bus to hold to the contract.

    `another`: a run beside it. `locks_end`: lets time pass, where it does not by itself.
    """

    bus: Bus
    another: Bus
    put: Callable[[str], object]
    locks_end: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """The local broker with short locks, two runs on it, and a client. `lab`: its `/lab`."""

    bus: AzureBus
    another: AzureBus
    client: Client
    lab: str

    def put(self, message_id: str, body: bytes = b"{}") -> None:
        """Put one message aside."""
        self.client.fail(CREATE, [ServiceBusMessage(body, message_id=message_id)])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Return a broker of the test's own."""
    with StackProcess("bus", "--config", str(with_short_locks(tmp_path))) as process:
        at = bus_at(process.port)
        target = Target(url=None, key="", service_bus=at, local={})
        with (
            ServiceBusClient.from_connection_string(at) as client,
            AzureBus(target, now=partial(datetime.now, UTC)) as bus,
            AzureBus(target, now=partial(datetime.now, UTC)) as another,
        ):
            lab = f"http://127.0.0.1:{process.ready['lab']}/lab"
            yield Broker(bus=bus, another=another, client=Client(client), lab=lab)


@pytest.fixture(params=["fake", "broker"])
def side(request: pytest.FixtureRequest) -> Side:
    """Return each bus in turn, empty."""
    if request.param == "broker":
        broker: Broker = request.getfixturevalue("broker")
        return Side(
            bus=broker.bus,
            another=broker.another,
            put=broker.put,
            locks_end=lambda: None,
        )
    world = World()

    def locks_end() -> None:
        world.now += LOCK

    return Side(
        bus=FakeBus(world),
        another=FakeBus(world),
        put=partial(world.put, DEAD),
        locks_end=locks_end,
    )


def test_locked_sent_noted_completed_and_the_note_cancelled(side: Side) -> None:
    """The way of a message, with another run beside it at each step."""
    side.put("one")
    side.put("two")

    listed = side.another.peek(DEAD, 1)
    locked = side.bus.receive(DEAD, 50)
    assert [letter.message_id for letter in locked] == ["one", "two"]
    assert [key_of(each) for each in locked] == [key_of(each) for each in listed]
    assert not side.another.receive(DEAD, 50)

    assert side.bus.send(CREATE, locked) == 2
    notes = Notebook(side.another, CREATE).read()
    assert notes.keys() == {key_of(letter) for letter in locked}
    assert {f"{note.path}#{note.origin}" for note in notes.values()} == {
        origin_text(letter) for letter in locked
    }

    assert side.bus.complete(locked[0])
    side.bus.put_back(locked[1])
    [left] = side.another.peek(DEAD, 1)
    assert (left.message_id, left.sequence) == ("two", locked[1].sequence)
    assert not side.another.peek(DEAD, left.sequence + 1)

    side.bus.cancel(CREATE, [notes[key_of(locked[0])]])
    side.another.cancel(CREATE, list(notes.values()))
    assert not Notebook(side.another, CREATE).read()


def test_a_lock_that_ended_completes_and_renews_nothing(side: Side) -> None:
    """The other run has the message then."""
    side.put("one")
    [locked] = side.bus.receive(DEAD, 1)
    assert side.bus.renew(locked)
    side.locks_end()
    while not (received := side.another.receive(DEAD, 1)):
        pass  # it waits for seconds itself
    [again] = received

    assert not side.bus.renew(locked)
    assert not side.bus.complete(locked)
    assert side.another.complete(again)


def test_a_batch_that_the_broker_refuses_is_sent_once_only(broker: Broker) -> None:
    """For now: `Busy`. Otherwise: `Failed`, and the SDK does not try again by itself."""
    broker.put("one")
    locked = broker.bus.receive(DEAD, 1)

    for condition, refusal in (
        ("com.microsoft:server-busy", Busy),
        ("amqp:internal-error", Failed),
    ):
        fault = {"entity": CREATE, "operation": "transfer", "condition": condition}
        httpx.post(f"{broker.lab}/faults", json=fault).raise_for_status()
        with pytest.raises(refusal):
            broker.bus.send(CREATE, locked)

    assert not Notebook(broker.bus, CREATE).read()


def test_what_does_not_fit_with_its_note_is_not_sent(broker: Broker) -> None:
    """Neither half of the pair; those before it go."""
    broker.put("one")
    broker.put("large", b"x" * (256 * 1024 - 200))
    locked = broker.bus.receive(DEAD, 2)

    assert broker.bus.send(CREATE, locked) == 1
    assert broker.bus.send(CREATE, locked[1:]) == 0

    [note] = Notebook(broker.bus, CREATE).read().values()
    assert note.key == key_of(locked[0])


@pytest.mark.long
def test_a_copy_that_was_received_eight_times_is_deferred_and_stays(broker: Broker) -> None:
    """At the tenth delivery it would become a dead letter; its number gets it back."""
    copies = Place(entity=REJECTED, dead=False)
    broker.client.send(REJECTED, [ServiceBusMessage(b"{}", message_id="copy")])
    for _ in range(ALMOST_DEAD + 1):
        [letter] = broker.bus.receive(copies, 1)
        broker.bus.put_back(letter)

    [deferred] = broker.bus.peek(copies, 1)
    found = broker.bus.fetch(copies, deferred.sequence)

    assert deferred.deferred
    assert found is not None
    assert broker.bus.complete(found)
    assert broker.bus.fetch(copies, deferred.sequence) is None
