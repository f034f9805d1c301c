"""A token that Graph refuses before its time costs one fresh token and one more try."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx
import pytest
from azure.core.credentials import AccessToken

from devstack.graph.identities import BOT_APP_ID, Tenant
from devstack.graph.server import build_app
from devstack.graph.simulator import Simulator, build_simulator
from shared.graph.client import GraphOverSdk
from shared.graph.sdk import LONGEST_SEND, TIMEOUT, GraphSdk
from shared.graph.tokens import RENEWAL_PAUSE
from shared.legs.claim import Claim
from shared.words.errors import NotAsked, Rejected, Unavailable
from shared.words.ids import CallId
from tests.application.world import SETTINGS
from tests.fixtures.deployed_graph import deployed_graph
from tests.fixtures.graph_lab import served

NO_CALL = CallId("57dab8b1894c409ab240bd8beae78896")


@dataclass
class Clock:
    """A clock that tests move."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.moment


@dataclass
class Rig:
    """The app's Graph over a simulator, with the credential of a deployed app."""

    graph: GraphOverSdk
    simulator: Simulator
    lab: httpx.AsyncClient
    clock: Clock

    async def tokens_requested(self) -> int:
        """Return how many tokens for Graph were requested so far."""
        return len((await self.lab.get("/lab/tokens")).json())

    async def requests(self) -> list[int]:
        """Return the status of each request that Graph answered."""
        return [one["status"] for one in (await self.lab.get("/lab/requests")).json()]

    async def post(self, path: str, body: Any) -> None:
        assert (await self.lab.post(path, json=body)).status_code == 200


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    simulator = build_simulator(tenant=Tenant(), seed=1, report=lambda _: None)
    clock = Clock()
    async with served(build_app(simulator)) as url, httpx.AsyncClient(base_url=url) as lab:
        graph = deployed_graph(url, clock, monkeypatch)
        yield Rig(graph, simulator, lab, clock)
        await graph.close()


@pytest.mark.parametrize("challenge", [False, True])
async def test_a_revoked_token_costs_one_fresh_token_and_no_request(
    rig: Rig, challenge: bool
) -> None:
    """With a claims challenge and without; what follows goes out with the fresh token at once."""
    assert await rig.graph.read_call(NO_CALL) is None
    await rig.post("/lab/tokens/revoke", {"challenge": challenge})

    for _ in range(3):
        assert await rig.graph.read_call(NO_CALL) is None

    assert await rig.requests() == [404, 401, 404, 404, 404]
    assert await rig.tokens_requested() == 2


async def test_requests_that_are_refused_together_share_one_fresh_token(rig: Rig) -> None:
    """A revoked token brings no storm to Entra ID."""
    await rig.graph.read_call(NO_CALL)
    await rig.post("/lab/tokens/revoke", {})

    answers = await asyncio.gather(*(rig.graph.read_call(NO_CALL) for _ in range(40)))

    assert set(answers) == {None}
    assert await rig.tokens_requested() == 2
    assert sorted(await rig.requests()) == [401] * 40 + [404] * 41


async def test_a_fresh_token_that_is_refused_too_is_a_refusal_with_its_next_step(rig: Rig) -> None:
    """Two requests, one fresh token; and none while that one is new."""
    await rig.graph.read_call(NO_CALL)
    await rig.post("/lab/faults", {"path": "/communications", "status": 401, "times": 1000})

    with pytest.raises(Rejected) as refused:
        await rig.graph.read_call(NO_CALL)
    assert refused.value.code == "graph_token_refused"
    assert "AZURE_CLIENT_ID" in refused.value.next_step
    assert await rig.requests() == [404, 401, 401]

    with pytest.raises(Rejected):
        await rig.graph.read_call(NO_CALL)
    assert await rig.requests() == [404, 401, 401, 401]
    assert await rig.tokens_requested() == 2

    rig.clock.moment += RENEWAL_PAUSE
    with pytest.raises(Rejected):
        await rig.graph.read_call(NO_CALL)
    assert await rig.tokens_requested() == 3


async def test_a_token_that_is_revoked_right_after_the_last_one_refuses_no_request(
    rig: Rig,
) -> None:
    """Graph accepted it, so nothing is wrong with our settings: the request is tried again."""
    await rig.graph.read_call(NO_CALL)
    await rig.post("/lab/tokens/revoke", {})
    await rig.graph.read_call(NO_CALL)
    await rig.post("/lab/tokens/revoke", {})
    rig.clock.moment += timedelta(seconds=10)

    with pytest.raises(NotAsked) as later:
        await rig.graph.read_call(NO_CALL)
    assert later.value.retry_after == RENEWAL_PAUSE - timedelta(seconds=10)
    assert await rig.tokens_requested() == 2

    rig.clock.moment += later.value.retry_after
    assert await rig.graph.read_call(NO_CALL) is None
    assert await rig.tokens_requested() == 3


async def test_a_post_is_sent_once_more_with_its_body(rig: Rig) -> None:
    """A POST that was refused for its token did nothing."""
    await rig.graph.read_call(NO_CALL)
    await rig.post("/lab/tokens/revoke", {"challenge": True})

    with pytest.raises(Rejected) as refused:
        await rig.graph.create_call({"callbackUri": "no address"})

    assert refused.value.code == "invalid_request"
    shown = (await rig.lab.get("/lab/requests")).json()
    assert [(one["status"], one["body"]) for one in shown[1:]] == [
        (401, {"callbackUri": "no address"}),
        (400, {"callbackUri": "no address"}),
    ]


@dataclass
class SlowCredential:
    """One whose tokens, of which Graph takes none, come at once or only when they are `released`.

    `slow`: which ones do not come at once.
    """

    slow: tuple[bool, bool]
    released: asyncio.Event = field(default_factory=asyncio.Event)
    given: int = 0

    async def get_token(self, *_: str, **options: Any) -> AccessToken:
        fresh = bool(options.get("claims"))
        if self.slow[fresh]:
            await self.released.wait()
        self.given += 1
        return AccessToken(f"token-{fresh}", 4_102_444_800)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None: ...


@pytest.mark.parametrize(("slow", "sent"), [((True, False), []), ((False, True), [401])])
async def test_what_waits_for_a_token_too_long_is_never_sent(
    rig: Rig, slow: tuple[bool, bool], sent: list[int]
) -> None:
    """By then another process may hold the claim: the request would bring a second bot."""
    credential = SlowCredential(slow)
    url = str(rig.lab.base_url)
    graph = GraphOverSdk(
        lambda: GraphSdk(url, credential, scope="s", now=rig.clock.now, within=0.5),
        clock=rig.clock,
        bot_app_id=BOT_APP_ID,
        new_id=lambda: "request",
    )

    with pytest.raises(Unavailable, match="TimeoutError"):
        await graph.create_call({"callbackUri": "no address"})
    assert await rig.requests() == sent
    credential.released.set()
    for _ in range(20):
        await asyncio.sleep(0)

    assert await rig.requests() == sent
    await graph.close()


def test_no_request_takes_longer_than_a_claim_leaves_it() -> None:
    """And one without trouble about its token has all the time that the connection may take."""
    began = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
    lease = SETTINGS.policy.claim_lease
    claim = Claim(attempt=1, claimed_at=began, lease_until=began + lease)

    assert not claim.is_young(claim.lease_until - timedelta(seconds=LONGEST_SEND))
    assert TIMEOUT.connect is not None
    assert TIMEOUT.read is not None
    assert TIMEOUT.connect + TIMEOUT.read <= LONGEST_SEND
