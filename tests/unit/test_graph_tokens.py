"""Which requests carry the token, and what a 401 of Graph's demands of the next one."""

import asyncio
import base64
import gc
from datetime import UTC, datetime, timedelta
from typing import Any, Self, override

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.tokens import (
    LONGEST_CHALLENGE,
    RENEWAL_PAUSE,
    GraphTokens,
    TokenOnRequest,
    challenge_in,
)
from shared.words.clouds import NO_DEMAND

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'


def encoded(text: str) -> str:
    """Return a text as a challenge carries it."""
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        f'Bearer realm="", error="insufficient_claims", claims="{encoded(CLAIMS)}"',
        f'bearer CLAIMS="{encoded(CLAIMS).rstrip("=")}"',
        f'PoP nonce="n", Bearer claims="{encoded(CLAIMS)}", error="x"',
    ],
)
def test_the_claims_of_a_challenge_are_read(header: str) -> None:
    """In any place, with its padding and without."""
    assert challenge_in(header) == CLAIMS


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        'Bearer claims=""',
        'Bearer claims="!"',
        f'Bearer claims="{encoded("[]")}"',
        f'Bearer claims="{encoded("{")}"',
        f'Bearer claims="{encoded("[" * 5000)}"',
        f'Bearer claims="{base64.b64encode(bytes([255])).decode()}"',
        'Bearer claims="' + encoded('{"access_token":7}') + '"',
        " " * LONGEST_CHALLENGE + f'claims="{encoded(CLAIMS)}"',
    ],
)
def test_where_none_can_be_read_any_fresh_token_will_do(header: str) -> None:
    """No challenge, an unreadable one, one that no token request can carry, one too long."""
    assert challenge_in(header) == NO_DEMAND


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: encoded(repr(raw))))
def test_no_header_makes_the_reading_fail(text: str) -> None:
    """What is returned can always be sent."""
    assert challenge_in(f'Bearer claims="{text}"').startswith("{")


class OneToken:
    """An async credential with one token."""

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("the-token", 4_102_444_800)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None: ...


@pytest.mark.parametrize(
    ("url", "carried"),
    [
        ("https://graph.microsoft.com/v1.0/users/a", "Bearer the-token"),
        ("https://graph.microsoft.com:8443/v1.0/users/a", None),
        ("http://graph.microsoft.com/v1.0/users/a", None),
        ("https://graph.microsoft.com.example/v1.0/users/a", None),
        ("https://example.com/?https://graph.microsoft.com", None),
    ],
)
async def test_the_token_goes_to_graph_and_nowhere_else(url: str, carried: str | None) -> None:
    """Wherever a request leads."""
    tokens = GraphTokens(OneToken(), scope="scope", now=lambda: datetime.now(UTC))
    auth = TokenOnRequest(tokens, graph_url="https://graph.microsoft.com")

    sent = await anext(auth.async_auth_flow(httpx.Request("GET", url)))

    assert sent.headers.get("authorization") == carried


class FreshTokens(OneToken):
    """One with a fresh token for each demand, for which it waits until `held` is set."""

    def __init__(self) -> None:
        self.had, self.broken = 0, False
        self.held, self.begun = asyncio.Event(), asyncio.Event()
        self.held.set()

    @override
    async def get_token(self, *_: str, **options: Any) -> AccessToken:
        if options.get("claims"):
            self.begun.set()
            await self.held.wait()
            if self.broken:
                raise ClientAuthenticationError("a text with a secret")
            self.had += 1
        return AccessToken(f"token-{self.had}", 4_102_444_800)


@pytest.mark.parametrize("moved", [RENEWAL_PAUSE, -RENEWAL_PAUSE, -timedelta(hours=5)])
async def test_a_clock_that_is_set_back_makes_no_pause_longer(moved: timedelta) -> None:
    """A token that is refused after it is renewed, as after the pause."""
    moment = datetime.now(UTC)
    tokens = GraphTokens(FreshTokens(), scope="scope", now=lambda: moment)
    assert await tokens.renewed("token-0", NO_DEMAND) == "token-1"
    assert await tokens.renewed("token-1", NO_DEMAND) == "token-1"

    moment += moved

    assert await tokens.renewed("token-1", NO_DEMAND) == "token-2"


async def test_a_renewal_that_fails_when_its_callers_are_gone_writes_no_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Asyncio would write its text. The next caller begins another one."""
    credential = FreshTokens()
    credential.held.clear()
    credential.broken = True
    tokens = GraphTokens(credential, scope="scope", now=lambda: datetime.now(UTC))
    callers = [asyncio.create_task(tokens.renewed("token-0", NO_DEMAND)) for _ in range(3)]
    await credential.begun.wait()
    for caller in callers:
        caller.cancel()
    await asyncio.wait(callers)

    credential.held.set()
    for _ in range(10):
        await asyncio.sleep(0)
    gc.collect()

    assert caplog.messages == []
    credential.broken = False
    assert await tokens.renewed("token-0", NO_DEMAND) == "token-1"
