"""The backstop's index, over generated trouble: it may have a meeting early, never late."""

import asyncio
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.meeting.looks import looks
from shared.meeting.meeting import Change, Meeting, Stored
from shared.words.ids import MeetingId
from tests.application.joined import Joined
from tests.application.world import leg_of
from tests.fakes.ledger import InMemoryLedger
from tests.fixtures.tending import HINTED, TENDING

type Step = tuple[str, int]
"""What happens, and how many seconds after the step before."""

HAPPENINGS = ("ada", "ada bo", "", "lost ada", "lost", "leave", "again", "pump", "walk", "crash")
steps = st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 400)), max_size=14)


async def happen(world: Joined, what: str) -> None:
    """Let one thing happen in the meeting, or to the app; nobody is seen where no bot is."""
    world.leg_key, world.call_id = leg_of(await world.meeting(world.meeting_id))
    is_there = world.call_id in world.fake_graph.calls
    match what.split():
        case ["walk"]:
            await world.mend()
        case ["pump"]:
            await world.pump(until=timedelta(seconds=5))
        case ["leave" | "again"]:
            action = {"leave": "leave", "again": "join"}[what]
            await world.drop("join-meeting", {"meetingId": world.meeting_id, "action": action})
        case _ if not is_there:
            return
        case ["crash"]:
            world.fake_bus.fail_next(99)
            await world.see("ada", "cy", after=0)
            world.fake_bus.fail_next(0)
            world.restart()
        case ["lost", *names]:
            await world.see(*names, after=0)
            world.delivered |= set(range(len(world.fake_bus.sent)))
        case names:
            await world.see(*names, after=0)


A_DAY = timedelta(days=1)
"""What time alone brings is due years later here."""


async def entry_of(world: Joined) -> datetime | None:
    """Return when the index has the meeting due within a day."""
    found = [one.due_at async for one in world.ledger.overdue(now=world.clock.now() + A_DAY)]
    return found[0] if found else None


def due_soon(world: Joined, meeting: Meeting) -> list[datetime]:
    """Return when something is due within a day."""
    return [at for at, _ in looks(meeting, HINTED) if at <= world.clock.now() + A_DAY]


@settings(max_examples=settings().max_examples * 3 // 5)
@given(steps)
def test_the_index_has_whatever_is_due(steps: list[Step]) -> None:
    """At most `backstop` after it is due; and one that says so in the head is there."""

    async def play() -> None:
        world = await Joined().begin()
        for what, seconds in steps:
            world.clock.advance(seconds)
            await happen(world, what)
            meeting, entry = await world.meeting(world.meeting_id), await entry_of(world)
            if due := due_soon(world, meeting):
                assert entry is not None
                assert entry <= max(min(due), world.clock.now()) + TENDING.backstop
            indexed = meeting.tend.indexed
            if indexed is not None and indexed <= world.clock.now() + A_DAY:
                assert entry is not None
                assert entry <= indexed

    asyncio.run(play())


@settings(max_examples=settings().max_examples * 3 // 10)
@given(steps)
def test_two_walks_after_whatever_happened_the_meeting_is_looked_after(steps: list[Step]) -> None:
    """Chain and backstop leave nothing overdue, and no entry of what is finished."""

    async def play() -> None:
        world = await Joined().begin()
        for what, seconds in steps:
            world.clock.advance(seconds)
            await happen(world, what)
        for _ in range(4):
            world.clock.advance(TENDING.backstop.total_seconds() + 120)
            await world.mend()
            await world.pump(until=timedelta(minutes=10))
        stored = await world.ledger.load(MeetingId(world.meeting_id))
        assert stored is not None
        assert stored.outbox == ()
        assert due_soon(world, stored.meeting) == []
        assert await entry_of(world) is None

    asyncio.run(play())


class Halting(InMemoryLedger):
    """Lets the next commit wait on its way, after the index was written."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go = asyncio.Event(), asyncio.Event()
        self.halts = False

    async def commit(self, before: Stored | None, change: Change, *, now: datetime) -> Stored:
        """See `ports.Ledger.commit`."""
        if self.halts:
            self.halts = False
            self.reached.set()
            await self.go.wait()
        return await super().commit(before, change, now=now)


async def test_a_walk_takes_no_entry_from_a_commit_that_is_under_way() -> None:
    """The entry of a finished meeting was left; a callback relies on it, and commits after."""
    world = await Joined(ledger=(ledger := Halting())).begin()
    for _ in range(4):
        world.clock.advance(TENDING.backstop.total_seconds() + 10)
        await world.mend()
        await world.pump(until=timedelta(minutes=5))
    meeting_id = MeetingId(world.meeting_id)
    assert due_soon(world, await world.meeting(meeting_id)) == []
    await ledger.index(meeting_id, due_at=world.clock.now() - timedelta(seconds=1))
    other = Joined(
        clock=world.clock,
        ledger=ledger,
        fake_bus=world.fake_bus,
        fake_graph=world.fake_graph,
    )
    ledger.halts = True
    told = asyncio.create_task(world.see("ada"))
    await ledger.reached.wait()
    await other.mend()
    ledger.go.set()
    await told

    indexed, entry = (await world.meeting(meeting_id)).tend.indexed, await entry_of(world)
    assert indexed is not None
    assert entry is not None
    assert entry <= indexed


async def test_a_walk_loads_what_is_overdue_and_nothing_else() -> None:
    """A meeting whose chain is in order costs the backstop nothing."""
    world = Joined(ledger=(ledger := InMemoryLedger()))
    await world.begin()
    await world.see("ada")
    before = ledger.loads

    await world.mend()
    assert ledger.loads == before

    world.delivered |= set(range(len(world.fake_bus.sent)))
    world.clock.advance(TENDING.backstop.total_seconds() + 2)
    await world.mend()
    assert ledger.loads > before
