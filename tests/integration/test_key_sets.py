"""The table of key sets: what a signer may serve, and what becomes of its callers then."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from call_callback.caller import FETCH_PAUSE, Caller, FetchKeys, NotYet, Refused
from shared.identity import LONGEST_DOCUMENT, OpenIdSigningKeys, fetch_json
from tests.fixtures.callers import GRAPHS, NOW, STRANGERS, TENANT, judged, token
from tests.fixtures.graph_lab import served

type Outcome = Literal["taken", "unknown_key", "signature", "unavailable"]
type Serve = Callable[[str], web.StreamResponse]
GENUINE = f"Bearer {token()}"
KEY = RSAAlgorithm.to_jwk(GRAPHS.public_key(), as_dict=True)
GRAPHS_KEY = {**KEY, "kid": "the-key", "use": "sig"}
ANOTHER = RSAAlgorithm.to_jwk(STRANGERS.public_key(), as_dict=True) | {"kid": "another"}
SHORT, LONG = (
    RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, bits).public_key(), as_dict=True)
    | {"kid": "the-key"}
    for bits in (1024, 3072)
)
CURVE = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)
EDWARDS = OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate().public_key(), as_dict=True)
PRIVATE = RSAAlgorithm.to_jwk(GRAPHS, as_dict=True)

SETS: dict[str, tuple[list[Any], Outcome]] = {
    "the key alone": ([GRAPHS_KEY], "taken"),
    "without use": ([{**KEY, "kid": "the-key"}], "taken"),
    "without alg": ([{**GRAPHS_KEY, "alg": None}], "taken"),
    "alg RS256": ([{**GRAPHS_KEY, "alg": "RS256"}], "taken"),
    "alg by the signer's own name": ([{**GRAPHS_KEY, "alg": "RSASHA256"}], "taken"),
    "alg that is a number": ([{**GRAPHS_KEY, "alg": 7}], "taken"),
    "alg of another kind of key": ([{**GRAPHS_KEY, "alg": "ES256"}], "taken"),
    # Endorsements say for which channels a key speaks in the Bot Framework's activities. Of the
    # callbacks of calls they are not documented.
    "endorsed for Teams": ([{**GRAPHS_KEY, "endorsements": ["msteams"]}], "taken"),
    "endorsed for another channel": ([{**GRAPHS_KEY, "endorsements": ["webchat"]}], "taken"),
    "endorsed for nothing": ([{**GRAPHS_KEY, "endorsements": []}], "taken"),
    "endorsements that are a text": ([{**GRAPHS_KEY, "endorsements": "msteams"}], "taken"),
    "with x5c and x5t": ([{**GRAPHS_KEY, "x5c": ["MIIB"], "x5t": "x"}], "taken"),
    "with unknown members": ([{**GRAPHS_KEY, "issuer": "x", "nbf": 1}], "taken"),
    "beside another": ([ANOTHER, GRAPHS_KEY], "taken"),
    "before another": ([GRAPHS_KEY, ANOTHER], "taken"),
    "beside odd ones": (
        [None, 7, "key", [], {}, {"kty": "unheard-of", "kid": "x"}, {**CURVE, "kid": "x"},
         {"kty": "RSA", "kid": "x", "n": 5, "e": None}, {"kty": ["RSA"], "kid": "x"}, GRAPHS_KEY],
        "taken",
    ),
    "beside 2,000 others": ([*({**ANOTHER, "kid": f"{n}"} for n in range(2000)), GRAPHS_KEY],
                            "taken"),
    "twice": ([GRAPHS_KEY, GRAPHS_KEY], "taken"),
    "its id twice, the last is ours": ([{**ANOTHER, "kid": "the-key"}, GRAPHS_KEY], "taken"),
    "its id twice, the last is another": ([GRAPHS_KEY, {**ANOTHER, "kid": "the-key"}],
                                          "signature"),
    "its id twice, once for encryption": ([GRAPHS_KEY, {**ANOTHER, "kid": "the-key", "use": "enc"}],
                                          "taken"),
    "another key of its id": ([{**ANOTHER, "kid": "the-key"}], "signature"),
    "a longer key of its id": ([LONG], "signature"),
    "another only": ([ANOTHER], "unknown_key"),
    "without kid": ([KEY, ANOTHER], "unknown_key"),
    "kid empty": ([{**KEY, "kid": ""}, ANOTHER], "unknown_key"),
    "kid null": ([{**KEY, "kid": None}, ANOTHER], "unknown_key"),
    "kid a number": ([{**KEY, "kid": 7}, ANOTHER], "unknown_key"),
    "kid a list": ([{**KEY, "kid": ["the-key"]}, ANOTHER], "unknown_key"),
    "kid in capitals": ([{**KEY, "kid": "THE-KEY"}, ANOTHER], "unknown_key"),
    "for encryption": ([{**GRAPHS_KEY, "use": "enc"}, ANOTHER], "unknown_key"),
    "use that is a list": ([{**GRAPHS_KEY, "use": ["sig"]}, ANOTHER], "unknown_key"),
    "a private key": ([{**PRIVATE, "kid": "the-key"}, ANOTHER], "unknown_key"),
    "too short a key": ([SHORT, ANOTHER], "unknown_key"),
    "too long a key": ([{**GRAPHS_KEY, "n": "x" * 20_000}, ANOTHER], "unknown_key"),
    "an even exponent": ([{**GRAPHS_KEY, "e": "BA"}, ANOTHER], "unknown_key"),
    "an exponent of 1": ([{**GRAPHS_KEY, "e": "AQ"}, ANOTHER], "unknown_key"),
    "no exponent": ([{**GRAPHS_KEY, "e": ""}, ANOTHER], "unknown_key"),
    "a modulus that is no text": ([{**GRAPHS_KEY, "n": 7}, ANOTHER], "unknown_key"),
    "a modulus that is no base64": ([{**GRAPHS_KEY, "n": "é"}, ANOTHER], "unknown_key"),
    "an elliptic key": ([{**CURVE, "kid": "the-key"}, ANOTHER], "unknown_key"),
    "an Edwards key": ([{**EDWARDS, "kid": "the-key"}, ANOTHER], "unknown_key"),
    "a shared secret": ([{"kty": "oct", "k": "c2VjcmV0", "kid": "the-key"}, ANOTHER],
                        "unknown_key"),
    "of an unknown kind": ([{**GRAPHS_KEY, "kty": "unheard-of"}, ANOTHER], "unknown_key"),
    "of no kind": ([{"kid": "the-key"}, ANOTHER], "unknown_key"),
    "none": ([], "unavailable"),
    "none that can be read": ([7, {}, {"kty": "RSA", "kid": "x"}], "unavailable"),
}  # fmt: skip


def text(body: str, *, status: int = 200, kind: str = "application/json") -> Serve:
    """Serve the keys as this text."""
    return lambda _: web.Response(text=body, status=status, content_type=kind)


def moved(address: str) -> web.StreamResponse:
    """Serve the keys elsewhere."""
    return web.Response(status=302, headers={"Location": address.replace("/keys", "/elsewhere")})


GOOD = json.dumps({"keys": [GRAPHS_KEY]})
ANSWERS: dict[str, tuple[Serve, Outcome]] = {
    "JSON that is called HTML": (text(GOOD, kind="text/html"), "taken"),
    "JSON after a space": (text(f"\n {GOOD}"), "taken"),
    "a page": (text("<html>", kind="text/html"), "unavailable"),
    "nothing": (text(""), "unavailable"),
    "half of it": (text(GOOD[:-20]), "unavailable"),
    "a list": (text(f"[{GOOD}]"), "unavailable"),
    "a text": (text('"keys"'), "unavailable"),
    "null": (text("null"), "unavailable"),
    "no member keys": (text('{"value": []}'), "unavailable"),
    "keys that are an object": (text(json.dumps({"keys": GRAPHS_KEY})), "unavailable"),
    "keys that are null": (text('{"keys": null}'), "unavailable"),
    "nested without end": (text("[" * 100_000), "unavailable"),
    "too long": (text(GOOD + " " * LONGEST_DOCUMENT), "unavailable"),
    "404": (text(GOOD, status=404), "unavailable"),
    "401": (text(GOOD, status=401), "unavailable"),
    "429": (text(GOOD, status=429), "unavailable"),
    "500": (text(GOOD, status=500), "unavailable"),
    "a redirect": (moved, "unavailable"),
}


@dataclass
class Signer:
    """Serves a configuration, and what the test says as the keys; holds answers while not open."""

    serve: Serve
    url: str = ""
    seen: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer every path."""
        self.seen.append(request.path)
        if request.path == "/config":
            return web.json_response({"jwks_uri": f"{self.url}/keys"})
        await self.open.wait()
        return self.serve(str(request.url))


class FixedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture
async def signer() -> AsyncIterator[Signer]:
    signer, app = Signer(text(GOOD)), web.Application()
    signer.open.set()
    app.router.add_get("/{tail:.*}", signer.answer)
    async with served(app) as url:
        signer.url = url
        yield signer
        signer.open.set()


async def outcome(signer: Signer, *, within: float = 20.0) -> Caller | Refused | FetchKeys | NotYet:
    """Return what becomes of a genuine caller when it is the first."""
    keys = OpenIdSigningKeys(
        f"{signer.url}/config", clock=FixedClock(), fetch=fetch_json, within=within
    )
    assert judged(GENUINE, keys=keys.known()) == FetchKeys()
    await keys.fetch()
    return judged(GENUINE, keys=keys.known())


def expected(word: Outcome) -> Caller | Refused | NotYet:
    """Return what the check says where the table says `word`."""
    match word:
        case "taken":
            return Caller(tenant_id=TENANT)
        case "unavailable":
            return NotYet(wait=FETCH_PAUSE)
        case reason:
            return Refused(reason=reason)


@pytest.mark.parametrize("name", SETS)
async def test_a_key_counts_if_it_is_an_rsa_key_for_signatures_with_an_id(
    signer: Signer, name: str
) -> None:
    """What is odd about one key spoils no other."""
    keys, word = SETS[name]
    signer.serve = text(json.dumps({"keys": keys}))

    assert await outcome(signer) == expected(word)


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_without_usable_keys_is_a_failed_fetch(signer: Signer, name: str) -> None:
    """The caller is to come again; no redirect is followed."""
    signer.serve, word = ANSWERS[name]

    assert await outcome(signer) == expected(word)
    assert signer.seen == ["/config", "/keys"]


async def test_a_signer_that_does_not_answer_is_a_failed_fetch(signer: Signer) -> None:
    """The time of a fetch is bounded."""
    signer.open.clear()

    assert await outcome(signer, within=0.05) == expected("unavailable")
