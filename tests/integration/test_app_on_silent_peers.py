"""The app where what it needs takes connections and never speaks: all it waits for is bounded."""

import asyncio
import gc
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from shared.bus.lane import PATIENCE_SECONDS
from shared.bus.outbox import open_outbox
from shared.graph.answers import Asking
from shared.graph.sdk import GraphSdk
from shared.health import ANSWERED_WITHIN, Checkup
from shared.identity import OpenIdSigningKeys, fetch_json, graph_credential
from shared.words.errors import NotSent, Unavailable
from shared.words.outgoing import Outgoing
from tests.application.world import TENANT, World
from tests.fakes.graph import FakeGraph
from tests.fakes.ledger import InMemoryLedger
from tests.stack.connections import bus_at
from tests.stack.silent import MECHANISMS, OUTCOME, SASL, Silent

# The SDK drops the socket of an opening that is cancelled; the collector closes it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SLOW = 5.0
"""Seconds that a busy machine may add."""
MESSAGES = [
    Outgoing(entity="meeting-events", message_id="one", body="{}"),
    Outgoing(entity="replies", message_id="two", body="{}"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let no dropped socket be found in another test."""
    yield
    gc.collect()


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [(), (SASL,), (SASL + MECHANISMS, OUTCOME)],
    ids=["no word", "the header alone", "nothing after SASL"],
)
async def test_a_silent_bus_takes_no_message_in_bounded_time(words: tuple[bytes, ...]) -> None:
    """Each entity is `Unavailable`, so its messages stay in the outbox; closing waits for none."""
    with Silent(words=words) as peer:
        outbox = open_outbox(bus_at(peer.port))
        began = time.monotonic()
        sent, checked = await asyncio.gather(
            outbox.send(MESSAGES), outbox.check(), return_exceptions=True
        )
        await outbox.aclose()

    assert isinstance(sent, NotSent)
    assert sent.entities == {"meeting-events", "replies"}
    assert isinstance(checked, Unavailable)
    assert time.monotonic() - began < PATIENCE_SECONDS + SLOW


async def test_the_health_is_degraded_before_a_silent_bus_is_given_up() -> None:
    """Within the seconds of `ANSWERED_WITHIN`."""
    world = World()
    with Silent() as peer:
        outbox = open_outbox(bus_at(peer.port))
        checkup = Checkup(
            ledger=InMemoryLedger(),
            bus=outbox,
            graph=FakeGraph(tenant_id=TENANT),
            clock=world.clock,
            within=4.0,
        )
        began = time.monotonic()
        status = await checkup.status()
        took = time.monotonic() - began
        report = await checkup.report()
        await outbox.aclose()

    assert status == "degraded"
    assert took < ANSWERED_WITHIN.total_seconds() + 0.9
    assert report.parts["serviceBus"] == "it did not answer within 4 seconds"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_silent_signing_keys_are_given_up(scheme: str) -> None:
    """With TLS that is not answered, and without; none is known then, and when that was tried."""
    world = World()
    with Silent() as peer:
        url = f"{scheme}://127.0.0.1:{peer.port}/keys"
        keys = OpenIdSigningKeys(url, clock=world.clock, fetch=fetch_json, within=0.3)
        async with asyncio.timeout(SLOW):
            await keys.fetch()

    assert keys.known().failed_at == world.clock.now()


async def test_a_silent_token_endpoint_is_given_up() -> None:
    """A request to Graph waits for its token no longer than for its answer."""
    with Silent() as peer:
        credential = graph_credential(
            tenant_id="00000000-0000-4000-8000-000000000001",
            bot_app_id="00000000-0000-4000-8000-000000000002",
            client_id="",
            secret="a secret",
            certificate_path="",
            federated=False,
            authority_host=f"https://127.0.0.1:{peer.port}",
            exchange_scope="",
        )
        sdk = GraphSdk(
            graph_url="http://localhost:1",
            credential=credential,
            scope="https://graph.microsoft.com/.default",
            now=lambda: datetime.now(UTC),
            within=1.0,
        )
        async with asyncio.timeout(SLOW):
            with pytest.raises(Unavailable):
                await sdk.send(
                    "GET", sdk.client.users.by_user_id("a"), Asking(bot_app_id="the-bot")
                )
        await credential.close()

    assert peer.taken.is_set()
