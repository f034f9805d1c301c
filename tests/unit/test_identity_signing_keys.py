"""Fetching the keys that sign Graph's callbacks, and what is known of them meanwhile."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from shared.identity import OpenIdSigningKeys
from shared.ports import KnownKeys
from shared.words.errors import Unavailable

CONFIG = "https://signer.example/config"
KEYS = "https://signer.example/keys"
RSA = RSAAlgorithm.to_jwk(
    rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(), as_dict=True
)


@dataclass
class Clock:
    """A clock that tests move."""

    moment: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, span: timedelta) -> None:
        self.moment += span


@dataclass
class Signer:
    """What the signer publishes. `open` holds answers back while it is not set."""

    key_ids: list[str]
    keys_url: str = KEYS
    down: bool = False
    fetched: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def fetch(self, url: str) -> dict[str, Any]:
        self.fetched.append(url)
        await self.open.wait()
        if self.down:
            raise Unavailable("the signer is down")
        if url != self.keys_url:
            return {"issuer": "https://elsewhere.example", "jwks_uri": self.keys_url}
        return {"keys": [{**RSA, "kid": key_id} for key_id in self.key_ids]}


@dataclass
class Rig:
    """Keys, and everything they depend on."""

    signer: Signer = field(default_factory=lambda: Signer(["first"]))
    clock: Clock = field(default_factory=Clock)
    config_url: str = CONFIG
    within: float = 20.0

    def __post_init__(self) -> None:
        self.keys = OpenIdSigningKeys(
            self.config_url, clock=self.clock, fetch=self.signer.fetch, within=self.within
        )


async def test_those_who_come_together_share_one_fetch() -> None:
    """What is known changes when it is over; later a fetch is another one."""
    rig = Rig()
    rig.signer.open.clear()

    waiting = [asyncio.ensure_future(rig.keys.fetch()) for _ in range(20)]
    await asyncio.sleep(0)
    assert rig.keys.known() == KnownKeys()
    rig.signer.open.set()
    await asyncio.gather(*waiting)

    known = rig.keys.known()
    assert list(known.by_id) == ["first"]
    assert (known.read_at, known.failed_at) == (rig.clock.now(), None)
    assert rig.signer.fetched == [CONFIG, KEYS]
    await rig.keys.fetch()
    assert rig.signer.fetched == [CONFIG, KEYS] * 2


async def test_a_fetch_forgets_what_the_signer_withdrew() -> None:
    """Keys rotate; they are as of the moment when the fetch began."""
    rig = Rig()
    await rig.keys.fetch()
    rig.signer.key_ids = ["second"]
    rig.clock.pass_by(timedelta(minutes=1))
    began = rig.clock.now()
    rig.signer.open.clear()
    fetching = asyncio.ensure_future(rig.keys.fetch())
    await asyncio.sleep(0)
    rig.clock.pass_by(timedelta(seconds=2))
    rig.signer.open.set()
    await fetching

    assert list(rig.keys.known().by_id) == ["second"]
    assert rig.keys.known().read_at == began


async def test_a_fetch_that_fails_leaves_the_keys_and_is_noted() -> None:
    """How long they count then is for the check of callers to say."""
    rig = Rig()
    await rig.keys.fetch()
    before = rig.keys.known()
    rig.signer.down = True
    rig.clock.pass_by(timedelta(minutes=1))

    await rig.keys.fetch()

    assert rig.keys.known() == replace(before, failed_at=rig.clock.now())
    rig.signer.down = False
    await rig.keys.fetch()
    assert rig.keys.known().failed_at is None


async def test_a_signer_that_does_not_answer_in_time_has_failed() -> None:
    """Both documents together have so long."""
    rig = Rig(within=0.01)
    rig.signer.open.clear()

    await rig.keys.fetch()

    assert rig.keys.known() == KnownKeys(failed_at=rig.clock.now())


async def test_a_caller_that_goes_away_takes_the_keys_from_no_other() -> None:
    """The one whose question started the fetch may be cancelled."""
    rig = Rig()
    rig.signer.open.clear()
    first, second = (asyncio.ensure_future(rig.keys.fetch()) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()
    rig.signer.open.set()
    await second

    assert list(rig.keys.known().by_id) == ["first"]
    assert rig.signer.fetched == [CONFIG, KEYS]


@pytest.mark.parametrize(
    ("config_url", "keys_url"),
    [
        (CONFIG, "http://signer.example/keys"),
        (CONFIG, "http://127.0.0.1/keys"),
        (CONFIG, "file:///etc/keys"),
        (CONFIG, "None"),
        (CONFIG, "https://["),
        ("http://127.0.0.1:1/config", "http://signer.example/keys"),
        ("http://127.0.0.1:1/config", "https://signer.example/keys"),
    ],
)
async def test_keys_are_not_taken_from_a_less_safe_place(config_url: str, keys_url: str) -> None:
    """https leads to https; plain http stays on this machine."""
    rig = Rig(signer=Signer(["first"], keys_url=keys_url), config_url=config_url)

    await rig.keys.fetch()

    assert not rig.keys.known().by_id
    assert rig.signer.fetched == [config_url]


async def test_on_loopback_plain_http_will_do() -> None:
    """The local stack has no TLS."""
    signer = Signer(["first"], keys_url="http://localhost:1/keys")
    rig = Rig(signer=signer, config_url="http://127.0.0.1:1/config")

    await rig.keys.fetch()

    assert list(rig.keys.known().by_id) == ["first"]
