"""A record is purged, with the process dying at every point of the walk.

See test_crash_points.py for how it dies. The next walk goes on. Whatever the point: one event says
so, nothing is left but the tombstone, and what comes before the next walk begins a whole new life.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from shared.meeting.meeting import Meeting
from shared.meeting.older_legs import Kept
from shared.meeting.retention import traces_of
from shared.words.ids import MeetingId
from tests.application.crashing import Crashed, Fuse
from tests.application.joined import ASK, Joined
from tests.application.kept import RETENTION, WALK, copied, leave, scheduled
from tests.application.links import EXPLICIT
from tests.application.mortal import fused


class Old(Joined):
    """A world whose meeting had calls on many days, many legs, and requests under own ids.

    `last` is the meeting as it was before it was purged.
    """

    last: Meeting

    async def grow_old(self) -> "Old":
        """Let it all happen, and 90 days go by."""
        await self.begin()
        for number in range(4):
            await self.see("ada", "bo")
            await self.pump(until=timedelta(minutes=3))
            await self.see()
            await self.pump(until=timedelta(minutes=3))
            await leave(self)
            self.clock.advance(timedelta(hours=20).total_seconds())
            for kind in "JK":
                by_id = {"meetingId": self.meeting_id, "requestId": f"{kind}-{number}"}
                await self.drop("join-meeting", by_id)
            await self.rejoin()
        await leave(self)
        self.last = await self.meeting(self.meeting_id)
        assert (self.last.leg_pages, self.last.record.before) > (1, 1)
        self.clock.advance((RETENTION + timedelta(days=1)).total_seconds())
        return self

    @property
    def by_thread(self) -> dict[str, Any]:
        """How requests name the meeting by what Graph calls it."""
        coordinates = self.events("meeting.created")[0]["data"]["coordinates"]
        return {**EXPLICIT, "chatInfo": coordinates["chatInfo"]}

    async def left(self) -> list[object]:
        """Return everything that is left of the meeting, but its head and what was sent."""
        meeting_id, ledger = MeetingId(self.meeting_id), self.ledger
        requests = (f"join request {kind}-{number}" for kind in "JK" for number in range(4))
        aliases = {*traces_of(self.last).aliases, *requests}
        days = [(self.last.created_at or self.clock.now()) + timedelta(days=n) for n in range(8)]
        return [
            *await ledger.log(meeting_id),
            *await ledger.pages(meeting_id),
            *await ledger.older_legs(meeting_id),
            *[alias for alias in aliases if await ledger.resolve_alias(alias) is not None],
            *[one for day in days async for one in ledger.day(day.date())],
            *await scheduled(self),
            *[one async for one in ledger.overdue(now=self.clock.now() + timedelta(days=9))],
        ]


async def walk(world: Old, fuse: Fuse, times: int) -> None:
    """Let the backstop walk; where it dies, the next walk is that of a new process."""
    for _ in range(times):
        world.clock.advance(WALK.total_seconds())
        with contextlib.suppress(Crashed, asyncio.CancelledError):
            await world.mend()
        if fuse.burnt:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*tasks, return_exceptions=True)
            fuse.mend()
            world.restart()


async def test_no_crash_point_leaves_anything_or_says_it_twice(fuses: Iterator[Fuse]) -> None:
    """Some walks after it, only the tombstone is there."""
    old = await Old(kept=Kept(legs=1, requests=1)).grow_old()
    assert len(await old.left()) > 50
    for fuse in fuses:
        world = copied(old)
        fused(world, fuse)

        await walk(world, fuse, 4)

        calls = fuse.calls
        fuse.mend()
        assert await world.left() == []
        (event,) = world.events("meeting.purged")
        assert int(event["sequence"]) == world.last.sequence + 1
        stone = await world.meeting(world.meeting_id)
        assert stone.purged is not None
        assert stone.purged.left is None
        assert stone.sequence == world.last.sequence + 1
        fuse.calls = calls


async def test_no_crash_point_takes_anything_of_what_comes_next(fuses: Iterator[Fuse]) -> None:
    """The meeting is made again, and joined by what Graph calls it, before the next walk."""
    old = await Old(kept=Kept(legs=1, requests=1)).grow_old()
    for fuse in fuses:
        world = copied(old)
        by_thread = world.by_thread
        fused(world, fuse)
        await walk(world, fuse, 1)
        calls = fuse.calls
        fuse.mend()

        await world.drop("create-meeting", ASK | {"join": "now"}, reply_to="maker")
        await world.drop("join-meeting", {**by_thread, "requestId": "L-1"}, reply_to="joiner")
        await world.pump(until=timedelta(seconds=10))
        await walk(world, fuse, 2)
        await world.pump()
        await walk(world, fuse, 2)

        for queue in ("maker", "joiner"):
            replies = world.replies(queue)
            told = {reply["id"]: reply["type"] for reply in replies}
            assert len(told) == len(set(told.values()))
            assert replies[0]["type"] in CREATED_OR_JOINING
            await hold_whole(world, replies[0]["data"]["meetingId"])
        fuse.calls = calls


CREATED_OR_JOINING = ("rollcall.meeting.created.v1", "rollcall.bot.joining.v1")


async def hold_whole(world: Old, meeting_id: str) -> None:
    """Check that a meeting lacks nothing that its head counts on."""
    meeting = await world.meeting(meeting_id)
    assert (meeting.known, meeting.purged) == (True, None)
    told = [one for one in world.events() if one["data"].get("meetingId") == meeting_id]
    assert [int(one["sequence"]) for one in told] == list(range(1, meeting.sequence + 1))
    for alias in traces_of(meeting).aliases:
        found = await world.ledger.resolve_alias(alias)
        assert found is not None
        assert (await world.meeting(found)).purged is None
    for day, brief in meeting.days.listed.items():
        assert (meeting_id, brief) in [one async for one in world.ledger.day(day)]
    assert meeting_id in [one for one, _ in await scheduled(world)]
    callbacks = [str(world.fake_graph.posted[one]["callbackUri"]) for one in world.fake_graph.calls]
    assert sum(meeting_id in one for one in callbacks) <= 1
