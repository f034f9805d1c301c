"""Requests that cannot be done now: tried again with patience, refused with their history."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from shared.graph.answers import Answer, Asking, read_answer
from shared.inbox.verdict import ShortWaits
from shared.words.answers import GivenMeeting
from shared.words.entities import REJECTED_QUEUE
from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.problems import rejected
from tests.application.world import ORGANIZER, T0, TENANT, World
from tests.fakes.graph import FakeGraph

ASK: dict[str, Any] = {"requestId": "INC-1", "subject": "down"}


def no_policy() -> Rejected:
    """Return what Graph's refusal means while the access policy does not work yet."""
    return rejected(
        "organizer_not_allowed",
        graph=GraphTrace(status=403, code="Forbidden", request_id="r-1"),
        app="app",
        organizer=ORGANIZER,
    )


def consent() -> Rejected:
    """Return what Graph's refusal of a bot without consent means."""
    return rejected("consent_missing", graph=GraphTrace(status=403, code="7504"), app="app")


def said_by_graph(status: int, message: str) -> Rejected:
    """Return what an answer about a meeting means."""
    body = json.dumps({"error": {"code": "BadRequest", "message": message}}).encode()
    asking = Asking(bot_app_id="app", organizer_id=ORGANIZER)
    with pytest.raises(Rejected) as refused:
        read_answer(Answer(status=status, body=body), asking=asking, now=T0)
    return refused.value


class HeldGraph(FakeGraph):
    """Keeps the request of one organizer waiting until `go` is set."""

    def __init__(self) -> None:
        super().__init__(tenant_id=TENANT)
        self.go = asyncio.Event()

    async def create_or_get_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """See `graph_port.Graph.create_or_get_meeting`."""
        if body["externalId"] == "slow":
            await self.go.wait()
        return await super().create_or_get_meeting(organizer_id, body)


async def test_a_policy_that_begins_to_work_is_waited_for() -> None:
    """Twenty minutes after the administrator's act, within the half hour that was asked for."""
    world = World()
    world.fake_graph.fail_next(no_policy(), times=15)

    await world.drop("create-meeting", {**ASK, "retryForSeconds": 1800}, reply_to="replies")
    await world.pump()

    (answer,) = world.replies()
    assert answer["type"] == "rollcall.meeting.created.v1"
    assert world.names() == ["meeting.created"]


async def test_a_policy_that_graph_names_by_number_alone_is_waited_for() -> None:
    """400 `1026: An error has occurred`, while the policy is granted and does not work yet."""
    world = World()
    world.fake_graph.fail_next(said_by_graph(400, "1026: An error has occurred."), times=3)

    await world.drop("create-meeting", {**ASK, "retryForSeconds": 1800}, reply_to="replies")
    await world.pump()

    (answer,) = world.replies()
    assert answer["type"] == "rollcall.meeting.created.v1"


async def test_a_policy_that_never_works_is_refused_by_its_name() -> None:
    """After the request's patience, with what the administrator has to do."""
    world = World()
    world.fake_graph.fail_next(said_by_graph(400, "1026: An error has occurred."), times=99)

    await world.drop("create-meeting", {**ASK, "retryForSeconds": 60}, reply_to="replies")
    await world.pump()

    (refusal,) = world.replies()
    assert refusal["data"]["code"] == "organizer_not_allowed"
    assert "Grant-CsApplicationAccessPolicy" in refusal["data"]["nextStep"]
    assert refusal["data"]["graph"]["status"] == 400


async def test_a_head_full_of_the_callers_properties_does_not_keep_back_the_refusal() -> None:
    """Graph is down: each retry copy is taken by the bus, gave_up is published, a copy is kept."""
    world = World()
    world.fake_graph.fail_next(times=99)
    properties = {f"trace-{number}": "x" * 10_000 for number in range(6)}

    await world.drop("create-meeting", ASK, reply_to="replies", properties=properties)
    await world.pump()

    (refusal,) = world.replies()
    assert refusal["data"]["code"] == "gave_up"
    assert len(refusal["data"]["history"]) == 5
    copies = [*world.fake_bus.sent_to("create-meeting"), *world.fake_bus.sent_to(REJECTED_QUEUE)]
    assert len(copies) == 5
    for copy in copies:
        assert copy.properties["trace-0"] == "x" * 10_000
        assert copy.properties["rollcall-left-out"].startswith("5 properties: trace-1, ")
    assert copies[-1].properties["rollcall-code"] == "gave_up"


async def test_without_patience_a_missing_policy_is_refused_at_once() -> None:
    """In an incident the caller needs the answer now."""
    world = World()
    world.fake_graph.fail_next(no_policy(), times=99)

    await world.drop("create-meeting", ASK, reply_to="replies")

    (refusal,) = world.replies()
    assert refusal["data"]["code"] == "organizer_not_allowed"
    assert "history" not in refusal["data"]
    assert world.fake_bus.sent_to("create-meeting") == []


async def test_patience_that_was_in_vain_ends_with_the_refusal_and_its_history() -> None:
    """The problem keeps its own code and next step; what was tried is told beside it."""
    world = World()
    world.fake_graph.fail_next(no_policy(), times=99)
    asked_at = world.clock.now()

    await world.drop("create-meeting", {**ASK, "retryForSeconds": 60}, reply_to="replies")
    await world.pump()

    (refusal,) = world.replies()
    assert refusal["data"]["code"] == "organizer_not_allowed"
    assert "Grant-CsApplicationAccessPolicy" in refusal["data"]["nextStep"]
    assert {one["requestId"] for one in refusal["data"]["history"]} == {"r-1"}
    assert world.clock.now() - asked_at == timedelta(seconds=60)
    assert len(world.fake_bus.sent_to("rejected-requests")) == 1


async def test_a_consent_that_is_given_meanwhile_is_waited_for_by_a_join() -> None:
    """The claim is given back between the tries; one bot comes of it, and no failure is told."""
    world = World()
    await world.drop("create-meeting", ASK)
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    world.fake_graph.fail_next(consent(), times=3)

    join = {"meetingId": meeting_id, "retryForSeconds": 600}
    await world.drop("join-meeting", join, reply_to="replies")
    await world.pump()

    assert [one["type"] for one in world.replies()] == ["rollcall.bot.joining.v1"]
    assert world.names() == ["meeting.created", "bot.joining"]
    assert len(world.fake_graph.bodies) == 1


async def test_a_join_whose_patience_was_in_vain_is_told_once() -> None:
    """`bot.failed` with the code, the next step and every try."""
    world = World()
    await world.drop("create-meeting", ASK)
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    world.fake_graph.fail_next(consent(), times=99)

    join = {"meetingId": meeting_id, "retryForSeconds": 60}
    await world.drop("join-meeting", join, reply_to="replies")
    await world.pump()

    (failed,) = world.replies()
    assert (failed["type"], failed["data"]["code"]) == ("rollcall.bot.failed.v1", "consent_missing")
    assert len(failed["data"]["history"]) > 2
    assert len(world.fake_bus.sent_to("rejected-requests")) == 1


async def test_what_is_given_up_tells_each_try_to_the_caller_and_to_the_kept_copy() -> None:
    """When it was, what Graph said, under which of its ids."""
    world = World()
    busy = Unavailable("busy", graph=GraphTrace(status=503, code="", request_id="r-9"))
    world.fake_graph.fail_next(busy, times=99)

    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.pump()

    (refusal,) = world.replies()
    history = refusal["data"]["history"]
    assert refusal["data"]["code"] == "gave_up"
    assert [(one["message"], one["requestId"]) for one in history] == [("busy", "r-9")] * 5
    assert [one["at"] for one in history] == sorted(one["at"] for one in history)
    (kept,) = world.fake_bus.sent_to("rejected-requests")
    assert kept.properties["rollcall-tries"].count("r-9") == 5


async def test_time_in_the_queue_costs_no_patience() -> None:
    """The app was down for longer than any message is tried."""
    for failure in (None, no_policy()):
        world = World()
        ask = {**ASK, "retryForSeconds": 1800} if failure else ASK
        message = world.message("create-meeting", ask, reply_to="replies")
        world.clock.advance(31 * 60)
        world.fake_graph.fail_next(*([failure] if failure else []))

        await world.deliver(message)
        await world.pump()

        (answer,) = world.replies()
        assert answer["type"] == "rollcall.meeting.created.v1"


async def test_a_kept_copy_that_is_sent_once_more_is_a_new_message() -> None:
    """It has all its tries, and is still the request that the first message's id names."""
    world = World()
    world.fake_graph.fail_next(times=5)
    await world.drop("create-meeting", {"subject": "x"}, reply_to="replies", message_id="INC-1")
    await world.pump()
    (kept,) = world.fake_bus.sent_to("rejected-requests")
    world.clock.advance(3600)
    world.fake_graph.fail_next()

    await world.drop("create-meeting", kept.body, reply_to="again", properties=kept.properties)
    await world.pump()

    (created,) = world.replies("again")
    assert created["type"] == "rollcall.meeting.created.v1"
    assert created["data"]["requestId"] == "INC-1"


async def test_a_refused_join_that_is_sent_once_more_is_carried_out() -> None:
    """The administrator has consented since."""
    world = World()
    join = {"joinMeetingId": "234567890123", "tenantId": TENANT}
    world.fake_graph.fail_next(rejected("consent_missing", app="a"))
    await world.drop("join-meeting", join, reply_to="replies")
    (kept,) = world.fake_bus.sent_to("rejected-requests")

    body = str(kept.body).encode()
    await world.drop("join-meeting", body, reply_to="again", properties=kept.properties)

    (joining,) = world.replies("again")
    assert joining["type"] == "rollcall.bot.joining.v1"


async def test_a_short_throttle_is_waited_out_inside_the_invocation() -> None:
    """No copy is sent for a pause that the lock bears."""
    world = World()

    async def pass_by(seconds: float) -> None:
        world.clock.advance(seconds)

    world.seat(ShortWaits(pass_by, seats=1))
    world.fake_graph.fail_next(
        Unavailable("busy", retry_after=timedelta(seconds=2), graph=GraphTrace(status=429, code=""))
    )

    await world.drop("create-meeting", ASK, reply_to="replies")

    assert world.fake_bus.sent_to("create-meeting") == []
    assert len(world.replies()) == 1


async def test_a_slow_request_holds_up_no_other() -> None:
    """Graph takes its time for one meeting; twenty others are answered meanwhile."""
    graph = HeldGraph()
    world = World(fake_graph=graph)
    slow = asyncio.create_task(
        world.drop("create-meeting", {"requestId": "slow", "subject": "x"}, reply_to="replies")
    )

    await asyncio.gather(
        *(
            world.drop("create-meeting", {"requestId": f"INC-{number}", "subject": "x"})
            for number in range(20)
        )
    )

    assert not slow.done()
    assert len(world.events("meeting.created")) == 20
    graph.go.set()
    await slow
    assert len(world.replies()) == 1
