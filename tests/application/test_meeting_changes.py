"""Updates and cancellations of meetings, through the handler, on fakes."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from shared.words.answers import MeetingAnswer
from shared.words.errors import GraphTrace, Rejected
from tests.application.crashing import Fuse
from tests.application.links import CLASSIC
from tests.application.mortal import drop_until_done, fused
from tests.application.world import TENANT, World, leg_of, state
from tests.fakes.graph import FakeGraph
from tests.fakes.ledger import InMemoryLedger

ASK: dict[str, Any] = {
    "requestId": "INC-1",
    "subject": "down",
    "startDateTime": "2026-09-14T10:00:00Z",
    "endDateTime": "2026-09-14T11:00:00Z",
    "attendees": ["ada@example.com"],
    "context": {"team": "shop"},
}
LONG = timedelta(hours=6)
CANCEL = {"requestId": "INC-1", "action": "cancel"}


def update(**members: Any) -> dict[str, Any]:
    return {"requestId": "INC-1", "action": "update", **members}


class Overtaken(FakeGraph):
    """A Graph before whose next PATCH something else happens."""

    meanwhile: Callable[[], Awaitable[Any]]

    async def update_meeting(
        self, organizer_id: str, online_meeting_id: str, body: dict[str, Any]
    ) -> MeetingAnswer:
        """See `graph_port.Graph.update_meeting`."""
        await self.meanwhile()
        return await super().update_meeting(organizer_id, online_meeting_id, body)


class Terse(FakeGraph):
    """A Graph that answers a PATCH without saying who takes part."""

    async def update_meeting(
        self, organizer_id: str, online_meeting_id: str, body: dict[str, Any]
    ) -> MeetingAnswer:
        """See `graph_port.Graph.update_meeting`."""
        changed = await super().update_meeting(organizer_id, online_meeting_id, body)
        return replace(changed, attendees=None)


LATER = {"startDateTime": "2026-09-14T10:30:00Z", "endDateTime": "2026-09-14T11:30:00Z"}
EARLIER = {"startDateTime": "2026-09-14T09:00:00Z", "endDateTime": "2026-09-14T09:30:00Z"}


async def test_a_change_is_one_patch_and_one_event() -> None:
    """What changed, what the meeting is now, and an invitation that replaces the first one."""
    world = World()
    await world.drop("create-meeting", ASK)
    change = update(
        subject="all well",
        **LATER,
        attendees=["bo@example.com"],
        options={"recordAutomatically": True},
    )

    await world.drop("create-meeting", change, reply_to="replies")

    (patch,) = world.fake_graph.patches
    assert set(patch) == {
        "subject",
        "startDateTime",
        "endDateTime",
        "participants",
        "recordAutomatically",
    }
    (event,) = world.replies()
    assert event["type"] == "rollcall.meeting.updated.v1"
    assert event["data"]["subject"] == "all well"
    assert event["data"]["changed"] == [
        "options.recordAutomatically",
        "subject",
        "startDateTime",
        "endDateTime",
        "attendees",
    ]
    assert [one["upn"] for one in event["data"]["attendees"]] == ["bo@example.com"]
    assert event["data"]["context"] == {"team": "shop"}
    (entry,) = Calendar.from_ical(event["data"]["invitation"]["ics"]).walk("VEVENT")
    assert (entry["SUMMARY"], entry["SEQUENCE"]) == ("all well", 1)
    assert world.names() == ["meeting.created", "meeting.updated"]


async def test_what_graph_makes_of_a_change_is_told() -> None:
    """As with a new meeting."""
    world = World()
    await world.drop("create-meeting", ASK)
    world.fake_graph.unknown = {"bo@example.com"}

    await world.drop("create-meeting", update(attendees=["bo@example.com"]))

    (event,) = world.events("meeting.updated")
    assert [one["code"] for one in event["data"]["warnings"]] == ["attendee_not_added"]


async def test_attendees_that_graph_does_not_repeat_are_those_that_were_sent() -> None:
    """An answer that leaves them out says nothing of them."""
    world = World(fake_graph=Terse(tenant_id=TENANT))
    await world.drop("create-meeting", ASK)

    await world.drop("create-meeting", update(attendees=["bo@example.com"]))

    (event,) = world.events("meeting.updated")
    assert event["data"]["warnings"] == []
    assert [one["upn"] for one in event["data"]["attendees"]] == ["bo@example.com"]


async def test_a_change_that_graph_refuses_changes_nothing() -> None:
    """It is refused as a whole, with Graph's reason."""
    world = World()
    await world.drop("create-meeting", ASK)
    world.fake_graph.refused = {"allowMeetingChat"}
    change = update(subject="x", options={"allowMeetingChat": "limited"})

    await world.drop("create-meeting", change, reply_to="replies")

    (refusal,) = world.replies()
    assert refusal["data"]["graph"]["status"] == 400
    assert world.names() == ["meeting.rejected", "meeting.created"]


async def test_a_redelivered_change_is_told_once() -> None:
    """A throttled one too, whatever became of the first PATCH."""
    world = World()
    await world.drop("create-meeting", ASK)
    world.fake_graph.fail_next(done=True)
    message = await world.drop("create-meeting", update(subject="x"), reply_to="replies")
    await world.pump()

    await world.redeliver(message)

    assert world.names() == ["meeting.created", "meeting.updated"]
    assert len(world.replies()) == 1


async def test_messages_of_one_message_id_are_each_carried_out() -> None:
    """The incident's number is on all of them; two updates are two events."""
    world = World()

    async def drop(queue: str, body: dict[str, Any]) -> None:
        await world.drop(queue, body, reply_to="replies", message_id="INC-1")
        await world.pump(until=timedelta(minutes=1))

    await drop("create-meeting", {"requestId": "INC-1", "subject": "down"})
    meeting_id = world.replies()[0]["data"]["meetingId"]
    await drop("join-meeting", {"meetingId": meeting_id})
    for subject in ("worse", "better"):
        await drop("create-meeting", {"requestId": "INC-1", "action": "update", "subject": subject})
    await drop("create-meeting", {"requestId": "INC-1", "action": "cancel"})

    types = [reply["type"].removeprefix("rollcall.") for reply in world.replies()]
    assert types == [
        "meeting.created.v1",
        "bot.joining.v1",
        "meeting.updated.v1",
        "meeting.updated.v1",
        "meeting.cancelled.v1",
        "bot.left.v1",
    ]
    assert len({reply["id"] for reply in world.replies()}) == 6
    assert not world.fake_graph.online


async def test_the_same_change_asked_for_again_is_the_same_event() -> None:
    """Another message, hours later: answered byte for byte, and told no more."""
    world = World()
    await world.drop("create-meeting", ASK)
    change = update(subject="all well", **LATER)
    await world.drop("create-meeting", change, reply_to="first")
    world.clock.advance(600)

    await world.drop("create-meeting", change, reply_to="again")

    (first,), (again,) = world.replies("first"), world.replies("again")
    assert again == first
    assert world.names() == ["meeting.created", "meeting.updated"]


async def test_a_change_back_to_what_was_is_a_change() -> None:
    """Only the last update can come once more: another was asked for in between."""
    world = World()
    await world.drop("create-meeting", ASK)
    for subject in ("one", "two", "one"):
        await world.drop("create-meeting", update(subject=subject), reply_to="replies")

    assert [one["data"]["subject"] for one in world.replies()] == ["one", "two", "one"]
    assert len({one["id"] for one in world.replies()}) == 3
    assert world.names().count("meeting.updated") == 3


async def test_the_first_request_is_still_known_after_a_change() -> None:
    """It is answered as it was the first time; another one under its id is refused."""
    world = World()
    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.drop("create-meeting", update(subject="all well", **LATER))

    await world.drop("create-meeting", ASK, reply_to="again")
    await world.drop("create-meeting", {**ASK, "subject": "all well"}, reply_to="other")

    (first,), (again,) = world.replies(), world.replies("again")
    assert first["data"].pop("recordedAt") <= again["data"].pop("recordedAt")
    assert again == first
    assert world.replies("other")[0]["data"]["code"] == "request_conflict"


@pytest.mark.parametrize("body", [update(subject="x"), CANCEL])
async def test_a_change_of_nothing_is_refused(body: dict[str, Any]) -> None:
    """No such request is known."""
    world = World()

    await world.drop("create-meeting", body, reply_to="replies")

    assert world.replies()[0]["data"]["code"] == "meeting_not_found"


async def test_a_meeting_that_is_just_being_made_is_waited_for() -> None:
    """A change that overtakes its meeting comes again."""
    world = World(ledger=(ledger := InMemoryLedger()))
    options = {"joinMeetingIdSettings": {"isPasscodeRequired": True}}
    first = asyncio.create_task(world.drop("create-meeting", {**ASK, "options": options}))
    for _ in range(20):
        await asyncio.sleep(0)
        if ledger.meetings():
            break

    await world.drop("create-meeting", update(subject="x"))
    await first
    await world.pump()

    assert world.names() == ["meeting.created", "meeting.updated"]


@pytest.mark.parametrize("delay", range(12))
async def test_of_two_cancellations_at_once_both_are_answered(delay: int) -> None:
    """With the same event, whichever of them cancelled the meeting."""
    world = World()
    await world.drop("create-meeting", ASK)
    cancel = {"requestId": "INC-1", "action": "cancel"}

    first = asyncio.create_task(world.drop("create-meeting", cancel, reply_to="first"))
    for _ in range(delay):
        await asyncio.sleep(0)
    await world.drop("create-meeting", cancel, reply_to="second")
    await first
    await world.pump()

    replies = [*world.replies("first"), *world.replies("second")]
    assert [one["type"] for one in replies] == ["rollcall.meeting.cancelled.v1"] * 2
    assert len({one["id"] for one in replies}) == 1


async def test_a_scheduled_join_follows_a_later_start() -> None:
    """Its message comes when it was due, and waits on."""
    world = World()
    await world.drop("create-meeting", {**ASK, "join": "atStart"})

    await world.drop("create-meeting", update(**LATER))
    await world.pump(until=LONG)

    assert world.clock.now().isoformat() == "2026-09-14T10:30:00+00:00"
    assert len(world.fake_graph.bodies) == 1


async def test_a_scheduled_join_follows_an_earlier_start() -> None:
    """Another message is sent; the first one finds the bot there."""
    world = World()
    await world.drop("create-meeting", {**ASK, "join": "atStart"})

    await world.drop("create-meeting", update(**EARLIER))

    joins = world.fake_bus.sent_to("join-meeting")
    assert [join.due and join.due.isoformat() for join in joins] == [
        "2026-09-14T10:00:00+00:00",
        "2026-09-14T09:00:00+00:00",
    ]
    await world.pump(until=LONG)
    assert len(world.fake_graph.bodies) == 1


async def test_cancelling_ends_the_leg_and_deletes_the_meeting() -> None:
    """In this order; a request to join afterwards is refused."""
    world = World()
    await world.drop("create-meeting", {**ASK, "join": "now"})
    await world.pump()
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))

    await world.drop("create-meeting", CANCEL, reply_to="replies")
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))
    await world.pump()

    (event,) = world.replies()
    assert event["type"] == "rollcall.meeting.cancelled.v1"
    assert "STATUS:CANCELLED" in event["data"]["invitation"]["ics"]
    assert "http" not in event["data"]["invitation"]["text"]
    assert set(world.fake_graph.ended) == {call_id}
    assert world.fake_graph.online == {}
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="join")
    assert world.replies("join")[0]["data"]["code"] == "meeting_cancelled"
    assert len(world.fake_graph.bodies) == 1


async def test_a_scheduled_join_of_a_cancelled_meeting_is_dropped() -> None:
    """Nobody asked for it just now, so nobody is told that it failed."""
    world = World()
    await world.drop("create-meeting", {**ASK, "join": "atStart"})

    await world.drop("create-meeting", CANCEL)
    await world.pump(until=LONG)

    assert world.names() == ["meeting.created", "meeting.cancelled"]
    assert world.fake_graph.bodies == []


async def test_a_meeting_is_cancelled_once_and_each_request_answered_once() -> None:
    """Redelivered, asked again, asked at once."""
    world = World()
    await world.drop("create-meeting", ASK)
    message = await world.drop("create-meeting", CANCEL, reply_to="replies")

    await world.redeliver(message)
    await world.drop("create-meeting", CANCEL, reply_to="others")

    (first,), (again,) = world.replies(), world.replies("others")
    assert again["id"] == first["id"]
    assert again["sequence"] == first["sequence"]
    assert world.names() == ["meeting.created", "meeting.cancelled"]


async def test_a_cancelled_meeting_is_not_changed() -> None:
    """Its request id still answers for what it was."""
    world = World()
    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.drop("create-meeting", CANCEL)

    await world.drop("create-meeting", update(subject="x"), reply_to="refused")
    await world.drop("create-meeting", ASK, reply_to="replies")

    assert world.replies("refused")[0]["data"]["code"] == "meeting_cancelled"
    first, again = world.replies()
    assert first["id"] == again["id"]
    assert len(world.fake_graph.online) == 0


async def test_a_repeat_is_told_with_the_context_of_the_first() -> None:
    """Whatever a request to join said of a meeting that had none."""
    world = World()
    ask = {name: value for name, value in ASK.items() if name != "context"}
    change = update(subject="x")
    for message in (ask, change):
        await world.drop("create-meeting", message, reply_to="first")
    meeting_id = world.events()[0]["data"]["meetingId"]
    await world.drop("join-meeting", {"meetingId": meeting_id, "context": {"by": "a join"}})

    for message in (ask, change):
        await world.drop("create-meeting", message, reply_to="again")

    for first, again in zip(world.replies("first"), world.replies("again"), strict=True):
        assert first["data"].pop("recordedAt")
        assert again["data"].pop("recordedAt")
        assert first["data"]["context"] is None
        assert again == first


async def test_a_change_that_a_cancellation_overtakes_is_told_of_it() -> None:
    """Graph says only that there is no such meeting."""
    graph = Overtaken(tenant_id=TENANT)
    world = World(fake_graph=graph)
    await world.drop("create-meeting", ASK)
    graph.meanwhile = lambda: world.drop("create-meeting", CANCEL)

    await world.drop("create-meeting", update(subject="x"), reply_to="replies")

    (refused,) = world.replies()
    assert refused["data"]["code"] == "meeting_cancelled"


async def test_a_cancellation_that_graph_refuses_leaves_the_meeting() -> None:
    """It may be joined as before."""
    world = World()
    await world.drop("create-meeting", ASK)
    meeting_id = world.events()[0]["data"]["meetingId"]
    world.fake_graph.fail_next(
        Rejected(
            code="organizer_not_allowed",
            message="No.",
            next_step="",
            graph=GraphTrace(status=403, code="Forbidden"),
        )
    )

    await world.drop("create-meeting", CANCEL, reply_to="replies")
    world.clock.advance(1)
    await world.drop("join-meeting", {"meetingId": meeting_id})

    assert world.replies()[0]["data"]["code"] == "organizer_not_allowed"
    assert len(world.fake_graph.bodies) == 1


async def test_a_cancellation_that_graph_does_not_answer_comes_again() -> None:
    """Deleting twice is no error."""
    world = World()
    await world.drop("create-meeting", ASK)
    world.fake_graph.fail_next(done=True)

    await world.drop("create-meeting", CANCEL, reply_to="replies")
    await world.pump()

    assert len(world.replies()) == 1
    assert world.fake_graph.online == {}


async def test_a_cancellation_that_gives_up_leaves_the_meeting() -> None:
    """It may be joined, changed and cancelled as before, once Graph answers again."""
    world = World()
    await world.drop("create-meeting", ASK)
    meeting_id = world.events()[0]["data"]["meetingId"]
    world.fake_graph.fail_next(times=5)

    await world.drop("create-meeting", CANCEL, reply_to="replies")
    await world.pump()
    world.clock.advance(1)
    await world.drop("join-meeting", {"meetingId": meeting_id})
    await world.drop("create-meeting", update(subject="x"), reply_to="replies")
    await world.drop("create-meeting", CANCEL, reply_to="replies")

    gave_up, updated, cancelled = world.replies()
    assert gave_up["data"]["code"] == "gave_up"
    assert len(world.fake_graph.bodies) == 1
    assert updated["type"] == "rollcall.meeting.updated.v1"
    assert cancelled["type"] == "rollcall.meeting.cancelled.v1"
    assert world.fake_graph.online == {}


CHANGE = update(subject="all well", **EARLIER)
STORIES = [
    pytest.param(CHANGE, "meeting.updated", id="update"),
    pytest.param(CANCEL, "meeting.cancelled", id="cancel"),
]


async def a_meeting_with_a_bot() -> World:
    """Return a world in which the bot is in the meeting, and its scheduled join still waits."""
    world = World()
    await world.drop("create-meeting", {**ASK, "join": "atStart"})
    meeting_id = world.events()[0]["data"]["meetingId"]
    await world.drop("join-meeting", {"meetingId": meeting_id})
    return world


@pytest.mark.parametrize(("change", "name"), STORIES)
async def test_no_crash_point_tells_a_change_twice(
    change: dict[str, Any], name: str, fuses: Iterator[Fuse]
) -> None:
    """Done once, told once, answered once; a cancelled meeting has no leg left."""
    for fuse in fuses:
        world = fused(await a_meeting_with_a_bot(), fuse)

        await drop_until_done(world, fuse, change)

        assert len(world.events(name)) == 1
        assert {one["id"] for one in world.replies()} == {world.events(name)[0]["id"]}
        if change is CANCEL:
            assert world.fake_graph.online == {}
            assert world.fake_graph.calls == {}
        else:
            (meeting,) = world.fake_graph.online.values()
            assert meeting["subject"] == "all well"


@pytest.mark.parametrize("action", [{"action": "cancel"}, {"action": "update", "subject": "mine"}])
async def test_a_meeting_of_others_is_changed_by_its_organizer_alone(
    action: dict[str, str],
) -> None:
    """The request brought the bot there; the refusal says how to take it out again."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-1"})
    meeting_id = world.events("bot.joining")[0]["data"]["meetingId"]

    await world.drop("create-meeting", {"requestId": "J-1"} | action, reply_to="replies")

    (refused,) = world.replies()
    assert refused["data"]["code"] == "not_our_meeting"
    way_out = json.loads(re.findall(r"\{.*\}", refused["data"]["nextStep"])[0])
    await world.drop("join-meeting", way_out)
    await world.pump()
    assert way_out["meetingId"] == meeting_id
    assert world.fake_graph.calls == {}
