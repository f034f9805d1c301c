"""After a quiet time every link is detached, as Service Bus does: the next request is as any."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.system.client import Client
from tests.system.stack import Up

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

IDLE_SECONDS = 4.0
WITHIN = 3.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def idle(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    """Return a stack whose links live for four seconds without work."""
    switches = f'{{"bus": {{"idleLinkSeconds": {IDLE_SECONDS}}}}}'
    async with Up.serving(tmp_path_factory.mktemp("idle"), {"DEVSTACK_SWITCHES": switches}) as up:
        yield up


async def test_a_request_after_a_quiet_time_is_answered_once_and_soon(
    idle: Up, subject: str
) -> None:
    """By links that are opened again; the client is another one, so that its own are fresh."""
    async with Client(await idle.ready()) as client:
        await client.quiet(f"first {subject}")
    await asyncio.sleep(1.5 * IDLE_SECONDS)  # the quiet time is what is tested

    async with Client(await idle.ready()) as client:
        began = time.monotonic()
        await client.drop({"requestId": subject, "subject": subject})
        await asyncio.gather(
            client.created(subject),
            client.replies.first(lambda one: one.data.get("requestId") == subject),
        )
        took = time.monotonic() - began
        await client.quiet(f"last {subject}")

        about = [one for one in client.events.all if one.data.get("subject") == subject]
        assert [one.kind for one in about] == ["meeting.created"]
        assert took < WITHIN
