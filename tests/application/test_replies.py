"""What the reply queue of a request hears: the answer, and what becomes of what it set going."""

from datetime import timedelta
from typing import Any

import pytest

from shared.events.replies import HEARD_BY
from shared.words.problems import rejected
from tests.application.leaving import BYE
from tests.application.links import CLASSIC
from tests.application.world import BOT, World, envelope, leg_of, roster, state
from tests.fakes.bus import InMemoryBus
from tests.fakes.graph import participant

ASK: dict[str, Any] = {"requestId": "INC-1", "subject": "down"}
HOUR = timedelta(hours=1)


def heard(world: World, queue: str = "replies") -> list[str]:
    """Return the names of what a queue heard, in order."""
    return [str(one["type"])[len("rollcall.") : -len(".v1")] for one in world.replies(queue)]


async def created(world: World, join: str = "now", **properties: Any) -> str:
    """Create a meeting with a join, and send the bot; return the meeting's id."""
    ask = (
        ASK | {"join": join} | ({"startDateTime": "2026-09-14T09:00:00Z"} if join != "now" else {})
    )
    await world.drop("create-meeting", ask, reply_to="replies", **properties)
    meeting_id: str = world.events("meeting.created")[0]["data"]["meetingId"]
    return meeting_id


async def joined(world: World) -> tuple[str, str, str]:
    """Create with a join; return meeting, leg and call."""
    meeting_id = await created(world)
    await world.pump(until=timedelta())
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    return meeting_id, leg_key, call_id


@pytest.mark.parametrize(("correlation", "expected"), [("c-1", "c-1"), (None, "mine")])
async def test_a_creation_with_a_join_hears_how_the_bot_comes_in(
    correlation: str | None, expected: str
) -> None:
    """Each event is the topic's own, under the correlation id of the request."""
    world = World()
    meeting_id = await created(world, message_id="mine", correlation_id=correlation)
    await world.pump(until=timedelta())
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    lobby = participant("bot", kind="application", identity_id=BOT, in_lobby=True)
    await world.callback(meeting_id, leg_key, envelope(call_id, "/participants", [lobby]))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.callback(meeting_id, leg_key, roster(call_id, "ada"))
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    await world.pump()

    assert heard(world) == ["meeting.created", "bot.joining", "bot.waiting", "bot.joined"]
    sent = world.fake_bus.sent_to("replies")
    assert {one.correlation_id for one in sent} == {expected}
    topic = {one.message_id: one.body for one in world.fake_bus.sent_to("meeting-events")}
    assert all(topic[one.message_id] == one.body for one in sent)


async def test_a_join_that_follows_a_moved_start_answers_the_creation() -> None:
    """The change asked for nothing of the bot: only its own answer goes to its queue."""
    world = World()
    meeting_id = await created(world, join="atStart")
    change = {
        "requestId": "INC-1",
        "action": "update",
        "startDateTime": "2026-09-14T08:30:00Z",
        "endDateTime": "2026-09-14T09:30:00Z",
    }
    await world.drop("create-meeting", change, reply_to="changes")
    await world.pump(until=HOUR * 2)

    assert heard(world)[:2] == ["meeting.created", "bot.joining"]
    assert heard(world, "changes") == ["meeting.updated"]
    assert len((await world.meeting(meeting_id)).legs) == 1


@pytest.mark.parametrize("when", ["refused", "ended"])
async def test_a_bot_that_fails_is_heard_of_once(when: str) -> None:
    """Whether Graph refuses the call or ends it; the caller needs no other queue to know why."""
    world = World()
    if when == "refused":
        await created(world)
        world.fake_graph.fail_next(rejected("tenant_mismatch"))
        await world.pump(until=timedelta())
    else:
        meeting_id, leg_key, call_id = await joined(world)
        await world.callback(meeting_id, leg_key, state(call_id, "terminated"))
        await world.pump()

    assert heard(world)[-1:] == ["bot.failed"]
    assert heard(world).count("bot.failed") == 1


async def test_joins_that_find_a_leg_on_its_way_hear_its_outcome_too() -> None:
    """The first by its claim, the second by being answered with it."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="first")
    meeting_id = str(world.events("bot.joining")[0]["data"]["meetingId"])
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="second")
    leg_key, call_id = leg_of(await world.meeting(meeting_id))

    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="late")

    assert heard(world, "first") == heard(world, "second") == ["bot.joining", "bot.joined"]
    assert heard(world, "late") == ["bot.joining"]
    assert [world.replies(one)[0]["data"]["state"] for one in ("first", "second", "late")] == [
        "joining",
        "joining",
        "in",
    ]


async def test_a_join_hears_that_its_bot_was_sent_away_before_it_was_in() -> None:
    """No other event would ever come."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    await world.drop("join-meeting", {"meetingId": meeting_id, "action": "leave"}, reply_to="bye")

    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    await world.pump()

    assert heard(world) == ["meeting.created", "bot.joining", "bot.left"]
    assert heard(world, "bye") == ["bot.left"]


@pytest.mark.parametrize("address", ["sb://ns.servicebus.windows.net/replies", " queue:replies "])
async def test_an_address_of_a_framework_is_answered(address: str) -> None:
    """And what becomes of the join goes there too."""
    world = World()
    await world.drop("create-meeting", ASK | {"join": "now"}, reply_to=address)
    await world.pump(until=timedelta())

    assert heard(world) == ["meeting.created", "bot.joining"]
    assert "undelivered" not in world.events("meeting.created")[0]["data"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("rejected-requests", "own_entity"),
        ("sb://other.servicebus.windows.net/replies", "other_namespace"),
        ("my replies", "not_a_queue"),
    ],
)
async def test_an_answer_that_may_not_go_there_is_said_in_the_event(
    address: str, code: str
) -> None:
    """The meeting is made all the same; nothing goes to the queue."""
    world = World()
    await world.drop("create-meeting", ASK | {"join": "now"}, reply_to=address)
    await world.pump(until=timedelta())
    await world.drop("create-meeting", {"requestId": "INC-2"}, reply_to=address)

    assert world.events("meeting.created")[0]["data"]["undelivered"]["code"] == code
    assert world.events("meeting.rejected")[0]["data"]["undelivered"]["code"] == code
    assert [one.subject for one in world.fake_bus.sent_to("rejected-requests")] == [
        "invalid_request"
    ]
    queues = {one.entity for one in world.fake_bus.sent}
    assert queues <= {"meeting-events", "rejected-requests", "join-meeting", "tend-meeting"}


async def test_an_answer_for_a_queue_that_is_not_there_is_warned_of_once() -> None:
    """Service Bus says it only after the event was sent."""
    world = World(fake_bus=InMemoryBus(unknown=["nowhere"]))
    await world.drop("create-meeting", ASK, reply_to="nowhere")
    await world.drop("create-meeting", ASK, reply_to="nowhere")

    (warning,) = world.events("meeting.warning")
    assert warning["data"]["code"] == "answer_undelivered"
    assert "nowhere" in warning["data"]["message"]
    assert world.names() == ["meeting.created", "meeting.warning"]


async def test_a_refusal_for_a_queue_that_is_not_there_says_so() -> None:
    """It has no meeting to warn of."""
    world = World(fake_bus=InMemoryBus(unknown=["nowhere"]))
    await world.drop("create-meeting", {"requestId": "INC-1"}, reply_to="nowhere")

    (refusal,) = world.events("meeting.rejected")
    assert refusal["data"]["undelivered"]["code"] == "no_such_queue"


async def test_a_refusal_reaches_the_topic_while_the_reply_queue_takes_nothing() -> None:
    """The message is abandoned, so the answer follows once the queue takes messages again."""
    world = World()
    world.fake_bus.down.add("replies")
    with pytest.raises(Exception, match="taking nothing"):
        await world.drop("create-meeting", {"requestId": "INC-1"}, reply_to="replies")

    assert world.names() == ["meeting.rejected"]


async def test_no_event_goes_to_a_reply_queue_that_the_table_does_not_name() -> None:
    """Over a whole story, each kind of request under a queue of its own."""
    world = World()
    ask = ASK | {"join": "now"}
    await world.drop("create-meeting", ask, reply_to="create")
    await world.pump(until=timedelta())
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="join")
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.callback(meeting_id, leg_key, roster(call_id, "ada"))
    changed = {"requestId": "INC-1", "action": "update", "subject": "still down"}
    await world.drop("create-meeting", changed, reply_to="update")
    leave = {"meetingId": meeting_id, "action": "leave"}
    await world.drop("join-meeting", leave, reply_to="leave")
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    await world.pump()
    await world.drop("join-meeting", leave, reply_to="leave")
    cancel = {"requestId": "INC-1", "action": "cancel"}
    await world.drop("create-meeting", cancel, reply_to="cancel")
    await world.pump()

    for request in ("create", "update", "cancel", "join", "leave"):
        as_join = {"create": {"create", "join"}}.get(request, {request})
        names = heard(world, request)
        assert names
        assert all(as_join & set(HEARD_BY[name]) for name in names), (request, names)
