"""Meetings that only a POST can make (a passcode, a template), on fakes: one, whatever happens."""

import asyncio
from typing import Any

import pytest

from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.ids import MeetingId
from tests.application.crashing import every_fuse
from tests.application.mortal import drop_until_done, fused
from tests.application.world import ORGANIZER, World
from tests.fakes.ledger import InMemoryLedger

ASK: dict[str, Any] = {
    "requestId": "INC-1",
    "subject": "down",
    "options": {
        "joinMeetingIdSettings": {"isPasscodeRequired": True},
        "recordAutomatically": True,
    },
}


class Stumbling(InMemoryLedger):
    """Tables that do not take the first aliases."""

    def __init__(self, *, failures: int) -> None:
        super().__init__()
        self.failures = failures

    async def claim_alias(self, alias: str, meeting_id: MeetingId) -> MeetingId:
        """See `ports.Ledger.claim_alias`."""
        self.failures -= 1
        if self.failures >= 0:
            raise Unavailable("tables (as the test asked)")
        return await super().claim_alias(alias, meeting_id)


def passcodes(world: World) -> list[str | None]:
    """Return the passcode of every meeting that Graph holds."""
    return [one["joinMeetingIdSettings"]["passcode"] for one in world.fake_graph.online.values()]


async def test_a_passcode_is_given_by_graph_and_told() -> None:
    """The options that a PATCH can set follow the POST."""
    world = World()

    await world.drop("create-meeting", ASK, reply_to="replies")

    (event,) = world.replies()
    assert event["data"]["coordinates"]["passcode"]
    assert event["data"]["coordinates"]["passcode"] in event["data"]["invitation"]["text"]
    assert event["data"]["warnings"] == []
    assert world.fake_graph.patches == [{"recordAutomatically": True}]
    assert list(world.fake_graph.meetings) == [(ORGANIZER, "INC-1")]


async def test_a_template_is_posted() -> None:
    """createOrGet would not take it."""
    world = World()
    ask = {"requestId": "INC-1", "subject": "x", "options": {"meetingTemplateId": "firstparty_1"}}

    await world.drop("create-meeting", ask)

    (meeting,) = world.fake_graph.online.values()
    assert meeting["meetingTemplateId"] == "firstparty_1"


async def test_a_passcode_that_graph_does_not_give_is_told() -> None:
    """The meeting is there; the caller decides."""
    world = World()
    world.fake_graph.ignored = {"joinMeetingIdSettings"}

    await world.drop("create-meeting", ASK)

    (event,) = world.events("meeting.created")
    assert [one["code"] for one in event["data"]["warnings"]] == ["option_not_applied"]


async def test_a_refused_post_leaves_the_id_free() -> None:
    """Once it is put right, the same id may ask for something else."""
    world = World()
    world.fake_graph.fail_next(Rejected(code="graph_refused", message="No.", next_step=""))

    await world.drop("create-meeting", ASK)
    await world.drop("create-meeting", {**ASK, "subject": "other"})

    assert world.names() == ["meeting.rejected", "meeting.created"]
    assert len(world.fake_graph.online) == 1


async def test_a_throttled_post_is_sent_again_without_a_doubt() -> None:
    """429 made nothing: nobody has to look for what it left."""
    world = World()
    world.fake_graph.fail_next(Unavailable("429", graph=GraphTrace(status=429, code="x")))

    await world.drop("create-meeting", ASK)
    await world.pump()

    assert world.fake_graph.found == 0
    assert len(world.fake_graph.online) == 1


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
async def test_a_post_whose_answer_is_lost_makes_one_meeting(done: bool) -> None:
    """Graph is asked by the same externalId before anything is sent again."""
    world = World()
    world.fake_graph.fail_next(done=done)

    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.pump()

    assert len(world.replies()) == 1
    assert passcodes(world) == ["aB3dE6"]


async def test_a_posted_meeting_that_graph_does_not_find_is_the_one_orphan() -> None:
    """Should createOrGet not see it, another is posted; there is still one answer."""
    world = World()
    world.fake_graph.hides_posted = True
    world.fake_graph.fail_next(done=True)

    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.pump()

    assert len(world.replies()) == 1
    assert passcodes(world) == ["aB3dE6", "aB3dE6"]


async def test_tables_that_fail_after_the_post_lose_no_meeting() -> None:
    """What Graph gave is kept before anything else is written, with options to be set or none."""
    world = World(ledger=Stumbling(failures=1))
    world.fake_graph.hides_posted = True
    ask = {**ASK, "options": {"joinMeetingIdSettings": {"isPasscodeRequired": True}}}

    await world.drop("create-meeting", ask, reply_to="replies")
    await world.pump()

    (event,) = world.replies()
    assert [event["data"]["coordinates"]["onlineMeetingId"]] == list(world.fake_graph.online)


async def test_a_meeting_that_was_there_before_is_never_deleted() -> None:
    """It may be somebody else's: it has our externalId and no passcode, and is older than us."""
    world = World()
    body = {"externalId": "INC-1", "subject": "somebody else's"}
    theirs = await world.fake_graph.create_or_get_meeting(ORGANIZER, body)
    world.clock.advance(3600)
    world.fake_graph.fail_next()

    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.pump()

    assert theirs.online_meeting_id in world.fake_graph.online
    assert world.replies()[0]["data"]["coordinates"]["passcode"]


async def test_requests_that_race_make_one_meeting() -> None:
    """Four messages of one request at once, in two processes."""
    world = World()
    other = World(
        clock=world.clock,
        ledger=world.ledger,
        fake_bus=world.fake_bus,
        fake_graph=world.fake_graph,
    )
    messages = [world.message("create-meeting", ASK, reply_to=f"r{n}") for n in range(4)]

    await asyncio.gather(
        *((world, other)[n % 2].deliver(message) for n, message in enumerate(messages))
    )
    await world.pump()

    assert len(world.fake_graph.online) == 1
    assert world.names() == ["meeting.created"]
    assert all(len(world.replies(f"r{n}")) == 1 for n in range(4))


async def test_another_request_under_the_id_is_refused_while_the_first_is_on_its_way() -> None:
    """Two wishes never become one meeting."""
    world = World()
    first = asyncio.create_task(world.drop("create-meeting", ASK))
    for _ in range(3):
        await asyncio.sleep(0)

    await world.drop("create-meeting", {**ASK, "subject": "other"}, reply_to="replies")
    await first

    (refusal,) = world.replies()
    assert refusal["data"]["code"] == "request_conflict"
    assert len(world.fake_graph.online) == 1


async def test_no_crash_point_makes_two_meetings_or_two_answers() -> None:
    """One meeting with a passcode, told once."""
    for fuse in every_fuse():
        world = fused(World(), fuse)

        await drop_until_done(world, fuse, ASK)

        assert passcodes(world) == ["aB3dE6"]
        assert world.names() == ["meeting.created"]
        assert {one["id"] for one in world.replies()} == {world.events()[0]["id"]}
