"""A roster or a record that cannot be read: it is said, and nothing ends by it."""

import json
from datetime import timedelta

from shared.words.ids import MeetingId
from tests.application.joined import Joined
from tests.application.world import roster
from tests.fakes.ledger import InMemoryLedger


async def test_a_read_that_nobody_can_read_ends_nothing() -> None:
    """Entries without an identity may be people."""
    world = await Joined().begin()
    await world.see("ada")
    await world.see()
    world.fake_graph.fill_room(world.call_id, [{"id": "x"}])

    await world.pump(until=timedelta(seconds=30))

    assert "call.ended" not in world.names()


async def test_a_roster_that_cannot_be_read_is_warned_of_once() -> None:
    """Five reads in a row list neither people nor the bot, and Graph says that the bot is in."""
    world = await Joined().begin()

    await world.show_unreadable_rosters()

    (warning,) = world.events("meeting.warning")
    assert warning["data"]["code"] == "roster_unreadable"
    assert "call.ended" not in world.names()


async def test_a_roster_that_cannot_be_read_for_a_leg_that_is_gone_is_its_end() -> None:
    """No warning: the read's 404 says why."""
    world = await Joined().begin()
    await world.see("ada")
    await world.pump()
    world.fake_graph.fail_next(times=6)
    await world.call(roster(world.call_id))
    await world.pump(until=timedelta(seconds=20))
    world.fake_graph.drop(world.call_id)

    await world.pump(until=timedelta(minutes=30))

    assert world.names()[-2:] == ["call.unwatched", "bot.left"]
    assert "meeting.warning" not in world.names()


async def test_a_record_that_cannot_be_read_is_said_to_be_so() -> None:
    """The callback is 503, and a request gives up with the reason instead of dying in silence."""
    ledger = InMemoryLedger()
    world = await Joined(ledger=ledger).begin()
    ledger.spoil(MeetingId(world.meeting_id))

    status = await world.call(roster(world.call_id, "ada"))
    await world.drop("join-meeting", {"meetingId": world.meeting_id}, reply_to="replies")
    await world.pump()

    (refused,) = world.replies()
    assert status == 503
    assert refused["data"]["code"] == "record_unreadable"
    assert "cannot be read" in repr(refused["data"]["history"])


async def test_a_look_at_a_record_that_cannot_be_read_ends_with_a_warning() -> None:
    """The message is kept like any that was given up, and the topic says what is wrong."""
    ledger = InMemoryLedger()
    world = await Joined(ledger=ledger).begin()
    await world.see("ada")
    ledger.spoil(MeetingId(world.meeting_id))

    await world.pump()

    (warning,) = world.events("meeting.warning")
    assert warning["subject"] == f"meetings/{world.meeting_id}"
    assert warning["data"]["code"] == "record_unreadable"
    assert "sequence" not in warning
    (kept,) = world.fake_bus.sent_to("rejected-requests")
    assert json.loads(kept.body)["meetingId"] == world.meeting_id
