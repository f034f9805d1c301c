"""The create-meeting handler on the simulated Graph: every option, every change, refusals."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from devstack.graph.identities import ORGANIZER_ID
from tests.application.world import SettableClock, World
from tests.fixtures.deployed_graph import deployed_graph
from tests.stack.process import StackProcess

EVERY_OPTION: dict[str, Any] = {
    "allowAttendeeToEnableCamera": False,
    "allowAttendeeToEnableMic": False,
    "allowBreakoutRooms": False,
    "allowCopyingAndSharingMeetingContent": False,
    "allowLiveShare": "disabled",
    "allowMeetingChat": "limited",
    "allowPowerPointSharing": False,
    "allowRecording": False,
    "allowTeamworkReactions": False,
    "allowTranscription": False,
    "allowWhiteboard": False,
    "allowedLobbyAdmitters": "organizerAndCoOrganizers",
    "allowedPresenters": "roleIsPresenter",
    "anonymizeIdentityForRoles": ["attendee"],
    "isEndToEndEncryptionEnabled": True,
    "isEntryExitAnnounced": False,
    "lobbyBypassSettings": {"scope": "invited", "isDialInBypassEnabled": True},
    "meetingSpokenLanguageTag": "de-DE",
    "recordAutomatically": True,
    "sensitivityLabelAssignment": {"sensitivityLabelId": "0a1b2c3d-0000-4000-8000-00000000000f"},
    "watermarkProtection": {"isEnabledForContentSharing": True, "isEnabledForVideo": True},
}
ASK: dict[str, Any] = {
    "requestId": "INC-1",
    "subject": "down",
    "organizerId": ORGANIZER_ID,
    "attendees": [{"upn": "ada@contoso.example", "role": "presenter"}],
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A simulator for this module."""
    with StackProcess("graph") as simulator:
        yield simulator.port


@pytest.fixture(params=["classic", "short"])
async def lab(port: int, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """The simulator's lab, with everything forgotten; meetings get links of one kind."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        await client.delete("/lab")
        await client.post("/lab/switches", json={"links": request.param})
        yield client


@pytest.fixture
async def world(
    port: int, lab: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """An app whose Graph is the simulator."""
    clock = SettableClock()
    graph = deployed_graph(f"http://127.0.0.1:{port}", clock, monkeypatch)
    yield World(clock=clock, graph=graph)
    await graph.close()


async def meetings_of(lab: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await lab.get("/lab/meetings")).json()
    return [meeting for meeting in found if not meeting["deleted"]]


async def requests_of(lab: httpx.AsyncClient) -> list[tuple[str, int]]:
    found = (await lab.get("/lab/requests")).json()
    return [(one["method"], one["status"]) for one in found]


async def test_every_option_is_taken(world: World, lab: httpx.AsyncClient) -> None:
    """By one PATCH, after createOrGet; nothing is missing from what comes back."""
    await world.drop("create-meeting", {**ASK, "options": EVERY_OPTION})

    (event,) = world.events("meeting.created")
    assert event["data"]["warnings"] == []
    made, *beside = await requests_of(lab)
    assert (made, sorted(beside)) == (("POST", 201), [("GET", 200), ("PATCH", 200)])
    requests = (await lab.get("/lab/requests")).json()
    (patch,) = [one["body"] for one in requests if one["method"] == "PATCH"]
    assert {name: patch[name] for name in EVERY_OPTION} == EVERY_OPTION


async def test_a_passcode_and_a_template_are_posted(world: World, lab: httpx.AsyncClient) -> None:
    """And the answer has the passcode that Graph made up."""
    fixed = {"joinMeetingIdSettings": {"isPasscodeRequired": True}, "meetingTemplateId": "t-1"}

    await world.drop("create-meeting", {**ASK, "options": {**EVERY_OPTION, **fixed}})

    (event,) = world.events("meeting.created")
    assert event["data"]["warnings"] == []
    assert event["data"]["coordinates"]["passcode"]
    assert await requests_of(lab) == [("POST", 201), ("PATCH", 200)]


@pytest.mark.parametrize("effect", ["none", "done"])
async def test_a_post_whose_answer_is_lost_is_sent_again(
    world: World, lab: httpx.AsyncClient, effect: str
) -> None:
    """504, its work done or not: one meeting is published. What was done is the one orphan."""
    fault = {"method": "POST", "path": "onlineMeetings$", "status": 504, "effect": effect}
    await lab.post("/lab/faults", json=fault)
    options = {"joinMeetingIdSettings": {"isPasscodeRequired": True}}

    await world.drop("create-meeting", {**ASK, "options": options}, reply_to="replies")
    await world.pump()

    *orphan, meeting = await meetings_of(lab)
    (event,) = world.replies()
    assert len(orphan) == (effect == "done")
    assert event["data"]["coordinates"]["onlineMeetingId"] == meeting["onlineMeetingId"]
    assert event["data"]["coordinates"]["passcode"]


async def test_a_refused_patch_costs_no_meeting(world: World, lab: httpx.AsyncClient) -> None:
    """The answer is there, with a warning that has Graph's own ids."""
    fault = {"method": "PATCH", "status": 400, "times": 2, "code": "BadRequest"}
    await lab.post("/lab/faults", json=fault)
    options = {"recordAutomatically": True, "allowMeetingChat": "disabled"}

    await world.drop("create-meeting", {**ASK, "options": options})

    (event,) = world.events("meeting.created")
    (warning,) = event["data"]["warnings"]
    assert warning["code"] == "option_refused"
    assert warning["graph"]["requestId"]
    assert len(await meetings_of(lab)) == 1


async def test_a_dropped_attendee_is_named(world: World, lab: httpx.AsyncClient) -> None:
    """Graph says nothing; we do."""
    await world.drop("create-meeting", {**ASK, "attendees": ["x@nobody.example"]})

    (event,) = world.events("meeting.created")
    assert [one["code"] for one in event["data"]["warnings"]] == ["attendee_not_added"]


async def test_a_meeting_is_changed_and_cancelled(world: World, lab: httpx.AsyncClient) -> None:
    """With the same request id."""
    await world.drop("create-meeting", ASK)
    times = {"startDateTime": "2026-09-14T12:00:00+02:00", "endDateTime": "2026-09-14T11:00:00Z"}
    change = {"requestId": "INC-1", "action": "update", "subject": "all well", **times}

    await world.drop(
        "create-meeting",
        {
            **change,
            "options": EVERY_OPTION,
            "attendees": [{"upn": "bo@contoso.example", "role": "coorganizer"}],
        },
    )
    (meeting,) = await meetings_of(lab)
    await world.drop("create-meeting", {"requestId": "INC-1", "action": "cancel"})

    assert world.names() == ["meeting.created", "meeting.updated", "meeting.cancelled"]
    (event,) = world.events("meeting.updated")
    assert event["data"]["warnings"] == []
    assert event["data"]["startDateTime"].startswith("2026-09-14T10:00:00")
    assert meeting["subject"] == "all well"
    assert await meetings_of(lab) == []


async def test_the_monthly_limit_names_the_way_out(world: World, lab: httpx.AsyncClient) -> None:
    """No pause of minutes would help: it is refused at once."""
    fault = {"method": "POST", "status": 429, "times": 9, "retryAfter": "86400"}
    await lab.post("/lab/faults", json=fault)

    await world.drop("create-meeting", ASK, reply_to="replies")

    (refusal,) = world.replies()
    assert refusal["data"]["code"] == "organizer_quota"
    assert "organizerId" in refusal["data"]["nextStep"]
    assert await requests_of(lab) == [("POST", 429)]
