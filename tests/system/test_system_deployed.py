"""The whole job with the settings of a deployed app: by identity, over TLS, without a key."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.stack.amqps_port import the_amqps_port
from tests.system.client import Client
from tests.system.second_host import settings_of
from tests.system.stack import Up
from tests.system.truth import same_calls
from tests.system.watched import ADA, BO, empty_room_read

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

KEY_OF_THE_TABLES = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def up(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    """A stack of its own, on which the app has an identity and no key."""
    with the_amqps_port():
        async with Up.serving(
            tmp_path_factory.mktemp("deployed"),
            {"DEVSTACK_IDENTITIES": "1", "SETTLE_SECONDS": "0.4"},
        ) as up:
            yield up


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(up: Up) -> AsyncIterator[Client]:
    """A client of that stack."""
    endpoints = await up.ready()
    async with Client(endpoints) as client:
        yield client


async def test_a_deployed_app_does_the_whole_job(up: Up, client: Client, subject: str) -> None:
    """Triggers, outbox, ledger and Graph, each by a token of the identity; the bot by exchange."""
    await client.drop({"requestId": subject, "subject": subject, "join": "now"})
    created = await client.created(subject)
    meeting_id, url = created.data["meetingId"], created.data["coordinates"]["joinWebUrl"]
    joined = await client.told(meeting_id, "bot.joined")
    await empty_room_read(client.lab, joined.data["callId"])

    ada = await client.lab.join(url, ADA)
    await client.told(meeting_id, "call.started", callNumber=1)
    bo = await client.lab.join(url, BO)
    await client.lab.leave(ada)
    await client.told(meeting_id, "participant.left", callNumber=1)
    await client.lab.leave(bo)
    await client.told(meeting_id, "call.ended", callNumber=1)

    record = await client.record(meeting_id)
    assert record is not None
    [truth] = await client.lab.meetings(subject)
    same_calls(record, truth)
    status, details = await client.get("health/details")
    assert (status, details["status"]) == (200, "ok"), details
    assert "error" not in up.log("functions").lower()


async def test_no_key_is_among_the_settings_of_the_app(up: Up, client: Client) -> None:
    """What it is given opens nothing without the identity; and the identity is who asked."""
    endpoints = await up.ready()
    async with client.http.get(f"{endpoints.graph}/lab/tokens") as answer:
        asked = await answer.json()

    environment = settings_of(up)

    assert "AZURE_AUTHORITY_HOST" in environment
    assert not [name for name, value in environment.items() if KEY_OF_THE_TABLES in value]
    assert not [name for name, value in environment.items() if "SharedAccessKey" in value]
    assert {one["status"] for one in asked} == {200}
    assert {one["clientId"] for one in asked if one["endpoint"] == "managedIdentity"} == {
        environment["AZURE_CLIENT_ID"]
    }


async def test_without_consent_the_bot_is_refused_with_what_to_do(
    up: Up, client: Client, subject: str
) -> None:
    """7504, as in a tenant whose administrator has not consented yet."""
    switches = f"{(await up.ready()).graph}/lab/switches"
    async with client.http.post(switches, json={"consent": False}) as answer:
        assert answer.status == 200
    try:
        await client.drop({"requestId": subject, "subject": subject, "join": "now"})
        created = await client.created(subject)
        failed = await client.told(created.data["meetingId"], "bot.failed")
    finally:
        async with client.http.post(switches, json={"consent": True}) as answer:
            assert answer.status == 200

    assert failed.data["code"] == "consent_missing"
