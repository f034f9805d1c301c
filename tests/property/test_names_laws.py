"""Law: one meeting is one meeting, by whatever names it comes to us and whatever goes wrong.

Random requests name it by links, join id, coordinates and ids of ours, while Graph's answers are
lost, callbacks come before them, late or twice, and the process dies between any two calls.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from shared.words.answers import Call
from shared.words.ids import CallId, same_id
from tests.application.crashing import Fuse
from tests.application.links import BASE, CLASSIC, CONTEXT, EXPLICIT, SHORT, THREAD
from tests.application.mortal import Mortal
from tests.application.world import BOT, NO_SEATS, TENANT, World, roster, state
from tests.fakes.graph import FakeGraph, participant
from tests.fakes.graph_shapes import lost

JOIN_ID, PASSCODE = "23456789012345", "aB3dE6"
BY_JOIN_ID = {"joinMeetingId": JOIN_ID, "passcode": PASSCODE, "tenantId": TENANT}
FOREIGN: tuple[dict[str, Any], ...] = (
    {"joinWebUrl": CLASSIC},
    {"joinWebUrl": SHORT},
    BY_JOIN_ID,
    EXPLICIT,
)
"""The names of one meeting that somebody else made."""
SAMPLE, MANY = range(60), range(60, 660)
TRIES = 40
"""How often a message is tried: here no request is to give up."""


class Hasty(FakeGraph):
    """A Graph that may call back before it answers a POST; Ada is in every room."""

    def __init__(self) -> None:
        super().__init__(tenant_id=TENANT)
        self.hastily: Callable[[], bool] = lambda: False
        self.call_back: Callable[[str, CallId], Any] | None = None

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `graph_port.Graph.create_call`."""
        before = len(self.bodies)
        try:
            return await super().create_call(body)
        finally:
            if len(self.bodies) > before:
                call_id = list(self.posted)[-1]
                ourselves = participant("bot", kind="application", identity_id=BOT)
                self.fill_room(call_id, [ourselves, participant("p-ada", identity_id="ada")])
                if self.hastily() and self.call_back is not None:
                    await self.call_back(body["callbackUri"], call_id)


class Named(Mortal):
    """A world with one meeting of many names, and chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - repeatable
        self.graph_of_ada = Hasty()
        self.callers: list[str] = []
        self.told: set[CallId] = set()
        super().__init__(Fuse(), fake_graph=self.graph_of_ada)
        self.other = World(
            clock=self.clock,
            ledger=self.true_ledger,
            fake_bus=self.fake_bus,
            fake_graph=self.graph_of_ada,
        )
        self.graph_of_ada.threads[JOIN_ID] = THREAD
        self.graph_of_ada.hastily = lambda: self.chance.random() < 0.4
        self.graph_of_ada.call_back = self.hasty_callback
        self.names_of_it: list[dict[str, Any]] = list(FOREIGN)

    def restart(self) -> None:
        """See `World.restart`."""
        self.seat(NO_SEATS, attempts=TRIES)

    async def own(self) -> None:
        """Let the meeting be one of our own, and ours too its names."""
        await self.drop("create-meeting", {"requestId": "INC-1", "subject": "down"})
        (created,) = self.events("meeting.created")
        where = created["data"]["coordinates"]
        join_id = "".join(one for one in where["joinMeetingId"] if one.isdigit())
        thread = where["chatInfo"]["threadId"]
        classic = f"{BASE}/l/meetup-join/{quote(thread, safe='')}/0?context={CONTEXT}"
        self.graph_of_ada.threads[join_id] = thread
        self.names_of_it = [
            {"meetingId": created["data"]["meetingId"]},
            {"meetingRequestId": "INC-1"},
            {"joinWebUrl": classic},
            {"joinWebUrl": f"{BASE}/meet/{join_id}"},
            {"joinMeetingId": join_id, "tenantId": TENANT},
        ]

    async def hasty_callback(self, uri: str, call_id: CallId) -> None:
        """Call back, to another process, while the POST is under way."""
        meeting_id, leg_key = uri.split("/")[-2:]
        await self.other.callback(meeting_id, leg_key, state(call_id, "established"))

    async def request(self, action: str = "join") -> None:
        """Let a caller request something by one of the names; the next answer may be lost."""
        chance, queue = self.chance, f"caller-{len(self.callers)}"
        self.callers.append(queue)
        names = list(self.names_of_it)
        told = [one for one in self.events() if one["type"] != "rollcall.bot.absent.v1"]
        known = {one["data"].get("meetingId") for one in told} - {None}
        names += [{"meetingId": min(known)}] if known else []
        body = dict(chance.choice(names)) | ({"action": action} if action != "join" else {})
        if chance.random() < 0.5:
            body["requestId"] = f"R-{queue}"
        self.trouble()
        await self.drop("join-meeting", body, reply_to=queue)

    def trouble(self) -> None:
        """Let one of the next answers of Graph's be lost, or the process die soon."""
        chance, graph = self.chance, self.graph_of_ada
        if chance.random() < 0.5:
            graph.fail_after(chance.randrange(3), lost(), done=chance.random() < 0.7)
        if chance.random() < 0.4:
            self.endanger(Fuse(at=chance.randrange(1, 20), after=chance.random() < 0.5))

    async def greet(self) -> None:
        """Let Graph call back about some of the bots it has, and of the end of others."""
        for body, call_id in zip(
            self.graph_of_ada.bodies, list(self.graph_of_ada.posted), strict=True
        ):
            if self.chance.random() < 0.5:
                await self.tell(body["callbackUri"], call_id)

    async def tell(self, uri: str, call_id: CallId) -> None:
        """Call back about one call: that it is in, who is there, or that it is over."""
        meeting_id, leg_key = uri.split("/")[-2:]
        if call_id in self.graph_of_ada.calls:
            self.graph_of_ada.posted[call_id]["state"] = "established"
            await self.callback(meeting_id, leg_key, state(call_id, "established"))
            await self.callback(meeting_id, leg_key, roster(call_id, "ada"))
        elif call_id not in self.told:
            self.told.add(call_id)
            end = {"resultInfo": {"code": 200, "subcode": 7000}}
            await self.callback(meeting_id, leg_key, state(call_id, "terminated", **end))

    async def pass_time(self) -> None:
        """Let some time pass, and what is due by then come."""
        await self.pump_for(self.chance.choice((0, 1, 5, 30, 70)))

    async def pump_for(self, seconds: float) -> None:
        """Deliver what is due within so many seconds, and let them pass."""
        end = self.clock.now() + timedelta(seconds=seconds)
        await self.pump(until=timedelta(seconds=seconds))
        self.clock.moment = max(self.clock.now(), end)

    async def settle(self) -> None:
        """Let all go well from now on, until nothing is under way."""
        self.graph_of_ada.heal()
        self.fuse.mend()
        for _ in range(3):
            for body, call_id in zip(
                self.graph_of_ada.bodies, list(self.graph_of_ada.posted), strict=True
            ):
                await self.tell(body["callbackUri"], call_id)
            await self.pump_for(600)
            await self.mend()
            await self.pump_for(600)


async def run(seed: int) -> Named:
    """Play one random story of joins to its end."""
    world = Named(seed)
    if world.chance.random() < 0.3:
        await world.own()
    for _ in range(world.chance.randrange(2, 6)):
        await world.request()
        for _ in range(world.chance.randrange(3)):
            await world.chance.choice((world.greet, world.pass_time))()
    await world.settle()
    return world


async def run_with_leaves(seed: int) -> Named:
    """Play one random story of joins and leaves; when all is over, the bot is to join once more."""
    world = Named(seed)
    if world.chance.random() < 0.3:
        await world.own()
    for _ in range(world.chance.randrange(2, 7)):
        await world.request(world.chance.choice(("join", "join", "leave")))
        for _ in range(world.chance.randrange(3)):
            await world.chance.choice((world.greet, world.pass_time))()
    await world.settle()
    await world.request()
    await world.settle()
    return world


def verify_with_leaves(world: Named) -> None:
    """Hold a story with leaves to the law.

    A leave by a join id by which no bot came yet is answered `bot.absent`: where that id leads is
    not known to anybody.
    """
    events = [one for one in world.events() if one["data"].get("meetingId") is not None]
    told = [one for one in events if one["type"] != "rollcall.bot.absent.v1"]
    (meeting_id,) = {one["data"]["meetingId"] for one in told}
    numbers = [int(one["sequence"]) for one in events if one["data"]["meetingId"] == meeting_id]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(world.fake_graph.calls) == 1
    legs = {name: _legs(name, told) for name in ("joining", "joined", "left", "failed")}
    for known in legs.values():
        assert len(known) == len(set(known))
    ended = {*legs["left"], *legs["failed"]}
    assert ended <= {*legs["joining"], *legs["joined"]}
    (stays,) = set(legs["joined"]) - ended
    leg_keys = [body["callbackUri"].split("/")[-1] for body in world.fake_graph.bodies]
    (there,) = world.fake_graph.calls
    assert stays == leg_keys[list(world.fake_graph.posted).index(there)]
    for caller in world.callers:
        assert world.replies(caller), caller


def _legs(name: str, told: list[dict[str, Any]]) -> list[str]:
    """Return the legs of which the events `bot.{name}` tell."""
    return [one["data"]["legKey"] for one in told if one["type"] == f"rollcall.bot.{name}.v1"]


def verify(world: Named) -> None:
    """Hold a story to the law."""
    events = world.events()
    assert len({event["data"].get("meetingId") for event in events}) == 1
    assert [int(event["sequence"]) for event in events] == list(range(1, len(events) + 1))
    assert len(world.fake_graph.calls) == 1
    once = ("bot.joining", "bot.joined", "call.started", "participant.joined")
    assert [world.names().count(name) for name in once] == [1] * len(once)
    assert not world.events("bot.left", "bot.failed", "bot.absent", "call.ended")
    (joining,) = world.events("bot.joining")
    assert same_id(joining["data"]["callId"]) in world.fake_graph.calls
    for caller in world.callers:
        # Where the bot has come further since, its answer is an event of its own.
        assert joining["data"]["legKey"] in _legs("joining", world.replies(caller)), caller


@pytest.mark.parametrize("seed", SAMPLE)
async def test_one_meeting_is_one_meeting_whatever_it_is_called(seed: int) -> None:
    """One meeting in all events, one bot in it, and each caller is answered with that bot."""
    verify(await run(seed))


@pytest.mark.long
@pytest.mark.parametrize("seed", MANY)
async def test_many_more_stories_of_names(seed: int) -> None:
    """The same, in stories that the usual run has no time for."""
    verify(await run(seed))


@pytest.mark.parametrize("seed", SAMPLE)
async def test_leaves_by_any_name_leave_one_meeting_and_one_bot(seed: int) -> None:
    """Each caller is answered, each leg told of once, and the bot that is there was told."""
    verify_with_leaves(await run_with_leaves(seed))


@pytest.mark.long
@pytest.mark.parametrize("seed", MANY)
async def test_many_more_stories_of_leaves(seed: int) -> None:
    """The same, in stories that the usual run has no time for."""
    verify_with_leaves(await run_with_leaves(seed))
