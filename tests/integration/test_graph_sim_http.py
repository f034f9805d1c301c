"""The simulator over HTTP: tokens, Graph's paths, error answers, faults and the request log."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from aiohttp import web

from devstack.graph.identities import (
    IDENTITY_HEADER,
    ORGANIZER_ID,
    ORGANIZER_WITHOUT_POLICY_ID,
    TENANT_ID,
    Tenant,
)
from devstack.graph.server import build_app
from devstack.graph.simulator import build_simulator

MEETINGS = f"/v1.0/users/{ORGANIZER_ID}/onlineMeetings"
CREATE_OR_GET = f"{MEETINGS}/createOrGet"
IDENTITY_QUERY = {"api-version": "2019-08-01", "resource": "https://graph.microsoft.com"}


@pytest.fixture
async def anonymous() -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token, to a simulator of its own."""
    app = build_app(build_simulator(tenant=Tenant(), seed=1, report=lambda _: None))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{runner.addresses[0][1]}") as client:
        yield client
    await runner.cleanup()


@pytest.fixture
async def graph(anonymous: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client with a token from the managed-identity endpoint."""
    answer = await anonymous.get(
        "/msi/token", params=IDENTITY_QUERY, headers={"X-IDENTITY-HEADER": IDENTITY_HEADER}
    )
    anonymous.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return anonymous


async def the_requests(client: httpx.AsyncClient) -> list[Any]:
    return list((await client.get("/lab/requests")).json())


async def test_the_managed_identity_endpoint_speaks_the_app_service_protocol(
    anonymous: httpx.AsyncClient,
) -> None:
    """The expiry is text; a wrong header or another resource gets no token."""
    right = {"X-IDENTITY-HEADER": IDENTITY_HEADER}

    good = await anonymous.get("/msi/token", params=IDENTITY_QUERY, headers=right)
    stranger = await anonymous.get("/msi/token", params=IDENTITY_QUERY)
    other = await anonymous.get(
        "/msi/token", params=IDENTITY_QUERY | {"resource": "https://vault"}, headers=right
    )

    assert good.json()["expires_on"].isdecimal()
    assert good.json()["token_type"] == "Bearer"
    assert (stranger.status_code, other.status_code) == (401, 400)


async def test_graph_wants_a_token_it_issued(anonymous: httpx.AsyncClient) -> None:
    """Without one, or with a made-up one: 401, and no work is done."""
    without = await anonymous.post(CREATE_OR_GET, json={"externalId": "e"})
    made_up = await anonymous.post(
        CREATE_OR_GET, json={"externalId": "e"}, headers={"Authorization": "Bearer made.up.one"}
    )

    assert (without.status_code, made_up.status_code) == (401, 401)
    assert without.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert (await anonymous.get("/lab/meetings")).json() == []


@pytest.mark.parametrize("version", ["/v1.0", "/beta", "/v1.0/"])
async def test_every_version_and_doubled_slashes_reach_the_same_meeting(
    graph: httpx.AsyncClient, version: str
) -> None:
    """The SDK's default base URL doubles a slash; beta is the same service."""
    first = await graph.post(CREATE_OR_GET, json={"externalId": "e"})

    url = f"{str(graph.base_url).rstrip('/')}{version}/users/{ORGANIZER_ID}"
    again = await graph.post(f"{url}/onlineMeetings/createOrGet", json={"externalId": "e"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


async def test_a_meeting_is_read_changed_found_and_deleted(graph: httpx.AsyncClient) -> None:
    """GET, PATCH, the two filters and DELETE."""
    meeting = (await graph.post(MEETINGS, json={"subject": "one"})).json()
    one = f"{MEETINGS}/{meeting['id']}"
    link = quote(meeting["joinWebUrl"], safe="")
    join_id = meeting["joinMeetingIdSettings"]["joinMeetingId"]

    changed = await graph.patch(one, json={"subject": "two"})
    by_link = await graph.get(f"{MEETINGS}?$filter=JoinWebUrl%20eq%20'{link}'")
    by_id = await graph.get(
        MEETINGS, params={"$filter": f"joinMeetingIdSettings/joinMeetingId eq '{join_id}'"}
    )
    deleted = await graph.delete(one)
    gone = await graph.get(one)

    assert (changed.status_code, changed.json()["subject"]) == (200, "two")
    assert [found["id"] for found in by_link.json()["value"]] == [meeting["id"]]
    assert [found["id"] for found in by_id.json()["value"]] == [meeting["id"]]
    assert (deleted.status_code, deleted.content, gone.status_code) == (204, b"", 404)


async def test_a_refusal_has_graphs_error_shape(graph: httpx.AsyncClient) -> None:
    """Code, message, innerError; the request ids stand in the headers too."""
    path = CREATE_OR_GET.replace(ORGANIZER_ID, ORGANIZER_WITHOUT_POLICY_ID)

    answer = await graph.post(path, json={"externalId": "e"}, headers={"client-request-id": "mine"})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "Forbidden")
    assert error["message"] == "No application access policy found for this app"
    assert error["innerError"].keys() == {"date", "request-id", "client-request-id"}
    assert answer.headers["request-id"] == error["innerError"]["request-id"]
    assert answer.headers["client-request-id"] == "mine"
    assert "Date" in answer.headers


async def test_what_is_not_json_or_not_served_is_refused(graph: httpx.AsyncClient) -> None:
    """400 for a broken body, 404 for an unknown resource, 405 for another method."""
    broken = await graph.post(CREATE_OR_GET, content=b"{")
    unknown = await graph.get("/v1.0/me/onlineMeetings")
    method = await graph.put(MEETINGS, json={})

    assert [one.status_code for one in (broken, unknown, method)] == [400, 404, 405]


async def test_a_call_without_tenant_is_7505(graph: httpx.AsyncClient) -> None:
    """The code is text made of digits."""
    meeting = (await graph.post(MEETINGS, json={})).json()
    answer = await graph.post(
        "/v1.0/communications/calls",
        json={
            "callbackUri": "https://bot.contoso.example/",
            "requestedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
            "chatInfo": {"threadId": meeting["chatInfo"]["threadId"], "messageId": "0"},
            "meetingInfo": {
                "@odata.type": "#microsoft.graph.organizerMeetingInfo",
                "organizer": {"user": {"id": ORGANIZER_ID}},
                "tenantId": TENANT_ID,
            },
        },
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "7505")


async def test_a_fault_without_effect_leaves_the_work_undone(graph: httpx.AsyncClient) -> None:
    """429 with Retry-After, no meeting; the next request is served."""
    fault = {"method": "POST", "path": "createOrGet$", "status": 429, "retryAfter": 1}
    await graph.post("/lab/faults", json=fault)

    throttled = await graph.post(CREATE_OR_GET, json={"externalId": "e"})
    meetings_then = (await graph.get("/lab/meetings")).json()
    served = await graph.post(CREATE_OR_GET, json={"externalId": "e"})

    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "1")
    assert throttled.json()["error"]["code"] == "TooManyRequests"
    assert (meetings_then, served.status_code) == ([], 201)


async def test_a_fault_with_effect_done_hides_that_the_work_happened(
    graph: httpx.AsyncClient,
) -> None:
    """504, yet the meeting is there: the second request gets it."""
    await graph.post("/lab/faults", json={"path": "createOrGet", "status": 504, "effect": "done"})

    hidden = await graph.post(CREATE_OR_GET, json={"externalId": "e"})
    found = await graph.post(CREATE_OR_GET, json={"externalId": "e"})

    assert (hidden.status_code, found.status_code) == (504, 200)


async def test_a_held_answer_shows_in_the_log_with_its_work_done(
    graph: httpx.AsyncClient,
) -> None:
    """While Graph's answer is held, the meeting exists and the status is null, until let go."""
    await graph.post("/lab/faults", json={"path": "createOrGet", "delaySeconds": 30})

    held = asyncio.create_task(graph.post(CREATE_OR_GET, json={"externalId": "e"}))
    async with asyncio.timeout(5):
        while not (seen := await the_requests(graph)):
            continue
    meetings = (await graph.get("/lab/meetings")).json()
    await graph.delete("/lab/faults")

    assert (seen[0]["path"], seen[0]["status"]) == (CREATE_OR_GET, None)
    assert [one["externalId"] for one in meetings] == ["e"]
    assert (await held).status_code == 201


async def test_a_short_delay_ends_in_the_real_answer(graph: httpx.AsyncClient) -> None:
    """Without a status the held answer is the real one."""
    await graph.post("/lab/faults", json={"path": "createOrGet", "delaySeconds": 0.01})

    answer = await graph.post(CREATE_OR_GET, json={"externalId": "e"})

    assert answer.status_code == 201


async def test_the_log_holds_every_graph_request(graph: httpx.AsyncClient) -> None:
    """Method, path, parsed body, status and client-request-id, in order."""
    await graph.post(CREATE_OR_GET, json={"externalId": "e"}, headers={"client-request-id": "x"})
    await graph.get("/beta/communications/calls/none")

    first, second = await the_requests(graph)

    assert first == {
        "method": "POST",
        "path": CREATE_OR_GET,
        "query": {},
        "body": {"externalId": "e"},
        "status": 201,
        "clientRequestId": "x",
    }
    assert (second["method"], second["status"]) == ("GET", 404)


async def test_the_lab_forgets_everything_but_keys_and_tokens(graph: httpx.AsyncClient) -> None:
    """Meetings, faults and requests are gone; the token still opens Graph."""
    await graph.post(CREATE_OR_GET, json={"externalId": "e"})
    await graph.post("/lab/faults", json={"path": "", "status": 500, "times": 9})
    keys = (await graph.get("/v1/keys")).json()

    await graph.delete("/lab")

    assert (await graph.get("/lab/meetings")).json() == []
    assert await the_requests(graph) == []
    assert (await graph.get("/v1/keys")).json() == keys
    assert (await graph.post(CREATE_OR_GET, json={"externalId": "e"})).status_code == 201


async def test_the_lab_makes_a_meeting_that_graph_knows(graph: httpx.AsyncClient) -> None:
    """A meeting of somebody's in Teams: people join it by either link, Graph reads it."""
    made = (await graph.post("/lab/meetings", json={"subject": "s", "passcode": True})).json()

    for link in (made["joinWebUrl"], made["shortLink"]):
        body = {"joinWebUrl": link, "userId": "ada"}
        assert (await graph.post("/lab/people", json=body)).status_code == 200
    read = (await graph.get(f"{MEETINGS}/{made['onlineMeetingId']}")).json()
    assert read["joinMeetingIdSettings"]["passcode"] == made["passcode"]
    assert read["chatInfo"]["threadId"] == made["threadId"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/lab/meetings", {"passcode": 7}),
        ("POST", "/lab/sources", {"callRecords": {"hide": []}}),
        ("POST", "/lab/sources", {"attendanceReports": {"status": 200}}),
        ("POST", "/lab/sources", {"attendanceReports": {"hide": "ada"}}),
        ("POST", "/lab/sources", {"callRecords": 1}),
        ("POST", "/lab/incoming", {"webhookUri": "https://bot.contoso.example/api/calls"}),
        ("POST", "/lab/people", {"userId": "ada", "onlineMeetingId": "none"}),
        ("POST", "/lab/people", {"userId": "ada"}),
        ("POST", "/lab/people", {"userId": "ada", "joinWebUrl": "x", "onlineMeetingId": "y"}),
        ("POST", "/lab/people", {"userId": "ada", "onlineMeetingId": "none", "kind": "cat"}),
        ("PATCH", "/lab/people/nobody", {"isInLobby": True}),
        ("PATCH", "/lab/people/nobody", {"isInLobby": False}),
        ("PATCH", "/lab/people/nobody", {"isMuted": True}),
        ("PATCH", "/lab/people/nobody", {"isMuted": "yes"}),
        ("PATCH", "/lab/people/nobody", {"isMuted": True, "isInLobby": False}),
        ("PATCH", "/lab/people/nobody", {}),
        ("DELETE", "/lab/people/nobody", None),
        ("PATCH", "/lab/legs/nobody", {"isInLobby": True}),
        ("PATCH", "/lab/legs/nobody", {"isInLobby": False}),
        ("POST", "/lab/legs/none/end", {"code": 200, "subcode": 5001}),
        ("POST", "/lab/legs/none/end", {"code": "200"}),
        ("POST", "/lab/faults", {"path": "["}),
        ("POST", "/lab/delivery", {"drop": 7}),
        ("POST", "/lab/delivery", {"speed": 1}),
        ("POST", "/lab/delivery", 7),
        ("POST", "/lab/delivery", {"rosterCap": 0}),
        ("POST", "/lab/delivery", {"participantIds": "random"}),
    ],
)
async def test_a_mistake_in_the_lab_is_explained(
    graph: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    """400 and a sentence."""
    answer = await graph.request(method, path, json=body)

    assert answer.status_code == 400
    assert len(answer.text) > 10
