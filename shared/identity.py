"""Who we are to Graph, and whose signature its callbacks carry.

Adapters: azure-identity credentials, and the signer's public keys over HTTP.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from shared.environment import LOOPBACK
from shared.ports import Clock, KnownKeys
from shared.telemetry import log
from shared.words.clouds import NO_DEMAND
from shared.words.errors import Unavailable

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.core.credentials_async import AsyncTokenCredential

FETCH_SECONDS = 10.0
"""How long a fetch of the keys may take, all in all."""
LONGEST_DOCUMENT = 1024 * 1024
SIZES_OF_KEYS = range(2048, 8192 + 1)
"""Bits of an RSA key that counts: a shorter one is weak, a longer one costs time."""

type Fetch = Callable[[str], Awaitable[dict[str, Any]]]
"""GET a URL, return its JSON object; raises `Unavailable`."""


def managed_identity(client_id: str) -> "AsyncTokenCredential":
    """Return the credential of the app's managed identity; `""` is the system-assigned one."""
    from azure.identity.aio import ManagedIdentityCredential  # noqa: PLC0415 - on first use

    return ManagedIdentityCredential(client_id=client_id or None)


def graph_credential(
    *,
    tenant_id: str,
    bot_app_id: str,
    client_id: str,
    secret: str,
    certificate_path: str,
    federated: bool,
    authority_host: str,
    exchange_scope: str,
) -> "AsyncTokenCredential":
    """Return the credential with which the bot speaks to Graph.

    `authority_host` gives the tokens of the bot's app registration; `exchange_scope` is what the
    managed identity's token is requested for, where it is federated.

    A secret or a certificate where one is set; a managed identity federated to the bot's app
    registration where that is said; else the managed identity itself.
    Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
    """
    from azure.identity import aio  # noqa: PLC0415 - on first use

    if secret:
        return aio.ClientSecretCredential(tenant_id, bot_app_id, secret, authority=authority_host)
    if certificate_path:
        return aio.CertificateCredential(
            tenant_id, bot_app_id, certificate_path, authority=authority_host
        )
    if not federated:
        return managed_identity(client_id)
    return FederatedCredential(
        managed_identity(client_id),
        lambda assertion: aio.ClientAssertionCredential(
            tenant_id, bot_app_id, assertion, authority=authority_host
        ),
        exchange_scope=exchange_scope,
    )


class FederatedCredential:
    """Tokens of the bot's app registration, which a managed identity proves instead of a secret.

    The SDK asks for the assertion without awaiting it, so it is had beforehand; both sides keep
    their tokens until they expire.
    """

    def __init__(
        self,
        identity: "AsyncTokenCredential",
        open_bot: "Callable[[Callable[[], str]], AsyncTokenCredential]",
        *,
        exchange_scope: str,
    ) -> None:
        """`open_bot` makes the bot's credential of a function that returns an assertion.

        `exchange_scope`: what the identity's token is requested for, which each cloud has its own
        audience for.
        """
        self._identity = identity
        self._exchange_scope = exchange_scope
        self._assertion = ""
        self._bot = open_bot(lambda: self._assertion)

    async def get_token(self, *scopes: str, **options: Any) -> "AccessToken":
        """See azure-identity. Where `claims` demand a fresh token, the assertion is fresh, too."""
        claims = NO_DEMAND if options.get("claims") else None
        assertion = await self._identity.get_token(self._exchange_scope, claims=claims)
        self._assertion = assertion.token
        return await self._bot.get_token(*scopes, **options)

    async def close(self) -> None:
        """Close both credentials."""
        await self._bot.close()
        await self._identity.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()


class OpenIdSigningKeys:
    """Implements `ports.SigningKeys` over an OpenID configuration and its JWKS."""

    def __init__(
        self, config_url: str, *, clock: Clock, fetch: Fetch, within: float = FETCH_SECONDS
    ) -> None:
        """`within`: seconds that a fetch may take."""
        self._within = within
        self._config_url = config_url
        self._clock = clock
        self._fetch = fetch
        self._known = KnownKeys()
        self._fetching: asyncio.Task[None] | None = None

    def known(self) -> KnownKeys:
        return self._known

    def fetch(self) -> Awaitable[None]:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetched(self._clock.now()))
        # Shielded: a caller that goes away must not take the answer from the others.
        return asyncio.shield(self._fetching)

    async def _fetched(self, began: datetime) -> None:
        known = replace(self._known, failed_at=began)
        try:
            async with asyncio.timeout(self._within):
                known = KnownKeys(by_id=await self._published(), read_at=began)
        except (Unavailable, TimeoutError) as error:
            log("signing_keys.not_refreshed", error)
        finally:
            self._known, self._fetching = known, None

    async def _published(self) -> dict[str, Any]:
        config = await self._fetch(self._config_url)
        keys_url = str(config.get("jwks_uri"))
        if not _as_safe(keys_url, self._config_url):
            raise Unavailable("signing keys: their address is not as safe as the configuration's")
        published = (await self._fetch(keys_url)).get("keys")
        found = dict(filter(None, map(_read_key, published if isinstance(published, list) else [])))
        if not found:
            raise Unavailable("signing keys: none that can be read")
        return found


def _read_key(published: Any) -> tuple[str, Any] | None:
    """Return id and key of an RSA public key for signatures; None for anything else.

    It is read whatever algorithm it names, for the signer's metadata has its own name for RS256;
    which one counts, the check of callers says. Of several keys under one id the last counts.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from jwt import PyJWK, PyJWTError  # noqa: PLC0415 - on first use

    if not isinstance(published, dict) or published.get("use") not in (None, "sig"):
        return None
    key_id = published.get("kid")
    try:
        key = PyJWK({**published, "alg": None}, "RS256").key
    except (PyJWTError, ArithmeticError, LookupError, TypeError, ValueError):
        return None
    if not isinstance(key, RSAPublicKey) or key.key_size not in SIZES_OF_KEYS:
        return None
    return (key_id, key) if isinstance(key_id, str) and key_id else None


def _as_safe(url: str, configured: str) -> bool:
    """Say whether `url` is https, or plain http within the machine as what was configured is."""
    try:
        found, known = urlsplit(url), urlsplit(configured)
    except ValueError:
        return False
    if found.scheme != known.scheme or not found.hostname:
        return False
    return found.scheme == "https" or (found.scheme == "http" and found.hostname in LOOPBACK)


async def fetch_json(url: str) -> dict[str, Any]:
    """GET `url` and return its JSON object; raise `Unavailable` for anything else."""
    import httpx  # noqa: PLC0415 - on first use

    body = bytearray()
    try:
        async with (
            httpx.AsyncClient(timeout=FETCH_SECONDS, trust_env=False) as client,
            client.stream("GET", url) as response,
        ):
            response.raise_for_status()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LONGEST_DOCUMENT:
                    raise Unavailable("signing keys: the answer is too long")
        found = json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        raise Unavailable(f"signing keys: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise Unavailable("signing keys: the answer is not an object")
    return found
