"""The token on each request to Graph, and one fresh token after a 401.

Adapter. azure-identity keeps a token until it expires, up to 28 hours; Graph may refuse it earlier,
for example because it was revoked. Then one fresh token is requested, however many requests were
refused, and each of them is sent once more.
Source: https://learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation
"""

import asyncio
import base64
import json
import re
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta

import httpx
from azure.core.credentials_async import AsyncTokenCredential

from shared.telemetry import log
from shared.words.clouds import NO_DEMAND

UNAUTHORIZED = 401
RENEWAL_PAUSE = timedelta(seconds=30)
"""How long after a fresh token a refused one is not renewed again: a new token would not help."""
LONGEST_CHALLENGE = 8 * 1024
CHALLENGE = re.compile(r'\bclaims="([^"]+)"', re.IGNORECASE)


class RefusedForNow(Exception):
    """Graph refused a token that it accepted before, and `after` this a fresh one may be had."""

    def __init__(self, after: timedelta) -> None:
        super().__init__("Graph no longer accepts the token, and the one before was just replaced")
        self.after = after


class GraphTokens:
    """The tokens of one credential for Graph, shared by all requests of a process."""

    def __init__(
        self, credential: AsyncTokenCredential, *, scope: str, now: Callable[[], datetime]
    ) -> None:
        self._credential = credential
        self._scope = scope
        self._now = now
        self._renewed_at = datetime.min.replace(tzinfo=UTC)
        self._accepted = ""
        self._renewal: asyncio.Task[str] | None = None

    def accepted(self, token: str) -> None:
        """Keep in mind that Graph accepted `token`."""
        self._accepted = token

    async def token(self) -> str:
        """Return the token that is held, or the first one. Raises azure-core's `AzureError`."""
        return (await self._credential.get_token(self._scope, enable_cae=True)).token

    async def fresh(self, claims: str = NO_DEMAND) -> str:
        """Return a token that is requested now, in place of one that is held. As `token`."""
        # With claims the credential requests a token and replaces the one it keeps.
        return (await self._credential.get_token(self._scope, claims=claims, enable_cae=True)).token

    async def renewed(self, refused: str, claims: str) -> str:
        """Return a token in place of `refused`; the same one where none other can be had now.

        `claims` is the JSON that the fresh token is requested with, see `challenge_in`. Callers
        that come together share one request. Raises azure-core's `AzureError`, and `RefusedForNow`.
        """
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew(refused, claims))
            self._renewal.add_done_callback(_seen)
        # Shielded: a caller that goes away must not take the token from the others.
        return await asyncio.shield(self._renewal)

    async def _renew(self, refused: str, claims: str) -> str:
        try:
            held = await self.token()
            if held != refused:
                return held
            # `abs`: a clock that was set back must not make the pause longer.
            since = abs(self._now() - self._renewed_at)
            if since < RENEWAL_PAUSE:
                if held == self._accepted:
                    raise RefusedForNow(RENEWAL_PAUSE - since)
                return held
            fresh = await self.fresh(claims)
            self._renewed_at = self._now()
            log("graph.token_renewed", another=fresh != refused)
            return fresh
        finally:
            self._renewal = None


class TokenOnRequest(httpx.Auth):
    """Puts the token on each request, and sends one that gets 401 once more with a fresh token.

    A request to another server than `graph_url` gets no token.
    """

    def __init__(self, tokens: GraphTokens, *, graph_url: str) -> None:
        self._tokens = tokens
        self._graph = httpx.URL(graph_url)

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """See httpx."""
        if _server(request.url) != _server(self._graph):
            yield request
            return
        token = await self._tokens.token()
        answer = yield _with(token, request)
        if answer.status_code != UNAUTHORIZED:
            self._tokens.accepted(token)
            return
        fresh = await self._tokens.renewed(
            token, challenge_in(answer.headers.get("www-authenticate", ""))
        )
        if fresh != token:
            again = yield _with(fresh, request)
            if again.status_code != UNAUTHORIZED:
                self._tokens.accepted(fresh)


def roles_in(token: str) -> frozenset[str] | None:
    """Return the claim `roles` of a token of our own; None where it cannot be read."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        roles = claims.get("roles", [])
    except (ValueError, IndexError, AttributeError, RecursionError):
        return None
    return (
        frozenset(one for one in roles if isinstance(one, str)) if isinstance(roles, list) else None
    )


def challenge_in(header: str) -> str:
    """Return the claims that a `WWW-Authenticate` demands of the next token, as JSON text.

    Where it demands none that can be read: claims that demand nothing.
    Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
    """
    found = CHALLENGE.search(header[:LONGEST_CHALLENGE])
    if found is None:
        return NO_DEMAND
    encoded = found[1].rstrip("=")
    try:
        claims = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_").decode()
        demanded = json.loads(claims)
    except (ValueError, RecursionError):
        return NO_DEMAND
    # azure-identity adds our capabilities to this member.
    if not isinstance(demanded, dict) or not isinstance(demanded.get("access_token", {}), dict):
        return NO_DEMAND
    return claims


def _seen(task: asyncio.Task[str]) -> None:
    # Else asyncio logs an error that no caller waited for, with its text.
    if not task.cancelled():
        task.exception()


def _server(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _with(token: str, request: httpx.Request) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token}"
    return request
