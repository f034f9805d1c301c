"""The signing keys of the simulator, over HTTP, with a token it signed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from call_callback.caller import Caller, CallerPolicy, verify_caller
from devstack.graph.identities import BOT_APP_ID, TENANT_ID, Tenant
from devstack.graph.tokens import BOT_ISSUER, GRAPH_ISSUER, CallbackSigner, openid_configuration
from shared.identity import OpenIdSigningKeys, fetch_json
from shared.words.errors import Unavailable

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POLICY = CallerPolicy(
    audience=BOT_APP_ID,
    issuers=frozenset({GRAPH_ISSUER, BOT_ISSUER}),
    tenants=frozenset({TENANT_ID}),
)


class FixedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def signer() -> CallbackSigner:
    """The simulator's signer of callbacks."""
    return CallbackSigner(Tenant())


@pytest.fixture
async def server(signer: CallbackSigner) -> AsyncIterator[TestServer]:
    """A server whose paths answer as they are named; `/config` and `/v1/keys` are the signer's."""
    app = web.Application()
    serving = TestServer(app, host="127.0.0.1")

    async def answer(request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/config":
                return web.json_response(openid_configuration(f"http://127.0.0.1:{serving.port}"))
            case "/v1/keys":
                return web.json_response(signer.jwks())
            case "/list":
                return web.json_response([])
            case "/page":
                return web.Response(text="<html>")
            case _:
                return web.Response(status=503)

    app.router.add_get("/{tail:.*}", answer)
    async with serving:
        yield serving


async def test_a_callback_of_the_simulators_is_graph(
    server: TestServer, signer: CallbackSigner
) -> None:
    """From the token's key id over the configuration to the key that verifies it."""
    keys = OpenIdSigningKeys(str(server.make_url("/config")), clock=FixedClock(), fetch=fetch_json)
    authorization = f"Bearer {signer.sign(now=NOW)}"

    await keys.fetch()
    caller = verify_caller(authorization, keys=keys.known(), policy=POLICY, arrived_at=NOW, now=NOW)

    assert caller == Caller(tenant_id=TENANT_ID)


@pytest.mark.parametrize("path", ["/list", "/page", "/down"])
async def test_whatever_is_no_json_object_is_unavailable(server: TestServer, path: str) -> None:
    """A refusal, a page, another type."""
    with pytest.raises(Unavailable, match="signing keys"):
        await fetch_json(str(server.make_url(path)))


async def test_a_signer_that_is_not_there_is_unavailable(server: TestServer) -> None:
    """No connection."""
    config_url = str(server.make_url("/config"))
    await server.close()

    with pytest.raises(Unavailable, match="ConnectError"):
        await fetch_json(config_url)


@pytest.mark.parametrize("url", ["https://\0/", "https://[", "nowhere://x"])
async def test_an_address_that_is_none_is_unavailable(url: str) -> None:
    """The signer names it, so it may be anything."""
    with pytest.raises(Unavailable, match="signing keys"):
        await fetch_json(url)
