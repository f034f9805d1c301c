"""Law 9 over sources that contradict what was heard, each other, and themselves.

Whatever they say, and in whichever order it is read: events and record say the same, each thing is
published once, and all is final in the end.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.words.errors import Unavailable
from tests.application.joined import Joined
from tests.application.world import BOT, T0, envelope
from tests.fakes.graph import participant
from tests.fakes.sources import a_record, a_report, a_session, an_entry
from tests.fixtures.published import hold_to_final, hold_to_order
from tests.fixtures.rebuilt import rebuilt, shown
from tests.fixtures.tending import DEFAULTS, HINTED

RULES = replace(HINTED, sources=replace(DEFAULTS.tending.sources, call_records=True))
NAMES = ("ada", "bob", "cy", None)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("see"), st.sets(st.sampled_from(NAMES[:3]))),
        st.tuples(st.just("late"), st.sampled_from(NAMES)),
        st.tuples(st.just("report"), st.integers(0, 3)),
        st.tuples(st.just("record"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.sampled_from([1, 6, 50, 200])),
        st.tuples(st.just("fail"), st.integers(1, 3)),
    ),
    max_size=14,
)
covered = [("see", {"ada"}), ("see", set[str]()), ("report", 0), ("wait", 6)]
"""A call is over, and a report that may speak of it was read."""
stories = steps | steps.map(lambda more: [*covered, *more])


class Room(Joined):
    """A world in whose rosters each stay has an id of its own, as Graph gives them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.stays: dict[str, str] = {}
        self.past: list[dict[str, str]] = []
        self.count = 0

    async def holds(self, names: set[str], *, after: float) -> None:
        """Let time pass, the room hold these people, and Graph push it."""
        self.clock.advance(after)
        self.stays = {name: self.stays.get(name) or self._stay(name) for name in sorted(names)}
        self.past += [self.stays] if self.stays else []
        listed = _listed(self.stays)
        self.fake_graph.fill_room(self.call_id, listed)
        await self.call(envelope(self.call_id, "/participants", listed))

    async def hears_late(self, name: str | None, chance: Random) -> None:
        """Let Graph push a roster of some room before, in which one more person was."""
        if self.past:
            self.count += 1
            listed = _listed(chance.choice(self.past))
            listed.append(participant(f"p-late-{self.count}", identity_id=name or ""))
            await self.call(envelope(self.call_id, "/participants", listed))

    def _stay(self, name: str) -> str:
        self.count += 1
        return f"p-{name}-{self.count}"


def _listed(stays: dict[str, str]) -> list[dict[str, Any]]:
    bot = participant("bot", kind="application", identity_id=BOT)
    return [bot, *(participant(one, identity_id=name) for name, one in stays.items())]


def _people(chance: Random, make: Any, latest: float, ours: str) -> list[dict[str, Any]]:
    """Return entries at any time up to the latest, some without end, some of bots."""
    found = []
    for name in (*NAMES, BOT, ours, "another"):
        for _ in range(chance.choice((0, 1, 1, 2))):
            begin = chance.uniform(0, latest)
            end = None if chance.random() < 0.1 else begin + chance.uniform(0, latest)
            joined = T0 + timedelta(seconds=begin)
            left = None if end is None else T0 + timedelta(seconds=end)
            found.append(make(name, joined, left))
    return found


async def _happens(app: Room, what: str, how: Any, chance: Random) -> None:
    latest = (app.clock.now() - T0).total_seconds()
    ended = app.clock.now()
    match what:
        case "see":
            await app.holds(how, after=chance.uniform(3, 40))
            await app.pump(until=timedelta(seconds=5))
        case "late":
            await app.hears_late(how, chance)
        case "report":
            entries = _people(chance, lambda name, *stay: an_entry(name, stay), latest, "guest")
            reports = app.fake_graph.reports.setdefault(next(iter(app.fake_graph.online)), [])
            end = None if chance.random() < 0.2 else ended
            reports.insert(0, a_report(T0, end, *entries, report_id=f"report-{how}"))
        case "record":
            [chain_id] = (await app.meeting(app.meeting_id)).legs[-1].chain_ids
            sessions = _people(chance, a_session, latest, "guest")
            app.fake_graph.hold_record(
                a_record(chain_id, T0, ended, sessions, version=chance.randint(0, 5))
            )
        case "fail":
            app.fake_graph.fail_next(Unavailable("not now"), times=how)
        case _:
            await app.pump(until=timedelta(minutes=how))


@settings(max_examples=max(settings().max_examples // 2, 1))
@given(stories, st.integers(0, 2**32))
@example([*covered, ("late", "bob"), ("late", "cy"), ("wait", 6)], 3)
@example([*covered, ("late", "ada"), ("wait", 6)], 8)
def test_events_alone_say_what_the_record_says(story: list[tuple[str, Any]], seed: int) -> None:
    """After each look, and in the end."""

    async def play() -> None:
        chance = Random(seed)  # noqa: S311 - the same story every time
        app = await Room(tending=RULES).begin()
        for what, how in story:
            await _happens(app, what, how, chance)
            hold_to_order(app)
        await app.holds(set(), after=10)
        app.fake_graph.heal()
        await app.pump(until=timedelta(days=4))

        assert rebuilt(app.events()) == shown(await app.record("INC-1"))
        hold_to_order(app)
        hold_to_final(app)

    asyncio.run(play())
