"""Changes of a meeting that Graph need not know of: its time zone, its join, its context."""

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.application.world import World, leg_of, state

ASK: dict[str, Any] = {
    "requestId": "INC-1",
    "subject": "down",
    "timeZone": "Europe/Berlin",
    "startDateTime": "2026-09-14T12:00:00",
    "endDateTime": "2026-09-14T13:30:00",
}
LONG = timedelta(hours=6)


def update(**members: Any) -> dict[str, Any]:
    return {"requestId": "INC-1", "action": "update", **members}


async def test_the_invitation_is_in_the_zone_of_the_request_and_stays_so() -> None:
    """Until a change names another one, with which Graph has nothing to do."""
    world = World()
    await world.drop("create-meeting", ASK)
    await world.drop("create-meeting", update(startDateTime="2026-09-14T15:00:00"))
    patches = len(world.fake_graph.patches)
    await world.drop("create-meeting", update(timeZone="America/New_York"))
    await world.drop("create-meeting", {"requestId": "INC-1", "action": "cancel"})

    made, moved, elsewhere, cancelled = (one["data"] for one in world.events())
    assert "12:00 to 13:30 Europe/Berlin, UTC+2" in made["invitation"]["text"]
    assert "15:00 to 16:30 Europe/Berlin, UTC+2" in moved["invitation"]["text"]
    assert "09:00 to 10:30 America/New_York, UTC-4" in elsewhere["invitation"]["text"]
    assert "09:00 to 10:30 America/New_York, UTC-4" in cancelled["invitation"]["text"]
    assert moved["changed"] == ["startDateTime", "endDateTime"]
    assert elsewhere["changed"] == ["timeZone"]
    assert len(world.fake_graph.patches) == patches


async def test_a_join_at_the_start_can_be_taken_back() -> None:
    """Its message comes and does nothing."""
    world = World()
    await world.drop("create-meeting", {**ASK, "join": "atStart"})

    await world.drop("create-meeting", update(join="never"))
    await world.pump(until=LONG)

    assert world.fake_graph.bodies == []
    assert world.names() == ["meeting.created", "meeting.updated"]


async def test_a_join_can_be_requested_by_a_change() -> None:
    """At the start, which may move in the same change and again after it."""
    world = World()
    await world.drop("create-meeting", ASK)

    await world.drop("create-meeting", update(join="atStart", startDateTime="2026-09-14T13:00:00"))
    await world.drop("create-meeting", update(startDateTime="2026-09-14T14:00:00"))
    await world.pump(until=LONG)

    assert world.clock.now().isoformat() == "2026-09-14T12:00:00+00:00"
    assert len(world.fake_graph.bodies) == 1


async def test_a_change_sends_the_bot_at_once_and_again_after_a_leave() -> None:
    """The same change without a leave between is a repeat, and sends nobody."""
    world = World()
    await world.drop("create-meeting", ASK)
    for _ in range(2):
        await world.drop("create-meeting", update(join="now"))
        await world.pump(until=timedelta(seconds=1))
    assert len(world.fake_graph.bodies) == 1
    meeting_id = world.events()[0]["data"]["meetingId"]
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    world.clock.advance(60)
    await world.drop("join-meeting", {"meetingId": meeting_id, "action": "leave"})
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))
    world.clock.advance(60)

    await world.drop("create-meeting", update(join="now"))
    await world.pump(until=timedelta(seconds=1))

    assert len(world.fake_graph.bodies) == 2
    assert world.names().count("meeting.updated") == 2


async def test_another_join_is_another_change() -> None:
    """Though the events of both show the same, it is no repeat of the one before."""
    world = World()
    await world.drop("create-meeting", ASK)

    for join in ("now", "never", "atStart"):
        await world.drop("create-meeting", update(join=join))

    assert world.names().count("meeting.updated") == 3
    dues = [one.due and one.due.isoformat() for one in world.fake_bus.sent_to("join-meeting")]
    assert dues == [None, "2026-09-14T10:00:00+00:00"]


@pytest.mark.parametrize(
    "changes",
    [
        [{"timeZone": "America/New_York"}, {"timeZone": "Asia/Tokyo"}],
        [{"options": {"allowRecording": True}}, {"options": {"allowRecording": False}}],
    ],
)
async def test_another_value_is_another_change(changes: list[dict[str, Any]]) -> None:
    """Of a member whose value the event does not show: each change has an invitation of its own."""
    world = World()
    await world.drop("create-meeting", ASK)

    for change in (*changes, changes[0], changes[0]):
        await world.drop("create-meeting", update(**change), reply_to="replies")

    first, other, back, again = world.replies()
    assert len({first["id"], other["id"], back["id"]}) == 3
    assert again == back
    sequences = [
        re.findall(r"SEQUENCE:(\d+)", one["data"]["invitation"]["ics"]) for one in world.replies()
    ]
    assert sequences == [["1"], ["2"], ["3"], ["3"]]


async def test_another_context_comes_back_from_then_on() -> None:
    """A repeat of the first request is answered as it was."""
    world = World()
    await world.drop("create-meeting", {**ASK, "context": {"team": "shop"}}, reply_to="first")

    await world.drop("create-meeting", update(context={"team": "pay"}))
    await world.drop("create-meeting", {"requestId": "INC-1", "action": "cancel"})
    await world.drop("create-meeting", {**ASK, "context": {"team": "shop"}}, reply_to="first")

    contexts = [one["data"]["context"]["team"] for one in world.events()]
    assert contexts == ["shop", "pay", "pay"]
    assert [one["data"]["context"]["team"] for one in world.replies("first")] == ["shop", "shop"]


async def test_a_start_in_the_past_is_a_warning() -> None:
    """In a new meeting, and in a change; a start of just now is none."""
    world = World()
    past = "2026-09-14T07:00:00Z"
    await world.drop(
        "create-meeting", {"requestId": "INC-1", "subject": "x", "startDateTime": past}
    )
    now = {"requestId": "INC-2", "subject": "x", "startDateTime": "2026-09-14T07:59:30Z"}
    await world.drop("create-meeting", now)
    await world.drop("create-meeting", update(startDateTime="2026-09-14T06:00:00Z"))
    await world.drop("create-meeting", update(subject="y"))

    codes = [[one["code"] for one in event["data"]["warnings"]] for event in world.events()]
    assert codes == [["start_in_past"], [], ["start_in_past"], []]
