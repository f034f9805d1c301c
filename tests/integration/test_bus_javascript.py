"""The local Service Bus through the official JavaScript SDK, which settles in ways of its own.

`tests/contract/test_bus_contract.py` has what such a client receives from the app.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.stack.connections import bus_at
from tests.stack.javascript import JavaScriptClient, JavaScriptError, as_base64
from tests.stack.process import StackProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUEUE = "rejected-requests"
WAIT = 5_000
"""Longest wait for a message that is known to come, in milliseconds."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node() -> AsyncIterator[JavaScriptClient]:
    with StackProcess("bus") as bus:
        async with JavaScriptClient(bus_at(bus.port)) as client:
            yield client


@pytest_asyncio.fixture(loop_scope="module")
async def client(node: JavaScriptClient) -> AsyncIterator[JavaScriptClient]:
    """The shared client; the test must leave nothing in the queue."""
    yield node
    assert await node.do("peek", entity=QUEUE, number=1, **{"from": "1"}) == []


async def _send(client: JavaScriptClient, *bodies: str, entity: str = QUEUE, **rest: Any) -> None:
    messages = [{"body": as_base64(body.encode()), **rest} for body in bodies]
    await client.do("send", entity=entity, messages=messages)


async def _one(client: JavaScriptClient, entity: str = QUEUE, **where: Any) -> dict[str, Any]:
    [message] = await client.do("receive", entity=entity, number=1, wait=WAIT, **where)
    assert isinstance(message, dict)
    return message


async def _settle(client: JavaScriptClient, message: dict[str, Any], how: str, **rest: str) -> None:
    await client.do("settle", handle=message["handle"], how=how, **rest)


async def test_everything_sent_arrives_as_it_was(client: JavaScriptClient) -> None:
    """Body, properties and application properties pass unchanged."""
    sent: dict[str, Any] = {
        "messageId": "id",
        "subject": "subject",
        "correlationId": "correlation",
        "contentType": "application/json",
        "replyTo": "replies",
        "sessionId": "session",
        "applicationProperties": {"text": "ä", "number": 7, "flag": True, "real": 0.5},
    }
    await _send(client, '{"a": "ü"}', **sent)

    message = await _one(client)

    assert {name: message[name] for name in sent} == sent
    assert message["body"] == as_base64('{"a": "ü"}'.encode())
    assert message["deliveryCount"] == 0
    await _settle(client, message, "complete")


async def test_a_batch_keeps_its_order(client: JavaScriptClient) -> None:
    """An array of messages goes as one batch and arrives as single messages."""
    bodies = [str(number) for number in range(20)]
    await _send(client, *bodies)

    arrived: list[dict[str, Any]] = []
    while len(arrived) < 20:
        arrived += await client.do("receive", entity=QUEUE, number=20 - len(arrived), wait=WAIT)

    assert [message["body"] for message in arrived] == [as_base64(b.encode()) for b in bodies]
    for message in arrived:
        await _settle(client, message, "complete")


async def test_an_abandon_counts_until_the_message_is_dead_lettered(
    client: JavaScriptClient,
) -> None:
    """This SDK abandons without `delivery-failed`; the service counts it nevertheless."""
    await _send(client, "hopeless")

    counts = []
    for _ in range(10):
        message = await _one(client)
        counts.append(message["deliveryCount"])
        await _settle(client, message, "abandon")
    dead = await _one(client, subQueue="deadLetter")

    assert counts == list(range(10))
    assert dead["deadLetterReason"] == "MaxDeliveryCountExceeded"
    assert dead["deadLetterSource"] == QUEUE
    await _settle(client, dead, "complete")


async def test_dead_lettering_keeps_the_reason(client: JavaScriptClient) -> None:
    """An explicit dead-letter carries the caller's reason and description."""
    await _send(client, "refused")

    await _settle(
        client,
        await _one(client),
        "deadLetter",
        deadLetterReason="NotValid",
        deadLetterErrorDescription="end before start",
    )
    dead = await _one(client, subQueue="deadLetter")

    assert dead["deadLetterReason"] == "NotValid"
    assert dead["deadLetterErrorDescription"] == "end before start"
    await _settle(client, dead, "complete")


async def test_a_deferred_message_comes_by_its_number_only(client: JavaScriptClient) -> None:
    """It is passed over, fetched by its number, and settled then."""
    await _send(client, "later", "now")
    later = await _one(client)
    await _settle(client, later, "defer")

    now = await _one(client)
    await _settle(client, now, "complete")
    [fetched] = await client.do("deferred", entity=QUEUE, numbers=[later["sequenceNumber"]])
    await _settle(client, fetched, "complete")

    assert now["body"] == as_base64(b"now")
    assert fetched["body"] == as_base64(b"later")


async def test_a_lock_is_renewed(client: JavaScriptClient) -> None:
    """A renewed lock lasts a whole lock duration from now."""
    await _send(client, "held")
    message = await _one(client)

    until = datetime.fromisoformat(await client.do("renew", handle=message["handle"]))

    assert until - datetime.now(UTC) > timedelta(seconds=25)
    await _settle(client, message, "complete")


async def test_a_scheduled_message_is_seen_and_cancelled(client: JavaScriptClient) -> None:
    """Its number comes back whole, is good for a peek, and cancels it."""
    due = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    message = {"body": as_base64(b"never")}
    [number] = await client.do("schedule", entity=QUEUE, messages=[message], at=due)

    [peeked] = await client.do("peek", entity=QUEUE, number=1, **{"from": number})
    await client.do("cancel", entity=QUEUE, numbers=[number])

    assert peeked["state"] == "scheduled"


async def test_errors_have_the_codes_of_the_sdk(client: JavaScriptClient) -> None:
    """An unknown entity and a message that is too large are named as on Azure."""
    with pytest.raises(JavaScriptError) as unknown:
        await _send(client, "x", entity="no-such-queue")
    with pytest.raises(JavaScriptError) as large:
        await client.do("send", entity=QUEUE, messages=[{"body": as_base64(b"x" * 300 * 1024)}])

    assert unknown.value.code == "MessagingEntityNotFound"
    assert large.value.code == "MessageSizeExceeded"


async def test_two_clients_on_one_connection_each_get_their_answers(
    client: JavaScriptClient,
) -> None:
    """Requests of two entities go side by side: each answer goes to the link that waits for it."""
    await _send(client, "one")
    await _send(client, "two", entity="replies")

    one, two = await _one(client), await _one(client, entity="replies")
    await client.do("renew", handle=one["handle"])
    await client.do("renew", handle=two["handle"])

    assert (one["body"], two["body"]) == (as_base64(b"one"), as_base64(b"two"))
    await _settle(client, one, "complete")
    await _settle(client, two, "complete")
