"""Calls to the bot as its registered webhook gets them, and how it turns them down."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import jwt
import pytest
from aiohttp import web

from devstack.graph.identities import BOT_APP_ID, TENANT_ID
from devstack.graph.tokens import GRAPH_ISSUER
from tests.fixtures.graph_lab import CALLS, Body, Lab, a_lab, served


@dataclass
class Webhook:
    """The bot's registered webhook: keeps what it gets; answers 202, or first `answers`."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[str, Body]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        async with self.news:
            self.got.append((request.headers["Authorization"], await request.json()))
            self.news.notify_all()
        return web.Response(status=self.answers.pop(0) if self.answers else 202)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20), self.news:
            await self.news.wait_for(lambda: len(self.got) >= count)


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with a_lab() as one:
        yield one


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    one, listening = Webhook(), web.Application()
    listening.router.add_post("/api/calls", one.take)
    async with served(listening) as url:
        one.url = f"{url}/api/calls"
        yield one


async def test_a_call_to_the_bot_is_told_signed_and_can_be_rejected(
    lab: Lab, webhook: Webhook
) -> None:
    """202 without a body; then a deletion without state, and the call is not found."""
    call_id = (await lab.post("/lab/incoming", {"webhookUri": webhook.url}))["callId"]
    await webhook.until(1)
    one = f"{CALLS}/{call_id}"
    ringing = await lab.client.get(one)

    rejected = await lab.client.post(f"{one}/reject", json={"reason": "busy"})
    await webhook.until(2)

    (authorization, told), (_, ended) = webhook.got
    keys = jwt.PyJWKSet.from_dict((await lab.client.get("/v1/keys")).json()).keys
    token = authorization.removeprefix("Bearer ")
    claims = jwt.decode(token, keys[0], ["RS256"], audience=BOT_APP_ID, issuer=GRAPH_ISSUER)
    assert claims["tid"] == TENANT_ID
    assert told["value"][0]["changeType"] == "created"
    assert ringing.json()["state"] == "incoming"
    assert (rejected.status_code, rejected.content) == (202, b"")
    assert ended["value"][0]["changeType"] == "deleted"
    assert "state" not in ended["value"][0]["resourceData"]
    gone = await lab.client.get(one)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "8522")


async def test_the_request_log_and_the_notifications_show_it_all(
    lab: Lab, webhook: Webhook
) -> None:
    """The rejection with its reason; both notifications by the call id."""
    call_id = (await lab.post("/lab/incoming", {"webhookUri": webhook.url}))["callId"]
    await lab.client.post(f"{CALLS}/{call_id}/reject", json={"reason": "none"})
    await webhook.until(2)

    seen = (await lab.client.get("/lab/requests")).json()[-1]
    made = (await lab.client.get("/lab/notifications")).json()

    assert seen["path"] == f"{CALLS}/{call_id}/reject"
    assert (seen["body"], seen["status"]) == ({"reason": "none"}, 202)
    assert [(one["kind"], one["callId"], one["onlineMeetingId"]) for one in made] == [
        ("incoming", call_id, None),
        ("end", call_id, None),
    ]


async def test_204_to_the_legacy_format_asks_for_graphs(lab: Lab, webhook: Webhook) -> None:
    """The same call, told again as Graph does; only then Graph knows it."""
    webhook.answers = [204]
    wanted = {"webhookUri": webhook.url, "format": "legacy"}
    call_id = (await lab.post("/lab/incoming", wanted))["callId"]
    await webhook.until(2)

    (_, legacy), (_, told) = webhook.got
    rejected = await lab.client.post(f"{CALLS}/{call_id}/reject", json={"reason": "busy"})
    assert (legacy["id"], legacy["callState"]) == (call_id, "incoming")
    assert told["value"][0]["resourceData"]["state"] == "incoming"
    assert rejected.status_code == 202


@pytest.mark.parametrize("answer", [202, 200])
async def test_any_other_answer_to_the_legacy_format_asks_for_nothing(
    lab: Lab, webhook: Webhook, answer: int
) -> None:
    """The call stays one of Skype: the next that comes is another one."""
    webhook.answers = [answer]
    wanted = {"webhookUri": webhook.url, "format": "legacy"}
    call_id = (await lab.post("/lab/incoming", wanted))["callId"]
    await webhook.until(1)

    await lab.post("/lab/incoming", {"webhookUri": webhook.url})
    await webhook.until(2)

    unknown = await lab.client.get(f"{CALLS}/{call_id}")
    assert webhook.got[1][1]["value"][0]["changeType"] == "created"
    assert unknown.status_code == 404
    assert [one["kind"] for one in (await lab.client.get("/lab/notifications")).json()] == [
        "legacyIncoming",
        "incoming",
    ]


async def test_a_callback_of_a_leg_that_is_answered_204_is_not_repeated(lab: Lab) -> None:
    """204 has its meaning for calls in the legacy format alone."""
    lab.receiver.answers = [204]

    await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)

    assert "establishing" not in lab.receiver.states()


async def test_a_caller_who_gives_up_is_told_with_codes(lab: Lab, webhook: Webhook) -> None:
    """/lab/legs/{callId}/end ends a ringing call too."""
    call_id = (await lab.post("/lab/incoming", {"webhookUri": webhook.url}))["callId"]

    await lab.post(f"/lab/legs/{call_id}/end", {"code": 200, "subcode": 4097})
    await webhook.until(2)

    data = webhook.got[1][1]["value"][0]["resourceData"]
    assert (data["state"], data["resultInfo"]["subcode"]) == ("terminated", 4097)
