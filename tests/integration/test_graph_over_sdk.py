"""The requests that the Graph adapter really sends, seen by a server of the test's own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared.graph.client import MOST_PAGES, MOST_RECORD_PAGES, GraphOverSdk, open_graph
from shared.words.clouds import CLOUDS
from shared.words.errors import NotAsked, Rejected, Unavailable
from shared.words.ids import CallId
from tests.fixtures.traces import exported

CALL = CallId("57dab8b1894c409ab240bd8beae78896")
PARTICIPANTS = f"/v1.0/communications/calls/{CALL}/participants"
REPORTS = "/v1.0/users/the-organizer/onlineMeetings/MSp%2Ax/attendanceReports"
RECORD = f"/v1.0/communications/callRecords/{CALL}"
PUBLIC = CLOUDS["public"]
NEVER = 4_102_444_800
ANSWER = {
    "id": "x", "joinWebUrl": "https://x", "chatInfo": {"threadId": "19:x"}, "value": [],
    "meetingStartDateTime": "2026-03-02T09:00:00Z", "startDateTime": "2026-03-02T09:00:00Z",
}  # fmt: skip
"""What each request takes for its answer."""
ASKED: Any = {"own_ids": frozenset(), "show_names": False}


@dataclass
class Credential:
    """An async credential with a token to give, or a reason not to."""

    problem: str = ""
    scopes: list[str] = field(default_factory=list)

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.scopes += scopes
        if self.problem:
            raise ClientAuthenticationError(self.problem)
        return AccessToken("the-token", NEVER)

    async def close(self) -> None: ...

    async def __aenter__(self) -> "Credential":
        return self

    async def __aexit__(self, *error: object) -> None: ...


class FixedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


type Answering = Callable[[Seen], web.StreamResponse]


@dataclass
class Rig:
    """The adapter, and the server it speaks to."""

    graph: GraphOverSdk
    credential: Credential
    server: TestServer
    seen: list[Seen] = field(default_factory=list)
    answer: Answering = lambda _: web.json_response(ANSWER)

    def url(self, path: str) -> str:
        """Return the address of `path` as the adapter knows the server."""
        return f"http://localhost:{self.server.port}{path}"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """An adapter whose server notes each request and answers as the test says."""

    app = web.Application()
    server, credential, ids = TestServer(app, host="127.0.0.1"), Credential(), count(1)

    async def serve(request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Seen(request.method, request.raw_path, headers, await request.read())
        made.seen.append(asked)
        return made.answer(asked)

    app.router.add_route("*", "/{tail:.*}", serve)
    async with server:
        made = Rig(
            graph=open_graph(
                graph_url=f"http://localhost:{server.port}/",
                scope=PUBLIC.graph_scope,
                credential=credential,
                clock=FixedClock(),
                bot_app_id="the-bot",
                new_id=lambda: f"id-{next(ids)}",
            ),
            credential=credential,
            server=server,
        )
        yield made
        await made.graph.close()


def every_request(graph: GraphOverSdk) -> list[Callable[[], Awaitable[Any]]]:
    """Return each request the adapter can send."""
    return [
        lambda: graph.create_or_get_meeting("the-organizer", {"externalId": "e"}),
        lambda: graph.create_meeting("the-organizer", {"externalId": "e"}),
        lambda: graph.update_meeting("the-organizer", "MSp*x", {"subject": "s"}),
        lambda: graph.delete_meeting("the-organizer", "MSp*x"),
        lambda: graph.create_call({"callbackUri": "c"}),
        lambda: graph.read_call(CALL),
        lambda: graph.read_participants(CALL, **ASKED),
        lambda: graph.end_call(CALL),
        lambda: graph.reject_call(CALL),
        lambda: graph.attendance_reports("the-organizer", "MSp*x"),
        lambda: graph.attendance_report("the-organizer", "MSp*x", "r-1", **ASKED),
        lambda: graph.call_record(CALL, **ASKED),
    ]


async def test_requests_go_where_graph_serves_them_each_under_its_own_id(rig: Rig) -> None:
    """Methods, paths without doubled slashes, the token, and one client-request-id a request."""
    for request in every_request(rig.graph):
        await request()

    assert [(one.method, one.path) for one in rig.seen] == [
        ("POST", "/v1.0/users/the-organizer/onlineMeetings/createOrGet"),
        ("POST", "/v1.0/users/the-organizer/onlineMeetings"),
        ("PATCH", "/v1.0/users/the-organizer/onlineMeetings/MSp%2Ax"),
        ("DELETE", "/v1.0/users/the-organizer/onlineMeetings/MSp%2Ax"),
        ("POST", "/v1.0/communications/calls"),
        ("GET", f"/v1.0/communications/calls/{CALL}"),
        ("GET", PARTICIPANTS),
        ("DELETE", f"/v1.0/communications/calls/{CALL}"),
        ("POST", f"/v1.0/communications/calls/{CALL}/reject"),
        ("GET", REPORTS),
        ("GET", f"{REPORTS}/r-1?$expand=attendanceRecords"),
        ("GET", f"{RECORD}?$expand=sessions"),
    ]
    assert [one.headers["client-request-id"] for one in rig.seen] == [
        f"id-{n}" for n in range(1, len(rig.seen) + 1)
    ]
    assert {one.headers["authorization"] for one in rig.seen} == {"Bearer the-token"}
    assert set(rig.credential.scopes) == {"https://graph.microsoft.com/.default"}


async def test_graph_is_asked_for_every_value_of_a_meetings_options(rig: Rig) -> None:
    """It would answer `unknownFutureValue` for the newer ones otherwise."""
    for request in every_request(rig.graph)[:3]:
        await request()

    assert {one.headers["prefer"] for one in rig.seen} == {"include-unknown-enum-members"}


async def test_a_body_is_sent_as_it_was_given(rig: Rig) -> None:
    """Undeclared members, nulls and any script: the SDK's models would drop or rename some."""
    body = '{"tenantId": "t", "passcode": null, "@odata.type": "#microsoft.graph.call", "s": "世"}'

    await rig.graph.create_call(
        {"tenantId": "t", "passcode": None, "@odata.type": "#microsoft.graph.call", "s": "世"}
    )

    assert rig.seen[0].body.decode() == body
    assert rig.seen[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [429, 503, 504])
async def test_no_request_is_ever_repeated(rig: Rig, status: int) -> None:
    """The SDK would try thrice, a POST included: a second bot in the meeting."""
    rig.answer = lambda _: web.Response(status=status, headers={"Retry-After": "0"})

    for request in every_request(rig.graph):
        with pytest.raises(Unavailable):
            await request()

    assert len(rig.seen) == len(every_request(rig.graph))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(rig: Rig, status: int) -> None:
    """What is asked for, passcodes included, goes to Graph and nowhere else."""
    elsewhere = rig.url("/elsewhere")
    rig.answer = lambda _: web.Response(status=status, headers={"Location": elsewhere})

    for request in every_request(rig.graph):
        with pytest.raises(Rejected) as refused:
            await request()
        assert refused.value.graph is not None
        assert refused.value.graph.status == status

    assert "/elsewhere" not in {one.path for one in rig.seen}


async def test_a_roster_of_several_pages_is_one(rig: Rig) -> None:
    """The links are followed as they are written, percent signs included."""
    second = f"{PARTICIPANTS}?$skiptoken=a%2Bb%3D&$top=1"
    pages = {
        PARTICIPANTS: {"value": [{"id": "1"}], "@odata.nextLink": rig.url(second)},
        second: {"value": [{"id": "2"}]},
    }
    rig.answer = lambda seen: web.json_response(pages[seen.path])

    roster = await rig.graph.read_participants(CALL, **ASKED)

    assert roster is not None
    assert roster.entries == 2
    assert {one.headers["authorization"] for one in rig.seen} == {"Bearer the-token"}


@pytest.mark.parametrize(
    "elsewhere",
    ["http://127.0.0.1:{port}/next", "https://localhost:{port}/next", "http://localhost:1/next"],
)
async def test_a_next_page_on_another_server_is_not_asked_for(rig: Rig, elsewhere: str) -> None:
    """The token must not go there."""
    link = elsewhere.format(port=rig.server.port)
    rig.answer = lambda _: web.json_response({"value": [], "@odata.nextLink": link})

    with pytest.raises(Rejected, match="another server"):
        await rig.graph.read_participants(CALL, **ASKED)

    assert len(rig.seen) == 1


async def test_pages_that_lead_round_come_to_an_end(rig: Rig) -> None:
    """A limit of pages, not a loop for ever."""
    page = {"value": [], "@odata.nextLink": rig.url(PARTICIPANTS)}
    rig.answer = lambda _: web.json_response(page)

    with pytest.raises(Rejected):
        await rig.graph.read_participants(CALL, **ASKED)

    assert len(rig.seen) == MOST_PAGES


async def test_a_record_of_more_pages_than_graph_lets_be_read_is_refused(rig: Rig) -> None:
    """The 41st request for one record within 20 seconds would be throttled."""
    page = {"value": [], "@odata.nextLink": rig.url(f"{RECORD}/sessions")}
    rig.answer = lambda _: web.json_response(page)

    with pytest.raises(Rejected):
        await rig.graph.call_record(CALL, **ASKED)

    assert len(rig.seen) == MOST_RECORD_PAGES == 40


async def test_a_leg_that_vanishes_between_two_pages_is_gone(rig: Rig) -> None:
    """404 on any page."""
    page = {"value": [{"id": "1"}], "@odata.nextLink": rig.url("/second")}
    rig.answer = lambda seen: (
        web.json_response(page) if seen.path == PARTICIPANTS else web.Response(status=404)
    )

    assert await rig.graph.read_participants(CALL, **ASKED) is None


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", "{}"])
async def test_an_acceptance_that_cannot_be_read_is_not_taken_for_one(rig: Rig, body: str) -> None:
    """The bot may be on its way: unavailable, with a status that is not 429."""
    rig.answer = lambda _: web.Response(status=201, text=body)

    with pytest.raises(Unavailable) as unavailable:
        await rig.graph.create_call({})

    assert unavailable.value.graph is not None
    assert unavailable.value.graph.status == 201


@pytest.mark.parametrize(
    "page", [{"value": None}, {"value": {}}, {"value": [], "@odata.nextLink": 5}]
)
async def test_a_roster_that_is_no_list_is_refused(rig: Rig, page: dict[str, Any]) -> None:
    """It must not be taken for one that names no people, nor for a whole one."""
    rig.answer = lambda _: web.json_response(page)

    with pytest.raises(Rejected) as refused:
        await rig.graph.read_participants(CALL, **ASKED)

    assert refused.value.code == "graph_answer_unusable"


@pytest.mark.parametrize("name", ["id", "joinWebUrl", "chatInfo"])
async def test_a_meeting_that_could_not_be_joined_is_refused_with_its_ids(
    rig: Rig, name: str
) -> None:
    """Support finds the answer by them."""
    rig.answer = lambda _: web.json_response(ANSWER | {name: None}, headers={"request-id": "r-1"})

    with pytest.raises(Rejected, match=name) as refused:
        await rig.graph.create_or_get_meeting("the-organizer", {"externalId": "e"})

    assert refused.value.code == "graph_answer_unusable"
    assert refused.value.graph is not None
    assert (refused.value.graph.status, refused.value.graph.request_id) == (200, "r-1")


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_a_hang_up_needs_no_body(rig: Rig, status: int) -> None:
    """Graph answers 204 with nothing; to a rejection, 202."""
    rig.answer = lambda _: web.Response(status=status)

    await rig.graph.end_call(CALL)
    await rig.graph.reject_call(CALL)


async def test_a_call_is_rejected_as_busy(rig: Rig) -> None:
    """The only reason that Rollcall has."""
    await rig.graph.reject_call(CALL)

    assert rig.seen[0].body == b'{"reason": "busy"}'


async def test_a_server_that_is_not_there_is_unavailable(rig: Rig) -> None:
    """No answer is status 0, with the id under which it was asked."""
    await rig.server.close()

    with pytest.raises(Unavailable, match="ConnectError") as unavailable:
        await rig.graph.create_call({})

    assert unavailable.value.graph is not None
    assert (unavailable.value.graph.status, unavailable.value.graph.client_request_id) == (
        0,
        "id-1",
    )


async def test_an_answer_that_breaks_off_is_unavailable(rig: Rig) -> None:
    """The connection is cut before any answer."""

    def cut(_: Seen) -> web.StreamResponse:
        for connection in rig.server.runner.server.connections:  # type: ignore[union-attr]  # it runs
            if connection.transport is not None:
                connection.transport.abort()
        return web.Response()

    rig.answer = cut

    with pytest.raises(Unavailable, match="Graph did not answer"):
        await rig.graph.read_participants(CALL, **ASKED)


async def test_without_a_token_nothing_is_sent(rig: Rig) -> None:
    """Unavailable, saying why in one line; health says the same."""
    rig.credential.problem = "AADSTS7000222: the secret has expired\nTrace ID: 1"

    with pytest.raises(NotAsked, match=r"AADSTS7000222: the secret has expired$"):
        await rig.graph.create_call({})
    with pytest.raises(Unavailable, match="secret has expired"):
        await rig.graph.check()

    assert rig.seen == []


async def test_a_request_is_traced_by_its_route_alone(rig: Rig) -> None:
    """The SDK makes spans of its own, with whole URLs: they are not heard, and Graph gets none."""
    with exported() as found:
        await rig.graph.read_participants(CALL, **ASKED)
        await rig.graph.update_meeting("canary-organizer", "canary-meeting", {"subject": "canary"})

    assert [one.name for one in found.spans()] == [
        "GET /communications/calls/{call-id}/participants",
        "PATCH /users/{user-id}/onlineMeetings/{onlineMeeting-id}",
    ]
    assert [one for one in (CALL, "canary", "localhost", "the-token") if one in found.text()] == []
    assert all("traceparent" not in seen.headers for seen in rig.seen)
