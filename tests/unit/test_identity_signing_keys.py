"""The keys that sign Graph's callbacks: fetched once, and looked for again with restraint."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.identity import REFRESH_PAUSE, OpenIdSigningKeys
from shared.words.errors import Unavailable

CONFIG = "https://signer.example/config"
KEYS = "https://signer.example/keys"
RSA = RSAAlgorithm.to_jwk(
    rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(), as_dict=True
)
ELLIPTIC = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)


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
    extra: list[Any] = field(default_factory=list)
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
        return {"keys": [*self.extra, *({**RSA, "kid": key_id} for key_id in self.key_ids)]}


@dataclass
class Rig:
    """Keys, and everything they depend on."""

    signer: Signer = field(default_factory=lambda: Signer(["first"]))
    clock: Clock = field(default_factory=Clock)
    config_url: str = CONFIG

    def __post_init__(self) -> None:
        self.keys = OpenIdSigningKeys(self.config_url, clock=self.clock, fetch=self.signer.fetch)


async def test_keys_are_fetched_once_for_all_callers() -> None:
    """Callers that come together share one fetch; later ones need none."""
    rig = Rig()
    rig.signer.open.clear()

    waiting = [asyncio.create_task(rig.keys.key("first")) for _ in range(20)]
    await asyncio.sleep(0)
    rig.signer.open.set()
    found = await asyncio.gather(*waiting)

    assert all(isinstance(key, rsa.RSAPublicKey) for key in found)
    assert await rig.keys.key("first") is not None
    assert rig.signer.fetched == [CONFIG, KEYS]


async def test_an_unknown_key_is_looked_for_once_a_minute_whatever_callers_send() -> None:
    """Forged key ids must not make us hammer the signer."""
    rig = Rig()
    await rig.keys.key("first")

    unknown = [await rig.keys.key(f"forged-{number}") for number in range(50)]
    rig.clock.pass_by(REFRESH_PAUSE - timedelta(seconds=1))
    unknown.append(await rig.keys.key("forged"))

    assert set(unknown) == {None}
    assert rig.signer.fetched == [CONFIG, KEYS]

    rig.clock.pass_by(timedelta(seconds=1))
    assert await rig.keys.key("forged") is None
    assert rig.signer.fetched == [CONFIG, KEYS] * 2


async def test_a_new_key_of_the_signers_is_found_and_an_old_one_forgotten() -> None:
    """Keys rotate; what the signer no longer publishes does not count."""
    rig = Rig()
    await rig.keys.key("first")
    rig.signer.key_ids = ["second"]
    rig.clock.pass_by(REFRESH_PAUSE)

    assert await rig.keys.key("second") is not None
    assert await rig.keys.key("first") is None


async def test_a_failed_refresh_keeps_the_old_keys() -> None:
    """Callbacks under known keys go on while the signer is down."""
    rig = Rig()
    await rig.keys.key("first")
    rig.signer.down = True
    rig.clock.pass_by(REFRESH_PAUSE)

    for _ in range(2):
        with pytest.raises(Unavailable):
            await rig.keys.key("second")  # it may be new: its callback has to come again
    assert await rig.keys.key("first") is not None


async def test_without_any_keys_nobody_is_verified_and_the_next_caller_tries_again() -> None:
    """Unavailable, not unknown: the callback has to come again."""
    rig = Rig()
    rig.signer.down = True
    rig.signer.open.clear()
    waiting = [asyncio.create_task(rig.keys.key("first")) for _ in range(5)]
    await asyncio.sleep(0)
    rig.signer.open.set()

    results = await asyncio.gather(*waiting, return_exceptions=True)

    assert {type(result) for result in results} == {Unavailable}
    assert rig.signer.fetched == [CONFIG]
    rig.signer.down = False
    assert await rig.keys.key("first") is not None


async def test_a_caller_that_goes_away_takes_the_keys_from_nobody() -> None:
    """The one whose question started the fetch may be cancelled."""
    rig = Rig()
    rig.signer.open.clear()
    first = asyncio.create_task(rig.keys.key("first"))
    second = asyncio.create_task(rig.keys.key("first"))
    await asyncio.sleep(0)

    first.cancel()
    rig.signer.open.set()

    assert await second is not None
    assert rig.signer.fetched == [CONFIG, KEYS]


@pytest.mark.parametrize(
    ("config_url", "keys_url"),
    [
        (CONFIG, "http://signer.example/keys"),
        (CONFIG, "http://127.0.0.1/keys"),
        (CONFIG, "file:///etc/keys"),
        (CONFIG, "None"),
        ("http://127.0.0.1:1/config", "http://signer.example/keys"),
        ("http://127.0.0.1:1/config", "https://signer.example/keys"),
    ],
)
async def test_keys_are_not_taken_from_a_less_safe_place(config_url: str, keys_url: str) -> None:
    """https leads to https; plain http stays on this machine."""
    rig = Rig(signer=Signer(["first"], keys_url=keys_url), config_url=config_url)

    with pytest.raises(Unavailable, match="not as safe"):
        await rig.keys.key("first")

    assert rig.signer.fetched == [config_url]


async def test_on_loopback_plain_http_will_do() -> None:
    """The local stack has no TLS."""
    signer = Signer(["first"], keys_url="http://localhost:1/keys")
    rig = Rig(signer=signer, config_url="http://127.0.0.1:1/config")

    assert await rig.keys.key("first") is not None


async def test_only_rsa_keys_for_signatures_count() -> None:
    """Others may be published beside them."""
    others = [
        {**ELLIPTIC, "kid": "elliptic"},
        {**RSA, "kid": "for-encryption", "use": "enc"},
        {**RSA, "kid": "for-signatures", "use": "sig"},
        {**RSA},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared-secret"},
        {"kty": "unheard-of", "kid": "odd"},
        {**RSA, "kid": ["no", "text"]},
        {"kty": "RSA", "kid": "odd", "n": 5, "e": None},
        "no-key",
    ]
    rig = Rig(signer=Signer(["first"], extra=others))
    names = ["first", "for-signatures", "for-encryption", "elliptic", "shared-secret", "odd", ""]

    found = {name: await rig.keys.key(name) is not None for name in names}

    assert [name for name, known in found.items() if known] == ["first", "for-signatures"]


@pytest.mark.parametrize("algorithm", ["RS256", "RSASHA256", "http://odd.example/rsa", None, 7])
async def test_a_key_counts_whatever_its_algorithm_is_called(algorithm: Any) -> None:
    """RS256 is pinned where tokens are judged; the signer's own name for it is no standard one."""
    rig = Rig(signer=Signer([], extra=[{**RSA, "kid": "named", "alg": algorithm}]))

    assert isinstance(await rig.keys.key("named"), rsa.RSAPublicKey)


@pytest.mark.parametrize("keys", [[], [7], [{}], [{"kty": "RSA", "kid": "x"}]])
async def test_a_key_set_that_cannot_be_read_is_unavailable(keys: list[Any]) -> None:
    """No keys is not the same as an unknown key."""
    rig = Rig(signer=Signer([], extra=keys))

    with pytest.raises(Unavailable, match="none that can be read"):
        await rig.keys.key("first")
