"""Laws 7 and 9 with sources: in the end the record is true, and events alone say the same.

Afternoons of people, legs that fall, lost callbacks and lost messages; reports and call records
late, partial, doubled, refused for a while, and with people who opted out. The truth is the
simulator's room.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.words.rules import SourceRules
from tests.fixtures.afternoon import Afternoon
from tests.fixtures.published import hold_to_final, hold_to_order
from tests.fixtures.rebuilt import rebuilt, shown
from tests.fixtures.tending import DEFAULTS, SETTLE
from tests.property.afternoons import live, moves

FOUR_DAYS = timedelta(days=4)
EACH_LOOK = DEFAULTS.tending.sources.after

type Stays = tuple[tuple[str, datetime, datetime], ...]
"""Who was in a call, from when to when."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """How unkind the sources are. `hidden`: who opted out of reports."""

    call_records: bool = True
    hidden: tuple[str, ...] = ()
    report_delay_seconds: float = 0.5
    report_entries: str = "person"
    report_page: int | None = None
    record_delay_seconds: float = 0.5
    partial_seconds: float = 0
    session_copies: int = 2
    bots: str = "users"
    refused: tuple[int, ...] = ()

    def on(self, day: Afternoon) -> None:
        """Let the simulated Graph be so."""
        members = {
            "reportDelaySeconds": self.report_delay_seconds,
            "reportEntries": self.report_entries,
            "reportPage": self.report_page,
            "recordDelaySeconds": self.record_delay_seconds,
            "partialSeconds": self.partial_seconds,
            "sessionCopies": self.session_copies,
            "bots": self.bots,
            "hiddenPeople": list(self.hidden),
        }
        day.graph.world.change(members)


troubles = st.builds(
    Trouble,
    call_records=st.booleans(),
    report_delay_seconds=st.sampled_from([0.0, 0.5, 600.0, 3600.0]),
    report_entries=st.sampled_from(["person", "device"]),
    report_page=st.sampled_from([None, 1, 2]),
    record_delay_seconds=st.sampled_from([0.0, 600.0, 3600.0]),
    partial_seconds=st.sampled_from([0.0, 600.0, 3600.0]),
    session_copies=st.integers(1, 3),
    bots=st.sampled_from(["users", "applications"]),
    refused=st.sampled_from([(), (403,), (404,), (503,), (500, 403)]),
)
hidden = st.lists(st.sampled_from(["ada", "bo", "cy"]), min_size=1, max_size=2, unique=True)


async def played(
    story: list[tuple[str, int]], seed: int, lost: float, broken: float, trouble: Trouble
) -> Afternoon:
    """Return an afternoon with that trouble, days after everybody left."""
    chance = Random(seed)  # noqa: S311 - the same story every time
    rules = replace(
        DEFAULTS.tending,
        sources=SourceRules(after=EACH_LOOK, call_records=trouble.call_records),
    )
    day = Afternoon(
        lost=lambda _: chance.random() < lost,
        broken=lambda _: chance.random() < broken,
        seed=seed,
        rules=rules,
    )
    trouble.on(day)
    for status in trouble.refused:
        day.graph.world.change({"reportStatus": status, "recordStatus": status})
    await day.begin()
    await live(day, story, chance)
    await day.run(hours=chance.choice((0.1, 1, 7)))
    day.graph.world.change({}, back=["reportStatus", "recordStatus"])
    await day.run(seconds=FOUR_DAYS.total_seconds())
    return day


async def hold_to_the_events(day: Afternoon) -> list[dict[str, Any]]:
    """Return the calls of the record; the events alone say the same, each thing once."""
    record = await day.record()
    assert rebuilt(day.app.events()) == shown(record)
    hold_to_order(day.app)
    hold_to_final(day.app)
    return [call for call in record["calls"] if "mergedInto" not in call]


def true_calls(day: Afternoon) -> list[tuple[datetime, datetime, Stays]]:
    """Return the calls that truly were, pauses of up to SETTLE bridged."""
    found: list[tuple[datetime, datetime, Stays]] = []
    sessions = {one.participant_id: one for one in day.venue.room.sessions}
    for call in day.venue.room.calls:
        stays = tuple(
            (one.user_id, one.joined_at, one.left_at)
            for one in map(sessions.__getitem__, call.participant_ids)
            if one.left_at is not None
        )
        assert call.ended_at is not None
        if found and call.started_at - found[-1][1] <= SETTLE:
            started, _, earlier = found.pop()
            found.append((started, call.ended_at, (*earlier, *stays)))
        else:
            found.append((call.started_at, call.ended_at, stays))
    return found


def said(calls: Sequence[dict[str, Any]]) -> list[tuple[datetime, datetime, Stays]]:
    """Return the calls of a record as `true_calls` gives those that were."""
    return [
        (
            _moment(call["startedAt"]),
            _moment(call["endedAt"]),
            tuple(
                (
                    one["participant"]["userId"],
                    _moment(one["joinedAt"]),
                    _moment(one["leftAt"]),
                )
                for one in call["participants"]
            ),
        )
        for call in calls
    ]


def in_order(
    calls: Sequence[tuple[datetime, datetime, Stays]],
) -> list[tuple[datetime, datetime, Stays]]:
    """Return calls with their people in one order."""
    return [(started, ended, tuple(sorted(stays))) for started, ended, stays in calls]


@settings(max_examples=settings().max_examples // 4)
@given(
    moves,
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from([0.0, 0.4]),
    troubles,
)
def test_in_the_end_calls_and_people_are_the_truth(
    story: list[tuple[str, int]], seed: int, lost: float, broken: float, trouble: Trouble
) -> None:
    """Whatever is lost: to the millisecond, also the calls that nobody saw."""

    async def play() -> None:
        day = await played(story, seed, lost, broken, trouble)
        calls = await hold_to_the_events(day)
        confirmed = [call for call in calls if call["confirmed"]]
        assert in_order(said(confirmed)) == in_order(true_calls(day))
        assert confirmed == calls

    asyncio.run(play())


@settings(max_examples=settings().max_examples // 4)
@given(
    moves,
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.3]),
    troubles,
    hidden,
)
def test_who_opted_out_is_there_as_observed(
    story: list[tuple[str, int]], seed: int, lost: float, trouble: Trouble, out: list[str]
) -> None:
    """No time contradicts that they were seen, and the others have the times of the report."""

    async def play() -> None:
        day = await played(story, seed, lost, 0.0, replace(trouble, hidden=tuple(out)))
        calls = await hold_to_the_events(day)
        listed = {
            (one.user_id, one.joined_at, one.left_at)
            for one in day.venue.room.sessions
            if one.user_id not in out
        }
        people = [stay for _, _, stays in said_loosely(calls) for stay in stays]
        assert {stay for stay in people if stay[0] not in out} == listed
        for started, ended, stays in said_loosely(calls):
            assert all(started <= left and joined <= ended for _, joined, left in stays)

    asyncio.run(play())


def said_loosely(calls: Sequence[dict[str, Any]]) -> list[tuple[datetime, datetime, Stays]]:
    """Return the same where it is not known when somebody joined: when they were first seen."""
    return [
        (
            _moment(call["startedAt"]),
            _moment(call["endedAt"]),
            tuple(
                (
                    one["participant"]["userId"],
                    _moment(one["joinedAt"] or one["leftAt"]),
                    _moment(one["leftAt"]),
                )
                for one in call["participants"]
            ),
        )
        for call in calls
    ]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
