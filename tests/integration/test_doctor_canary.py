"""What the canary leaves, and touches of others, on the local broker; its app says what we say."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceivedMessage,
    ServiceBusReceiver,
)

from rollcall.doctor.gathering.canary import Canary
from rollcall.doctor.gathering.copies import REJECTED, ours, take_away
from rollcall.doctor.of_outside import canary
from rollcall.doctor.seen import CanarySeen
from rollcall.target import Target
from tests.rollcall.strange import Respond, answer, strange
from tests.stack.connections import bus_at
from tests.stack.process import StackProcess
from tests.stack.put_aside import Bus

pytestmark = pytest.mark.long  # the SDK waits seconds wherever nothing comes
OURS = "rollcall-doctor-1"
PATIENCE = 20.0


@pytest.fixture(scope="module")
def broker() -> Iterator[StackProcess]:
    """Return a broker for these tests."""
    with StackProcess("bus") as broker:
        yield broker


@pytest.fixture
def client(broker: StackProcess) -> Iterator[ServiceBusClient]:
    """Return a client of the broker; the queues are empty again after it."""
    with ServiceBusClient.from_connection_string(bus_at(broker.port)) as client:
        yield client
        for queue in (REJECTED, "create-meeting"):
            with client.get_queue_receiver(queue, receive_mode="receiveanddelete") as receiver:
                while receiver.peek_messages(1, sequence_number=1):
                    receiver.receive_messages(100, max_wait_time=1)


def put(client: ServiceBusClient, *bodies: str | bytes) -> None:
    """Put copies of refused requests aside."""
    Bus(client).send(REJECTED, [ServiceBusMessage(body, subject="no_room") for body in bodies])


def there(client: ServiceBusClient) -> list[tuple[str, int]]:
    """Return what lies there, and how often each was delivered."""
    return [(str(one), one.delivery_count or 0) for one in Bus(client).peek(REJECTED)]


def test_copies_of_ours_are_taken_away_where_nothing_else_lies(client: ServiceBusClient) -> None:
    """All of them."""
    put(client, f"a {OURS}", f"b {OURS}")

    with client.get_queue_receiver(REJECTED) as receiver:
        assert take_away(receiver, [OURS]) == []

    assert there(client) == []


@pytest.mark.parametrize("first", [True, False])
def test_beside_a_foreign_message_ours_stay_and_none_is_received(
    client: ServiceBusClient, first: bool
) -> None:
    """Whether it lies before or behind: ours may be locked, and then it would come."""
    put(client, *(("foreign", OURS) if first else (OURS, "foreign")))

    with client.get_queue_receiver(REJECTED) as receiver:
        (copy,) = ours(receiver, [OURS])
        assert take_away(receiver, [OURS]) == [copy.sequence_number]

    assert sorted(there(client)) == [("foreign", 0), (OURS, 0)]


def test_messages_that_are_no_text_are_foreign(client: ServiceBusClient) -> None:
    """Their bytes are not read as text."""
    put(client, b"\xff\xfe\x00", OURS)

    with client.get_queue_receiver(REJECTED) as receiver:
        assert [str(one) for one in ours(receiver, [OURS])] == [OURS]


@contextmanager
def locked(client: ServiceBusClient) -> Iterator[ServiceBusReceivedMessage]:
    """Hold the lock of the first message, as another reader."""
    with client.get_queue_receiver(REJECTED) as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=5)
        yield message
        receiver.complete_message(message)


def test_a_copy_that_another_reader_holds_ends_in_time(client: ServiceBusClient) -> None:
    """Its number is returned."""
    put(client, OURS)

    with locked(client) as copy, client.get_queue_receiver(REJECTED) as receiver:
        assert take_away(receiver, [OURS], within=0.5) == [copy.sequence_number]


class ReceivesLate(ServiceBusReceiver):
    """A receiver before whose first receiving something happens."""

    before: Callable[[], None]

    def receive_messages(self, *counts: Any, **options: Any) -> list[ServiceBusReceivedMessage]:
        """Let it happen, and receive."""
        self.before()
        return super().receive_messages(*counts, **options)


def test_a_foreign_message_that_comes_in_that_moment_is_not_counted(
    client: ServiceBusClient,
) -> None:
    """Another reader holds ours, so the broker gives us the one that comes; it is free again."""
    put(client, OURS)

    with locked(client) as copy, client.get_queue_receiver(REJECTED) as receiver:
        receiver.__class__ = ReceivesLate
        receiver.before = lambda: put(client, "foreign")  # type: ignore[attr-defined]
        assert take_away(receiver, [OURS], within=PATIENCE) == [copy.sequence_number]

        assert there(client)[1] == ("foreign", 0)
        with client.get_queue_receiver(REJECTED) as free:
            (again,) = free.receive_messages(1, max_wait_time=5)
            assert (str(again), again.delivery_count) == ("foreign", 0)
            free.complete_message(again)


def record(**members: Any) -> bytes:
    """Return a record of a meeting that the bot is in."""
    whole: dict[str, Any] = {
        "meeting": {"meetingId": "m-1"},
        "bot": {"state": "in", "legs": []},
        "calls": [],
    }
    return json.dumps(whole | members).encode()


CANCELLED = record(meeting={"meetingId": "m-1", "cancelledAt": "2026-11-27T00:00:00Z"})


@contextmanager
def app_that(
    client: ServiceBusClient, broker: StackProcess, respond: Respond
) -> Iterator[Callable[[], CanarySeen]]:
    """Serve an app that answers so; yield what runs a canary on it."""
    with strange(respond) as server:
        target = Target(url=server.url, key="k", service_bus=bus_at(broker.port), local={})
        yield lambda: Canary(target=target, within=1.5).run()


def requests(client: ServiceBusClient) -> list[dict[str, Any]]:
    """Return what was requested of create-meeting."""
    return [json.loads(str(one)) for one in Bus(client).peek("create-meeting")]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (answer(429, b'{"message": "slower"}'), "answers 429: slower"),
        (answer(200, record(request="x")), "/request"),
    ],
)
def test_whatever_the_app_answers_the_meeting_is_cancelled(
    client: ServiceBusClient, broker: StackProcess, odd: Respond, said: str
) -> None:
    """Once the app answers again its cancellation is seen, and nothing is left."""

    def respond(line: str, connection: Any) -> None:
        cancelled = any(one.get("action") == "cancel" for one in requests(client))
        (answer(200, CANCELLED) if cancelled else odd)(line, connection)

    with app_that(client, broker, respond) as run:
        seen = run()

    assert said in seen.failed
    assert [one.get("action") for one in requests(client)] == [None, "cancel"]
    assert (seen.left, seen.copies) == ("", ())


@pytest.mark.timeout(20)
def test_a_request_that_was_not_sent_leaves_nothing_to_cancel() -> None:
    """A cancellation would be refused, minutes later, and leave a copy."""
    nothing = Target(url="http://127.0.0.1:9", key="k", service_bus=bus_at(9), local={})

    seen = Canary(target=nothing).run()

    assert seen.failed
    assert (seen.done, seen.left, seen.copies) == ((), "", ())


def test_a_cancellation_that_is_not_seen_is_handed_over(
    client: ServiceBusClient, broker: StackProcess
) -> None:
    """The request that is to be sent."""
    with app_that(client, broker, answer(200, record(bot={"state": "x", "legs": []}))) as run:
        seen = run()

    assert json.loads(seen.left)["action"] == "cancel"
    failed, left = canary(seen)
    assert "the bot is in state x" in failed.seen
    assert left.mend[1] == seen.left


def test_a_meeting_that_is_cancelled_is_not_said_to_be_left(
    client: ServiceBusClient, broker: StackProcess
) -> None:
    """The copy of its refusal is, behind a foreign one, with the command that removes it."""

    def respond(line: str, connection: Any) -> None:
        (request, *_) = requests(client)
        if not any(request["requestId"] in body for body, _ in there(client)):
            put(client, "foreign", request["requestId"])
        answer(404)(line, connection)

    with app_that(client, broker, respond) as run:
        seen = run()

    assert (seen.code, seen.left) == ("no_room", "")
    assert [one.get("action") for one in requests(client)] == [None]
    assert {count for _, count in there(client)} == {0}
    failed, stays = canary(seen)
    assert (failed.verdict, stays.verdict) == ("fail", "warn")
    assert seen.copies
    assert stays.mend == (
        f"rollcall requeue drop --queue {REJECTED} --sequence-number {seen.copies[0]}",
    )
