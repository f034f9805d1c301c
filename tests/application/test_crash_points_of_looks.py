"""Every look at a meeting, with the process dying at every point; by its message, or by the walk.

See test_crash_points.py for how it dies. Whatever the point: calls, legs, events and the number of
bots sent are those of a process that lived, and what is left to do is planned.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.meeting.looks import looks
from shared.words.rules import SourceRules, TendingRules
from tests.application.crashing import Fuse
from tests.fixtures.afternoon import WALK, Afternoon
from tests.fixtures.tending import HINTED

FIVE = timedelta(minutes=5)
REMOVED = (200, 5000)


@dataclass(frozen=True, kw_only=True)
class Story:
    """One look: the rules by which it comes, what happens before it, and its own minutes."""

    rules: TendingRules
    before: Callable[[Afternoon], Awaitable[None]]
    minutes: float = 6
    silent: bool = False


async def talking(day: Afternoon) -> None:
    await day.begin()
    day.come("ada")
    day.come("bo")
    await day.run(minutes=2)


async def waiting(day: Afternoon) -> None:
    await day.begin()
    await day.run(minutes=2)


async def leaving_unheard(day: Afternoon) -> None:
    await talking(day)
    day.lost = lambda _: True
    day.go("bo")


async def falling(day: Afternoon) -> None:
    await talking(day)
    day.fall()


async def falling_unheard(day: Afternoon) -> None:
    await talking(day)
    day.lost = lambda _: True
    day.fall()


async def removed(day: Afternoon) -> None:
    await talking(day)
    day.fall(*REMOVED)


async def left_alone(day: Afternoon) -> None:
    await talking(day)
    for name in ("ada", "bo"):
        day.go(name)
    await day.run(minutes=1)


async def over(day: Afternoon) -> None:
    """Let the conference go on after the bot has left, and end with another call."""
    await talking(day)
    await day.app.drop("join-meeting", {"meetingId": day.meeting_id, "action": "leave"})
    await day.run(minutes=1)
    for name in ("ada", "bo"):
        day.go(name)
    await day.run(minutes=1)
    day.come("cy")
    await day.run(seconds=30)
    day.go("cy")


async def in_the_lobby(day: Afternoon) -> None:
    await day.begin(join="never")
    await day.app.drop("join-meeting", {"meetingId": day.meeting_id, "guestName": "Scribe"})
    await day.run(minutes=2)


async def joining_unheard(day: Afternoon) -> None:
    await day.begin()
    day.come("ada")


async def unheard(day: Afternoon) -> None:
    await talking(day)
    day.lost = lambda _: True


STORIES = {
    "keepAlive": Story(rules=replace(HINTED, keep_alive=FIVE), before=talking),
    "poll": Story(rules=replace(HINTED, poll=FIVE), before=leaving_unheard),
    "GET call": Story(
        rules=replace(HINTED, silent=timedelta(minutes=1)),
        before=joining_unheard,
        minutes=3,
        silent=True,
    ),
    "404": Story(rules=replace(HINTED, poll=FIVE), before=falling_unheard),
    "lapse": Story(rules=replace(HINTED, lapse=FIVE), before=unheard),
    "alone": Story(rules=replace(HINTED, leave_when_alone=FIVE), before=left_alone),
    "nobody came": Story(rules=replace(HINTED, nobody_came=FIVE), before=waiting),
    "too long": Story(rules=replace(HINTED, max_duration=FIVE), before=talking),
    "lobby": Story(rules=replace(HINTED, lobby=FIVE), before=in_the_lobby),
    "coming back": Story(
        rules=replace(HINTED, rejoin=(timedelta(seconds=10),)), before=falling, minutes=4
    ),
    "sources": Story(
        rules=replace(HINTED, sources=SourceRules(after=(FIVE,), call_records=True)),
        before=over,
        minutes=6,
    ),
    "giving up": Story(rules=replace(HINTED, assume_after=FIVE), before=removed),
}


async def by_message(day: Afternoon, story: Story) -> None:
    """Let the look's message come; the backstop stands still."""
    await day.run(minutes=story.minutes)


async def by_walk(day: Afternoon, story: Story) -> None:
    """Let the look's message be lost: the backstop plans it again."""
    day.break_chain()
    day.next_walk = day.clock.now() + WALK
    await day.run(minutes=story.minutes + 5)


async def by_callback(day: Afternoon, story: Story) -> None:
    """Let Graph push what is known, once the look is overdue."""
    day.graph.world.push_rosters(day.venue)
    await day.run(minutes=1)


async def by_reader(day: Afternoon, story: Story) -> None:
    """Let somebody read the record, once the look is overdue."""
    await day.record()
    await day.run(minutes=1)


type Way = Callable[[Afternoon, Story], Awaitable[None]]


async def played(story: Story, way: Way, fuse: Fuse) -> dict[str, Any]:
    """Play the story with a process that dies as the fuse says; return what is there then."""
    day = Afternoon(rules=story.rules, walks=False, lost=lambda _: story.silent)
    await story.before(day)
    before = await found(day)
    if way in (by_callback, by_reader):
        day.break_chain()
        await day.run(minutes=story.minutes + 5)
    day.app.endanger(fuse)
    await way(day, story)
    day.app.endanger(Fuse())
    day.next_walk = day.clock.now() + WALK
    await day.run(minutes=8)
    await hold_to_its_looks(day)
    after = await found(day)
    assert after != before
    return after


async def hold_to_its_looks(day: Afternoon) -> None:
    """Check that the message of what is left to do is under way, and that nothing is unsent."""
    stored = await day.true_stored()
    due = [at for at, _ in looks(stored.meeting, day.app.tending)]
    soon = [at for at in due if at < day.clock.now() + timedelta(days=1)]
    if soon:
        assert day.app.next_due(max(min(soon), day.clock.now())) is not None
    assert stored.outbox == ()


async def found(day: Afternoon) -> dict[str, Any]:
    """Return what outlives a process, without times; no event is told twice."""
    events = day.app.events()
    assert [int(one["sequence"]) for one in events] == list(range(1, len(events) + 1))
    record = await day.record()
    return {
        "events": sorted(day.app.names()),
        "bots": len(day.graph.bodies),
        "legs": [leg.state for leg in day.venue.legs],
        "bot": record["bot"]["state"],
        "kept alive": bool(day.graph.kept_alive),
        "calls": [
            (one["callNumber"], one["endBasis"], one["reason"], "unwatchedSince" in one)
            for one in record["calls"]
        ],
        "people": sorted(
            (one["participant"]["userId"], one["leftAt"] is None)
            for call in record["calls"]
            for one in call["participants"]
        ),
    }


async def holds(story: Story, way: Way, fuses: Iterator[Fuse]) -> None:
    lived = await played(story, way, Fuse())
    for fuse in fuses:
        assert await played(story, way, fuse) == lived, fuse


@pytest.mark.parametrize("look", STORIES)
async def test_no_crash_point_loses_or_doubles_a_look(look: str, fuses: Iterator[Fuse]) -> None:
    """Its message is delivered again once the lock has run out."""
    await holds(STORIES[look], by_message, fuses)


@pytest.mark.long
@pytest.mark.parametrize("look", STORIES)
async def test_no_crash_point_of_the_walk_loses_or_doubles_a_look(
    look: str, fuses: Iterator[Fuse]
) -> None:
    """The next walk goes on where one died."""
    await holds(STORIES[look], by_walk, fuses)


@pytest.mark.parametrize("way", [by_callback, by_reader])
async def test_no_crash_point_of_mending_in_passing_loses_or_doubles_a_look(
    way: Way, fuses: Iterator[Fuse]
) -> None:
    """Graph calls back again, and a reader reads again."""
    await holds(STORIES["keepAlive"], way, fuses)
