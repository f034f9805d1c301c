"""Every bus keeps the contract in `ports.Bus`: the fake, and the real one on the local broker.

On the broker it is kept in each world, and what arrives is the same for a client in JavaScript.
Senders and receivers are kept for the whole module: opening a link costs the SDK half a second.
"""

import asyncio
import base64
import gc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Protocol
from uuid import uuid4

import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusReceivedMessage, ServiceBusReceiveMode
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

from devstack.switches import World
from shared.bus.outbox import ServiceBusOutbox, open_outbox
from shared.ports import Bus
from shared.words.errors import NotSent, Rejected, Unavailable, refusal_in
from shared.words.outgoing import Outgoing
from tests.fakes.bus import InMemoryBus
from tests.stack.connections import bus_at
from tests.stack.javascript import JavaScriptClient
from tests.stack.process import StackProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOWHERE = "no-such-queue"
TOPIC = "meeting-events"
WAIT_SECONDS = 10
SWITCHES = {
    # Short where the world is slow, more often where its trouble is rare.
    World.HARSH: ("--switch", "scheduledLateSeconds=1", "--switch", "busyShare=0.05"),
}

_numbers = count()


class Mailbox(Protocol):
    """The other end of the bus."""

    async def take(self, entity: str, number: int) -> list[Outgoing]:
        """Wait for `number` messages of `entity`; return them, and any that came with them."""
        ...


@dataclass
class FakeMailbox:
    """Takes from the fake what is due."""

    bus: InMemoryBus
    taken: set[int] = field(default_factory=set)

    async def take(self, entity: str, number: int) -> list[Outgoing]:
        """See `Mailbox`."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                now = datetime.now(UTC)
                arrived = [
                    message
                    for message in self.bus.sent_to(entity)
                    if id(message) not in self.taken and (message.due is None or message.due <= now)
                ]
                if len(arrived) >= number:
                    self.taken |= {id(message) for message in arrived}
                    return arrived
                await asyncio.sleep(0.01)


@dataclass
class BrokerMailbox:
    """Receives from the local broker."""

    client: ServiceBusClient
    receivers: dict[str, ServiceBusReceiver] = field(default_factory=dict)

    async def take(self, entity: str, number: int) -> list[Outgoing]:
        """See `Mailbox`."""
        if entity not in self.receivers:
            mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
            self.receivers[entity] = (
                self.client.get_subscription_receiver(entity, "all", receive_mode=mode)
                if entity == TOPIC
                else self.client.get_queue_receiver(entity, receive_mode=mode)
            )
        taken: list[Outgoing] = []
        async with asyncio.timeout(WAIT_SECONDS):
            while len(taken) < number:
                messages = await self.receivers[entity].receive_messages(
                    number - len(taken), max_wait_time=WAIT_SECONDS
                )
                taken += [as_outgoing(entity, message) for message in messages]
        return taken


@dataclass
class JavaScriptMailbox:
    """Receives from the local broker with the official JavaScript SDK."""

    client: JavaScriptClient

    async def take(self, entity: str, number: int) -> list[Outgoing]:
        """See `Mailbox`."""
        where = {"entity": entity} | ({"subscription": "all"} if entity == TOPIC else {})
        taken: list[Outgoing] = []
        async with asyncio.timeout(WAIT_SECONDS):
            while len(taken) < number:
                messages = await self.client.do(
                    "receive",
                    **where,
                    mode="receiveAndDelete",
                    number=number - len(taken),
                    wait=WAIT_SECONDS * 1000,
                )
                taken += [from_javascript(entity, message) for message in messages]
        return taken


def from_javascript(entity: str, message: dict[str, Any]) -> Outgoing:
    due = message.get("scheduled")
    return Outgoing(
        entity=entity,
        message_id=message["messageId"],
        body=text_if_it_is(base64.b64decode(message["body"])),
        content_type=message["contentType"],
        subject=message.get("subject"),
        correlation_id=message.get("correlationId"),
        session_id=message.get("sessionId"),
        reply_to=message.get("replyTo"),
        properties=message.get("applicationProperties") or {},
        due=datetime.fromisoformat(due) if due else None,
    )


def as_outgoing(entity: str, message: ServiceBusReceivedMessage) -> Outgoing:
    body = message.body
    assert not isinstance(body, str)
    properties = message.application_properties or {}
    return Outgoing(
        entity=entity,
        message_id=str(message.message_id),
        body=text_if_it_is(b"".join(part for part in body if isinstance(part, bytes))),
        content_type=str(message.content_type),
        subject=message.subject,
        correlation_id=message.correlation_id,
        session_id=message.session_id,
        reply_to=message.reply_to,
        properties={text(name): text(value) for name, value in properties.items()},
        due=message.scheduled_enqueue_time_utc,
    )


def text_if_it_is(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@dataclass(frozen=True)
class Sides:
    """A bus and its other end."""

    bus: Bus
    mailbox: Mailbox


@pytest_asyncio.fixture(
    loop_scope="module",
    scope="module",
    params=[
        "fake",
        pytest.param(World.KIND, marks=pytest.mark.long),
        World.DOCUMENTED,
        pytest.param(World.HARSH, marks=pytest.mark.long),
        "javascript",
    ],
)
async def sides(request: pytest.FixtureRequest) -> AsyncIterator[Sides]:
    """Return both ends of one implementation after the other."""
    if request.param == "fake":
        fake = InMemoryBus(unknown=[NOWHERE])
        yield Sides(fake, FakeMailbox(fake))
        return
    world = World.KIND if request.param == "javascript" else request.param
    with StackProcess("bus", "--world", world, "--seed", "1", *SWITCHES.get(world, ())) as broker:
        outbox = open_outbox(bus_at(broker.port))
        async with _mailbox(request.param, broker.port) as mailbox:
            yield Sides(outbox, mailbox)
        await outbox.aclose()


@asynccontextmanager
async def _mailbox(implementation: str, port: int) -> AsyncIterator[Mailbox]:
    if implementation == "javascript":
        async with JavaScriptClient(bus_at(port)) as node:
            yield JavaScriptMailbox(node)
        return
    async with ServiceBusClient.from_connection_string(bus_at(port)) as client:
        mailbox = BrokerMailbox(client)
        yield mailbox
        await asyncio.gather(*(receiver.close() for receiver in mailbox.receivers.values()))


def a_message(entity: str = "replies", *, body: str = "{}") -> Outgoing:
    return Outgoing(entity=entity, message_id=f"m{next(_numbers)}-{uuid4().hex}", body=body)


async def test_every_field_arrives_as_it_was(sides: Sides) -> None:
    """Byte for byte, on a queue and through the topic."""
    message = replace(
        a_message(TOPIC, body='{"name": "Zoë \\u0000 日本", "n": 1.50}\n'),
        content_type="application/cloudevents+json",
        subject="rollcall.meeting.created.v1",
        correlation_id="request 1/Ä",
        session_id="a" * 26,
        reply_to="replies",
        properties={"type": "rollcall.meeting.created.v1", "Ünï": "ça"},
    )

    await sides.bus.send([message, replace(message, entity="replies")])

    assert await sides.mailbox.take(TOPIC, 1) == [message]
    assert await sides.mailbox.take("replies", 1) == [replace(message, entity="replies")]


async def test_what_is_not_set_stays_unset(sides: Sides) -> None:
    """A receiver sees no empty reply address where there is none."""
    message = a_message()

    await sides.bus.send([message])

    assert await sides.mailbox.take("replies", 1) == [message]


async def test_a_body_that_is_not_text_arrives_as_it_was(sides: Sides) -> None:
    """What somebody sent us may be anything; its copy is the same."""
    message = replace(a_message(), body=b"\xff\x00 not text", content_type="x/y")

    await sides.bus.send([message])

    assert await sides.mailbox.take("replies", 1) == [message]


async def test_one_callers_messages_keep_their_order(sides: Sides) -> None:
    """Within each entity, in one call and from call to call."""
    first = [a_message("replies" if n % 3 else "tend-meeting") for n in range(60)]
    second = [a_message() for _ in range(3)]

    await sides.bus.send(first)
    await sides.bus.send(second)

    replies = [message for message in first if message.entity == "replies"] + second
    tends = [message for message in first if message.entity == "tend-meeting"]
    assert await sides.mailbox.take("replies", len(replies)) == replies
    assert await sides.mailbox.take("tend-meeting", len(tends)) == tends


async def test_many_callers_lose_nothing(sides: Sides) -> None:
    """All at once on one entity: every message arrives once, each caller's in order."""
    callers = [[a_message(body=f"{caller}") for _ in range(5)] for caller in range(40)]

    await asyncio.gather(*(sides.bus.send(messages) for messages in callers))

    arrived = await sides.mailbox.take("replies", 200)
    assert len(arrived) == 200
    for caller, messages in enumerate(callers):
        assert [one for one in arrived if one.body == f"{caller}"] == messages


async def test_more_than_one_batch_holds_is_split(sides: Sides) -> None:
    """A megabyte goes in several batches, in order."""
    messages = [a_message(body=f"{n}" + "x" * 100_000) for n in range(11)]

    await sides.bus.send(messages)

    assert await sides.mailbox.take("replies", 11) == messages


async def test_a_scheduled_message_comes_when_it_is_due(sides: Sides) -> None:
    """Not before, even though it was sent first; what has no due time passes it."""
    opening = a_message("tend-meeting")
    await sides.bus.send([opening])
    assert await sides.mailbox.take("tend-meeting", 1) == [opening]  # every link is open now
    due = datetime.now(UTC).replace(microsecond=321_000) + timedelta(seconds=2)
    later, now = replace(a_message("tend-meeting"), due=due), a_message("tend-meeting")

    await sides.bus.send([later, now])

    assert await sides.mailbox.take("tend-meeting", 1) == [now]
    assert await sides.mailbox.take("tend-meeting", 1) == [later]
    assert datetime.now(UTC) >= due


async def test_a_due_time_that_is_over_means_now(sides: Sides) -> None:
    """A message that a crash delayed is not lost."""
    due = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    message = replace(a_message("tend-meeting"), due=due)

    await sides.bus.send([message])

    assert await sides.mailbox.take("tend-meeting", 1) == [message]


async def test_an_unknown_entity_harms_no_other(sides: Sides) -> None:
    """Everything else is sent; then the caller is told what can never be, and others are not."""
    message, lost = a_message(), a_message(NOWHERE)
    others = a_message()

    refused, accepted = await asyncio.gather(
        sides.bus.send([lost, message, lost]), sides.bus.send([others]), return_exceptions=True
    )

    assert accepted is None
    assert isinstance(refused, Rejected)
    assert refused.code == "undeliverable"
    assert [problem.member for problem in refused.problems] == [NOWHERE]
    arrived = await sides.mailbox.take("replies", 2)
    assert {one.message_id for one in arrived} == {message.message_id, others.message_id}
    with pytest.raises(Rejected, match="undeliverable"):
        await sides.bus.send([lost])


async def test_nothing_to_send_is_no_error(sides: Sides) -> None:
    """An empty outbox needs no connection."""
    await sides.bus.send([])


async def test_what_was_expected_arrives_as_everything_does(sides: Sides) -> None:
    """Getting ready sends nothing and raises nothing, whatever is expected."""
    sides.bus.expect(["rejected-requests", NOWHERE, "replies"])
    sides.bus.expect([])
    messages = [a_message("rejected-requests"), a_message()]

    await sides.bus.send(messages)

    assert await sides.mailbox.take("rejected-requests", 1) == messages[:1]
    assert await sides.mailbox.take("replies", 1) == messages[1:]


async def test_a_bus_that_answers_passes_its_check(sides: Sides) -> None:
    """And goes on to work afterwards."""
    await sides.bus.check()


async def test_a_message_larger_than_the_entity_takes_harms_no_other(
    bus_connection_string: str,
) -> None:
    """It can never be sent; what waits with it is."""
    outbox = open_outbox(bus_connection_string)
    huge, small = a_message("join-meeting", body="x" * 300_000), a_message("join-meeting")

    with pytest.raises(Rejected) as refused:
        await outbox.send([huge, small])

    assert huge.message_id in refused.value.problems[0].message
    async with ServiceBusClient.from_connection_string(bus_connection_string) as client:
        mailbox = BrokerMailbox(client)
        assert await mailbox.take("join-meeting", 1) == [small]
        await mailbox.receivers["join-meeting"].close()
    await outbox.aclose()


async def test_connections_to_many_entities_are_not_all_kept(bus_connection_string: str) -> None:
    """A sender that is closed for another's sake is opened again for its next message."""
    client = ServiceBusClient.from_connection_string(bus_connection_string, retry_total=0)
    outbox = ServiceBusOutbox(client, most_lanes=1)
    messages = [
        a_message("join-meeting"),
        a_message("rejected-requests"),
        a_message("join-meeting"),
    ]

    for message in messages:
        await outbox.send([message])

    async with ServiceBusClient.from_connection_string(bus_connection_string) as receiving:
        mailbox = BrokerMailbox(receiving)
        assert await mailbox.take("join-meeting", 2) == [messages[0], messages[2]]
        await mailbox.receivers["join-meeting"].close()
    await outbox.aclose()


async def test_a_failing_fake_sends_nothing() -> None:
    """`fail_next` stands for a bus that is down, for as many calls as it says."""
    bus = InMemoryBus()
    bus.fail_next(2)

    for ask in (bus.send([a_message()]), bus.check()):
        with pytest.raises(Unavailable):
            await ask
    assert bus.sent == []
    await bus.send([a_message()])
    assert len(bus.sent) == 1


@pytest.fixture
def swept() -> Iterator[None]:
    """Collect what the SDK leaves open when the other side hangs up, before the next test."""
    yield
    gc.collect()


@pytest.mark.usefixtures("swept")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_bus_that_is_down_is_unavailable_until_it_is_back() -> None:
    """To everybody who sends; senders that were open, and new ones, work again afterwards."""
    with StackProcess("bus") as broker:
        port = broker.port
        outbox = open_outbox(bus_at(port))
        await outbox.send([a_message()])

    asked: Sequence[object] = await asyncio.gather(
        outbox.send([a_message()]),
        outbox.send([a_message(), a_message(TOPIC)]),
        outbox.check(),
        return_exceptions=True,
    )
    assert [type(answer) for answer in asked] == [NotSent, NotSent, Unavailable]

    with StackProcess("bus", port=port):
        await outbox.check()
        messages = [a_message(), a_message(TOPIC)]
        await outbox.send(messages)
        async with ServiceBusClient.from_connection_string(bus_at(port)) as client:
            mailbox = BrokerMailbox(client)
            assert await mailbox.take("replies", 1) == messages[:1]
            await mailbox.receivers["replies"].close()
        await outbox.aclose()


@pytest.mark.parametrize(
    "odd",
    [
        {"message_id": "m" * 129},
        {"session_id": "s" * 129},
        {"body": "x" * 300_000},
        {"properties": {"p": "x" * 70_000}},
        {"properties": {f"p{number}": "x" * 30_000 for number in range(3)}},
    ],
    ids=["message id", "session id", "body", "property", "properties"],
)
async def test_a_message_of_a_refused_shape_fails_alone(sides: Sides, odd: dict[str, Any]) -> None:
    """What waits with it, of the same caller and of others, is sent once; its caller is told."""
    before, bad, after = a_message(), replace(a_message(), **odd), a_message()
    others = [a_message() for _ in range(5)]

    refused, accepted = await asyncio.gather(
        sides.bus.send([before, bad, after]), sides.bus.send(others), return_exceptions=True
    )

    assert accepted is None
    assert isinstance(refused, Rejected)
    assert refusal_in(refused, bad) is not None
    assert [refusal_in(refused, one) for one in (before, after)] == [None, None]
    arrived = await sides.mailbox.take("replies", 7)
    assert {one.message_id for one in arrived} == {
        one.message_id for one in (before, after, *others)
    }
