"""How far a request is, and what becomes of the bot, as readers of the record see it."""

from datetime import timedelta
from typing import Any

import pytest

from meeting_record.handler import find_record, read_record
from shared.words.errors import GraphTrace, Unavailable
from shared.words.problems import rejected
from tests.application.kept import RETENTION, scheduled, wait
from tests.application.leaving import BYE, LEAVE
from tests.application.links import CLASSIC
from tests.application.world import BOT, World, leg_of, state
from tests.fakes.ledger import InMemoryLedger

ASK: dict[str, Any] = {"requestId": "INC-1", "subject": "down"}
AT_START = ASK | {"startDateTime": "2026-09-14T09:00:00Z", "join": "atStart"}
BUSY = Unavailable("Graph answered 503", graph=GraphTrace(status=503, code="", request_id="r-1"))


class CountingLedger(InMemoryLedger):
    """Counts what is written of meetings and of the index of purges."""

    writes = 0

    async def commit(self, *args: Any, **members: Any) -> Any:
        """See `ports.Ledger.commit`."""
        self.writes += 1
        return await super().commit(*args, **members)

    async def schedule_purge(self, *args: Any) -> None:
        """See `ports.Ledger.schedule_purge`."""
        self.writes += 1
        await super().schedule_purge(*args)


async def test_a_creation_that_waits_is_found_and_then_its_meeting() -> None:
    """Attempt, the next one's time, and why; nothing of it once the meeting is made."""
    world = World()
    world.fake_graph.fail_next(BUSY, times=2)
    await world.drop("create-meeting", ASK)
    first = await world.record("INC-1")
    await world.pump(until=timedelta(seconds=1))
    second = await world.record("INC-1")
    await world.pump()

    assert first["request"] == {
        "requestId": "INC-1",
        "state": "waiting",
        "attempt": 1,
        "triedAt": "2026-09-14T08:00:00.000Z",
        "nextTryAt": "2026-09-14T08:00:01.000Z",
        "why": "Graph answered 503",
        "graph": {
            "status": 503,
            "code": "",
            "requestId": "r-1",
            "clientRequestId": None,
            "date": None,
        },
    }
    assert (first["meeting"], first["calls"], first["bot"]["state"]) == (None, [], "never")
    assert second["request"]["attempt"] == 2
    done = await world.record("INC-1")
    assert "request" not in done
    assert done["meeting"]["requestId"] == "INC-1"


async def test_a_problem_that_may_heal_says_what_to_do_meanwhile() -> None:
    """An administrator reads it while the request waits."""
    world = World()
    world.fake_graph.fail_next(rejected("consent_missing", app=BOT), times=99)
    await world.drop("create-meeting", ASK | {"retryForSeconds": 600})

    request = (await world.record("INC-1"))["request"]

    assert (request["state"], request["code"]) == ("waiting", "consent_missing")
    assert BOT in request["nextStep"]
    assert request["nextTryAt"] is not None


@pytest.mark.parametrize(
    ("queue", "body", "code"),
    [
        ("create-meeting", {"requestId": "INC-1"}, "invalid_request"),
        ("join-meeting", {"requestId": "INC-1"}, "invalid_request"),
        ("join-meeting", {"requestId": "INC-1", "meetingId": "a" * 26}, "meeting_not_found"),
    ],
)
async def test_a_refused_request_is_found_until_the_next_one_under_its_id(
    queue: str, body: dict[str, Any], code: str
) -> None:
    """With its code, message and next step."""
    world = World()
    await world.drop(queue, body)

    request = (await world.record("INC-1"))["request"]
    await world.drop("create-meeting", ASK)

    assert (request["state"], request["code"], request["nextTryAt"]) == ("refused", code, None)
    assert request["message"]
    assert request["nextStep"]
    record = await world.record("INC-1")
    assert "request" not in record
    assert record["meeting"]["subject"] == "down"
    assert world.events("meeting.created")[0]["sequence"] == "1"


async def test_a_request_under_the_id_of_another_hides_nothing() -> None:
    """The record is that of the first."""
    world = World()
    await world.drop("create-meeting", ASK)
    await world.drop("create-meeting", ASK | {"subject": "else"})
    await world.drop("create-meeting", {"requestId": "INC-1", "subject": 7})

    record = await world.record("INC-1")

    assert "request" not in record
    assert record["meeting"]["subject"] == "down"


async def test_a_join_that_waits_is_found_beside_the_record() -> None:
    """Until a leg answers it; the bot waits meanwhile."""
    world = World()
    busy = Unavailable("busy", graph=GraphTrace(status=429, code=""))
    world.fake_graph.fail_next(busy)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-1"})
    waiting = await world.record("J-1")
    await world.pump(until=timedelta(minutes=1))
    done = await world.record("J-1")

    assert waiting["request"]["why"] == "busy"
    assert waiting["bot"]["state"] == "waiting"
    assert "request" not in done
    assert done["bot"]["state"] == "joining"


async def test_a_bot_that_graph_refused_has_failed_with_its_reason() -> None:
    """A try that waited is over by then."""
    world = World()
    world.fake_graph.fail_next(Unavailable("busy", graph=GraphTrace(status=429, code="")))
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-1"})
    trace = GraphTrace(status=403, code="7504", request_id="r-2")
    world.fake_graph.fail_next(rejected("consent_missing", graph=trace, app=BOT))
    await world.pump(until=timedelta(minutes=1))

    record = await world.record("J-1")

    assert "request" not in record
    assert record["bot"]["state"] == "failed"
    failure = record["bot"]["failure"]
    assert (failure["code"], failure["graph"]["requestId"]) == ("consent_missing", "r-2")
    assert BOT in failure["nextStep"]


async def test_a_leg_that_ended_before_it_was_in_has_failed_too() -> None:
    """Graph took the call and ended it."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-1"})
    meeting_id = world.events("bot.joining")[0]["data"]["meetingId"]
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))

    bot = (await world.record("J-1"))["bot"]

    assert bot["state"] == "failed"
    assert bot["failure"]["code"] == "leg_ended"
    assert bot["failure"]["message"]
    assert bot["failure"]["nextStep"]


async def test_a_bot_that_was_in_or_was_to_leave_is_gone() -> None:
    """It failed in nothing."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-1"})
    meeting_id = world.events("bot.joining")[0]["data"]["meetingId"]
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE)
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))

    bot = (await world.record("J-1"))["bot"]

    assert bot["state"] == "gone"
    assert "failure" not in bot


@pytest.mark.parametrize("void_by", [None, "leave", "cancel"])
async def test_a_join_planned_for_later_is_scheduled(void_by: str | None) -> None:
    """Until a leave or a cancellation makes it void."""
    world = World()
    await world.drop("create-meeting", AT_START)
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    world.clock.advance(1)
    if void_by == "leave":
        await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE)
    elif void_by == "cancel":
        await world.drop("create-meeting", {"requestId": "INC-1", "action": "cancel"})

    bot = (await world.record("INC-1"))["bot"]

    planned = {"state": "scheduled", "joinAt": "2026-09-14T09:00:00.000Z", "legs": []}
    assert bot == (planned if void_by is None else {"state": "never", "legs": []})


async def test_what_is_known_of_a_request_costs_one_write_a_deferral() -> None:
    """The first plans its purge as well; a request that is done at once costs nothing more."""
    ledger = CountingLedger()
    world = World(ledger=ledger)
    await world.drop("create-meeting", ASK | {"requestId": "INC-0"})
    at_once, ledger.writes = ledger.writes, 0
    world.fake_graph.fail_next(BUSY, times=3)
    await world.drop("create-meeting", ASK)
    first, ledger.writes = ledger.writes, 0
    await world.pump(until=timedelta(seconds=1))
    second = ledger.writes

    assert (at_once, first, second) == (2, 2, 1)


async def test_what_is_known_of_a_refused_request_is_purged() -> None:
    """Without a word: no event was published of a meeting."""
    world = World()
    await world.drop("create-meeting", {"requestId": "INC-1"})
    ((meeting_id, _),) = await scheduled(world)
    assert await read_record(meeting_id, world.services) is None

    await wait(world, RETENTION + timedelta(days=1))

    assert await find_record("INC-1", world.services) is None
    assert world.names() == ["meeting.rejected"]
