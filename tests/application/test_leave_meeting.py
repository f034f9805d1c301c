"""A request that our bot leave: it goes, whoever asked is told, no earlier join brings it back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from join_meeting.join_links import read_join_link
from meeting_record.handler import read_record
from shared.words.answers import Call
from shared.words.coordinates import alias_of
from shared.words.errors import GraphTrace, Rejected, RollcallError, Unavailable
from shared.words.ids import CallId, LegKey, MeetingId, linked_meeting_id_for
from shared.words.problems import rejected
from tests.application.links import CLASSIC, EXPLICIT, SHORT, THREAD
from tests.application.world import BOT, LEASE, TENANT, World, leg_of, roster, state
from tests.fakes.graph import FakeGraph
from tests.fakes.graph_shapes import lost

LEAVE = {"action": "leave"}
BYE = {"resultInfo": {"code": 200, "subcode": 7000}}


class HeldGraph(FakeGraph):
    """Keeps a join waiting until `go` is set; `asked` when one waits."""

    def __init__(self) -> None:
        super().__init__(tenant_id=TENANT)
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `ports.Graph.create_call`."""
        self.asked.set()
        await self.go.wait()
        return await super().create_call(body)


def beside(world: World) -> World:
    """Return another process over the same table, bus and Graph."""
    return World(
        clock=world.clock, ledger=world.ledger, fake_bus=world.fake_bus, fake_graph=world.fake_graph
    )


async def joined(world: World) -> tuple[str, LegKey, CallId]:
    """Let the bot join by link; return meeting, leg and call."""
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    meeting_id = str(world.events("bot.joining")[-1]["data"]["meetingId"])
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.pump()
    return meeting_id, leg_key, call_id


def refused_token() -> Rejected:
    """Return Graph's 401, which no further try of the same message heals."""
    return rejected("graph_token_refused", app=BOT)


@pytest.mark.parametrize("form", ["meetingId", "link", "explicit"])
async def test_the_leg_is_hung_up_and_its_end_is_the_answer(form: str) -> None:
    """By any form; told once on the topic, and to whoever asked."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    forms: dict[str, dict[str, Any]] = {
        "meetingId": {"meetingId": meeting_id},
        "link": {"joinWebUrl": CLASSIC},
        "explicit": EXPLICIT,
    }

    await world.drop("join-meeting", forms[form] | LEAVE, reply_to="replies", correlation_id="c-1")
    await world.pump(until=timedelta())
    assert world.fake_graph.ended == [call_id]
    assert world.replies() == []
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    await world.pump()

    (answer,) = world.replies()
    assert (answer["type"], answer["data"]["reason"]) == ("rollcall.bot.left.v1", "left")
    assert answer["data"]["legKey"] == leg_key
    assert world.fake_bus.sent_to("replies")[0].correlation_id == "c-1"
    assert world.names() == ["bot.joining", "bot.joined", "bot.left"]


async def test_an_end_that_no_callback_tells_is_told_all_the_same() -> None:
    """Graph said that the leg ended; notifications of ends get lost."""
    world = World()
    meeting_id, _, call_id = await joined(world)
    asked_at = world.clock.now()

    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="replies")
    await world.pump()

    (answer,) = world.replies()
    assert (answer["type"], answer["data"]["reason"]) == ("rollcall.bot.left.v1", "left")
    assert answer["time"] == asked_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert world.fake_graph.ended == [call_id]


async def test_people_who_stay_are_still_in_their_call() -> None:
    """The leg is not the group call."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    world.people_in(call_id, "ada")
    world.clock.advance(5)
    await world.callback(meeting_id, leg_key, roster(call_id, "ada"))

    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE)
    await world.pump(until=timedelta())
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    await world.pump()

    (call,) = (await world.record_of(meeting_id))["calls"]
    assert call["endedAt"] is None


async def test_everybody_who_asks_is_answered_and_told_the_same() -> None:
    """Before the end, after it, and again under the same request id."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    ask = {"meetingId": meeting_id, "requestId": "L-1"} | LEAVE
    await world.drop("join-meeting", ask, reply_to="one")
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="two")
    await world.pump(until=timedelta())
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    world.clock.advance(60)

    await world.drop("join-meeting", ask, reply_to="three")

    (one,), (two,), (three,) = (world.replies(name) for name in ("one", "two", "three"))
    three["data"].pop("recordedAt")
    one["data"].pop("recordedAt")
    two["data"].pop("recordedAt")
    assert one == two == three
    assert set(world.fake_graph.ended) == {call_id}
    assert world.names().count("bot.left") == 1


async def test_a_leave_that_comes_again_does_not_touch_the_next_bot() -> None:
    """The same request id stands for the first leg."""
    world = World()
    meeting_id, _, first = await joined(world)
    ask = {"meetingId": meeting_id, "requestId": "L-1"} | LEAVE
    await world.drop("join-meeting", ask)
    await world.pump()
    world.clock.advance(60)
    _, _, second = await joined(world)

    await world.drop("join-meeting", ask, reply_to="replies")
    await world.pump()

    assert [one["data"]["callId"] for one in world.replies()] == [first]
    assert world.fake_graph.ended == [first]
    assert second in world.fake_graph.calls


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"joinWebUrl": CLASSIC}, "nothing_to_leave"),
        ({"meetingId": "a" * 26}, "meeting_not_found"),
    ],
)
async def test_where_nothing_is_to_leave_that_is_said(body: dict[str, Any], code: str) -> None:
    """Clearly; a meetingId that stands for no meeting is a mistake to be corrected."""
    world = World()

    await world.drop("join-meeting", body | LEAVE, reply_to="replies")

    (answer,) = world.replies()
    assert (answer["type"], answer["data"]["code"]) == ("rollcall.bot.failed.v1", code)
    assert await world.ledger.load(MeetingId("a" * 26)) is None
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    assert len(world.fake_graph.bodies) == 1


async def test_a_leave_during_joining_waits_for_nobody() -> None:
    """Graph has not answered yet: the first callback of the leg hangs it up."""
    world = World()
    world.fake_graph.fail_next(lost(), done=True)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="joiner")
    (call_id,) = world.fake_graph.calls
    meeting_id, leg_key = str(world.fake_graph.bodies[0]["callbackUri"]).split("/")[-2:]
    world.clock.advance(1)

    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    assert world.fake_graph.ended == []
    await world.callback(meeting_id, leg_key, state(call_id, "establishing"))
    await world.pump()

    assert world.fake_graph.ended == [call_id]
    assert len(world.fake_graph.bodies) == 1
    assert [one["type"] for one in world.replies("leaver")] == ["rollcall.bot.left.v1"]
    assert world.replies("joiner")[-1]["data"]["code"] == "leave_asked"


async def test_a_leave_while_graph_answers_hangs_up_with_the_answer() -> None:
    """The join is told as accepted, then as left."""
    graph = HeldGraph()
    world = World(fake_graph=graph)
    join = asyncio.create_task(
        world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="joiner")
    )
    await graph.asked.wait()

    await beside(world).drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    graph.go.set()
    await join
    await world.pump()

    (call_id,) = graph.ended
    assert [one["type"] for one in world.replies("joiner")] == ["rollcall.bot.joining.v1"]
    assert [one["data"]["callId"] for one in world.replies("leaver")] == [call_id]
    assert world.names() == ["bot.joining", "bot.left"]


async def test_a_join_that_never_reached_graph_is_void_after_a_leave() -> None:
    """Its next try finds that the bot is not wanted any more; the leaver hears so at the lease."""
    world = World()
    asked_at = world.clock.now()
    world.fake_graph.fail_next(lost())
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="joiner")
    world.clock.advance(1)

    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    await world.pump()

    assert world.fake_graph.bodies == []
    assert [one["data"]["code"] for one in world.replies("joiner")] == ["leave_asked"]
    assert [one["data"]["code"] for one in world.replies("leaver")] == ["nothing_to_leave"]
    assert world.clock.now() >= asked_at + LEASE


async def test_a_leave_that_overtakes_its_join_keeps_the_bot_out() -> None:
    """Two messages of one sender are handled at once; the order they were sent in counts."""
    world = World()
    meeting_id, _, _ = await joined(world)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE)
    await world.pump()
    world.clock.advance(60)
    join = world.message("join-meeting", {"meetingId": meeting_id}, reply_to="replies")
    world.clock.advance(1)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE)

    await world.deliver(join)

    assert [one["data"]["code"] for one in world.replies()] == ["leave_asked"]
    assert len(world.fake_graph.bodies) == 1


async def test_a_join_after_a_leave_waits_until_the_bot_is_gone() -> None:
    """Then another leg is sent: one bot a meeting, also in passing."""
    world = World()
    meeting_id, _, first = await joined(world)
    world.clock.advance(1)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE)
    world.clock.advance(1)

    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")
    assert len(world.fake_graph.bodies) == 1
    await world.pump()

    assert world.fake_graph.ended == [first]
    assert len(world.fake_graph.bodies) == 2
    (answer,) = world.replies()
    assert answer["data"]["callId"] != first
    assert len(world.fake_graph.calls) == 1


async def test_a_refused_join_answers_whoever_asked_to_leave_meanwhile() -> None:
    """There is no leg, and there will be none."""
    graph = HeldGraph()
    world = World(fake_graph=graph)
    graph.fail_next(Rejected(code="graph_refused", message="No.", next_step="Ask Graph."))
    join = asyncio.create_task(world.drop("join-meeting", {"joinWebUrl": CLASSIC}))
    await graph.asked.wait()

    await beside(world).drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    graph.go.set()
    await join
    await world.pump()

    assert [one["data"]["code"] for one in world.replies("leaver")] == ["graph_refused"]


async def test_a_redelivered_leave_is_answered_once() -> None:
    """The process died after the commit, before the message was completed."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    ask = {"meetingId": meeting_id, "requestId": "L-1"} | LEAVE
    message = await world.drop("join-meeting", ask, reply_to="replies")
    await world.pump(until=timedelta())
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))

    await world.redeliver(message)
    await world.pump()

    assert len(world.replies()) == 1


async def test_a_redelivered_join_brings_no_bot_back() -> None:
    """It was answered before the bot left."""
    world = World()
    message = await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="replies")
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE)
    await world.pump()

    await world.redeliver(message)

    assert len(world.fake_graph.bodies) == 1
    assert len(world.replies()) == 1


@pytest.mark.parametrize(("failures", "why"), [(1, refused_token()), (5, lost(503))])
async def test_a_leg_that_graph_would_not_end_is_hung_up_again(
    failures: int, why: RollcallError
) -> None:
    """However the first message failed: the bot goes, and whoever asked is answered."""
    world = World()
    meeting_id, _, call_id = await joined(world)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="replies")
    world.fake_graph.fail_next(why, times=failures)
    await world.pump(until=timedelta(minutes=1))
    assert call_id in world.fake_graph.calls

    await world.pump(until=timedelta(minutes=10))

    assert world.fake_graph.calls == {}
    assert [one["type"] for one in world.replies()] == ["rollcall.bot.left.v1"]


async def test_a_hang_up_whose_messages_were_all_lost_is_mended_by_the_backstop() -> None:
    """It starts the chain again, which hangs up."""
    world = World()
    meeting_id, _, call_id = await joined(world)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="replies")
    world.delivered |= set(range(len(world.fake_bus.sent)))
    world.clock.advance(600)
    assert call_id in world.fake_graph.calls

    await world.mend()
    await world.pump(until=timedelta(minutes=1))

    assert world.fake_graph.calls == {}
    assert [one["type"] for one in world.replies()] == ["rollcall.bot.left.v1"]


async def test_a_leave_that_comes_again_is_answered_as_it_was() -> None:
    """Also after the notification of the end, which says more, or a context, came."""
    world = World()
    meeting_id, leg_key, call_id = await joined(world)
    ask = {"meetingId": meeting_id, "requestId": "L-1"} | LEAVE
    await world.drop("join-meeting", ask, reply_to="replies")
    await world.pump()
    world.clock.advance(5)
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **BYE))
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "context": {"a": 1}})

    await world.drop("join-meeting", ask, reply_to="replies")

    first, again = world.replies()
    assert first["data"].pop("recordedAt") != again["data"].pop("recordedAt")
    assert first == again


async def test_a_second_leave_hangs_up_again() -> None:
    """Nobody has to wait for the next try."""
    world = World()
    meeting_id, _, call_id = await joined(world)
    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="one")
    world.fake_graph.fail_next(refused_token())
    await world.pump(until=timedelta(minutes=1))
    assert call_id in world.fake_graph.calls

    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="two")
    await world.pump(until=timedelta(minutes=1))

    assert world.fake_graph.calls == {}
    assert len(world.replies("one")) == len(world.replies("two")) == 1


async def test_a_leg_that_turned_up_after_its_lease_is_hung_up_until_it_is_gone() -> None:
    """The index had dropped its meeting: nobody expected it any more."""
    world = World()
    world.fake_graph.fail_next(lost(), done=True)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    (call_id,) = world.fake_graph.calls
    meeting_id, leg_key = str(world.fake_graph.bodies[0]["callbackUri"]).split("/")[-2:]
    world.clock.advance(1)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE)
    world.clock.advance(600)
    await world.mend()
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    world.fake_graph.fail_next(refused_token(), times=3)
    await world.pump(until=timedelta(minutes=1))
    assert call_id in world.fake_graph.calls

    await world.pump(until=timedelta(minutes=10))

    assert world.fake_graph.calls == {}


def throttled() -> Unavailable:
    """Return Graph's 429: it did nothing."""
    return Unavailable("no", graph=GraphTrace(status=429, code=""), retry_after=timedelta(0, 10))


async def test_a_leave_leaves_a_bot_alone_that_was_asked_for_later() -> None:
    """Its retry comes when the first join is void and another one has been granted."""
    graph = HeldGraph()
    world = World(fake_graph=graph)
    join = asyncio.create_task(world.drop("join-meeting", {"joinWebUrl": CLASSIC}))
    await graph.asked.wait()
    world.clock.advance(1)
    await beside(world).drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    graph.fail_next(throttled())
    graph.go.set()
    await join
    world.clock.advance(5)

    _, _, second = await joined(world)
    await world.pump()

    assert graph.ended == []
    assert list(graph.calls) == [second]
    assert [one["data"]["code"] for one in world.replies("leaver")] == ["nothing_to_leave"]


async def test_a_leave_whose_join_came_to_nothing_is_answered_with_the_leg_before() -> None:
    """It was marked while the second join was on its way, which Graph then throttled."""
    graph = HeldGraph()
    graph.go.set()
    world = World(fake_graph=graph)
    meeting_id, leg_key, first = await joined(world)
    world.fake_graph.drop(first)
    await world.callback(meeting_id, leg_key, state(first, "terminated", **BYE))
    world.clock.advance(60)
    graph.go.clear()
    graph.asked.clear()
    join = asyncio.create_task(world.drop("join-meeting", {"joinWebUrl": CLASSIC}))
    await graph.asked.wait()
    world.clock.advance(1)

    await beside(world).drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")
    graph.fail_next(throttled())
    graph.go.set()
    await join
    await world.pump()

    assert [one["data"]["callId"] for one in world.replies("leaver")] == [first]


async def test_a_leave_under_the_message_id_of_the_join_is_carried_out_and_answered() -> None:
    """Both may carry the incident's id."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, message_id="INC", reply_to="join")

    await world.drop(
        "join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, message_id="INC", reply_to="leave"
    )
    await world.pump()

    assert world.fake_graph.calls == {}
    assert [one["type"] for one in world.replies("leave")] == ["rollcall.bot.left.v1"]


async def test_a_leave_that_found_nothing_hears_no_more_of_a_leg_that_turns_up() -> None:
    """It was answered; the leg is hung up all the same."""
    world = World()
    world.fake_graph.fail_next(lost(), done=True)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    (call_id,) = world.fake_graph.calls
    meeting_id, leg_key = str(world.fake_graph.bodies[0]["callbackUri"]).split("/")[-2:]
    world.clock.advance(1)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="replies")
    await world.pump()

    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.pump()

    assert world.fake_graph.ended == [call_id]
    assert [one["data"].get("code") for one in world.replies()] == ["nothing_to_leave"]


class NamingGraph(HeldGraph):
    """Sends the bot, but keeps its answer until `go`; it names the thread that was led to."""

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `ports.Graph.create_call`."""
        call = await FakeGraph.create_call(self, body)
        self.asked.set()
        await self.go.wait()
        return replace(call, thread_id=THREAD)


@pytest.mark.parametrize("seen", [False, True], ids=["on its way", "seen before the answer"])
async def test_a_leave_of_a_meeting_that_proves_to_be_another_is_answered_there(
    seen: bool,
) -> None:
    """Once, by the end of the bot that was in it."""
    graph = NamingGraph()
    graph.go.set()
    world = World(fake_graph=graph)
    _, _, first = await joined(world)
    graph.go.clear()
    graph.asked.clear()
    join = asyncio.create_task(world.drop("join-meeting", {"joinWebUrl": SHORT}))
    await graph.asked.wait()
    world.clock.advance(1)
    if seen:
        meeting_id, leg_key = str(graph.bodies[-1]["callbackUri"]).split("/")[-2:]
        await world.callback(meeting_id, leg_key, state(list(graph.calls)[-1], "establishing"))

    ask = {"joinWebUrl": SHORT, "requestId": "L-1"} | LEAVE
    await beside(world).drop("join-meeting", ask, reply_to="leaver")
    graph.go.set()
    await join
    await world.pump()

    assert graph.calls == {}
    assert [one["data"]["callId"] for one in world.replies("leaver")] == [first]


async def test_a_leave_that_overtakes_the_first_join_of_a_link_keeps_the_bot_out() -> None:
    """A later join makes the meeting known to readers, under its own name."""
    world = World()
    join = world.message("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="joiner")
    world.clock.advance(1)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC} | LEAVE, reply_to="leaver")

    await world.deliver(join)

    assert world.fake_graph.bodies == []
    assert [one["data"]["code"] for one in world.replies("joiner")] == ["leave_asked"]
    assert [one["data"]["code"] for one in world.replies("leaver")] == ["nothing_to_leave"]
    own = linked_meeting_id_for(
        tenant_id=TENANT, alias=alias_of(read_join_link(CLASSIC, tenant_id=TENANT))
    )
    assert await world.ledger.load(own) is not None
    assert await read_record(own, world.services) is None
    world.clock.advance(1)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J", "context": {"a": 1}})
    (told,) = world.events("bot.joining")
    assert (told["correlationid"], told["data"]["context"]) == ("J", {"a": 1})


@pytest.mark.parametrize("moved", [False, True], ids=["as it was", "after its start moved"])
async def test_a_leave_counts_against_a_join_that_waits_for_the_start(moved: bool) -> None:
    """The message is due later than the leave, but was asked for before it."""
    world = World()
    start = world.clock.now() + timedelta(hours=1)
    ask = {"requestId": "INC", "subject": "s", "startDateTime": start.isoformat()}
    await world.drop("create-meeting", ask | {"join": "atStart"})
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    world.clock.advance(600)

    await world.drop("join-meeting", {"meetingId": meeting_id} | LEAVE, reply_to="leaver")
    if moved:
        times = (start + timedelta(hours=1), start + timedelta(hours=2))
        names = ("startDateTime", "endDateTime")
        change = dict(zip(names, (one.isoformat() for one in times), strict=True))
        await world.drop("create-meeting", {"requestId": "INC", "action": "update"} | change)
    await world.pump(until=timedelta(hours=3))

    assert world.fake_graph.bodies == []
    (answer,) = world.replies("leaver")
    assert answer["data"]["code"] == "nothing_to_leave"
    assert "waits for the meeting's start" in answer["data"]["nextStep"]


async def test_one_request_id_leaves_one_meeting() -> None:
    """The same id for another meeting is a conflict; for the same meeting the same request."""
    world = World()
    other = CLASSIC.replace("MGQ4", "AAAA")
    for link in (CLASSIC, other):
        await world.drop("join-meeting", {"joinWebUrl": link})
    ask = {"requestId": "LEAVE-1", **LEAVE}
    await world.drop("join-meeting", {**ask, "joinWebUrl": CLASSIC}, reply_to="replies")
    await world.pump(until=timedelta(minutes=1))

    await world.drop("join-meeting", {**ask, "joinWebUrl": other}, reply_to="other")
    await world.drop("join-meeting", {**ask, "joinWebUrl": CLASSIC}, reply_to="again")
    await world.pump(until=timedelta(minutes=1))

    (conflict,) = world.replies("other")
    assert conflict["data"]["code"] == "request_conflict"
    assert [one["type"] for one in (*world.replies(), *world.replies("again"))] == [
        "rollcall.bot.left.v1",
        "rollcall.bot.left.v1",
    ]
    assert len(world.fake_graph.calls) == 1
