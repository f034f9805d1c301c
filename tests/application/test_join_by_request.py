"""The request that made a meeting names it, for joining and for leaving."""

from tests.application.world import World, leg_of, state

ASK = {"requestId": "INC-1", "subject": "down"}


async def test_the_request_that_made_a_meeting_names_it() -> None:
    """The same bot as by its meeting id, in and out."""
    world = World()
    await world.drop("create-meeting", ASK)
    meeting_id = world.events()[0]["data"]["meetingId"]

    await world.drop("join-meeting", {"meetingRequestId": "INC-1"}, reply_to="one")
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="two")
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    world.clock.advance(60)
    await world.drop("join-meeting", {"meetingRequestId": "INC-1", "action": "leave"})
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))

    assert world.replies("one")[0]["data"]["legKey"] == leg_key
    assert world.replies("two")[0]["data"]["legKey"] == leg_key
    assert len(world.fake_graph.bodies) == 1
    assert world.names()[-1] == "bot.left"


async def test_a_request_that_made_no_meeting_names_none() -> None:
    """The refusal names the request id, for joining and for leaving."""
    world = World()

    for action in ("join", "leave"):
        body = {"meetingRequestId": "INC-7", "action": action}
        await world.drop("join-meeting", body, reply_to="replies")

    for refused in world.replies():
        assert refused["data"]["code"] == "meeting_not_found"
        assert "the request id INC-7" in refused["data"]["message"]
    assert len(world.replies()) == 2


async def test_two_names_of_one_meeting_are_one_too_many() -> None:
    """They might lead to two meetings."""
    world = World()

    body = {"meetingRequestId": "INC-1", "meetingId": "a" * 26}
    await world.drop("join-meeting", body, reply_to="replies")

    problems = world.replies()[0]["data"]["problems"]
    assert [one["member"] for one in problems] == ["/meetingId", "/meetingRequestId"]
