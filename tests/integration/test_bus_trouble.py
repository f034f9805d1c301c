"""The trouble of the Service Bus, as the app's own outbox and the SDK meet it.

Each broker is a process of its own; `/lab` sets its switches and orders its faults.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage, ServiceBusReceiveMode
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import ServiceBusError

from shared.bus.batches import BUSY_SECONDS, BUSY_TRIES
from shared.bus.outbox import ServiceBusOutbox, open_outbox
from shared.words.errors import NotSent, Rejected
from shared.words.outgoing import Outgoing
from tests.stack.connections import bus_at
from tests.stack.process import StackProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUEUE = "replies"
WAIT = 5
BUSY = "com.microsoft:server-busy"


@dataclass(frozen=True)
class Lab:
    """A broker that does as it is told, with its connection string."""

    connection: str
    http: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        """Return the JSON that is there."""
        async with self.http.get(path) as answer:
            return await answer.json()

    async def post(self, path: str, body: Any) -> Any:
        """Return the answer's JSON, or its text where it is a mistake."""
        async with self.http.post(path, json=body) as answer:
            return await (answer.json() if answer.status == 200 else answer.text())

    async def attached(self, entity: str = QUEUE) -> int:
        """Return how many links were attached to an entity so far."""
        links = await self.get("/lab/links")
        return int(links["attached"].get(entity, 0))


@pytest.fixture(scope="module")
def broker() -> Iterator[StackProcess]:
    with StackProcess("bus", "--world", "kind", "--seed", "1") as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_lab(broker: StackProcess) -> AsyncIterator[Lab]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{broker.ready['lab']}") as http:
        yield Lab(bus_at(broker.port), http)


@pytest_asyncio.fixture(loop_scope="module")
async def lab(module_lab: Lab) -> AsyncIterator[Lab]:
    """The shared broker; afterwards it is kind again."""
    usual = await module_lab.get("/lab/switches")
    yield module_lab
    await module_lab.post("/lab/switches", usual)
    async with module_lab.http.delete("/lab/faults") as answer:
        assert await answer.json() == []


@asynccontextmanager
async def _outbox(lab: Lab) -> AsyncIterator[ServiceBusOutbox]:
    outbox = open_outbox(lab.connection)
    yield outbox
    await outbox.aclose()


@asynccontextmanager
async def _receiver(lab: Lab) -> AsyncIterator[ServiceBusReceiver]:
    mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
    async with (
        ServiceBusClient.from_connection_string(lab.connection) as client,
        client.get_queue_receiver(QUEUE, receive_mode=mode) as receiver,
    ):
        yield receiver


async def _all_ids(lab: Lab) -> list[str]:
    """Take what is in the queue, which the test has put there before."""
    async with _receiver(lab) as receiver:
        taken: list[str] = []
        while messages := await receiver.receive_messages(100, max_wait_time=0.3):
            taken += [str(message.message_id) for message in messages]
        return taken


def _message() -> Outgoing:
    return Outgoing(entity=QUEUE, message_id=uuid4().hex, body="{}")


async def _until_detached(lab: Lab) -> None:
    async with asyncio.timeout(WAIT):
        while True:
            if not (await lab.get("/lab/links"))["open"]:
                return
            await asyncio.sleep(0.05)


async def test_a_queue_idle_beyond_its_links_life_gets_the_message_once(lab: Lab) -> None:
    """The link was detached unnoticed; the next message goes once, in under three seconds."""
    async with _outbox(lab) as outbox:
        await outbox.send([first := _message()])
        await lab.post("/lab/switches", {"idleLinkSeconds": 0.3})
        await _until_detached(lab)
        await lab.post("/lab/switches", {"idleLinkSeconds": 0})
        loop = asyncio.get_running_loop()
        began = loop.time()

        await outbox.send([second := _message()])

        assert loop.time() - began < 3
    assert await _all_ids(lab) == [first.message_id, second.message_id]


async def test_a_connection_without_links_is_closed_too(lab: Lab) -> None:
    """The message after a long silence finds no connection, and goes once nevertheless."""
    async with _outbox(lab) as outbox:
        await outbox.send([first := _message()])
        await lab.post("/lab/switches", {"idleLinkSeconds": 0.2})
        await _until_detached(lab)
        await asyncio.sleep(2.5)  # time itself is what is tested
        await lab.post("/lab/switches", {"idleLinkSeconds": 0})

        await outbox.send([second := _message()])

    assert await _all_ids(lab) == [first.message_id, second.message_id]


async def test_a_waiting_receiver_outlives_its_link(lab: Lab) -> None:
    """The SDK attaches again by itself after the detach, and gets the message once."""
    async with _receiver(lab) as receiver, _outbox(lab) as outbox:
        await receiver.receive_messages(1, max_wait_time=0.1)
        await lab.post("/lab/links/detach", {"entity": QUEUE.upper()})
        await outbox.send([message := _message()])

        [received] = await receiver.receive_messages(1, max_wait_time=WAIT)

        assert received.message_id == message.message_id


async def test_a_busy_service_gets_each_message_once_and_no_storm_of_links(lab: Lab) -> None:
    """Three refusals in a row cost waits, as the service asks for, and no new link."""
    async with _outbox(lab) as outbox:
        await outbox.send([first := _message()])
        attached = await lab.attached()
        order = {"entity": QUEUE, "operation": "transfer", "condition": BUSY, "times": 3}
        await lab.post("/lab/faults", order)
        loop = asyncio.get_running_loop()
        began = loop.time()

        await outbox.send([second := _message()])

        assert loop.time() - began > 3 * BUSY_SECONDS
        assert await lab.get("/lab/faults") == []
        assert await lab.attached() == attached
    assert await _all_ids(lab) == [first.message_id, second.message_id]


async def test_a_service_that_stays_busy_is_unavailable_and_keeps_its_link(lab: Lab) -> None:
    """Each message of it is safe to send again; what comes later goes over the same link."""
    async with _outbox(lab) as outbox:
        await outbox.send([first := _message()])
        attached = await lab.attached()
        order = {"entity": QUEUE, "operation": "transfer", "condition": BUSY, "times": BUSY_TRIES}
        await lab.post("/lab/faults", order)

        with pytest.raises(NotSent):
            await outbox.send([second := _message()])
        await outbox.send([second])

        assert await lab.attached() == attached
    assert await _all_ids(lab) == [first.message_id, second.message_id]


async def test_the_sdk_s_own_retries_pass_a_busy_service(lab: Lab) -> None:
    """With half of all transfers refused, no two in a row, every message arrives once."""
    await lab.post("/lab/switches", {"busyShare": 0.5})
    async with (
        ServiceBusClient.from_connection_string(
            lab.connection, retry_backoff_factor=0.001
        ) as client,
        client.get_queue_sender(QUEUE) as sender,
    ):
        for number in range(10):
            await sender.send_messages(ServiceBusMessage("x", message_id=str(number)))

    assert await _all_ids(lab) == [str(number) for number in range(10)]


async def test_a_sender_without_the_right_to_send_is_unavailable_until_it_has_it(
    lab: Lab,
) -> None:
    """The refused attach is no verdict on the entity: later messages go."""
    order = {"entity": QUEUE, "operation": "attach", "condition": "amqp:unauthorized-access"}
    await lab.post("/lab/faults", order)
    async with _outbox(lab) as outbox:
        with pytest.raises(NotSent):
            await outbox.send([_message()])
        await outbox.send([message := _message()])

    assert await _all_ids(lab) == [message.message_id]


async def test_heads_over_the_quotas_are_refused_sent_or_scheduled(lab: Lab) -> None:
    """Of one property and of all; both limits hold on both ways, and the sender goes on."""
    await lab.post("/lab/switches", {"headQuotas": True})
    large = {"one": "x" * 33 * 1024}
    many = {f"p{number}": "x" * 30 * 1024 for number in range(3)}
    due = datetime.now(UTC) + timedelta(hours=1)
    async with (
        ServiceBusClient.from_connection_string(lab.connection, retry_total=0) as client,
        client.get_queue_sender(QUEUE) as sender,
    ):
        for properties, text in ((large, "please retry the operation"), (many, "(65536)")):
            message = ServiceBusMessage("x", application_properties=dict[Any, Any](properties))
            with pytest.raises(ServiceBusError) as sent:
                await sender.send_messages(message)
            with pytest.raises(ServiceBusError) as scheduled:
                await sender.schedule_messages(message, due)
            assert text in str(sent.value)
            assert text in str(scheduled.value)
        await sender.send_messages(ServiceBusMessage("x", message_id="good"))

    assert await _all_ids(lab) == ["good"]


async def test_one_head_over_the_quota_harms_no_other_message(lab: Lab) -> None:
    """It fails the batch it is in; the outbox finds out which it is, and sends the others once."""
    await lab.post("/lab/switches", {"headQuotas": True})
    properties = {f"p{number}": "x" * 30 * 1024 for number in range(3)}
    first, large, last = _message(), replace(_message(), properties=properties), _message()
    async with _outbox(lab) as outbox:
        with pytest.raises(Rejected) as refused:
            await outbox.send([first, large, last])

    assert large.message_id in refused.value.problems[0].message
    assert await _all_ids(lab) == [first.message_id, last.message_id]


async def test_what_service_bus_refuses_for_one_message_harms_no_other(lab: Lab) -> None:
    """As a queue with sessions refuses a message without one; halves find out which it is."""
    order = {"entity": QUEUE, "operation": "transfer", "condition": "amqp:not-allowed", "times": 3}
    await lab.post("/lab/faults", order)
    bad, second, third = _message(), _message(), _message()
    async with _outbox(lab) as outbox:
        with pytest.raises(Rejected) as refused:
            await outbox.send([bad, second, third])

    assert [one.params for one in refused.value.problems] == [{"message_id": bad.message_id}]
    assert await _all_ids(lab) == [second.message_id, third.message_id]


async def test_a_scheduled_message_comes_late_never_early(lab: Lab) -> None:
    """Up to the time that the switch says; one sent without a time is not held up."""
    await lab.post("/lab/switches", {"scheduledLateSeconds": 1.5})
    async with _outbox(lab) as outbox, _receiver(lab) as receiver:
        await outbox.send([Outgoing(entity=QUEUE, message_id="first", body="{}")])
        due = datetime.now(UTC) + timedelta(seconds=0.2)
        await outbox.send([Outgoing(entity=QUEUE, message_id="late", body="{}", due=due)])
        await outbox.send([Outgoing(entity=QUEUE, message_id="now", body="{}")])

        arrived = [(await receiver.receive_messages(1, max_wait_time=WAIT))[0] for _ in range(3)]

    assert [message.message_id for message in arrived] == ["first", "now", "late"]
    enqueued = arrived[2].enqueued_time_utc
    assert enqueued is not None
    assert timedelta(0) < enqueued - due < timedelta(seconds=1.6)


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/lab/switches", {"idleLinkSeconds": -1}, "idleLinkSeconds"),
        ("/lab/switches", {"bounds": "azure"}, "read at the start"),
        ("/lab/switches", [], "JSON object"),
        ("/lab/faults", {"entity": QUEUE}, "condition"),
        ("/lab/faults", {"entity": QUEUE, "condition": BUSY, "operation": "eat"}, "operation"),
        ("/lab/links/detach", {"queue": QUEUE}, "entity"),
    ],
)
async def test_a_mistake_is_answered_by_its_name(
    lab: Lab, path: str, body: object, named: str
) -> None:
    """With 400 and a sentence; nothing changes."""
    before = await lab.get("/lab/switches")

    assert named in await lab.post(path, body)

    assert await lab.get("/lab/switches") == before
    assert await lab.get("/lab/faults") == []


async def test_a_fault_is_listed_until_it_is_used_up(lab: Lab) -> None:
    """With what is left of it."""
    left = await lab.post("/lab/faults", {"entity": QUEUE, "condition": BUSY, "times": 2})

    assert left == [
        {
            "entity": QUEUE,
            "operation": None,
            "condition": BUSY,
            "description": None,
            "times": 2,
        }
    ]
