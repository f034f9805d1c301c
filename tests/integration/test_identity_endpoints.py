"""The token endpoints over HTTP: App Service's for managed identities, and Entra ID's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from devstack.graph.access_tokens import EXCHANGE, GRAPH, SERVICE_BUS, STORAGE
from devstack.graph.identities import (
    BOT_APP_ID,
    IDENTITY_HEADER,
    TENANT_ID,
    USER_IDENTITY,
    AppIdentities,
    Tenant,
    principal_of,
)
from devstack.graph.server import build_app
from devstack.graph.simulator import Simulator, build_simulator
from devstack.graph.switches import GraphSwitches
from devstack.graph.token_routes import JWT_BEARER
from tests.fixtures.graph_lab import CALLS, served

SECOND = "c1c1c1c1-0000-4000-8000-000000000001"
STRANGER = "c1c1c1c1-0000-4000-8000-00000000dead"
DEPLOYED = AppIdentities(
    system=None, user=frozenset({USER_IDENTITY, SECOND}), federated=frozenset({USER_IDENTITY})
)
type Body = dict[str, Any]


class Endpoints:
    """A served simulator, and requests to its token endpoints."""

    def __init__(self, client: httpx.AsyncClient, simulator: Simulator) -> None:
        self.client = client
        self.simulator = simulator

    async def identity(self, resource: str, client_id: str | None = None) -> httpx.Response:
        """Ask App Service's endpoint for a token."""
        query = {"api-version": "2019-08-01", "resource": resource}
        named = {} if client_id is None else {"client_id": client_id}
        return await self.client.get(
            "/msi/token", params=query | named, headers={"X-IDENTITY-HEADER": IDENTITY_HEADER}
        )

    async def application(
        self, assertion: str, tenant: str = TENANT_ID, **changes: str
    ) -> httpx.Response:
        """Ask Entra ID for the bot's token, with an assertion."""
        form = {
            "client_id": BOT_APP_ID,
            "client_assertion": assertion,
            "client_assertion_type": JWT_BEARER,
            "grant_type": "client_credentials",
            "scope": f"{GRAPH}/.default",
        }
        return await self.client.post(f"/{tenant}/oauth2/v2.0/token", data=form | changes)

    async def assertion(self, client_id: str = USER_IDENTITY) -> str:
        """Return an assertion of an identity."""
        return str((await self.identity(EXCHANGE, client_id)).json()["access_token"])


@asynccontextmanager
async def endpoints(known: AppIdentities = DEPLOYED, **switches: Any) -> AsyncIterator[Endpoints]:
    simulator = build_simulator(
        tenant=Tenant(identities=known),
        seed=1,
        report=lambda _: None,
        switches=GraphSwitches(**switches),
    )
    async with served(build_app(simulator)) as url, httpx.AsyncClient(base_url=url) as client:
        yield Endpoints(client, simulator)


def claims(answer: httpx.Response) -> Body:
    """Return what the token of a good answer says."""
    assert answer.status_code == 200, answer.text
    read: Body = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    return read


@pytest.mark.parametrize("resource", [GRAPH, SERVICE_BUS, STORAGE, EXCHANGE])
@pytest.mark.parametrize("ending", ["", "/"])
async def test_a_token_is_for_the_resource_and_of_the_identity_asked_for(
    resource: str, ending: str
) -> None:
    """Four resources; the Service Bus SDK asks with a slash at the end."""
    async with endpoints() as here:
        found = claims(await here.identity(resource + ending, USER_IDENTITY.upper()))

    assert found["aud"] == resource
    assert found["azp" if resource == EXCHANGE else "appid"] == USER_IDENTITY
    assert found["sub"] == found["oid"] == principal_of(USER_IDENTITY)


async def test_an_identity_that_the_app_does_not_have_gets_no_token() -> None:
    """400, in the words of App Service."""
    async with endpoints() as here:
        answer = await here.identity(GRAPH, STRANGER)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("No User Assigned or Delegated Managed Identity")


async def test_without_a_client_id_the_app_has_to_have_an_identity_of_its_own() -> None:
    """User-assigned ones have to be named, also where there is only one."""
    only = AppIdentities(system=None, user=frozenset({USER_IDENTITY}))
    async with endpoints(only) as one, endpoints() as two, endpoints(AppIdentities()) as own:
        answers = [await here.identity(GRAPH) for here in (one, two)]
        granted = claims(await own.identity(GRAPH))

    for answer in answers:
        assert answer.status_code == 400
        assert answer.json()["message"] == "Unable to load the proper Managed Identity."
    assert granted["appid"] == BOT_APP_ID


async def test_in_a_kind_world_any_identity_gets_a_token() -> None:
    """Also without a client id, and also for an assertion of no federated identity."""
    async with endpoints(identities="any") as here:
        named = claims(await here.identity(GRAPH, STRANGER))
        nameless = claims(await here.identity(GRAPH))
        exchanged = claims(await here.application(await here.assertion(STRANGER)))

    assert (named["appid"], nameless["appid"]) == (STRANGER, BOT_APP_ID)
    assert exchanged["appid"] == BOT_APP_ID


async def test_the_federated_identity_gets_the_bots_token() -> None:
    """Its assertion is exchanged for a token with which Graph knows the bot."""
    async with endpoints() as here:
        answer = await here.application(await here.assertion())
        token = answer.json()["access_token"]
        call = await here.client.post(CALLS, json={}, headers={"Authorization": f"Bearer {token}"})

    assert claims(answer)["appid"] == BOT_APP_ID
    assert answer.json()["expires_in"] > 3600
    assert call.json()["error"]["code"] == "BadRequest"  # it got as far as the body


async def test_the_identity_itself_is_no_bot_for_graph() -> None:
    """Its own token opens Graph, but places no call."""
    async with endpoints() as here:
        token = (await here.identity(GRAPH, USER_IDENTITY)).json()["access_token"]
        call = await here.client.post(CALLS, json={}, headers={"Authorization": f"Bearer {token}"})

    assert (call.status_code, call.json()["error"]["code"]) == (403, "7503")


@pytest.mark.parametrize("resource", [SERVICE_BUS, STORAGE, EXCHANGE])
async def test_a_token_for_another_resource_does_not_open_graph(resource: str) -> None:
    """The audience is checked."""
    async with endpoints() as here:
        token = (await here.identity(resource, USER_IDENTITY)).json()["access_token"]
        call = await here.client.post(CALLS, json={}, headers={"Authorization": f"Bearer {token}"})

    assert call.status_code == 401


async def test_an_assertion_has_to_be_that_of_the_federated_credential() -> None:
    """Signature, time, issuer, audience and subject, each under Entra's own number."""
    now = datetime.now(UTC)
    async with endpoints() as here, endpoints() as elsewhere:
        tokens = here.simulator.access_tokens
        old = tokens.issue(
            now=now - timedelta(days=2), resource=EXCHANGE, application=USER_IDENTITY
        )
        wrong = {
            "made.up.one": 700027,
            await elsewhere.assertion(): 700027,
            old.token: 700024,
            (await here.identity(GRAPH, USER_IDENTITY)).json()["access_token"]: 700211,
            await here.assertion(SECOND): 700213,
        }
        answers = {code: await here.application(token) for token, code in wrong.items()}

    for code, answer in answers.items():
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"
        assert answer.json()["error_codes"] == [code]
        assert answer.json()["error_description"].startswith(f"AADSTS{code}: ")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"tenant": STRANGER}, "invalid_request"),
        ({"client_id": USER_IDENTITY}, "unauthorized_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": GRAPH}, "invalid_resource"),
        ({"scope": "https://vault.azure.net/.default"}, "invalid_resource"),
        ({"client_assertion_type": ""}, "invalid_client"),
        ({"client_assertion": ""}, "invalid_client"),
    ],
)
async def test_the_rest_of_the_request_is_checked_too(changes: dict[str, str], error: str) -> None:
    """Tenant, application, grant and resource."""
    async with endpoints() as here:
        assertion = changes.get("client_assertion", await here.assertion())
        answer = await here.application(**({"assertion": assertion} | changes))

    assert answer.json()["error"] == error
    assert "access_token" not in answer.json()


async def test_the_lab_shows_who_asked_for_what() -> None:
    """No header, no assertion, no token."""
    async with endpoints() as here:
        await here.application(await here.assertion())
        await here.identity(STORAGE + "/")
        shown = (await here.client.get("/lab/tokens")).json()

    assert shown == [
        {
            "endpoint": "managedIdentity",
            "resource": EXCHANGE,
            "clientId": USER_IDENTITY,
            "status": 200,
        },
        {"endpoint": "application", "resource": GRAPH, "clientId": BOT_APP_ID, "status": 200},
        {
            "endpoint": "managedIdentity",
            "resource": STORAGE + "/",
            "clientId": None,
            "status": 400,
        },
    ]
