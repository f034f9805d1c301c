"""A passcode that is not the meeting's, in a request to join a meeting of ours."""

from typing import Any

import pytest

from tests.application.world import TENANT, World

ASK = {
    "requestId": "INC-1",
    "subject": "down",
    "options": {"joinMeetingIdSettings": {"isPasscodeRequired": True}},
}


async def by_join_id(world: World, *, passcode: str | None = None) -> dict[str, Any]:
    """Make a meeting, and return a request to join it by its join id."""
    await world.drop("create-meeting", ASK)
    where = world.events()[0]["data"]["coordinates"]
    return {
        "joinMeetingId": where["joinMeetingId"],
        "passcode": passcode or where["passcode"],
        "tenantId": TENANT,
    }


@pytest.mark.parametrize("there", [False, True], ids=["the bot is sent", "the bot is there"])
async def test_a_wrong_passcode_is_a_warning_once_a_message(there: bool) -> None:
    """The bot joins by the thread all the same, and the caller hears of both."""
    world = World()
    body = await by_join_id(world, passcode="Wrong1")
    if there:
        await world.drop("join-meeting", {"meetingRequestId": "INC-1"})

    message = await world.drop("join-meeting", body, reply_to="replies")
    await world.redeliver(message)

    told = sorted(one["type"] for one in world.replies())
    assert told == ["rollcall.bot.joining.v1", "rollcall.meeting.warning.v1"]
    assert [one["data"]["code"] for one in world.events("meeting.warning")] == ["passcode_differs"]
    assert len(world.fake_graph.bodies) == 1


async def test_the_right_passcode_is_no_warning() -> None:
    """Nor is a request without one."""
    world = World()
    body = await by_join_id(world)

    await world.drop("join-meeting", body)
    await world.drop("join-meeting", {**body, "passcode": None})

    assert world.names() == ["meeting.created", "bot.joining"]
