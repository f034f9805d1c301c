"""A message that Service Bus can never take fails alone, and does not vanish.

It is not tried again. An answer is warned of on the topic; of any other a copy is kept.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.journal.flush import LONGEST_KEPT
from shared.meeting.meeting import Change, Meeting
from shared.words.entities import EVENTS_TOPIC, REJECTED_QUEUE, TEND_QUEUE
from shared.words.errors import NotSent
from shared.words.ids import MeetingId
from shared.words.outgoing import Outgoing
from tests.application.world import World
from tests.fakes.bus import InMemoryBus

MEETING = MeetingId("a" * 26)
LONG = "m" * 129
LARGE = json.dumps({"noise": "x" * 300_000})
REFUSED: dict[str, Any] = {"requestId": "INC-1"}


def message(entity: str, message_id: str, body: str = "{}") -> Outgoing:
    return Outgoing(entity=entity, message_id=message_id, body=body)


async def commit(world: World, *messages: Outgoing) -> None:
    """Commit messages of a meeting, and wait until they were sent, kept, or refused."""

    def decide(known: Meeting | None, _: object) -> Change:
        meeting = known or Meeting(meeting_id=MEETING, tenant_id="t", correlation_id="c")
        return Change(meeting=meeting, outgoing=messages)

    await world.services.journal.commits.change(MEETING, decide)
    await world.services.journal.settled()


async def unsent(world: World) -> Sequence[object]:
    stored = await world.ledger.load(MEETING)
    return stored.outbox if stored is not None else ()


@pytest.mark.parametrize("entity", [EVENTS_TOPIC, TEND_QUEUE])
async def test_one_that_cannot_be_sent_is_kept_and_holds_up_nothing(entity: str) -> None:
    """Before it and after it, in its own batch; and the outbox is empty."""
    world = World()
    first, last = message(entity, "1"), message(entity, "3")

    await commit(world, first, message(entity, "2", LARGE), last)

    assert world.fake_bus.sent_to(entity) == [first, last]
    (kept,) = world.fake_bus.sent_to(REJECTED_QUEUE)
    assert kept.properties == {"rollcall-queue": entity, "rollcall-code": "message_too_large"}
    assert (kept.body, kept.content_type) == (LARGE[: 128 * 1024], "text/plain")
    assert await unsent(world) == ()


async def test_one_that_cannot_be_sent_is_kept_once_another_queue_takes_messages_again() -> None:
    """While that one is down, nothing says that the first was sent."""
    world = World()
    world.fake_bus.down = {TEND_QUEUE}
    await commit(world, message(EVENTS_TOPIC, LONG), message(TEND_QUEUE, "2"))

    assert len(world.fake_bus.sent_to(REJECTED_QUEUE)) == 1
    world.fake_bus.down.clear()
    world.clock.advance(world.tending.grace.total_seconds())
    await commit(world)

    assert [one.message_id for one in world.fake_bus.sent_to(TEND_QUEUE)] == ["2"]
    assert len(world.fake_bus.sent_to(REJECTED_QUEUE)) == 1
    assert await unsent(world) == ()


async def test_its_copy_waits_for_a_queue_that_takes_nothing() -> None:
    """It is stored in the place of the message, which is not tried again."""
    world = World()
    world.fake_bus.down = {REJECTED_QUEUE}
    await commit(world, message(EVENTS_TOPIC, LONG))

    world.fake_bus.down.clear()
    world.clock.advance(world.tending.grace.total_seconds())
    await commit(world)

    (kept,) = world.fake_bus.sent_to(REJECTED_QUEUE)
    assert kept.properties["rollcall-code"] == "message_refused"
    assert await unsent(world) == ()


async def test_an_answer_that_a_queue_never_takes_is_warned_of() -> None:
    """The topic has the event; the caller's queue may be smaller, or want sessions."""
    world = World()
    await world.drop("create-meeting", {"requestId": "INC-1", "subject": "x"})
    (made,) = world.events("meeting.created")

    def decide(known: Meeting | None, _: object) -> Change | None:
        return Change(meeting=known, outgoing=(message("replies", LONG),)) if known else None

    await world.services.journal.commits.change(MeetingId(made["data"]["meetingId"]), decide)
    await world.services.journal.settled()

    (warning,) = world.events("meeting.warning")
    assert warning["data"]["code"] == "answer_undelivered"
    assert "replies" in warning["data"]["message"]
    assert world.fake_bus.sent_to(REJECTED_QUEUE) == []


async def test_an_answer_is_given_up_where_its_queue_takes_nothing_for_a_day() -> None:
    """It is full, disabled or forbidden; the meeting is not looked at for ever for its sake."""
    world = World()
    world.fake_bus.down = {"replies"}
    await world.drop("create-meeting", {"requestId": "INC-1", "subject": "x"}, reply_to="replies")
    (made,) = world.events("meeting.created")
    meeting_id = MeetingId(made["data"]["meetingId"])

    world.clock.advance((LONGEST_KEPT - timedelta(minutes=1)).total_seconds())
    await (await world.services.journal.open(meeting_id)).mend()
    await world.services.journal.settled()
    assert world.events("meeting.warning") == []
    world.clock.advance(60)
    await (await world.services.journal.open(meeting_id)).mend()
    await world.services.journal.settled()

    (warning,) = world.events("meeting.warning")
    assert warning["data"]["code"] == "answer_undelivered"
    stored = await world.ledger.load(meeting_id)
    assert stored is not None
    assert stored.outbox == ()


async def test_a_refusal_whose_queue_takes_nothing_is_given_up_before_it_is_dead_lettered() -> None:
    """Another event, with an id of its own, says that the answer is lost."""
    world = World()
    world.fake_bus.down = {"replies"}
    refused = world.message("create-meeting", REFUSED, reply_to="replies")
    with pytest.raises(NotSent):
        await world.deliver(refused)

    await world.redeliver(refused, 8)

    first, last = world.events("meeting.rejected")
    assert "undelivered" not in first["data"]
    assert last["data"]["undelivered"]["code"] == "closed_queue"
    assert first["id"] != last["id"]


async def test_a_missing_queue_of_our_own_is_an_outage() -> None:
    """The message goes back, and is held as in any other: an operator may create the queue."""
    world = World(fake_bus=InMemoryBus(unknown=[REJECTED_QUEUE]))

    with pytest.raises(NotSent, match=REJECTED_QUEUE):
        await world.drop("create-meeting", REFUSED)
