"""The simulator's callbacks as a receiver on this machine gets them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import pytest
from aiohttp import web

from devstack.graph.identities import BOT_APP_ID, ORGANIZER_ID, TENANT_ID, Tenant, same_guid
from devstack.graph.server import build_app
from devstack.graph.simulator import Simulator, build_simulator
from devstack.graph.tokens import GRAPH_ISSUER

CALLS = "/v1.0/communications/calls"
type Body = Any


@asynccontextmanager
async def served(app: web.Application, port: int = 0) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class Receiver:
    """Keeps callbacks; answers 202, or first what `answers` says."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    items: list[Body] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        body: Body = await request.json()
        status = self.answers.pop(0) if self.answers else 202
        async with self.news:
            self.headers.append(dict(request.headers))
            if status == 202:
                self.items += body["value"]
            self.news.notify_all()
        return web.Response(status=status)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self.news:
            await self.news.wait_for(condition)

    def states(self) -> list[str]:
        data = [item["resourceData"] for item in self.items]
        return [one["state"] for one in data if isinstance(one, dict)]

    def rosters(self) -> list[list[Body]]:
        """Return the pushed rosters, in the order received."""
        data = [item["resourceData"] for item in self.items]
        return [one for one in data if isinstance(one, list)]

    def people(self) -> list[set[str]]:
        """The user ids of each roster, in the order received."""
        return [
            {
                one["info"]["identity"]["user"]["id"]
                for one in roster
                if one["info"]["identity"].get("user")
            }
            for roster in self.rosters()
        ]


@dataclass
class Lab:
    """A simulator, a client to it, a receiver, and a meeting."""

    simulator: Simulator
    client: httpx.AsyncClient
    receiver: Receiver
    reports: list[str]
    meeting: Body

    async def place_call(self, callback_uri: str | None = None) -> Body:
        body = {
            "callbackUri": callback_uri or self.receiver.url,
            "requestedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
            "chatInfo": {"threadId": self.meeting["chatInfo"]["threadId"], "messageId": "0"},
            "meetingInfo": {
                "@odata.type": "#microsoft.graph.organizerMeetingInfo",
                "organizer": {"user": {"id": ORGANIZER_ID, "tenantId": TENANT_ID}},
            },
            "tenantId": TENANT_ID,
        }
        answer = await self.client.post(CALLS, json=body)
        assert answer.status_code == 201
        assert answer.headers["Location"].endswith(answer.json()["id"])
        return answer.json()

    async def post(self, path: str, body: Body) -> Body:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 200
        return answer.json()

    async def joins(self, user_id: str, **more: Body) -> str:
        body = {"onlineMeetingId": self.meeting["id"], "userId": user_id, **more}
        return str((await self.post("/lab/people", body))["participantId"])

    async def is_unanswered(self, tail: str) -> bool:
        """Say whether Graph is working on a request whose path ends like this."""
        seen = (await self.client.get("/lab/requests")).json()
        return any(one["path"].endswith(tail) and one["status"] is None for one in seen)

    async def truth(self) -> Body:
        (meeting,) = (await self.client.get("/lab/meetings")).json()
        return meeting


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    reports: list[str] = []
    receiver = Receiver()
    listening = web.Application()
    listening.router.add_post("/api/calls/m/l", receiver.take)
    simulator = build_simulator(tenant=Tenant(), seed=1, report=reports.append)
    token, _ = simulator.access_tokens.issue(now=simulator.world.now())
    async with (
        served(listening) as receiver_url,
        served(build_app(simulator)) as url,
        httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client,
    ):
        receiver.url = f"{receiver_url}/api/calls/m/l"
        path = f"/v1.0/users/{ORGANIZER_ID}/onlineMeetings"
        meeting = (await client.post(path, json={"subject": "s"})).json()
        yield Lab(simulator, client, receiver, reports, meeting)


async def test_the_whole_life_of_a_leg_is_told_in_order(lab: Lab) -> None:
    """Establishing, established twice or more, each roster, the end; the truth is in the log."""
    call = await lab.place_call()
    ada = await lab.joins("ada", displayName="Ada")
    bob = await lab.joins("bob")
    await lab.client.delete(f"/lab/people/{ada}")
    await lab.client.delete(f"/lab/people/{bob}")
    await lab.post(f"/lab/legs/{call['id']}/end", {"code": 200, "subcode": 5001})
    await lab.receiver.until(lambda: "terminated" in lab.receiver.states())

    states, truth = lab.receiver.states(), await lab.truth()
    assert call["state"] == "establishing"
    assert states[0] == "establishing"
    assert states[-1] == "terminated"
    assert states.count("established") >= 2
    assert lab.receiver.people() == [set(), {"ada"}, {"ada", "bob"}, {"bob"}, set()]
    result = lab.receiver.items[-1]["resourceData"]["resultInfo"]
    assert (result["code"], result["subcode"]) == (200, 5001)
    assert [one["participantId"] for one in truth["sessions"]] == [ada, bob]
    (group_call,) = truth["calls"]
    assert group_call["userIds"] == ["ada", "bob"]
    assert group_call["endedAt"] == truth["sessions"][1]["leftAt"]
    assert [leg["state"] for leg in truth["legs"]] == ["terminated"]


async def test_callbacks_carry_a_token_that_the_served_keys_verify(lab: Lab) -> None:
    """RS256, bot as audience, tenant in tid; after a rotation the new key is served as well."""
    await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)
    await lab.post("/lab/keys/rotate", {})
    await lab.joins("ada")
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 2)

    configuration = (await lab.client.get("/v1/.well-known/OpenIdConfiguration")).json()
    keys = jwt.PyJWKSet.from_dict((await lab.client.get(configuration["jwks_uri"])).json())
    kids = []
    for headers in lab.receiver.headers:
        scheme, _, token = headers["Authorization"].partition(" ")
        kids.append(jwt.get_unverified_header(token)["kid"])
        claims = jwt.decode(
            token, keys[kids[-1]], ["RS256"], audience=BOT_APP_ID, issuer=GRAPH_ISSUER
        )
        assert (scheme, claims["tid"]) == ("Bearer", TENANT_ID)
    assert len(set(kids)) == 2


async def test_reading_participants_shows_who_is_there_now(lab: Lab) -> None:
    """The bot itself and the people; after the end there is nothing to read."""
    call = await lab.place_call()
    await lab.joins("ada")
    one = f"{CALLS}/{call['id']}"

    answer = await lab.client.get(f"{one}/participants")
    alive = await lab.client.post(f"{one}/keepAlive")
    state = await lab.client.get(one)
    ended = await lab.client.delete(one)

    own, user = sorted(answer.json()["value"], key=lambda p: p["id"] != call["myParticipantId"])
    assert own["info"]["identity"]["application"]["id"] == BOT_APP_ID
    assert user["info"]["identity"]["user"]["id"] == "ada"
    assert (alive.status_code, alive.content, state.json()["state"]) == (200, b"", "established")
    assert (ended.status_code, ended.content) == (204, b"")
    for gone in (
        await lab.client.get(f"{one}/participants"),
        await lab.client.post(f"{one}/keepAlive"),
        await lab.client.get(one),
        await lab.client.delete(one),
    ):
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "8522")
    await lab.receiver.until(lambda: "terminated" in lab.receiver.states())
    assert lab.receiver.items[-1]["resourceData"]["resultInfo"]["subcode"] == 7000


@pytest.mark.parametrize(
    ("effect", "listed"),
    [({}, {"ada"}), ({"effect": "done"}, {"ada"}), ({"effect": "none"}, {"bob"})],
)
async def test_a_held_read_shows_the_room_of_its_question_or_of_its_answer(
    lab: Lab, effect: Body, listed: set[str]
) -> None:
    """`done`, the default without a status, reads before the delay; `none` reads after it."""
    call = await lab.place_call()
    ada = await lab.joins("ada")
    await lab.post("/lab/faults", {"path": "participants$", "delaySeconds": 0.5, **effect})

    read = asyncio.create_task(lab.client.get(f"{CALLS}/{call['id']}/participants"))
    async with asyncio.timeout(5):
        while not await lab.is_unanswered("/participants"):
            continue
    await lab.joins("bob")
    await lab.client.delete(f"/lab/people/{ada}")

    answer = (await read).json()["value"]
    users = [one["info"]["identity"]["user"] for one in answer]
    assert {user["id"] for user in users if user} == listed


async def test_people_in_the_lobby_are_listed_as_waiting(lab: Lab) -> None:
    """isInLobby until admitted; only then a call begins."""
    await lab.place_call()
    ada = await lab.joins("ada", isInLobby=True)
    before = (await lab.truth())["calls"]

    await lab.client.patch(f"/lab/people/{ada}", json={"isInLobby": False})

    await lab.receiver.until(lambda: len(lab.receiver.people()) == 3)
    waiting = [
        [one["isInLobby"] for one in roster if same_guid(one["id"]) == same_guid(ada)]
        for roster in lab.receiver.rosters()
    ]
    assert waiting == [[], [True], [False]]
    assert before == []
    assert len((await lab.truth())["calls"]) == 1


async def test_muting_pushes_a_roster_that_says_nothing_new(lab: Lab) -> None:
    """The same people under the same ids, `isMuted` alone differs; the truth stays as it was."""
    call = await lab.place_call()
    ada = await lab.joins("ada")
    before = await lab.truth()

    for muted in (True, False):
        answer = await lab.client.patch(f"/lab/people/{ada}", json={"isMuted": muted})
        assert answer.status_code == 200
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 4)

    shown = [
        {same_guid(one["id"]): one["isMuted"] for one in roster}
        for roster in lab.receiver.rosters()
    ]
    own, person = same_guid(call["myParticipantId"]), same_guid(ada)
    assert shown[1:] == [
        {own: False, person: False},
        {own: False, person: True},
        {own: False, person: False},
    ]
    assert await lab.truth() == before


async def test_doubled_callbacks_come_twice_with_one_message_id(lab: Lab) -> None:
    """duplicate 1 sends a second copy of each, and of nothing else."""
    await lab.post("/lab/delivery", {"duplicate": 1})

    await lab.place_call()
    await lab.joins("ada")
    await lab.receiver.until(lambda: lab.receiver.people().count({"ada"}) == 2)

    ids = [headers["X-Microsoft-Skype-Message-ID"] for headers in lab.receiver.headers]
    assert all(ids.count(one) == 2 for one in ids)
    assert lab.receiver.states().count("establishing") == 2


async def test_shuffled_callbacks_all_arrive_in_some_order(lab: Lab) -> None:
    """Every roster arrives twice, whatever the order."""
    await lab.post("/lab/delivery", {"duplicate": 1, "shuffle": True, "delaySeconds": 0.2})

    await lab.place_call()
    for number in range(10):
        await lab.joins(f"user-{number}")
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 22)

    sizes = [len(people) for people in lab.receiver.people()]
    assert sorted(sizes) == sorted([*range(11), *range(11)])
    assert sizes != sorted(sizes)


async def test_dropped_callbacks_never_come(lab: Lab) -> None:
    """drop 1 loses everything until the policy changes back."""
    await lab.post("/lab/delivery", {"drop": 1})
    await lab.place_call()
    await lab.joins("ada")

    await lab.post("/lab/delivery", {})
    await lab.joins("bob")
    await lab.receiver.until(lambda: bool(lab.receiver.items))

    assert lab.receiver.people() == [{"ada", "bob"}]


async def test_a_callback_that_meets_a_server_error_is_sent_again_in_its_place(lab: Lab) -> None:
    """5xx is retried before the next callback of the leg: order and content stay."""
    lab.receiver.answers = [503, 500]

    await lab.place_call()
    await lab.joins("ada")
    await lab.receiver.until(lambda: {"ada"} in lab.receiver.people())

    assert lab.receiver.states()[0] == "establishing"
    assert lab.reports == []


async def test_callbacks_wait_for_a_receiver_that_restarts(lab: Lab) -> None:
    """While nobody listens nothing is lost: all arrive, in order, once somebody does."""
    restarting = web.Application()
    restarting.router.add_post("/", lab.receiver.take)
    async with served(web.Application()) as url:
        port = int(url.rsplit(":", 1)[-1])

    await lab.place_call(f"{url}/")
    await lab.joins("ada")
    async with served(restarting, port):
        await lab.receiver.until(lambda: {"ada"} in lab.receiver.people())

    assert lab.receiver.states()[0] == "establishing"
    assert lab.reports == []


async def test_a_refused_callback_is_given_up_with_one_line(lab: Lab) -> None:
    """401 is final; the next callback is sent all the same."""
    lab.receiver.answers = [401]

    call = await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)

    assert "establishing" not in lab.receiver.states()
    assert lab.reports == [f"gave up a callback of call {call['id']}: answered 401"]


async def test_callbacks_never_leave_this_machine(lab: Lab) -> None:
    """An https URI elsewhere is accepted as Graph would; nothing is sent, and that is said once."""
    call = await lab.place_call("https://bot.contoso.example/api/calls")
    await lab.joins("ada")

    assert lab.reports == [f"callbacks of call {call['id']} are not sent: not a loopback address"]


async def test_forgetting_stops_what_is_on_its_way(lab: Lab) -> None:
    """DELETE /lab drops delayed callbacks and the delivery policy; rooms are gone."""
    await lab.post("/lab/delivery", {"delaySeconds": 600})
    await lab.place_call()

    await lab.client.delete("/lab")
    path = f"/v1.0/users/{ORGANIZER_ID}/onlineMeetings"
    lab.meeting = (await lab.client.post(path, json={})).json()
    call = await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)

    (item, *_) = lab.receiver.items
    assert same_guid(item["resourceUrl"].rsplit("/", 1)[-1]) == same_guid(call["id"])
