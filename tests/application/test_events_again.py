"""Events that are published again: the same content under one id, and for those without a queue."""

import json
from collections import defaultdict
from typing import Any

import pytest

from shared.words.entities import EVENTS_TOPIC
from shared.words.problems import rejected
from tests.application.world import World, leg_of, roster, state

ASK: dict[str, Any] = {"requestId": "INC-1", "subject": "x", "context": {"a": 1}}
CLASSIC = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"
    "?context=%7b%22Tid%22%3a%226c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01%22%2c%22Oid%22%3a%222f6b0c1d"
    "-94d4-4b8a-8f0e-7a1d5c3e0b02%22%7d"
)


def published(world: World) -> list[dict[str, Any]]:
    """Return every event as it came to the topic, before that drops duplicates."""
    return [json.loads(one.body) for one in world.fake_bus.sent_to(EVENTS_TOPIC)]


def names(world: World) -> list[str]:
    return [one["type"].removeprefix("rollcall.").removesuffix(".v1") for one in published(world)]


def one_content(world: World) -> None:
    """Check that all that was sent under one event id is the same."""
    bodies: dict[str, set[str | bytes]] = defaultdict(set)
    for one in world.fake_bus.sent:
        if one.content_type == "application/cloudevents+json":
            bodies[one.message_id].add(one.body)
    assert [event_id for event_id, found in bodies.items() if len(found) > 1] == []


async def test_a_repeated_creation_without_a_queue_is_published_again() -> None:
    """Its consumer may have lost the first; each message has it once."""
    world = World()
    await world.drop("create-meeting", ASK)
    world.clock.advance(600)

    again = await world.drop("create-meeting", ASK)
    await world.redeliver(again)

    first, second = published(world)
    assert first == second


@pytest.mark.parametrize(
    "bodies",
    [
        (ASK, {"action": "update", "requestId": "INC-1", "subject": "y"}),
        (ASK, {"action": "cancel", "requestId": "INC-1"}),
    ],
)
async def test_a_repeated_change_without_a_queue_is_published_again(
    bodies: tuple[dict[str, Any], ...],
) -> None:
    """An update that repeats the last one, and a second cancellation."""
    world = World()
    for body in bodies:
        await world.drop("create-meeting", body)
        world.clock.advance(60)
    before = names(world)

    await world.drop("create-meeting", bodies[-1])

    assert names(world) == [*before, before[-1]]
    one_content(world)


async def test_a_repeated_join_and_leave_without_a_queue_are_published_again() -> None:
    """Only what repeats a request by its id: any other join finds the bot there, and no more."""
    world = World()
    join = {"joinWebUrl": CLASSIC, "requestId": "J-1"}
    await world.drop("join-meeting", join)
    await world.drop("join-meeting", join)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    assert names(world) == ["bot.joining", "bot.joining"]
    leave = {"joinWebUrl": CLASSIC, "requestId": "L-1", "action": "leave"}
    await world.drop("join-meeting", leave)
    await world.pump()
    assert names(world)[-1] == "bot.left"

    await world.drop("join-meeting", leave)

    assert names(world)[-2:] == ["bot.left", "bot.left"]
    one_content(world)


async def test_an_address_that_cannot_be_used_is_warned_of_and_the_event_published_again() -> None:
    """The caller hears of both on the topic."""
    world = World()
    await world.drop("create-meeting", ASK)

    await world.drop("create-meeting", ASK, reply_to="meeting-events")

    assert names(world) == ["meeting.created", "meeting.created", "meeting.warning"]
    one_content(world)


async def test_whatever_changes_an_event_under_one_id_has_one_content() -> None:
    """Its context was changed, the bot moved on, time has passed, and queues are named again."""
    world = World()
    await world.drop("create-meeting", ASK | {"join": "now"}, reply_to="tend-meeting")
    await world.pump()
    created = world.events("meeting.created")
    assert created[0]["data"]["undelivered"]["code"] == "own_entity"
    meeting_id = created[0]["data"]["meetingId"]
    join = {"meetingId": meeting_id, "requestId": "J-1"}
    await world.drop("join-meeting", join, reply_to="first")
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.callback(meeting_id, leg_key, roster(call_id, "ada"))
    update = {"action": "update", "requestId": "INC-1", "context": {"b": 2}}
    await world.drop("create-meeting", update, reply_to="first")
    for queue in ("second", "third"):
        world.clock.advance(600)
        await world.drop("create-meeting", ASK | {"join": "now"}, reply_to=queue)
        await world.drop("create-meeting", update, reply_to=queue)
        await world.drop("join-meeting", join, reply_to=queue)
    leave = {"meetingId": meeting_id, "requestId": "L-1", "action": "leave"}
    await world.drop("join-meeting", leave, reply_to="first")
    await world.pump()
    later = {"action": "update", "requestId": "INC-1", "context": {"c": 3}}
    await world.drop("create-meeting", later)
    for queue in ("second", "third"):
        world.clock.advance(600)
        await world.drop("join-meeting", leave, reply_to=queue)
        await world.drop("join-meeting", join, reply_to=queue)

    one_content(world)
    again = [one["data"]["context"] for one in world.replies("third") if "bot.left" in one["type"]]
    assert again == [{"b": 2}]


async def test_a_refused_join_keeps_what_it_said() -> None:
    """The leave that comes after it is answered with its end."""
    world = World()
    await world.drop("create-meeting", ASK)
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    world.fake_graph.fail_next(rejected("source_identity_invalid", app="a"))
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="first")
    await world.drop("create-meeting", {"action": "update", "requestId": "INC-1", "context": {}})

    await world.drop(
        "join-meeting", {"meetingId": meeting_id, "action": "leave"}, reply_to="second"
    )

    one_content(world)
