"""Who we are to Graph, and whose signature its callbacks carry.

Adapters: azure-identity credentials, and the signer's public keys over HTTP. Keys are fetched once;
an unknown key id fetches them again, but never more often than a limit, whatever callers send.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.errors import Unavailable
from shared.ports import Clock

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

REFRESH_PAUSE = timedelta(seconds=60)
FETCH_SECONDS = 10.0
EXCHANGE_SCOPE = "api://AzureADTokenExchange/.default"

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
) -> "AsyncTokenCredential":
    """Return the credential with which the bot speaks to Graph.

    A secret or a certificate where one is set; a managed identity federated to the bot's app
    registration where that is said; else the managed identity itself.
    Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
    """
    from azure.identity import ManagedIdentityCredential, aio  # noqa: PLC0415 - on first use

    if secret:
        return aio.ClientSecretCredential(tenant_id, bot_app_id, secret)
    if certificate_path:
        return aio.CertificateCredential(tenant_id, bot_app_id, certificate_path)
    if not federated:
        return managed_identity(client_id)
    # The SDK asks for the assertion without awaiting it: about once an hour, on this machine only.
    own = ManagedIdentityCredential(client_id=client_id or None)
    return aio.ClientAssertionCredential(
        tenant_id, bot_app_id, lambda: own.get_token(EXCHANGE_SCOPE).token
    )


class OpenIdSigningKeys:
    """Implements `ports.SigningKeys` over an OpenID configuration and its JWKS."""

    def __init__(self, config_url: str, *, clock: Clock, fetch: Fetch) -> None:
        self._config_url = config_url
        self._clock = clock
        self._fetch = fetch
        self._keys: dict[str, Any] | None = None
        self._fetched_at: datetime | None = None
        self._fetching = asyncio.Lock()

    async def key(self, key_id: str) -> Any | None:
        """See `ports.SigningKeys.key`."""
        if self._keys is None or key_id not in self._keys:
            async with self._fetching:
                await self._refresh(key_id)
        return (self._keys or {}).get(key_id)

    async def _refresh(self, key_id: str) -> None:
        if self._keys is not None and key_id in self._keys:
            return  # somebody else fetched it while we waited
        now = self._clock.now()
        if self._fetched_at is not None and now < self._fetched_at + REFRESH_PAUSE:
            if self._keys is None:
                raise Unavailable("the callback's signing keys could not be fetched")
            return
        self._fetched_at = now
        try:
            self._keys = await self._fetch_keys()
        except Unavailable:
            if self._keys is None:
                # Nobody can be verified: the very next caller may try again.
                self._fetched_at = None
                raise

    async def _fetch_keys(self) -> dict[str, Any]:
        from jwt import PyJWKSet  # noqa: PLC0415 - on first use
        from jwt.exceptions import PyJWTError  # noqa: PLC0415

        config = await self._fetch(self._config_url)
        keys_url = str(config.get("jwks_uri"))
        if urlsplit(keys_url).scheme != urlsplit(self._config_url).scheme:
            raise Unavailable("the signer's key address is not as safe as its configuration's")
        try:
            found = PyJWKSet.from_dict(await self._fetch(keys_url))
        except PyJWTError as error:
            raise Unavailable("the signer's keys cannot be read") from error
        return {jwk.key_id: jwk.key for jwk in found.keys if jwk.key_id and jwk.key_type == "RSA"}


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
