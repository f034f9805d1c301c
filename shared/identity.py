"""Who we are to Graph, and whose signature its callbacks carry.

Adapters: azure-identity credentials, and the signer's public keys over HTTP. Keys are fetched once;
an unknown key id fetches them again, but never more often than a limit, whatever callers send.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from shared.ports import Clock
from shared.telemetry import log
from shared.words.errors import Unavailable

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.core.credentials_async import AsyncTokenCredential

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
REFRESH_PAUSE = timedelta(seconds=60)
FETCH_SECONDS = 10.0

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
        """See azure-identity."""
        self._assertion = (await self._identity.get_token(self._exchange_scope)).token
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

    def __init__(self, config_url: str, *, clock: Clock, fetch: Fetch) -> None:
        self._config_url = config_url
        self._clock = clock
        self._fetch = fetch
        self._keys: dict[str, Any] | None = None
        self._asked_at = datetime.min.replace(tzinfo=UTC)
        self._asking: asyncio.Task[None] | None = None
        self._failed = False

    async def key(self, key_id: str) -> Any | None:
        """See `ports.SigningKeys.key`."""
        if self._keys is None or key_id not in self._keys:
            await self._look_again()
        return (self._keys or {}).get(key_id)

    async def _look_again(self) -> None:
        """Fetch the keys, or wait for who does; not too often once there are any."""
        if self._asking is None:
            now = self._clock.now()
            if self._keys is not None and now < self._asked_at + REFRESH_PAUSE:
                if self._failed:
                    raise Unavailable("the signer's new keys could not be fetched")
                return
            self._asked_at = now
            self._asking = asyncio.create_task(self._refresh())
        try:
            # Shielded: a caller that goes away must not take the answer from the others.
            await asyncio.shield(self._asking)
        except Unavailable as error:
            log("signing_keys.not_refreshed", error)
            raise

    async def _refresh(self) -> None:
        self._failed = True
        try:
            self._keys = await self._fetch_keys()
            self._failed = False
        finally:
            self._asking = None

    async def _fetch_keys(self) -> dict[str, Any]:
        from jwt import PyJWKSet  # noqa: PLC0415 - on first use
        from jwt.exceptions import PyJWTError  # noqa: PLC0415

        config = await self._fetch(self._config_url)
        keys_url = str(config.get("jwks_uri"))
        if not _as_safe(keys_url, self._config_url):
            raise Unavailable("signing keys: their address is not as safe as the configuration's")
        published = (await self._fetch(keys_url)).get("keys")
        try:
            found = PyJWKSet.from_dict({"keys": _without_algorithms(published)})
        except PyJWTError as error:
            raise Unavailable("signing keys: none that can be read") from error
        return {
            jwk.key_id: jwk.key
            for jwk in found.keys
            if isinstance(jwk.key_id, str)
            and jwk.key_type == "RSA"
            and jwk.public_key_use in (None, "sig")
        }


def _without_algorithms(published: Any) -> list[dict[str, Any]]:
    """Return keys that are read whatever algorithm they name; which one counts, caller.py says.

    The signer's metadata has its own name for RS256; the library drops keys with unknown ones.
    """
    keys = published if isinstance(published, list) else []
    return [
        {name: value for name, value in key.items() if name != "alg"}
        for key in keys
        if isinstance(key, dict)
    ]


def _as_safe(url: str, configured: str) -> bool:
    """Say whether `url` is https, or plain http within the machine as what was configured is."""
    found, known = urlsplit(url), urlsplit(configured)
    if found.scheme != known.scheme or not found.hostname:
        return False
    return found.scheme == "https" or (found.scheme == "http" and found.hostname in LOOPBACK)


async def fetch_json(url: str) -> dict[str, Any]:
    """GET `url` and return its JSON object; raise `Unavailable` for anything else."""
    import httpx  # noqa: PLC0415 - on first use

    try:
        async with httpx.AsyncClient(timeout=FETCH_SECONDS, trust_env=False) as client:
            response = await client.get(url)
            response.raise_for_status()
            found = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(f"signing keys: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise Unavailable("signing keys: the answer is not an object")
    return found
