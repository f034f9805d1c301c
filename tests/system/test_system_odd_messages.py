"""A value of each AMQP type in each place of a message: answered, or kept with a true reason.

A request after each is carried out. What the Functions host cannot hand to a function never
reaches the app; Service Bus dead-letters it.
"""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from azure.servicebus import ServiceBusReceiveMode, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient

from tests.system.client import CREATE, Client
from tests.system.mailbox import Delivered
from tests.system.odd_messages import ODD, Odd
from tests.system.stack import Endpoints

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAMPLE = 9
"""Of so many one is tried in the usual run."""
CHUNK = 16


def chunks() -> Iterator[Any]:
    """Return the table in parts: a sample that is always tried, and all of it."""
    yield pytest.param(ODD[::SAMPLE], id="sample")
    for start in range(0, len(ODD), CHUNK):
        some = ODD[start : start + CHUNK]
        yield pytest.param(some, id=f"{start}-{start + len(some) - 1}", marks=pytest.mark.long)


def _is_kept(name: str, kept: Delivered) -> bool:
    """Tell the copy of the message `name` from those of others."""
    return name in str(kept.message_id)


async def send(bus: ServiceBusClient, messages: list[bytes]) -> None:
    """Send messages as the bytes that they are."""
    async with bus.get_queue_sender(CREATE) as sender:
        for message in messages:
            batch = await sender.create_message_batch()
            batch._message[5].append(message)
            batch._count = 1
            await sender.send_messages(batch)


async def dead(bus: ServiceBusClient, expected: int) -> list[tuple[str, str | None]]:
    """Take what was dead-lettered: the id of each, and the reason."""
    found: list[tuple[str, str | None]] = []
    async with bus.get_queue_receiver(
        CREATE,
        sub_queue=ServiceBusSubQueue.DEAD_LETTER,
        receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE,
    ) as receiver:
        while len(found) < expected:
            messages = await receiver.receive_messages(expected, max_wait_time=10)
            found += [(str(one.message_id), one.dead_letter_reason) for one in messages]
            if not messages:
                break
        more = await receiver.receive_messages(100, max_wait_time=0.5)
        found += [(str(one.message_id), one.dead_letter_reason) for one in more]
    return found


@pytest.mark.parametrize("odd", list(chunks()))
async def test_an_odd_message_is_answered_or_kept_and_blocks_nothing(
    client: Client, endpoints: Endpoints, odd: tuple[Odd, ...]
) -> None:
    """By the request in it, by its refusal, or in the dead-letter queue with the reason."""
    names = {one: f"odd-{uuid4().hex}" for one in odd}
    async with ServiceBusClient.from_connection_string(endpoints.service_bus) as bus:
        await client.all_done()
        await send(
            bus,
            [
                one.encoded(name, json.dumps({"subject": name, "requestId": name}).encode())
                for one, name in names.items()
            ],
        )
        neighbour = uuid4().hex
        await client.drop({"subject": neighbour})
        await client.created(neighbour)

        for one, name in names.items():
            if one.reaches_the_app and one.place == "data body":
                refused = await client.rejected.first(partial(_is_kept, name))
                assert refused.subject == "invalid_request", one
            elif one.reaches_the_app:
                await client.created(name)
        lost = [one for one in odd if not one.reaches_the_app]
        found = await dead(bus, len(lost)) if lost else []
        ids = {name for name, _ in found}
        assert [one for one, name in names.items() if name in ids] == lost
        assert {reason for _, reason in found} <= {"MaxDeliveryCountExceeded"}
        await client.all_done()
