"""A meeting that somebody else made, corrected by the call records of the legs that were in it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.meeting.older_legs import Kept
from shared.words.ids import CallId, LegKey, guest_id_for, utc_text
from shared.words.rules import SourceRules
from shared.words.sources import Source
from tests.application.links import CLASSIC
from tests.application.world import T0, TENANT, World, leg_of, roster, state
from tests.fakes.graph import FakeGraph
from tests.fakes.sources import a_record, a_session
from tests.fixtures.rebuilt import rebuilt, shown
from tests.fixtures.tending import HINTED

AFTER = SourceRules(after=(timedelta(minutes=5), timedelta(hours=48)), call_records=True)
RULES = replace(HINTED, sources=AFTER)
LONG = timedelta(days=4)
GONE: dict[str, Any] = {"resultInfo": {"code": 200, "subcode": 5000}}


def at(seconds: float) -> datetime:
    """Return the moment so many seconds after the world began."""
    return T0 + timedelta(seconds=seconds)


class Visitor(World):
    """A world whose bot joins one meeting by its link, as a guest, and hears a call there."""

    meeting_id: str
    leg_key: LegKey
    call_id: CallId

    async def call(self, body: bytes) -> int:
        """Let Graph call back about the leg."""
        return await self.callback(self.meeting_id, self.leg_key, body)

    async def joins(self, request_id: str) -> None:
        """Let the bot get in."""
        ask = {"joinWebUrl": CLASSIC, "requestId": request_id, "guestName": "Scribe"}
        await self.drop("join-meeting", ask)
        self.meeting_id = str(self.fake_graph.bodies[-1]["callbackUri"]).split("/")[-2]
        self.leg_key, self.call_id = leg_of(await self.meeting(self.meeting_id))
        self.people_in(self.call_id)
        await self.call(state(self.call_id, "established"))
        await self.pump()

    async def hears(self, *names: str) -> None:
        """Let these people be there from some seconds later on, for as long."""
        for there in (names, ()):
            self.clock.advance(10)
            self.people_in(self.call_id, *there)
            await self.call(roster(self.call_id, *there))
            await self.pump(until=timedelta(seconds=5))

    async def leaves(self) -> None:
        """Let the service end the leg."""
        self.people_in(self.call_id)
        await self.call(state(self.call_id, "terminated", **GONE))

    async def chain_id(self) -> str:
        """Return the chain of the newest leg."""
        [chain_id] = (await self.meeting(self.meeting_id)).legs[-1].chain_ids
        return chain_id

    async def calls(self) -> dict[int, dict[str, Any]]:
        """Return the calls of the record, which are those that events alone say."""
        calls = shown(await self.record_of(self.meeting_id))
        assert rebuilt(self.events()) == calls
        return calls


async def visited(**members: Any) -> tuple[Visitor, str, LegKey]:
    """Return a world whose bot heard a call and was put out, its chain, and its leg."""
    app = Visitor(tending=RULES, **members)
    await app.joins("one")
    await app.hears("ada")
    chain_id, leg_key = await app.chain_id(), app.leg_key
    await app.leaves()
    return app, chain_id, leg_key


async def test_the_record_of_a_leg_that_left_the_head_corrects_its_call() -> None:
    """The guest it joined as is known as ours, though the head knows nothing of it any more."""
    app, chain_id, leg_key = await visited(kept=Kept(legs=1))
    await app.joins("two")
    await app.leaves()
    assert [leg.key for leg in (await app.meeting(app.meeting_id)).legs] != [leg_key]
    people = [
        a_session("ada", at(9), at(21)),
        a_session(guest_id_for(leg_key), at(1), at(40)),
    ]
    app.fake_graph.hold_record(a_record(chain_id, at(1), at(40), people, join_web_url=CLASSIC))

    await app.pump(until=LONG)

    [call] = (await app.calls()).values()
    assert (call["startedAt"], call["endedAt"]) == (utc_text(at(9)), utc_text(at(21)))
    assert (call["startBasis"], call["participantCount"]) == ("callRecord", 1)
    assert (call["final"], call["confirmed"]) == (True, True)


async def test_a_record_of_another_meeting_says_nothing() -> None:
    """After a transfer a chain may lead to another call: its link says so."""
    app, chain_id, _ = await visited()
    other = CLASSIC.replace("meeting_MGQ4", "meeting_XXXX")
    people = [a_session("eve", at(9), at(21))]
    app.fake_graph.hold_record(a_record(chain_id, at(9), at(21), people, join_web_url=other))

    await app.pump(until=LONG)

    [call] = (await app.calls()).values()
    assert (call["startBasis"], call["final"], call["confirmed"]) == ("observed", True, False)


class Shared(FakeGraph):
    """Answers what a look reads once two of them have requested it."""

    both = asyncio.Barrier(1)

    async def call_record(self, chain_id: str, **options: Any) -> Source | None:
        """See `graph_port.Sources.call_record`."""
        await self.both.wait()
        return await super().call_record(chain_id, **options)


async def test_two_workers_that_read_one_source_publish_it_once() -> None:
    """The message of a look is delivered to both at once; one of them finds it recorded."""
    graph = Shared(tenant_id=TENANT)
    app, chain_id, _ = await visited(fake_graph=graph)
    people = [a_session("ada", at(9), at(21))]
    graph.hold_record(a_record(chain_id, at(9), at(21), people, join_web_url=CLASSIC))
    await app.pump(until=timedelta(minutes=2))
    planned = (await app.meeting(app.meeting_id)).tend.later
    assert planned is not None
    app.clock.moment = planned.due
    look = {"meetingId": app.meeting_id, "generation": planned.generation}

    graph.both = asyncio.Barrier(2)
    await asyncio.wait_for(
        asyncio.gather(*(app.drop("tend-meeting", look) for _ in range(2))), timeout=10
    )
    graph.both = asyncio.Barrier(1)
    await app.pump(until=LONG)

    [call] = (await app.calls()).values()
    assert call["confirmed"] is True
    events = app.events()
    assert [int(one["sequence"]) for one in events] == list(range(1, len(events) + 1))
    assert [one["data"]["revision"] for one in app.events("call.corrected")] == [1]
