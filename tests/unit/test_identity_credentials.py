"""Which credential speaks to Graph for the bot."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential

from shared.identity import FederatedCredential, graph_credential
from shared.words.clouds import CLOUDS

TENANT = "6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01"
PUBLIC = CLOUDS["public"]
NEVER = 4_102_444_800


def chosen(*, client_id: str = "", secret: str = "", federated: bool = False) -> Any:
    """Return the credential that these settings choose."""
    return graph_credential(
        tenant_id=TENANT,
        bot_app_id="the-bot",
        client_id=client_id,
        secret=secret,
        certificate_path="",
        federated=federated,
        authority_host=PUBLIC.authority,
        exchange_scope=PUBLIC.exchange_scope,
    )


@pytest.mark.parametrize("client_id", ["", "the-identity"])
async def test_by_default_the_managed_identity_speaks(client_id: str) -> None:
    """The same code locally, through the simulator's identity endpoint."""
    async with chosen(client_id=client_id) as credential:
        assert isinstance(credential, ManagedIdentityCredential)


async def test_a_secret_where_one_is_set() -> None:
    """For bots outside Azure."""
    async with chosen(secret="s3cret") as credential:
        assert isinstance(credential, ClientSecretCredential)


async def test_a_federated_identity_where_that_is_said() -> None:
    """No secret anywhere."""
    async with chosen(client_id="the-identity", federated=True) as credential:
        assert isinstance(credential, FederatedCredential)


@dataclass
class Remembering:
    """An async credential that notes what it is asked for."""

    prefix: str
    assertion: Callable[[], str] = lambda: ""
    asked: list[tuple[str, ...]] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked.append(scopes)
        self.options.append(options)
        return AccessToken(f"{self.prefix}{len(self.asked)}{self.assertion()}", NEVER)

    async def close(self) -> None:
        self.closed = True

    async def __aenter__(self) -> "Remembering":
        return self

    async def __aexit__(self, *error: object) -> None: ...


async def test_a_federated_bot_proves_itself_with_the_identitys_newest_token() -> None:
    """The assertion is had before the bot's credential asks for it, every time."""
    identity, bot = Remembering("identity-"), Remembering("bot-")

    def open_bot(assertion: Callable[[], str]) -> Remembering:
        bot.assertion = lambda: f" by {assertion()}"
        return bot

    async with FederatedCredential(identity, open_bot, exchange_scope="exchange") as credential:
        tokens = [
            (await credential.get_token("scope", claims="c", enable_cae=True)).token
            for _ in range(2)
        ]

    assert tokens == ["bot-1 by identity-1", "bot-2 by identity-2"]
    assert identity.asked == [("exchange",)] * 2
    assert bot.asked == [("scope",)] * 2
    assert bot.options == [{"claims": "c", "enable_cae": True}] * 2
    assert identity.closed
    assert bot.closed
