"""Every event that the handlers tell is as docs/messages.md and its schemas say, and no other."""

from typing import Any

import pytest
from pydantic import ValidationError

from docs.contract.events import EVENTS, hold_to_contract
from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.problems import rejected
from tests.application.world import BOT, World, envelope, leg_of, roster, state
from tests.fakes.graph import participant

ASK: dict[str, Any] = {
    "requestId": "INC-1",
    "subject": "down",
    "attendees": ["ada@example.com", {"upn": "bo@example.com", "role": "presenter"}],
    "options": {"allowRecording": True},
    "context": {"team": "shop"},
}
TRACE = GraphTrace(status=403, code="7504", request_id="r-1")


def hold(world: World) -> set[str]:
    """Hold everything that was told, on the topic and to callers, to the contract."""
    told = [
        sent for sent in world.fake_bus.sent if sent.content_type == "application/cloudevents+json"
    ]
    for sent in told:
        hold_to_contract(sent.body)
    return {str(sent.subject).removeprefix("rollcall.").removesuffix(".v1") for sent in told}


async def created(world: World, **members: Any) -> str:
    await world.drop("create-meeting", ASK | members, reply_to="replies")
    meeting_id: str = world.events("meeting.created")[-1]["data"]["meetingId"]
    return meeting_id


async def joined(world: World) -> tuple[str, str, str]:
    meeting_id = await created(world)
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    return meeting_id, leg_key, call_id


async def hold_call(world: World, meeting_id: str, *names: str) -> None:
    """Let people come and go again."""
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    for present in (names, ()):
        world.clock.advance(10)
        world.people_in(call_id, *present)
        await world.callback(meeting_id, leg_key, roster(call_id, *present))
        await world.pump()


async def test_the_whole_job_tells_what_is_written_down() -> None:
    """Created, joined, people come and go, the call ends."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    await world.callback(meeting_id, leg_key, state(call_id, "established"))

    await hold_call(world, meeting_id, "ada", "bo")

    assert hold(world) == {
        "meeting.created",
        "bot.joining",
        "bot.joined",
        "call.started",
        "call.ended",
        "participant.joined",
        "participant.left",
    }


async def test_a_meeting_that_is_changed_and_cancelled() -> None:
    """With attendees, options and context; each told to the caller too."""
    world = World()
    await created(world)

    update = {"requestId": "INC-1", "action": "update", "subject": "still down"}
    await world.drop("create-meeting", update, reply_to="replies")
    cancel = {"requestId": "INC-1", "action": "cancel"}
    await world.drop("create-meeting", cancel, reply_to="replies")
    await world.pump()

    assert hold(world) == {"meeting.created", "meeting.updated", "meeting.cancelled"}


@pytest.mark.parametrize(
    "end",
    [
        {},
        {"resultInfo": {"code": 200, "subcode": 5000}},
        {"resultInfo": {"code": 200}},
        {"resultInfo": {"code": 999, "subcode": 1}},
    ],
)
@pytest.mark.parametrize("came_in", [True, False])
async def test_a_bot_that_waits_and_is_gone(end: dict[str, Any], came_in: bool) -> None:
    """With and without a code, in and never in."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    if came_in:
        await world.callback(meeting_id, leg_key, state(call_id, "established"))
        await world.callback(meeting_id, leg_key, roster(call_id, "ada"))

    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **end))
    await world.pump()

    assert hold(world) >= {"bot.joining", "bot.left" if came_in else "bot.failed"}


async def test_a_bot_in_the_lobby() -> None:
    """It waits there, and comes in."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    ourselves = participant("bot", kind="application", identity_id=BOT, in_lobby=True)

    await world.callback(meeting_id, leg_key, envelope(call_id, "/participants", [ourselves]))
    await world.callback(meeting_id, leg_key, roster(call_id))

    assert hold(world) >= {"bot.waiting"}


@pytest.mark.parametrize("queue", ["create-meeting", "join-meeting"])
@pytest.mark.parametrize("body", [b"junk", {"x": 1}, {"requestId": "r", "action": "leave"}])
async def test_requests_that_are_refused(queue: str, body: Any) -> None:
    """Without a meeting: no `meetingId`, no sequence."""
    world = World()

    await world.drop(queue, body, reply_to="replies")

    assert hold(world) == {"meeting.rejected" if queue == "create-meeting" else "bot.failed"}


@pytest.mark.parametrize(
    "failure",
    [
        rejected("consent_missing", graph=TRACE, app="app"),
        Rejected(code="x", message="m", next_step="n"),
        Unavailable("no answer"),
        Unavailable("busy", graph=GraphTrace(status=429, code="TooManyRequests")),
    ],
)
async def test_requests_that_graph_does_not_do(failure: Rejected | Unavailable) -> None:
    """Refused and given up, with Graph's ids and the history."""
    world = World()
    meeting_id = await created(world)
    world.fake_graph.fail_next(failure, times=999)

    await world.drop("create-meeting", {**ASK, "requestId": "INC-2"}, reply_to="replies")
    await world.drop("join-meeting", {"meetingId": meeting_id, "retryForSeconds": 60})
    await world.pump()

    assert hold(world) == {"meeting.created", "meeting.rejected", "bot.failed"}


async def test_a_call_that_is_corrected() -> None:
    """A late roster adds somebody to a call that was told as over."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await hold_call(world, meeting_id, "ada")

    await world.callback(meeting_id, leg_key, roster(call_id, "ada", "bo"))
    await world.pump()

    assert "call.corrected" in hold(world)


def test_an_event_that_nobody_wrote_down_is_found() -> None:
    """The contract takes no member that is not in it."""
    with pytest.raises(KeyError):
        hold_to_contract('{"type": "rollcall.meeting.vanished.v1"}')
    with pytest.raises(ValidationError):
        hold_to_contract('{"type": "rollcall.bot.joined.v1", "surprise": 1}')
    assert len(EVENTS) == 18
