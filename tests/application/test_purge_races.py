"""A walk, or a request, that is overtaken in the middle by another walk and by a new life."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest

from meeting_record.handler import read_record
from shared.calls.record import SessionPage
from shared.meeting.meeting import Purged, Stored, Traces
from shared.meeting.retention import traces_of
from shared.ports import Lead
from shared.words.ids import MeetingId
from tests.application.joined import ASK, Joined
from tests.application.kept import RETENTION, held, leave, scheduled, wait
from tests.application.links import EXPLICIT
from tests.application.world import World, leg_of, roster, state
from tests.fakes.ledger import InMemoryLedger

OLD_ENOUGH = RETENTION + timedelta(days=1)


class Halting(InMemoryLedger):
    """Lets the next call of one method wait until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go = asyncio.Event(), asyncio.Event()
        self.halts = ""

    async def halt(self, method: str) -> None:
        """Wait, if this is the method that is to wait; it waits once."""
        if self.halts == method:
            self.halts = ""
            self.reached.set()
            await self.go.wait()

    async def load(self, meeting_id: MeetingId, *, likely_new: bool = False) -> Stored | None:
        """See `ports.Ledger.load`."""
        await self.halt("load")
        return await super().load(meeting_id, likely_new=likely_new)

    async def leads(self, meeting_id: MeetingId, traces: Traces) -> Sequence[Lead]:
        """See `ports.Ledger.leads`."""
        await self.halt("leads")
        return await super().leads(meeting_id, traces)

    async def drop(self, leads: Iterable[Lead]) -> None:
        """See `ports.Ledger.drop`."""
        await self.halt("drop")
        await super().drop(leads)

    async def delete_rows(self, meeting_id: MeetingId, *, up_to: int) -> None:
        """See `ports.Ledger.delete_rows`."""
        await self.halt("delete_rows")
        await super().delete_rows(meeting_id, up_to=up_to)


def another_process(world: World) -> World:
    """Return a world of the same table, bus, Graph and time."""
    return World(
        clock=world.clock,
        ledger=world.ledger,
        fake_bus=world.fake_bus,
        fake_graph=world.fake_graph,
        numbers=10_000,
    )


async def begin_again(world: Joined) -> None:
    """Let the meeting be made again, with a bot and a call in it."""
    await world.drop("create-meeting", ASK)
    await world.pump()
    world.leg_key, world.call_id = leg_of(await world.meeting(world.meeting_id))
    await world.call(state(world.call_id, "established"))
    for names in (("dee", "eli"), ("dee",)):
        await world.see(*names)
        await world.pump(until=timedelta(minutes=3))


@pytest.mark.parametrize("method", ["leads", "drop", "delete_rows"])
async def test_a_walk_that_is_late_takes_nothing_of_a_new_life(method: str) -> None:
    """Aliases, the list of the day, the log: another walk finished the purge meanwhile."""
    ledger = Halting()
    world = await held(Joined(ledger=ledger))
    late = another_process(world)
    world.clock.advance((OLD_ENOUGH + timedelta(days=1)).total_seconds())
    ledger.halts = method
    walking = asyncio.create_task(late.mend())
    await ledger.reached.wait()

    await wait(world, timedelta(minutes=2))
    await begin_again(world)
    log = await ledger.log(MeetingId(world.meeting_id))
    ledger.go.set()
    await walking

    meeting = await world.meeting(world.meeting_id)
    assert log
    assert await ledger.log(meeting.meeting_id) == log
    for alias in traces_of(meeting).aliases:
        assert await ledger.resolve_alias(alias) == meeting.meeting_id
    for day, brief in meeting.days.listed.items():
        assert [one async for one in ledger.day(day)] == [(meeting.meeting_id, brief)]
    (call,) = (await world.record("INC-1"))["calls"]
    assert call["participantCount"] == 2
    assert [one for one, _ in await scheduled(world)] == [meeting.meeting_id]


async def test_a_join_whose_alias_was_purged_meanwhile_claims_it_again() -> None:
    """It was claimed before the meeting was looked at; another join must find the same bot."""
    ledger = Halting()
    world = await held(Joined(ledger=ledger))
    coordinates = world.events("meeting.created")[0]["data"]["coordinates"]
    by_thread = {**EXPLICIT, "chatInfo": coordinates["chatInfo"]}
    world.clock.advance((OLD_ENOUGH + timedelta(days=1)).total_seconds())
    joiner = another_process(world)
    ledger.halts = "load"
    joining = asyncio.create_task(joiner.drop("join-meeting", by_thread, reply_to="replies"))
    await ledger.reached.wait()

    await wait(world, timedelta(minutes=2))
    assert (await world.meeting(world.meeting_id)).purged is not None
    ledger.go.set()
    await joining
    await world.pump()
    await world.drop("join-meeting", by_thread, reply_to="replies")

    first, second = world.replies()
    assert first["data"]["legKey"] == second["data"]["legKey"]
    assert len(world.fake_graph.calls) == 1


async def test_a_repeat_that_meets_the_purge_is_answered() -> None:
    """It saw the meeting; by the time it answers there is none, and it makes it again."""

    class Yielding(InMemoryLedger):
        purges = False

        async def load(self, meeting_id: MeetingId, *, likely_new: bool = False) -> Stored | None:
            """See `ports.Ledger.load`. What is loaded is old by the time it arrives."""
            stored = await super().load(meeting_id, likely_new=likely_new)
            if self.purges:
                self.purges = False
                await wait(other, timedelta(minutes=2))
            return stored

    world = await held(Joined(ledger=(ledger := Yielding())))
    other = another_process(world)
    world.clock.advance((OLD_ENOUGH + timedelta(days=1)).total_seconds())
    ledger.purges = True

    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.pump()

    created, joining = world.replies()
    assert created["type"] == "rollcall.meeting.created.v1"
    assert joining["type"] == "rollcall.bot.joining.v1"
    assert int(created["sequence"]) == int(world.events("meeting.purged")[0]["sequence"]) + 1


async def test_a_reader_whose_pages_are_purged_meanwhile_is_told_so() -> None:
    """The head was still that of the meeting: half a record is none."""

    class Purging(InMemoryLedger):
        purges = False

        async def pages(self, meeting_id: MeetingId) -> Sequence[SessionPage]:
            """See `ports.Ledger.pages`. They are gone before they are read."""
            if self.purges:
                self.purges = False
                await wait(other, timedelta(minutes=2))
            return await super().pages(meeting_id)

    world = await held(Joined(ledger=(ledger := Purging())))
    other = another_process(world)
    world.clock.advance((OLD_ENOUGH + timedelta(days=1)).total_seconds())
    ledger.purges = True

    found = await read_record(world.meeting_id, world.services)

    assert isinstance(found, Purged)


async def test_a_callback_that_comes_first_keeps_the_meeting() -> None:
    """The walk had looked at the meeting, and loses the race."""

    class Yielding(InMemoryLedger):
        calls_back = False

        async def load(self, meeting_id: MeetingId, *, likely_new: bool = False) -> Stored | None:
            """See `ports.Ledger.load`. What is loaded is old by the time it arrives."""
            stored = await super().load(meeting_id, likely_new=likely_new)
            if self.calls_back:
                self.calls_back = False
                body = roster(world.call_id, "ada", "bo", "cy")
                await other.callback(world.meeting_id, world.leg_key, body)
            return stored

    world = await held(Joined(ledger=(ledger := Yielding())))
    other = another_process(world)
    world.clock.advance((OLD_ENOUGH + timedelta(days=1)).total_seconds())
    ledger.calls_back = True

    await world.mend()

    (call,) = (await world.record("INC-1"))["calls"]
    assert call["participantCount"] == 3
    ((_, day),) = await scheduled(world)
    assert day == (world.clock.now() + RETENTION).date() + timedelta(days=1)


async def test_a_leg_is_alive_for_as_long_as_graph_may_answer() -> None:
    """The claim of a join that is under way is no meeting to be purged."""
    world = await held(Joined())
    world.clock.advance((OLD_ENOUGH + timedelta(days=1)).total_seconds())
    await world.rejoin("cy", after=0)

    await wait(world, timedelta(minutes=2))
    assert (await world.record("INC-1"))["bot"]["state"] == "in"

    await leave(world)
    assert (await world.meeting(world.meeting_id)).purged is None
