"""Who may tell us about a leg: forged callers are refused, change nothing, and leave no trace."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.system.lab import Json
from tests.system.stack import Endpoints
from tests.system.tokens import Key, claims, signed_with_text, unsigned
from tests.system.trusting_host import TrustingHost, trusting_host

pytestmark = pytest.mark.asyncio(loop_scope="session")

GRACE_GONE = -600
"""Expired for longer than any clock may be off."""
OTHER = "00000000-0000-4000-8000-0000000000ff"
TRUSTED, STRANGER = Key.make("trusted"), Key.make("stranger")
# Under the trusted key's id, signed with another key.
IMPOSTOR = Key("trusted", STRANGER.private)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A live leg on a host that trusts the key TRUSTED."""

    host: TrustingHost
    meeting_id: str
    path: str
    call_id: str
    audience: str
    tenant: str

    def claims(self, **changed: object) -> Json:
        """Return genuine claims, some of them changed."""
        return claims(audience=self.audience, tenant=self.tenant) | changed

    def roster(self) -> bytes:
        """Return a notification that, once believed, opens a group call."""
        resource = f"/app/calls/{self.call_id}/participants"
        user = {"user": {"id": OTHER, "displayName": "Mallory"}}
        item = {
            "changeType": "updated",
            "resource": resource,
            "resourceUrl": resource,
            "resourceData": [{"id": OTHER, "info": {"identity": user}, "isInLobby": False}],
        }
        return json.dumps({"value": [item]}).encode()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def leg(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Leg]:
    """Return a leg of our bot that is in a meeting."""
    async with trusting_host(
        endpoints,
        tmp_path_factory.mktemp("trusting"),
        trusted=TRUSTED.as_jwk(),
        attackers=STRANGER.as_jwk(),
    ) as host:
        await host.client.drop({"requestId": "tokens", "subject": "tokens", "join": "now"})
        created = await host.client.created("tokens")
        meeting_id = created.data["meetingId"]
        joined = await host.client.told(meeting_id, "bot.joined")
        await host.client.told(meeting_id, "bot.joining")
        yield Leg(
            host=host,
            meeting_id=meeting_id,
            path=f"calls/{meeting_id}/{joined.data['legKey']}",
            call_id=joined.data["callId"],
            audience=endpoints.bot_app_id,
            tenant=endpoints.tenant_id,
        )


FORGED: dict[str, Callable[[Leg], str | None]] = {
    "none": lambda leg: None,
    "empty": lambda leg: "Bearer ",
    "another scheme": lambda leg: "Basic " + TRUSTED.sign(leg.claims()),
    "no token": lambda leg: "Bearer none.of.these-three",
    "alg none": lambda leg: "Bearer " + unsigned(leg.claims(), kid="trusted"),
    "HS256 with the public key": lambda leg: (
        "Bearer " + signed_with_text(TRUSTED.public_pem(), leg.claims(), kid="trusted")
    ),
    "wrong audience": lambda leg: "Bearer " + TRUSTED.sign(leg.claims(aud=OTHER)),
    "several audiences": lambda leg: (
        "Bearer " + TRUSTED.sign(leg.claims(aud=[leg.audience, OTHER]))
    ),
    "wrong issuer": lambda leg: "Bearer " + TRUSTED.sign(leg.claims(iss="https://example.com")),
    "expired": lambda leg: (
        "Bearer " + TRUSTED.sign(claims(audience=leg.audience, tenant=leg.tenant, lasts=GRACE_GONE))
    ),
    "never expires": lambda leg: (
        "Bearer " + TRUSTED.sign({k: v for k, v in leg.claims().items() if k != "exp"})
    ),
    "other tenant": lambda leg: "Bearer " + TRUSTED.sign(leg.claims(tid=OTHER)),
    "no tenant": lambda leg: (
        "Bearer " + TRUSTED.sign({k: v for k, v in leg.claims().items() if k != "tid"})
    ),
    "unknown key": lambda leg: "Bearer " + STRANGER.sign(leg.claims()),
    "another key under a known id": lambda leg: "Bearer " + IMPOSTOR.sign(leg.claims()),
    "key from a jku header": lambda leg: (
        "Bearer " + STRANGER.sign(leg.claims(), jku=f"{leg.host.issuer}/attacker/keys")
    ),
    "key from a jku header under a known id": lambda leg: (
        "Bearer " + IMPOSTOR.sign(leg.claims(), jku=f"{leg.host.issuer}/attacker/keys")
    ),
    "key in the header": lambda leg: "Bearer " + STRANGER.sign(leg.claims(), jwk=STRANGER.as_jwk()),
}

OF_UNKNOWN_KEYS = frozenset({"unknown key", "key from a jku header", "key in the header"})


@pytest.mark.parametrize("case", FORGED)
async def test_forged_caller_is_refused_and_changes_nothing(leg: Leg, case: str) -> None:
    """The record is the same afterwards, no key was fetched elsewhere, no token was logged."""
    client, authorization = leg.host.client, FORGED[case](leg)
    before = await client.record(leg.meeting_id)

    status = await client.post(leg.path, leg.roster(), authorization=authorization)
    webhook = await client.post("calls", leg.roster(), authorization=authorization)

    # Of a key that is not known between two fetches, Graph is to send again: it may be a new one.
    assert {status, webhook} <= ({401, 503} if case in OF_UNKNOWN_KEYS else {401})
    assert await client.record(leg.meeting_id) == before
    assert leg.host.asked_attacker == []
    log = leg.host.log.read_text()
    token = (authorization or "").partition(" ")[2]
    assert not [part for part in (token, *token.split(".")) if len(part) > 3 and part in log]


async def test_genuine_caller_without_json_gets_400(leg: Leg) -> None:
    """A proven sender is told that its body makes no sense; nothing is stored."""
    client, bearer = leg.host.client, "Bearer " + TRUSTED.sign(leg.claims())
    before = await client.record(leg.meeting_id)

    assert await client.post(leg.path, b"not JSON", authorization=bearer) == 400
    assert await client.post(leg.path, b'{"value": 7}', authorization=bearer) == 400
    assert await client.record(leg.meeting_id) == before


async def test_genuine_caller_about_an_unknown_leg_gets_202_and_stores_nothing(leg: Leg) -> None:
    """Neither a leg of a known meeting, nor a meeting, comes to be by a callback."""
    client, bearer = leg.host.client, "Bearer " + TRUSTED.sign(leg.claims())
    before = await client.record(leg.meeting_id)
    nobody = "z" * 26

    for path in (f"calls/{leg.meeting_id}/{'a' * 16}", f"calls/{nobody}/{'a' * 16}", "calls/x/y"):
        assert await client.post(path, leg.roster(), authorization=bearer) == 202
    assert await client.record(leg.meeting_id) == before
    assert await client.record(nobody) is None


async def test_genuine_caller_is_believed(leg: Leg) -> None:
    """What the forgeries were refused, a token of the trusted key achieves: the control."""
    client, bearer = leg.host.client, "Bearer " + TRUSTED.sign(leg.claims())

    assert await client.post(leg.path, leg.roster(), authorization=bearer) == 202

    await client.told(leg.meeting_id, "call.started", callNumber=1)
