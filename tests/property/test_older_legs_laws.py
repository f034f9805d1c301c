"""What leaves the head of our legs is noticed by nobody: two worlds, one that keeps everything."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.legs.leg import Leg
from shared.meeting.older_legs import Kept, with_older
from shared.words.errors import GraphTrace, Unavailable
from shared.words.ids import CallId
from tests.application.links import CLASSIC
from tests.application.world import World, roster, state
from tests.fakes.ledger import InMemoryLedger

EVERYTHING = Kept(legs=1_000_000, requests=1_000_000)
RESULTS: tuple[dict[str, Any], ...] = (
    {},
    {"resultInfo": {"code": 200, "subcode": 7000}},
    {"resultInfo": {"code": 403, "subcode": 5854}},
)

names = st.sampled_from([None, "R-1", "R-2", "R-3", "R-4"])
steps = st.one_of(
    st.tuples(st.just("join"), names, st.booleans()),
    st.tuples(st.just("join"), names, st.just(False)),
    st.tuples(st.just("leave"), names),
    st.tuples(st.just("cycle"), names, st.integers(1, 3)),
    st.tuples(st.just("crowd"), st.sampled_from(["join", "leave"]), st.integers(2, 6)),
    st.tuples(st.just("unanswered"), names, st.booleans()),
    st.tuples(st.just("throttled"), names),
    st.tuples(st.just("enter"), st.integers(0, 3)),
    st.tuples(st.just("end"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("lost end"), st.integers(0, 3)),
    st.tuples(st.just("again"), st.integers(1, 40)),
    st.tuples(st.just("wait"), st.sampled_from([1, 15, 70])),
)


@dataclass
class Play:
    """A world in which a history is played, and all that was sent to it."""

    kept: Kept
    messages: list[Any] = field(default_factory=list)
    step: int = 0

    def __post_init__(self) -> None:
        self.ledger = InMemoryLedger()
        self.world = World(ledger=self.ledger, kept=self.kept)

    async def play(self, history: list[tuple[Any, ...]]) -> None:
        """Play a history to its end, and hold the head to its bound at every step."""
        for self.step, (what, *how) in enumerate(history):
            await getattr(self, what.replace(" ", "_"))(*how)
            await self.hold_to_bound()
        await self.world.pump()

    async def join(self, name: str | None, other: bool = False) -> None:
        """Request a join; `other`: with other content than the first under that name."""
        await self._send(name, {"guestName": "Scribe"} if other else {})

    async def leave(self, name: str | None) -> None:
        """Request a leave, and let the legs that it is about be hung up."""
        await self._send(name and f"{name} leaves", {"action": "leave"})
        await self.world.pump(until=timedelta())

    async def cycle(self, name: str | None, count: int) -> None:
        """Let the bot join, get in and leave so many times."""
        for number in range(count):
            await self.join(name and f"{name}-{self.step}-{number}")
            await self.enter(0)
            await self.leave(name and f"{name}-{self.step}-{number}")
            self.world.clock.advance(15)
            await self.world.pump(until=timedelta())

    async def crowd(self, action: str, count: int) -> None:
        """Let many requests come, each under an id of its own."""
        for number in range(count):
            await self._send(f"C-{self.step}-{number}", {"action": action})

    async def unanswered(self, name: str | None, done: bool) -> None:
        """Lose Graph's answer; the leg, if it is on its way, calls back at once."""
        before = len(self.world.fake_graph.bodies)
        lost = Unavailable("gone", graph=GraphTrace(status=504, code=""))
        self.world.fake_graph.fail_next(lost, done=done)
        await self._send(name, {})
        self.world.fake_graph.heal()
        if len(self.world.fake_graph.bodies) > before:
            await self.enter(0)

    async def throttled(self, name: str | None) -> None:
        """Request a join that Graph refuses before it does anything."""
        busy = Unavailable("busy", graph=GraphTrace(status=429, code=""))
        self.world.fake_graph.fail_next(busy)
        await self._send(name, {})
        self.world.fake_graph.heal()

    async def enter(self, place: int) -> None:
        """Let Graph call back that a leg got in, and push who is there."""
        if (leg := self._living(place)) is not None:
            call_id, meeting_id, leg_key = leg
            self.world.people_in(call_id, "ada")
            await self.world.callback(meeting_id, leg_key, state(call_id, "established"))
            await self.world.callback(meeting_id, leg_key, roster(call_id, "ada"))

    async def end(self, place: int, result: int) -> None:
        """Let Graph end a leg, and call back."""
        if (leg := self._living(place)) is not None:
            call_id, meeting_id, leg_key = leg
            self.world.fake_graph.drop(call_id)
            body = state(call_id, "terminated", **RESULTS[result])
            await self.world.callback(meeting_id, leg_key, body)

    async def lost_end(self, place: int) -> None:
        """Let Graph end a leg of which no callback comes."""
        if (leg := self._living(place)) is not None:
            self.world.fake_graph.drop(leg[0])

    async def again(self, place: int) -> None:
        """Deliver an earlier message once more."""
        if self.messages:
            await self.world.redeliver(self.messages[-min(place, len(self.messages))])

    async def wait(self, seconds: int) -> None:
        """Let time pass, and what is due by then happen."""
        self.world.clock.advance(seconds)
        await self.world.pump(until=timedelta())

    async def hold_to_bound(self) -> None:
        """Hold the head to the legs that may live, and so many others."""
        for meeting in self.ledger.meetings():
            assert sum(not _may_live(leg) for leg in meeting.legs) <= self.kept.legs

    async def outcome(self) -> dict[str, Any]:
        """Return all that anybody outside can see, and what is known of legs in all rows."""
        world = self.world
        found: dict[str, Any] = {
            "events": [_without_moment(event) for event in world.events()],
            "replies": sorted(
                f"{sent.correlation_id} {_without_moment(json.loads(sent.body))}"
                for sent in world.fake_bus.sent_to("replies")
            ),
            "rejected": len(world.fake_bus.sent_to("rejected-requests")),
            "bodies": world.fake_graph.bodies,
            "ended": world.fake_graph.ended,
        }
        for meeting in self.ledger.meetings():
            pages = await world.ledger.older_legs(meeting.meeting_id)
            assert len(pages) == meeting.leg_pages
            whole = with_older(meeting, pages)
            found[meeting.meeting_id] = [
                await world.record_of(meeting.meeting_id) if meeting.known else None,
                [_known_of(leg) for leg in whole.legs],
            ]
        return found

    async def _send(self, name: str | None, members: dict[str, Any]) -> None:
        asked = {"requestId": name} if name is not None else {}
        # What Rollcall sends itself shifts no number of what others send.
        self.world.numbers = 1_000 * (len(self.messages) + 1)
        message = self.world.message(
            "join-meeting",
            {"joinWebUrl": CLASSIC, **asked, **members},
            reply_to="replies",
            correlation_id=f"c-{len(self.messages)}",
        )
        self.messages.append(message)
        await self.world.deliver(message)

    def _living(self, place: int) -> tuple[CallId, str, str] | None:
        """Return call, meeting and key of one of the legs that Graph holds, the newest first."""
        graph = self.world.fake_graph
        living = [call_id for call_id in reversed(graph.posted) if call_id in graph.calls]
        if not living:
            return None
        call_id = living[place % len(living)]
        meeting_id, leg_key = str(graph.posted[call_id]["callbackUri"]).split("/")[-2:]
        return call_id, meeting_id, leg_key


def _may_live(leg: Leg) -> bool:
    awaited = leg.state not in ("unsent", "refused") and leg.joining is None
    return awaited or (leg.call_id is not None and not leg.is_gone)


def _known_of(leg: Leg) -> Leg:
    """Return a leg without what depends on where it is kept: the order of requests, the marks."""
    leavers = sorted(leg.leaving, key=lambda one: (one.request_id, one.origin_id))
    unaddressed = tuple(replace(one, reply=None) for one in leavers)
    asked = dict(sorted(leg.asked.items()))
    return replace(leg, asked=asked, leaving=unaddressed, more_leaving=False)


CHANGING = ("recordedAt", "state")
"""What differs between repeats of an event."""


def _without_moment(event: dict[str, Any]) -> dict[str, Any]:
    data = {name: value for name, value in event["data"].items() if name not in CHANGING}
    return event | {"data": data}


@settings(max_examples=settings().max_examples * 3 // 5)
@given(
    history=st.lists(steps, max_size=25),
    kept=st.sampled_from([Kept(legs=1, requests=1), Kept(legs=2, requests=1), Kept(legs=8)]),
)
def test_what_left_the_head_is_noticed_by_nobody(
    history: list[tuple[Any, ...]], kept: Kept
) -> None:
    """Every answer, event and record is that of a world whose head keeps every leg."""

    async def played(kept: Kept) -> dict[str, Any]:
        play = Play(kept=kept)
        await play.play(history)
        return await play.outcome()

    assert asyncio.run(played(kept)) == asyncio.run(played(EVERYTHING))
