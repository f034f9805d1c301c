"""What the app relies on in azure-identity: claims make each credential request a new token.

The wire is played; the credentials are the library's own, each with its own cache.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.transport import AioHttpTransport, AsyncHttpTransport
from azure.identity import aio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from devstack.graph.identities import IDENTITY_HEADER
from shared.graph.tokens import GraphTokens
from shared.identity import FederatedCredential
from shared.words.clouds import NO_DEMAND
from tests.fixtures.graph_lab import served

TENANT, BOT = "6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01", "9d2e4b7a-5f8c-4d1e-a3b6-8c7f0e1d2a05"
SCOPE, EXCHANGE = "https://graph.microsoft.com/.default", "api://AzureADTokenExchange/.default"
CHALLENGE = '{"access_token":{"nbf":{"essential":true,"value":"1792400000"}}}'
ORDINARY = {"access_token": {"xms_cc": {"values": ["CP1"]}}}


@dataclass
class Issuer:
    """Both token endpoints: each request is given another token."""

    forms: list[dict[str, str]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    async def application(self, request: web.Request) -> web.Response:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        return web.json_response(
            {"token_type": "Bearer", "expires_in": 86400, "access_token": f"app-{len(self.forms)}"}
        )

    async def identity(self, request: web.Request) -> web.Response:
        self.queries.append(dict(request.query))
        expires = datetime.now(UTC) + timedelta(days=1)
        return web.json_response(
            {
                "access_token": f"identity-{len(self.queries)}",
                "expires_on": str(int(expires.timestamp())),
                "resource": request.query["resource"],
                "token_type": "Bearer",
            }
        )

    def demanded(self) -> list[Any]:
        """Return the claims that each request to Entra ID demanded."""
        return [json.loads(form["claims"]) for form in self.forms]


class ToThisMachine(AsyncHttpTransport[Any, Any]):
    """Carries each request to the issuer, wherever it was for."""

    def __init__(self, url: str) -> None:
        self._here = url
        self._over: AsyncHttpTransport[Any, Any] = AioHttpTransport()

    async def send(self, request: Any, **config: Any) -> Any:
        """See azure-core."""
        request.url = self._here
        return await self._over.send(request, **config)

    async def open(self) -> None:
        """See azure-core."""
        await self._over.open()

    async def close(self) -> None:
        """See azure-core."""
        await self._over.close()

    async def __aexit__(self, *error: object) -> None:
        await self.close()


@pytest.fixture
async def issuer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Issuer]:
    issuer, app = Issuer(), web.Application()
    app.router.add_post("/token", issuer.application)
    app.router.add_get("/msi/token", issuer.identity)
    async with served(app) as url:
        issuer.url = url
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", IDENTITY_HEADER)
        yield issuer


def certificate() -> bytes:
    """Return a self-signed certificate with its key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + made.public_bytes(Encoding.PEM)


def by_secret(url: str) -> AsyncTokenCredential:
    """Return a credential with a client secret."""
    return aio.ClientSecretCredential(TENANT, BOT, "s3cret", transport=ToThisMachine(url))


def by_certificate(url: str) -> AsyncTokenCredential:
    """Return a credential with a certificate."""
    return aio.CertificateCredential(
        TENANT, BOT, certificate_data=certificate(), transport=ToThisMachine(url)
    )


def by_federation(url: str) -> AsyncTokenCredential:
    """Return the bot's credential, proven by the managed identity."""
    return FederatedCredential(
        aio.ManagedIdentityCredential(),
        lambda assertion: aio.ClientAssertionCredential(
            TENANT, BOT, assertion, transport=ToThisMachine(url)
        ),
        exchange_scope=EXCHANGE,
    )


def by_identity(_: str) -> AsyncTokenCredential:
    """Return the credential of the managed identity itself."""
    return aio.ManagedIdentityCredential()


KINDS = [by_secret, by_certificate, by_federation, by_identity]


@pytest.mark.parametrize("open_credential", KINDS)
@pytest.mark.parametrize("claims", [NO_DEMAND, CHALLENGE])
async def test_claims_bring_another_token_which_is_kept_from_then_on(
    issuer: Issuer, open_credential: Callable[[str], AsyncTokenCredential], claims: str
) -> None:
    """Every kind: without claims the kept token is given, with them another one replaces it."""
    async with open_credential(f"{issuer.url}/token") as credential:
        tokens = GraphTokens(credential, scope=SCOPE, now=lambda: datetime.now(UTC))
        first = [await tokens.token() for _ in range(2)]
        fresh = await tokens.renewed(first[0], claims)
        then = [await tokens.token() for _ in range(2)]

    assert len(set(first)) == 1
    assert fresh != first[0]
    assert then == [fresh, fresh]


async def test_what_is_demanded_reaches_entra_id_and_nothing_else_does(issuer: Issuer) -> None:
    """A challenge goes out as it came; claims that demand nothing leave an ordinary request."""
    async with by_secret(f"{issuer.url}/token") as credential:
        await credential.get_token(SCOPE, enable_cae=True)
        await credential.get_token(SCOPE, claims=NO_DEMAND, enable_cae=True)
        await credential.get_token(SCOPE, claims=CHALLENGE, enable_cae=True)

    ordinary, fresh, challenged = issuer.demanded()
    assert ordinary == fresh == ORDINARY
    assert challenged == {
        "access_token": ORDINARY["access_token"] | json.loads(CHALLENGE)["access_token"]
    }


async def test_a_fresh_token_of_the_bot_is_proven_by_a_fresh_assertion(issuer: Issuer) -> None:
    """What was revoked may have been the identity's own."""
    async with by_federation(f"{issuer.url}/token") as credential:
        for options in ({}, {}, {"claims": CHALLENGE}):
            await credential.get_token(SCOPE, enable_cae=True, **options)

    assert [form["client_assertion"] for form in issuer.forms] == ["identity-1", "identity-2"]
    assert {query["resource"] for query in issuer.queries} == {"api://AzureADTokenExchange"}
