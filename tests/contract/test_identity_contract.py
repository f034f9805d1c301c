"""What the app asks tokens for, when it runs with the settings of a deployed one.

The real SDKs, over TLS, against the local bus, tables and token endpoints: each part has to ask for
exactly its resource, as exactly its identity.
"""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from devstack.deployed import Deployed
from devstack.graph.access_tokens import EXCHANGE, GRAPH, SERVICE_BUS, STORAGE
from devstack.graph.identities import (
    BOT_APP_ID,
    IDENTITY_HEADER,
    ORGANIZER_ID,
    TENANT_ID,
    USER_IDENTITY,
)
from devstack.trust.certificates import Trust, make_trust
from tests.stack.amqps_port import the_amqps_port
from tests.stack.process import ROOT, StackProcess

pytestmark = pytest.mark.long

OF_THE_BUS = "b5b5b5b5-0000-4000-8000-000000000001"
"""A second user-assigned identity, which is for Service Bus alone."""
ALL_WELL = dict.fromkeys(("tables", "serviceBus", "graphToken"), "ok")
STARTS_WITHIN = 60.0
type Asked = set[tuple[str, str, str | None, int]]
"""Endpoint, resource, client id, status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Azure:
    """The parts that a deployed app finds, each in a process of its own, and its settings."""

    graph: int
    settings: dict[str, str]

    async def examined_app(self, **changes: str) -> tuple[dict[str, str], Asked]:
        """Run the app's services once; return what each part says, and which tokens were asked for.

        `changes`: settings that differ.
        """
        before = len(await self._requests())
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.stack.deployed_app"),
            cwd=ROOT,
            env=os.environ | self.settings | changes,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(STARTS_WITHIN):
            said, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()
        asked = (await self._requests())[before:]
        return json.loads(said), {
            (one["endpoint"], one["resource"].rstrip("/"), one["clientId"], one["status"])
            for one in asked
        }

    async def _requests(self) -> list[dict[str, Any]]:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{self.graph}/lab/tokens")
        found: list[dict[str, Any]] = answer.json()
        return found


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    """The files of one stack."""
    return make_trust(tmp_path_factory.mktemp("trust"))


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def azure(trust: Trust) -> Iterator[Azure]:
    """Bus, tables and tokens for an app with two user-assigned identities."""
    deployed = Deployed(trust=trust, authority_port=free_port())
    token_key = ("--token-key", str(trust.token_key))
    graph_options = [*deployed.options("graph"), *token_key, "--user-identity", OF_THE_BUS]
    with (
        the_amqps_port(),
        StackProcess("bus", *deployed.options("bus")),
        StackProcess("azurite", *deployed.options("tables")) as tables,
        StackProcess("graph", *graph_options) as graph,
    ):
        yield Azure(
            graph=graph.port,
            settings=deployed.settings(tables.port)
            | {
                "SERVICE_BUS__clientId": OF_THE_BUS,
                "GRAPH_URL": f"http://localhost:{graph.port}",
                "PUBLIC_URL": "http://127.0.0.1:9",
                "TENANT_ID": TENANT_ID,
                "BOT_APP_ID": BOT_APP_ID,
                "ORGANIZER_ID": ORGANIZER_ID,
                "IDENTITY_ENDPOINT": f"http://127.0.0.1:{graph.port}/msi/token",
                "IDENTITY_HEADER": IDENTITY_HEADER,
            },
        )


async def test_each_part_asks_for_its_resource_as_its_identity(azure: Azure) -> None:
    """Service Bus as its own client id says; Graph as the bot, by a federated identity's token."""
    parts, asked = await azure.examined_app()

    assert parts == ALL_WELL
    assert asked == {
        ("managedIdentity", SERVICE_BUS, OF_THE_BUS, 200),
        ("managedIdentity", STORAGE, USER_IDENTITY, 200),
        ("managedIdentity", EXCHANGE, USER_IDENTITY, 200),
        ("application", GRAPH, BOT_APP_ID, 200),
    }


async def test_without_an_id_of_its_own_the_bus_is_opened_by_the_apps_identity(
    azure: Azure,
) -> None:
    """SERVICE_BUS__clientId may be left out; and a bot that is the identity needs no exchange."""
    parts, asked = await azure.examined_app(SERVICE_BUS__clientId="", GRAPH_FEDERATED="false")

    assert parts == ALL_WELL
    assert asked == {
        ("managedIdentity", resource, USER_IDENTITY, 200)
        for resource in (SERVICE_BUS, STORAGE, GRAPH)
    }


@pytest.mark.parametrize(
    ("federated", "resource"),
    [("true", f"{EXCHANGE}USGov"), ("false", "https://graph.microsoft.us")],
)
async def test_a_government_bot_asks_for_what_its_own_cloud_has(
    azure: Azure, federated: str, resource: str
) -> None:
    """The local tokens are those of the public cloud; bus and tables are asked for as there."""
    parts, asked = await azure.examined_app(CLOUD="usgov", GRAPH_FEDERATED=federated)

    assert {name for name, words in parts.items() if words != "ok"} == {"graphToken"}
    assert asked == {
        ("managedIdentity", SERVICE_BUS, OF_THE_BUS, 200),
        ("managedIdentity", STORAGE, USER_IDENTITY, 200),
        ("managedIdentity", resource, USER_IDENTITY, 400),
    }


async def test_no_client_id_is_no_token_where_all_identities_are_user_assigned(
    azure: Azure,
) -> None:
    """Each part says so; the app does not end."""
    parts, asked = await azure.examined_app(SERVICE_BUS__clientId="", AZURE_CLIENT_ID="")

    assert "ok" not in parts.values()
    assert {(client_id, status) for _, _, client_id, status in asked} == {(None, 400)}


async def test_an_identity_that_is_not_federated_is_no_bot(azure: Azure) -> None:
    """The tables are open to it; Entra ID gives it no token of the app registration."""
    parts, asked = await azure.examined_app(AZURE_CLIENT_ID=OF_THE_BUS)

    assert {name for name, words in parts.items() if words != "ok"} == {"graphToken"}
    assert "AADSTS700213" in parts["graphToken"]
    assert ("application", GRAPH, BOT_APP_ID, 401) in asked


async def test_an_app_that_does_not_trust_the_stack_talks_to_none_of_it(
    azure: Azure, tmp_path: Path
) -> None:
    """The parts are proven by this stack's authority, and by no other."""
    others = make_trust(tmp_path)

    parts, asked = await azure.examined_app(SSL_CERT_FILE=str(others.authority))

    assert "ok" not in parts.values()
    assert SERVICE_BUS not in {resource for _, resource, _, _ in asked}
    assert not any(endpoint == "application" for endpoint, _, _, _ in asked)
