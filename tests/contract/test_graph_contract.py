"""One suite for each `graph_port.Graph`: the fake, and the SDK on the simulator in its worlds.

What is the same in every world runs in the documented one.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import httpx
import pytest

from devstack.graph.identities import (
    BOT_APP_ID,
    ORGANIZER_ID,
    ORGANIZER_WITHOUT_POLICY_ID,
    SECOND_ORGANIZER_ID,
    TENANT_ID,
)
from devstack.graph.switches import WORLDS
from devstack.switches import World
from shared.graph.client import GraphOverSdk
from shared.graph_port import Graph
from shared.words.answers import GivenMeeting, Roster
from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.ids import CallId, LegKey, MeetingId
from tests.fakes.graph import FakeGraph, participant
from tests.fixtures.deployed_graph import deployed_graph
from tests.stack.process import StackProcess

NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
MEETING, LEG = MeetingId("m" * 26), LegKey("k" * 16)
INCOMING = CallId("57dab8b1894c409ab240bd8beae78896")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

EVERYWHERE = pytest.mark.parametrize("bench", ["fake", *World], indirect=True)
IN_EVERY_WORLD = pytest.mark.parametrize("bench", World, indirect=True)


class Bench(Protocol):
    """A Graph, and a hand that moves what is behind it."""

    @property
    def graph(self) -> Graph:
        """The one under test."""
        ...

    async def person_joins(self, online: GivenMeeting, call_id: str) -> None:
        """Let somebody join the meeting that the leg is in."""
        ...

    async def service_ends(self, call_id: str) -> None:
        """Let the service end the leg."""
        ...

    async def user_calls(self) -> CallId:
        """Let a user call the bot; return the call."""
        ...

    async def fail_next(self, status: int, *, retry_after: str = "", done: bool = False) -> None:
        """Let the next request be answered with `status`, its work `done` or not."""
        ...


@dataclass
class FakeBench:
    """The fake, moved by its own methods."""

    graph: FakeGraph = field(
        default_factory=lambda: FakeGraph(
            tenant_id=TENANT_ID,
            organizers=frozenset({ORGANIZER_ID, SECOND_ORGANIZER_ID}),
            bot_app_id=BOT_APP_ID,
        )
    )

    async def person_joins(self, online: GivenMeeting, call_id: str) -> None:
        self.graph.fill_room(call_id, [participant(str(uuid4()), identity_id="u-ada")])

    async def service_ends(self, call_id: str) -> None:
        self.graph.drop(call_id)

    async def user_calls(self) -> CallId:
        self.graph.ringing.add(INCOMING)
        return INCOMING

    async def fail_next(self, status: int, *, retry_after: str = "", done: bool = False) -> None:
        pause = timedelta(seconds=float(retry_after)) if retry_after else None
        trace = GraphTrace(status=status, code="fault")
        self.graph.fail_next(
            Unavailable("as the test asked", retry_after=pause, graph=trace), done=done
        )


@dataclass
class SimulatorBench:
    """The SDK on the simulator, moved by its lab."""

    graph: GraphOverSdk
    lab: httpx.AsyncClient

    async def person_joins(self, online: GivenMeeting, call_id: str) -> None:
        who = {"onlineMeetingId": online.online_meeting_id, "userId": "u-ada"}
        (await self.lab.post("/lab/people", json=who)).raise_for_status()

    async def service_ends(self, call_id: str) -> None:
        codes = {"code": 200, "subcode": 5000}
        (await self.lab.post(f"/lab/legs/{call_id}/end", json=codes)).raise_for_status()

    async def user_calls(self) -> CallId:
        answer = await self.lab.post("/lab/incoming", json={"webhookUri": "http://127.0.0.1:9/"})
        return CallId(answer.raise_for_status().json()["callId"])

    async def fail_next(self, status: int, *, retry_after: str = "", done: bool = False) -> None:
        fault = {
            "path": "/v1.0/",
            "status": status,
            "times": 1,
            "effect": "done" if done else "none",
            "retryAfter": retry_after or None,
        }
        (await self.lab.post("/lab/faults", json=fault)).raise_for_status()

    async def switch(self, **switches: Any) -> None:
        """Set switches of the simulator."""
        (await self.lab.post("/lab/switches", json=switches)).raise_for_status()


class FixedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def simulator_port() -> Iterator[int]:
    """A simulator for this module."""
    with StackProcess("graph") as simulator:
        yield simulator.port


@pytest.fixture(params=["fake", World.DOCUMENTED])
async def bench(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    """Each implementation in turn."""
    if request.param == "fake":
        yield FakeBench()
        return
    port = request.getfixturevalue("simulator_port")
    graph = deployed_graph(f"http://127.0.0.1:{port}", FixedClock(), monkeypatch)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as lab:
        await lab.delete("/lab")
        switches = WORLDS[request.param].shown()
        (await lab.post("/lab/switches", json=switches)).raise_for_status()
        yield SimulatorBench(graph=graph, lab=lab)
        await graph.close()


def a_meeting(external_id: str = "order-1") -> dict[str, Any]:
    """Return the body of a createOrGet."""
    return {"externalId": external_id, "subject": "Grüße, 世界"}


def a_join(online: GivenMeeting, **members: Any) -> dict[str, Any]:
    """Return the body of a call that joins the meeting."""
    return {
        "@odata.type": "#microsoft.graph.call",
        "callbackUri": f"http://127.0.0.1:9/api/calls/{MEETING}/{LEG}",
        "requestedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        "source": {"identity": {"application": {"id": BOT_APP_ID}}},
        "chatInfo": {"threadId": online.thread_id, "messageId": online.message_id},
        "meetingInfo": {
            "@odata.type": "#microsoft.graph.organizerMeetingInfo",
            "organizer": {"user": {"id": ORGANIZER_ID, "tenantId": TENANT_ID}},
        },
        "tenantId": TENANT_ID,
    } | members


async def joined(bench: Bench) -> tuple[GivenMeeting, CallId]:
    """Return a meeting and the leg that is in it."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())
    call = await bench.graph.create_call(a_join(online))
    return online, call.call_id


async def who(bench: Bench, call_id: str, *own_ids: str) -> Roster | None:
    """Return what the leg's roster says."""
    return await bench.graph.read_participants(
        CallId(call_id), own_ids=frozenset(own_ids), show_names=False
    )


@EVERYWHERE
async def test_a_meeting_is_one_by_organizer_and_external_id(bench: Bench) -> None:
    """createOrGet may be repeated; another organizer or id is another meeting."""
    ask = bench.graph.create_or_get_meeting

    first = await ask(ORGANIZER_ID, a_meeting())
    again = await ask(ORGANIZER_ID, a_meeting())
    other = await ask(ORGANIZER_ID, a_meeting("order-2"))
    elsewhere = await ask(SECOND_ORGANIZER_ID, a_meeting())

    assert first.online_meeting_id == again.online_meeting_id
    assert len({first.online_meeting_id, other.online_meeting_id, elsewhere.online_meeting_id}) == 3


@EVERYWHERE
async def test_a_meetings_coordinates_can_be_read(bench: Bench) -> None:
    """Everything that joining needs is in the answer; the subject survives the way."""
    answer = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())

    online = answer.kept(organizer_id="", tenant_id="")

    assert online.subject == "Grüße, 世界"
    assert online.coordinates.thread_id.startswith("19:meeting_")
    assert online.coordinates.join_web_url.startswith("https://")
    assert online.organizer_upn == f"organizer-{ORGANIZER_ID[:8]}@contoso.example"
    assert (online.coordinates.organizer_id, online.coordinates.tenant_id) == (
        ORGANIZER_ID,
        TENANT_ID,
    )


async def test_refusals_of_a_meeting_say_what_to_do(bench: Bench) -> None:
    """An organizer nobody knows; a request without its id."""
    with pytest.raises(Rejected) as unknown:
        await bench.graph.create_or_get_meeting(NOBODYS_ID, a_meeting())
    with pytest.raises(Rejected) as malformed:
        await bench.graph.create_or_get_meeting(ORGANIZER_ID, {"subject": "x"})

    assert unknown.value.code == "organizer_not_found"
    assert malformed.value.code == "invalid_request"
    for refused in (unknown.value, malformed.value):
        assert refused.next_step
        assert refused.graph is not None
    assert [r.value.graph and r.value.graph.status for r in (unknown, malformed)] == [404, 400]


@EVERYWHERE
async def test_a_post_has_a_passcode_and_is_another_meeting_each_time(bench: Bench) -> None:
    """Unlike createOrGet. It is sent without an externalId."""
    body = {
        "subject": "Grüße, 世界",
        "joinMeetingIdSettings": {"isPasscodeRequired": True},
        "meetingTemplateId": "template-1",
    }

    first = await bench.graph.create_meeting(ORGANIZER_ID, body)
    second = await bench.graph.create_meeting(ORGANIZER_ID, body)

    assert first.said.passcode
    assert first.said.join_meeting_id
    assert first.said.options["meetingTemplateId"] == "template-1"
    assert first.creation_date_time
    assert first.online_meeting_id != second.online_meeting_id


@pytest.mark.parametrize("bench", [World.KIND, World.DOCUMENTED], indirect=True)
async def test_create_or_get_finds_what_a_post_made_with_its_external_id(bench: Bench) -> None:
    """Where POST takes one."""
    made = await bench.graph.create_meeting(ORGANIZER_ID, a_meeting())

    found = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())

    assert found.online_meeting_id == made.online_meeting_id


@pytest.mark.parametrize("bench", [World.HARSH], indirect=True)
async def test_a_post_with_an_external_id_may_be_refused(bench: Bench) -> None:
    """It can never succeed, and makes no meeting."""
    with pytest.raises(Rejected) as refused:
        await bench.graph.create_meeting(ORGANIZER_ID, a_meeting())

    assert refused.value.code == "invalid_request"
    assert refused.value.graph is not None
    assert refused.value.graph.status == 400


@pytest.mark.parametrize(
    ("bench", "says"),
    [(World.KIND, True), (World.DOCUMENTED, False), (World.HARSH, False)],
    indirect=["bench"],
)
async def test_create_or_get_may_leave_out_the_join_id(bench: Bench, says: bool) -> None:
    """The documented answer has none; everything that a join by thread needs is there."""
    found = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())

    assert (found.said.join_meeting_id is not None) is says
    assert found.thread_id
    assert found.join_web_url


@IN_EVERY_WORLD
async def test_a_read_names_the_join_id(bench: Bench) -> None:
    """Also where the answer to the creation did not; and a meeting that is not there is refused."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())

    read = await bench.graph.read_meeting(ORGANIZER_ID, online.online_meeting_id)

    assert read.join_meeting_id
    assert online.said.join_meeting_id in (None, read.join_meeting_id)
    assert read.subject == "Grüße, 世界"
    with pytest.raises(Rejected):
        await bench.graph.read_meeting(ORGANIZER_ID, "no-such-meeting")


@IN_EVERY_WORLD
async def test_a_patch_says_nothing_else_than_what_is_true(bench: Bench) -> None:
    """Members that an answer leaves out count as unsaid, not as changed."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())

    answer = await bench.graph.update_meeting(
        ORGANIZER_ID, online.online_meeting_id, {"recordAutomatically": True}
    )

    assert answer.subject == "Grüße, 世界"
    assert answer.options["recordAutomatically"] is True
    assert answer.join_meeting_id in (None, online.said.join_meeting_id)
    assert answer.attendees in (None, ())
    assert answer.unread == frozenset()


@EVERYWHERE
async def test_a_patch_may_be_repeated(bench: Bench) -> None:
    """Options, people, subject; the answer is the meeting as it then is."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())
    body = {
        "subject": "other",
        "lobbyBypassSettings": {"scope": "everyone", "isDialInBypassEnabled": True},
        "allowedPresenters": "roleIsPresenter",
        "participants": {"attendees": [{"upn": "ada@contoso.example", "role": "presenter"}]},
    }

    once = await bench.graph.update_meeting(ORGANIZER_ID, online.online_meeting_id, body)
    again = await bench.graph.update_meeting(ORGANIZER_ID, online.online_meeting_id, body)

    for answer in (once, again):
        assert answer.subject == "other"
        assert answer.options["lobbyBypassSettings"] == body["lobbyBypassSettings"]
        assert answer.attendees is not None
        (attendee,) = answer.attendees
        assert (attendee.upn, attendee.role) == ("ada@contoso.example", "presenter")


@pytest.mark.parametrize(
    "body",
    [
        {"joinMeetingIdSettings": {"isPasscodeRequired": True}},
        {"meetingTemplateId": "template-1"},
        {"startDateTime": "2026-03-02T10:00:00Z"},
    ],
    ids=["passcode", "template", "half a time"],
)
async def test_a_patch_of_what_is_fixed_is_refused(bench: Bench, body: dict[str, Any]) -> None:
    """And changes nothing."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())

    with pytest.raises(Rejected) as refused:
        await bench.graph.update_meeting(ORGANIZER_ID, online.online_meeting_id, body)

    assert refused.value.graph is not None
    assert refused.value.graph.status == 400


@EVERYWHERE
async def test_a_meeting_may_be_deleted_twice(bench: Bench) -> None:
    """It is gone, and cannot be changed any more; its externalId is free again."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())

    await bench.graph.delete_meeting(ORGANIZER_ID, online.online_meeting_id)
    await bench.graph.delete_meeting(ORGANIZER_ID, online.online_meeting_id)

    with pytest.raises(Rejected) as gone:
        await bench.graph.update_meeting(ORGANIZER_ID, online.online_meeting_id, {"subject": "x"})
    assert gone.value.graph is not None
    assert gone.value.graph.status == 404
    other = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())
    assert other.online_meeting_id != online.online_meeting_id


async def test_each_call_that_is_accepted_is_another_leg(bench: Bench) -> None:
    """Graph has no idempotency for calls: a repeat is a second bot."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())

    first = await bench.graph.create_call(a_join(online))
    second = await bench.graph.create_call(a_join(online))

    assert first.state == "establishing"
    assert first.call_id != second.call_id


@pytest.mark.parametrize(
    "identity",
    [
        {"application": {"id": BOT_APP_ID}},
        {"guest": {"id": "3f2504e0-4f89-51d3-9a0c-0305e82c3301", "displayName": "Scribe"}},
    ],
    ids=["itself", "guest"],
)
async def test_the_answer_says_who_we_are_in_the_roster(
    bench: Bench, identity: dict[str, Any]
) -> None:
    """By `myParticipantId`: a guest of ours is nobody else."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())
    scope = {"lobbyBypassSettings": {"scope": "everyone"}}
    await bench.graph.update_meeting(ORGANIZER_ID, online.online_meeting_id, scope)

    call = await bench.graph.create_call(a_join(online, source={"identity": identity}))

    assert call.participant_id is not None
    found = await who(bench, call.call_id, call.participant_id)
    assert found is not None
    assert (found.lists_ourselves, found.people) == (True, ())


async def test_a_call_for_another_tenant_is_refused(bench: Bench) -> None:
    """7505, whether the tenant is wrong or missing."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())

    for tenant in (NOBODYS_ID, None):
        with pytest.raises(Rejected) as refused:
            await bench.graph.create_call(a_join(online, tenantId=tenant))

        assert refused.value.code == "tenant_mismatch"
        assert refused.value.graph is not None
        assert (refused.value.graph.status, refused.value.graph.code) == (403, "7505")


async def test_a_roster_lists_people_and_ourselves(bench: Bench) -> None:
    """Alone first, then with a person."""
    online, call_id = await joined(bench)

    alone = await who(bench, call_id)
    await bench.person_joins(online, call_id)
    together = await who(bench, call_id)

    assert alone is not None
    assert together is not None
    assert (alone.people, alone.lists_ourselves) == ((), True)
    assert [one.person.user_id for one in together.people] == ["u-ada"]
    assert together.lists_ourselves


@EVERYWHERE
async def test_a_call_can_be_read_while_its_leg_is_there(bench: Bench) -> None:
    """Its state, the chat of its meeting and where its callbacks go, on its way in already.

    Once it is over it is gone, or for a moment terminated.
    """
    online, call_id = await joined(bench)

    there = await bench.graph.read_call(call_id)
    await bench.service_ends(call_id)
    over = await bench.graph.read_call(call_id)

    assert there is not None
    assert there.call_id == call_id
    assert there.state in ("establishing", "established")
    assert there.thread_id == online.thread_id
    assert there.callback == (MEETING, LEG)
    assert over is None or over.state == "terminated"
    assert await bench.graph.read_call(CallId(NOBODYS_ID)) is None


@EVERYWHERE
async def test_a_call_by_join_id_names_the_thread_behind_it(bench: Bench) -> None:
    """In the answer to its creation, and when it is read."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())
    said = await bench.graph.read_meeting(ORGANIZER_ID, online.online_meeting_id)
    info = {
        "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
        "joinMeetingId": said.join_meeting_id,
        "passcode": said.passcode,
    }
    body = a_join(online, meetingInfo=info)
    del body["chatInfo"]

    call = await bench.graph.create_call(body)
    read = await bench.graph.read_call(call.call_id)

    assert read is not None
    assert (call.thread_id, read.thread_id) == (online.thread_id, online.thread_id)


@pytest.mark.parametrize(
    ("bench", "state"),
    [(World.KIND, "established"), (World.DOCUMENTED, "establishing"),
     (World.HARSH, "establishing")],
    indirect=["bench"],
)  # fmt: skip
async def test_a_leg_may_wait_where_the_organizer_alone_is_let_in(bench: Bench, state: str) -> None:
    """It is on its way until it is admitted, and reads nobody but itself."""
    online = await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())
    scope = {"lobbyBypassSettings": {"scope": "organizer"}}
    await bench.graph.update_meeting(ORGANIZER_ID, online.online_meeting_id, scope)

    call = await bench.graph.create_call(a_join(online))
    await bench.person_joins(online, call.call_id)

    there, roster = await bench.graph.read_call(call.call_id), await who(bench, call.call_id)
    assert there is not None
    assert roster is not None
    assert there.state == state
    assert bool(roster.people) is (state == "established")


@EVERYWHERE
async def test_a_leg_the_service_ended_has_no_roster_and_ends_again_in_peace(bench: Bench) -> None:
    """404 is an answer, not an error."""
    _, call_id = await joined(bench)

    await bench.service_ends(call_id)

    assert await who(bench, call_id) is None
    await bench.graph.end_call(call_id)


@EVERYWHERE
async def test_a_leg_that_hangs_up_is_gone(bench: Bench) -> None:
    """Hanging up twice is no error; a leg that never was is gone too."""
    _, call_id = await joined(bench)

    await bench.graph.end_call(call_id)
    await bench.graph.end_call(call_id)

    assert await who(bench, call_id) is None
    assert await who(bench, NOBODYS_ID) is None


async def test_a_call_to_the_bot_may_be_rejected_twice(bench: Bench) -> None:
    """Once it is rejected it is gone, as one that never was."""
    call_id = await bench.user_calls()

    await bench.graph.reject_call(call_id)
    await bench.graph.reject_call(call_id)
    await bench.graph.reject_call(CallId(NOBODYS_ID))


async def test_a_leg_of_ours_cannot_be_rejected(bench: Bench) -> None:
    """It stays in its meeting."""
    _, call_id = await joined(bench)

    with pytest.raises(Rejected) as refused:
        await bench.graph.reject_call(call_id)

    assert refused.value.graph is not None
    assert refused.value.graph.status == 400
    assert await who(bench, call_id) is not None


@pytest.mark.parametrize("status", [429, 500, 503, 504])
async def test_trouble_is_told_once_with_the_pause_asked_for(bench: Bench, status: int) -> None:
    """Nothing is tried again inside: the next request is the caller's, and it succeeds."""
    await bench.fail_next(status, retry_after="1.5")

    with pytest.raises(Unavailable) as unavailable:
        await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())
    await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())

    assert unavailable.value.retry_after == timedelta(seconds=1.5)
    assert unavailable.value.graph is not None
    assert unavailable.value.graph.status == status


async def test_work_may_have_been_done_behind_a_failure(bench: Bench) -> None:
    """The call was created although nobody was told; reading and ending fail likewise."""
    online, call_id = await joined(bench)
    requests = (
        lambda: bench.graph.create_call(a_join(online)),
        lambda: bench.graph.read_call(call_id),
        lambda: who(bench, call_id),
        lambda: bench.graph.reject_call(INCOMING),
        lambda: bench.graph.end_call(call_id),
    )

    for request in requests:
        await bench.fail_next(504, done=True)
        with pytest.raises(Unavailable):
            await request()

    assert await who(bench, call_id) is None


async def test_a_token_can_be_had(bench: Bench) -> None:
    """The check of health."""
    await bench.graph.check()


# The fake knows no policies.
@pytest.mark.parametrize("bench", [World.KIND, World.DOCUMENTED], indirect=True)
async def test_a_missing_access_policy_is_explained_with_its_remedy(bench: Bench) -> None:
    """The two lines to run, filled in, and the id under which Graph knows the request."""
    with pytest.raises(Rejected) as refused:
        await bench.graph.create_or_get_meeting(ORGANIZER_WITHOUT_POLICY_ID, a_meeting())

    assert refused.value.code == "organizer_not_allowed"
    assert f'-AppIds "{BOT_APP_ID}"' in refused.value.next_step
    assert f'-Identity "{ORGANIZER_WITHOUT_POLICY_ID}"' in refused.value.next_step
    assert refused.value.graph is not None
    assert refused.value.graph.client_request_id == "request-1"


@IN_EVERY_WORLD
async def test_a_fresh_token_names_what_the_bot_has_now(bench: SimulatorBench) -> None:
    """Also where the one that is held was issued before; nothing without consent."""
    await bench.graph.check()
    await bench.switch(granted=["User.Read.All", "Calls.JoinGroupCall.All"])
    assert await bench.graph.granted() == frozenset({"User.Read.All", "Calls.JoinGroupCall.All"})

    await bench.switch(consent=False)
    assert await bench.graph.granted() == frozenset()


@IN_EVERY_WORLD
async def test_a_user_is_read_with_the_permission_alone(bench: SimulatorBench) -> None:
    """Account and plan of Teams; a refusal is an answer, and says the time of Graph's."""
    refused = await bench.graph.read_user(ORGANIZER_ID)
    assert (refused.status, refused.code, refused.enabled) == (403, "Forbidden", None)
    assert refused.date is not None

    await bench.switch(granted=["User.Read.All"])
    seen = []
    for organizers in ("sound", "disabled", "unlicensed", "missing"):
        await bench.switch(organizers=organizers)
        user = await bench.graph.read_user(ORGANIZER_ID)
        seen.append((user.status, user.enabled, user.teams))

    assert seen == [
        (200, True, True),
        (200, False, True),
        (200, True, False),
        (404, None, None),
    ]


@IN_EVERY_WORLD
async def test_graphs_time_is_that_of_its_answer(bench: SimulatorBench) -> None:
    """Whole seconds of it."""
    await bench.switch(dateSkewSeconds=-600)
    before = datetime.now(UTC)
    date = (await bench.graph.read_user(ORGANIZER_ID)).date

    assert date is not None
    assert timedelta(minutes=9) < before - date < timedelta(minutes=11)


@IN_EVERY_WORLD
async def test_without_a_policy_no_meeting_is_made(bench: SimulatorBench) -> None:
    """Whatever the organizer is named elsewhere."""
    await bench.switch(accessPolicy=False)

    with pytest.raises(Rejected) as refused:
        await bench.graph.create_or_get_meeting(ORGANIZER_ID, a_meeting())
    assert refused.value.code == "organizer_not_allowed"
