"""Sessions of the local Service Bus, through the official SDKs of Python and JavaScript."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import (
    OperationTimeoutError,
    ServiceBusError,
    SessionCannotBeLockedError,
    SessionLockLostError,
)

from tests.stack.connections import bus_at
from tests.stack.javascript import JavaScriptClient, JavaScriptError, as_base64
from tests.stack.process import StackProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAIT = 5


def _config() -> str:
    sessions = {"RequiresSession": True, "LockDuration": "PT30S"}
    names = ("order", "held", "next", "state", "wait", "script")
    queues = [{"Name": name, "Properties": sessions} for name in names]
    queues.append({"Name": "brief", "Properties": {**sessions, "LockDuration": "PT5S"}})
    subscription = {"Name": "all", "Properties": {"RequiresSession": True}}
    topics = [{"Name": "events", "Subscriptions": [subscription]}]
    namespace = {"Name": "sbemulatorns", "Queues": queues, "Topics": topics}
    return json.dumps({"UserConfig": {"Namespaces": [namespace]}})


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of its own, whose queues have sessions."""
    config: Path = tmp_path_factory.mktemp("sessions") / "Config.json"
    config.write_text(_config())
    with StackProcess("bus", "--config", str(config)) as broker:
        yield bus_at(broker.port)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(connection: str) -> AsyncIterator[ServiceBusClient]:
    async with ServiceBusClient.from_connection_string(connection, retry_total=0) as client:
        yield client


async def _send(client: ServiceBusClient, queue: str, sent: Sequence[tuple[str, str]]) -> None:
    """Send bodies, each with its session."""
    async with client.get_queue_sender(queue) as sender:
        for session, body in sent:
            await sender.send_messages(ServiceBusMessage(body, session_id=session))


def _bodies(messages: Sequence[ServiceBusReceivedMessage]) -> list[str]:
    return [str(message) for message in messages]


async def test_each_session_comes_whole_and_in_order(client: ServiceBusClient) -> None:
    """Its holder gets nothing of another session; what comes back keeps its place."""
    await _send(client, "order", [("a", "1"), ("b", "2"), ("a", "3"), ("a", "4"), ("b", "5")])

    async with client.get_queue_receiver("order", session_id="a") as receiver:
        [first] = await receiver.receive_messages(1, max_wait_time=WAIT)
        await receiver.abandon_message(first)
        got = await receiver.receive_messages(5, max_wait_time=WAIT)
        for message in got:
            await receiver.complete_message(message)

    assert _bodies(got) == ["1", "3", "4"]
    assert [message.delivery_count for message in got] == [1, 0, 0]
    assert {message.session_id for message in got} == {"a"}


async def test_a_session_has_one_holder_until_it_is_closed(client: ServiceBusClient) -> None:
    """What was held and not settled comes back uncounted to the next holder."""
    await _send(client, "held", [("s", "1"), ("s", "2")])

    async with client.get_queue_receiver("held", session_id="s") as receiver:
        held = await receiver.receive_messages(2, max_wait_time=WAIT)
        with pytest.raises(SessionCannotBeLockedError):
            async with client.get_queue_receiver("held", session_id="s") as other:
                await other.receive_messages(1, max_wait_time=WAIT)
    async with client.get_queue_receiver("held", session_id="s") as receiver:
        again = await receiver.receive_messages(2, max_wait_time=WAIT)

    assert _bodies(held) == _bodies(again) == ["1", "2"]
    assert {message.delivery_count for message in again} == {0}


async def test_receivers_share_the_sessions_that_there_are(client: ServiceBusClient) -> None:
    """Each gets the next free one, oldest first; where none is left, the wait ends in time."""
    await _send(client, "next", [("a", "1"), ("b", "2"), ("a", "3")])

    def next_receiver() -> ServiceBusReceiver:
        return client.get_queue_receiver("next", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1)

    async with next_receiver() as one, next_receiver() as two:
        assert (one.session.session_id, two.session.session_id) == ("a", "b")
        with pytest.raises(OperationTimeoutError):
            async with next_receiver() as three:
                await three.receive_messages(1, max_wait_time=WAIT)


async def test_a_waiting_receiver_gets_the_session_that_comes(client: ServiceBusClient) -> None:
    """It is attached when the first message of a new session arrives."""
    receiver = client.get_queue_receiver(
        "wait", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=WAIT
    )
    opening = asyncio.create_task(receiver.__aenter__())
    await asyncio.sleep(0)
    await _send(client, "wait", [("late", "1")])

    await opening
    got = await receiver.receive_messages(1, max_wait_time=WAIT)

    assert receiver.session.session_id == "late"
    assert _bodies(got) == ["1"]
    await receiver.close()


async def test_a_lock_is_renewed_and_lost(client: ServiceBusClient) -> None:
    """A renewed session stays; one whose lock ended is told so, and its delivery counts."""
    await _send(client, "brief", [("kept", "1"), ("lost", "2")])

    async with (
        client.get_queue_receiver("brief", session_id="kept") as kept,
        client.get_queue_receiver("brief", session_id="lost") as lost,
    ):
        [mine] = await kept.receive_messages(1, max_wait_time=WAIT)
        [theirs] = await lost.receive_messages(1, max_wait_time=WAIT)
        await asyncio.sleep(3)  # the lock has to be older than its renewal
        until = await kept.session.renew_lock()
        await asyncio.sleep(2.5)

        assert until - datetime.now(UTC) > timedelta(seconds=2)
        await kept.complete_message(mine)
        with pytest.raises((SessionLockLostError, ServiceBusError)):
            await lost.complete_message(theirs)
    async with client.get_queue_receiver("brief", session_id="lost") as again:
        [redelivered] = await again.receive_messages(1, max_wait_time=WAIT)
        await again.complete_message(redelivered)

    assert redelivered.delivery_count == 1


async def test_a_session_keeps_its_state(client: ServiceBusClient) -> None:
    """For its next holder, as the bytes that were set; without one it is None."""
    async with client.get_queue_receiver("state", session_id="s") as receiver:
        before: bytes | None = await receiver.session.get_state()
        await receiver.session.set_state("half way")
    async with client.get_queue_receiver("state", session_id="s") as receiver:
        after = await receiver.session.get_state()

    assert before is None
    assert after == b"half way"


async def test_entities_with_sessions_refuse_what_has_none(client: ServiceBusClient) -> None:
    """A message for a queue, and a receiver; a topic takes the message and dead-letters it."""
    async with client.get_queue_sender("state") as sender:
        with pytest.raises(ServiceBusError, match="SessionId was not set"):
            await sender.send_messages(ServiceBusMessage("x"))
    with pytest.raises(ServiceBusError, match="requires sessions"):
        async with client.get_queue_receiver("state") as receiver:
            await receiver.receive_messages(1, max_wait_time=1)


async def test_the_events_of_two_meetings_come_each_in_order(client: ServiceBusClient) -> None:
    """A subscription with sessions gives one meeting's events to one consumer, in order."""
    sent = [("m1", "1"), ("m2", "2"), ("m1", "3"), ("m2", "4"), ("m1", "5")]
    async with client.get_topic_sender("events") as sender:
        await sender.send_messages([ServiceBusMessage(b, session_id=s) for s, b in sent])

    got: dict[str, list[str]] = {}
    for _ in range(2):
        async with client.get_subscription_receiver(
            "events", "all", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=WAIT
        ) as receiver:
            messages = await receiver.receive_messages(5, max_wait_time=WAIT)
            got[str(receiver.session.session_id)] = _bodies(messages)
            for message in messages:
                await receiver.complete_message(message)

    assert got == {"m1": ["1", "3", "5"], "m2": ["2", "4"]}


async def test_the_javascript_sdk_has_the_same_sessions(connection: str) -> None:
    """Next available and by id, one holder, order, state, renewal, and what nobody has."""
    async with JavaScriptClient(connection) as node:
        sent = [("a", "1"), ("b", "2"), ("a", "3")]
        messages = [{"body": as_base64(b.encode()), "sessionId": s} for s, b in sent]
        await node.do("send", entity="script", messages=messages)

        taken = {"entity": "script", "session": None}
        session = await node.do("session", **taken)
        got = await node.do("receive", **taken, number=2, wait=WAIT * 1000)
        state = await node.do("sessionState", **taken, state={"step": 1})
        until = await node.do("renewSession", **taken)
        with pytest.raises(JavaScriptError) as held:
            await node.do("session", entity="script", session="a")
        for message in got:
            await node.do("settle", handle=message["handle"], how="complete")
        await node.do("close", **taken)
        other = await node.do("session", entity="script", session="b")

    assert session["id"] == "a"
    assert [message["body"] for message in got] == [as_base64(b"1"), as_base64(b"3")]
    assert state == {"step": 1}
    assert datetime.fromisoformat(until) > datetime.fromisoformat(session["lockedUntil"])
    assert held.value.code == "SessionCannotBeLocked"
    assert other["id"] == "b"
