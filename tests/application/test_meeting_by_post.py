"""Meetings that only a POST can make (a passcode, a template), on fakes: one, whatever happens."""

import asyncio
from typing import Any

import pytest

from shared.words.answers import GivenMeeting
from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.ids import MeetingId
from tests.application.crashing import every_fuse
from tests.application.mortal import drop_until_done, fused
from tests.application.world import LEASE, ORGANIZER, TENANT, World
from tests.fakes.graph import FakeGraph
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


class HeldUp(FakeGraph):
    """A Graph that holds back its answer to the first POST of a meeting."""

    def __init__(self, *, tenant_id: str) -> None:
        super().__init__(tenant_id=tenant_id)
        self.holds, self.go_on = asyncio.Event(), asyncio.Event()

    async def create_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """See `graph_port.Graph.create_meeting`."""
        made = await super().create_meeting(organizer_id, body)
        if not self.holds.is_set():
            self.holds.set()
            await self.go_on.wait()
        return made


async def test_a_passcode_is_given_by_graph_and_told() -> None:
    """The options that a PATCH can set follow the POST."""
    world = World()

    await world.drop("create-meeting", ASK, reply_to="replies")

    (event,) = world.replies()
    assert event["data"]["coordinates"]["passcode"]
    assert event["data"]["coordinates"]["passcode"] in event["data"]["invitation"]["text"]
    assert event["data"]["warnings"] == []
    assert world.fake_graph.patches == [{"recordAutomatically": True}]


@pytest.mark.parametrize("takes_it", [False, True], ids=["refused", "taken"])
async def test_a_passcode_is_had_whether_or_not_post_takes_an_external_id(takes_it: bool) -> None:
    """It is not sent, and does not come back as a warning."""
    world = World()
    world.fake_graph.post_takes_external_id = takes_it

    await world.drop("create-meeting", ASK)

    (event,) = world.events("meeting.created")
    assert event["data"]["coordinates"]["passcode"]
    assert event["data"]["warnings"] == []
    assert list(world.fake_graph.meetings) == [(ORGANIZER, "")]


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


async def test_a_throttled_post_makes_one_meeting() -> None:
    """429 made nothing."""
    world = World()
    world.fake_graph.fail_next(Unavailable("429", graph=GraphTrace(status=429, code="x")))

    await world.drop("create-meeting", ASK)
    await world.pump()

    assert world.names() == ["meeting.created"]
    assert len(world.fake_graph.online) == 1


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
async def test_a_post_whose_answer_is_lost_is_sent_again(done: bool) -> None:
    """Nothing finds what it made: that is the one orphan. One meeting is published."""
    world = World()
    world.fake_graph.fail_next(done=done)

    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.pump()

    (event,) = world.replies()
    *orphan, published = world.fake_graph.online
    assert len(orphan) == done
    assert event["data"]["coordinates"]["onlineMeetingId"] == published


async def test_tables_that_fail_after_the_post_lose_no_meeting() -> None:
    """What Graph gave is kept before anything else is written, with options to be set or none."""
    world = World(ledger=Stumbling(failures=1))
    ask = {**ASK, "options": {"joinMeetingIdSettings": {"isPasscodeRequired": True}}}

    await world.drop("create-meeting", ask, reply_to="replies")
    await world.pump()

    (event,) = world.replies()
    assert [event["data"]["coordinates"]["onlineMeetingId"]] == list(world.fake_graph.online)


async def test_a_meeting_that_comes_after_the_lease_is_deleted() -> None:
    """Another handler published its own meanwhile; no caller has the link of the late one."""
    graph = HeldUp(tenant_id=TENANT)
    world = World(fake_graph=graph)
    message = world.message("create-meeting", ASK, reply_to="replies")
    late = asyncio.create_task(world.deliver(message))
    await graph.holds.wait()
    world.clock.advance(LEASE.total_seconds() + 1)
    await world.redeliver(message)

    graph.go_on.set()
    await late

    (event,) = world.events()
    assert [event["data"]["coordinates"]["onlineMeetingId"]] == list(graph.online)
    assert {one["id"] for one in world.replies()} == {event["id"]}


async def test_requests_that_race_make_one_meeting() -> None:
    """Four messages of one request at once, in two processes."""
    world = World()
    other = world.beside()
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


async def test_no_crash_point_makes_two_answers_or_two_orphans() -> None:
    """One meeting is published, once. An orphan is left between the POST and its commit alone."""
    orphaned: list[tuple[int, bool]] = []
    for fuse in every_fuse("before", "after"):
        world = fused(World(), fuse)

        await drop_until_done(world, fuse, ASK)

        assert world.names() == ["meeting.created"]
        (event,) = world.events()
        assert {one["id"] for one in world.replies()} == {event["id"]}
        *orphan, published = world.fake_graph.online
        assert event["data"]["coordinates"]["onlineMeetingId"] == published
        assert len(orphan) <= 1
        if orphan:
            orphaned.append((fuse.at, fuse.after))

    post = orphaned[0][0]
    load, commit = post + 1, post + 2
    assert orphaned == [(post, True), (load, False), (load, True), (commit, False)]
