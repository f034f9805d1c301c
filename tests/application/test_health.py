"""How Rollcall says that it is well: one word for anybody, the details for operators."""

import asyncio
import re
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from meeting_record.handler import health, health_details
from shared import VERSION
from shared.health import (
    ANSWERED_WITHIN,
    KEPT_FOR,
    WALK_LATE_AFTER,
    WALK_PERIOD,
    Begin,
    Checkup,
    Report,
    Wait,
    next_for_caller,
)
from shared.ports import Graph
from shared.words.errors import GraphTrace, Unavailable
from tests.application.world import T0, TENANT, World
from tests.fakes.bus import InMemoryBus
from tests.fakes.graph import FakeGraph
from tests.fakes.ledger import InMemoryLedger

TICK = timedelta(microseconds=1)
NO_TOKEN = Unavailable("no token", graph=GraphTrace(status=0, code=""))
WELL: dict[str, Any] = {
    "status": "ok",
    "version": VERSION,
    "tables": "ok",
    "serviceBus": "ok",
    "graphToken": "ok",
    "backstop": "ok",
    "lastWalk": None,
    "examinedAt": "2026-09-14T08:00:00.000Z",
}
"""The details in a process that just started."""


class HeldGraph(FakeGraph):
    """Counts its checks; `begun` is set by a check, which is answered when `released` is set."""

    def __init__(self) -> None:
        super().__init__(tenant_id=TENANT)
        self.checks = 0
        self.begun, self.released = asyncio.Event(), asyncio.Event()

    async def check(self) -> None:
        """See `ports.Graph.check`."""
        self.checks += 1
        self.begun.set()
        await self.released.wait()
        await super().check()


class BrokenGraph(FakeGraph):
    """Has a bug in its check while it is `broken`."""

    broken = True

    async def check(self) -> None:
        """See `ports.Graph.check`."""
        if self.broken:
            raise ZeroDivisionError


class Watched(World):
    """A world whose checks of Graph are counted, and answered at once unless they are held."""

    def __init__(self) -> None:
        self.held = HeldGraph()
        self.held.released.set()
        super().__init__(graph=self.held)

    def later(self, waited: timedelta) -> None:
        """Let time pass."""
        self.clock.advance(waited.total_seconds())


def a_checkup(
    world: World,
    *,
    graph: Graph,
    within: float = 20.0,
    answered_within: timedelta = ANSWERED_WITHIN,
) -> Checkup:
    """Return a checkup over fakes, and over a Graph of the test's own."""
    return Checkup(
        ledger=InMemoryLedger(),
        bus=InMemoryBus(),
        graph=graph,
        clock=world.clock,
        within=within,
        answered_within=answered_within,
    )


async def test_anybody_is_told_one_word() -> None:
    """No part is named, and no text of an error: also not of the one that is wrong."""
    world, ill = Watched(), Watched()
    ill.held.fail_next(NO_TOKEN)

    assert await health(world.services) == {"status": "ok"}
    assert await health(ill.services) == {"status": "degraded"}


async def test_the_details_say_what_is_wrong_part_by_part() -> None:
    """With the text of the error."""
    world = Watched()
    world.held.fail_next(NO_TOKEN)

    found = await health_details(world.services)

    assert found == WELL | {"status": "degraded", "graphToken": "no token"}


async def test_every_part_is_examined() -> None:
    """Each by itself: one that fails hides no other."""
    ledger, world = InMemoryLedger(), World()
    world.ledger = ledger
    world.restart()
    ledger.fail_next()
    world.fake_bus.fail_next()

    found = await health_details(world.services)

    assert [found[part] for part in ("tables", "serviceBus", "graphToken")] == [
        "the tables did not answer (as the test asked)",
        "Service Bus did not answer (as the test asked)",
        "ok",
    ]


async def test_a_report_is_kept_for_ten_seconds_and_shared() -> None:
    """By the word and the details; then the parts are examined anew."""
    world = Watched()
    await health(world.services)
    world.held.fail_next(NO_TOKEN)
    world.later(KEPT_FOR - TICK)

    kept = await health_details(world.services)
    world.later(TICK)
    anew = await health(world.services)

    assert kept == WELL
    assert anew == {"status": "degraded"}
    assert world.held.checks == 2


async def test_callers_at_once_share_one_examination() -> None:
    """However many there are, and however long it takes."""
    world = Watched()
    world.held.released.clear()
    asking = [asyncio.create_task(health(world.services)) for _ in range(50)]
    await world.held.begun.wait()

    world.later(2 * KEPT_FOR)
    world.held.released.set()
    answers = await asyncio.gather(*asking)

    assert answers == [{"status": "ok"}] * 50
    assert world.held.checks == 1


async def test_the_word_does_not_wait_for_a_part_that_is_slow() -> None:
    """After three seconds it is `degraded`; the examination goes on, and the next caller has it."""
    world = Watched()
    world.held.released.clear()
    first = asyncio.create_task(health(world.services))
    await world.held.begun.wait()
    world.later(ANSWERED_WITHIN)

    late = [await health(world.services) for _ in range(50)]
    world.held.released.set()

    assert late == [{"status": "degraded"}] * 50
    assert await first == {"status": "ok"}
    assert await health(world.services) == {"status": "ok"}
    assert world.held.checks == 1


async def test_the_details_wait_for_the_examination_under_way() -> None:
    """They are for operators, who need the part that is slow; each part has its bound."""
    world = Watched()
    world.held.released.clear()
    asking = asyncio.create_task(health_details(world.services))
    await world.held.begun.wait()

    world.later(ANSWERED_WITHIN)
    assert await health(world.services) == {"status": "degraded"}
    world.held.released.set()

    assert (await asking)["status"] == "ok"
    assert world.held.checks == 1


async def test_the_word_is_degraded_once_the_first_caller_waited_long_enough() -> None:
    """With the real clock: a part that hangs holds no caller for longer than it may."""
    world, graph = Watched(), HeldGraph()
    checkup = a_checkup(world, graph=graph, answered_within=timedelta(milliseconds=10))

    assert await checkup.status() == "degraded"
    graph.released.set()
    assert (await checkup.report()).status == "ok"
    assert graph.checks == 1


async def test_a_bug_in_an_examination_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Also where the caller that began it is gone."""
    world = Watched()
    checkup = a_checkup(world, graph=BrokenGraph(tenant_id=TENANT))

    with pytest.raises(ZeroDivisionError):
        await checkup.status()

    assert [line.partition(" stack=")[0] for line in caplog.messages] == [
        "health.failed: error=ZeroDivisionError"
    ]


def a_report(*, age: timedelta) -> Report:
    """Return a report of that age at T0."""
    return Report(at=T0 - age, parts={}, last_walk=None, started_at=T0)


YOUNG, OLD = a_report(age=KEPT_FOR - TICK), a_report(age=KEPT_FOR)


@pytest.mark.parametrize(
    ("found", "began", "expected"),
    [
        (None, None, Begin()),
        (OLD, None, Begin()),
        (YOUNG, None, YOUNG),
        (YOUNG, timedelta(seconds=1), YOUNG),
        (None, timedelta(), Wait(ANSWERED_WITHIN)),
        (OLD, timedelta(seconds=1), Wait(ANSWERED_WITHIN - timedelta(seconds=1))),
        (OLD, ANSWERED_WITHIN, Wait(timedelta())),
        (None, timedelta(days=1), Wait(timedelta())),
    ],
)
def test_a_caller_gets_a_young_report_or_waits_for_the_one_that_is_made(
    found: Report | None, began: timedelta | None, expected: Report | Wait | Begin
) -> None:
    """`began`: how long ago the examination under way began."""
    began_at = None if began is None else T0 - began

    assert next_for_caller(found, began_at, now=T0) == expected


async def test_a_caller_who_goes_away_leaves_the_examination_to_the_next() -> None:
    """A probe that gives up must not break the report for all others."""
    world = Watched()
    world.held.released.clear()
    first = asyncio.create_task(health(world.services))
    second = asyncio.create_task(health(world.services))
    await world.held.begun.wait()

    first.cancel()
    world.held.released.set()

    assert await second == {"status": "ok"}


async def test_a_part_that_hangs_did_not_answer() -> None:
    """The report comes all the same."""
    world, graph = Watched(), HeldGraph()
    checkup = a_checkup(world, graph=graph, within=0.01)

    report = await checkup.report()

    assert report.status == "degraded"
    assert report.parts["graphToken"] == "it did not answer within 0.01 seconds"


async def test_a_bug_in_an_examination_is_no_report() -> None:
    """It is raised, and the next caller examines anew."""
    world = Watched()
    graph = BrokenGraph(tenant_id=TENANT)
    world.services = replace(world.services, checkup=a_checkup(world, graph=graph))

    with pytest.raises(ZeroDivisionError):
        await health(world.services)
    graph.broken = False

    assert await health(world.services) == {"status": "ok"}


async def test_the_details_have_the_last_walk_of_any_process() -> None:
    """And how long ago it was when the parts were examined."""
    world = Watched()
    await world.mend()
    world.later(timedelta(seconds=61.26))
    world.restart()

    found = await health_details(world.services)

    assert found["lastWalk"] == {"at": "2026-09-14T08:00:00.000Z", "ageSeconds": 61.3}
    assert found["status"] == "ok"


async def test_a_walk_noted_by_a_clock_ahead_of_ours_is_no_time_ago() -> None:
    """Never less than nothing."""
    world = Watched()
    await world.ledger.note_walk(T0 + timedelta(seconds=3))

    found = await health_details(world.services)

    assert found["lastWalk"]["ageSeconds"] == 0.0


async def test_a_walk_whose_end_cannot_be_noted_is_told_to_the_host() -> None:
    """The work of the walk is done; the next walk comes by itself."""
    ledger, world = InMemoryLedger(), Watched()
    world.ledger = ledger
    world.restart()

    ledger.fail_next()
    with pytest.raises(Unavailable):
        await world.mend()

    assert await ledger.last_walk() is None


async def test_a_backstop_that_walks_no_more_is_said() -> None:
    """The parts are well, and yet a lost message would stay lost."""
    world = Watched()
    await world.mend()

    world.later(WALK_LATE_AFTER)
    on_time = await health_details(world.services)
    world.later(KEPT_FOR)
    late = await health_details(world.services)

    assert (on_time["status"], on_time["backstop"]) == ("ok", "ok")
    assert late["status"] == "degraded"
    assert late["backstop"] == "the timer mend_meetings was not done with a walk for 360 seconds"


@pytest.mark.parametrize(
    ("up_for", "walked_ago", "late"),
    [
        (timedelta(0), None, False),
        (WALK_LATE_AFTER, None, False),
        (WALK_LATE_AFTER + TICK, None, True),
        (timedelta(days=9), WALK_LATE_AFTER, False),
        (timedelta(days=9), WALK_LATE_AFTER + TICK, True),
        (WALK_LATE_AFTER, timedelta(days=9), False),
        (WALK_LATE_AFTER + TICK, timedelta(days=9), True),
        (timedelta(days=9), -timedelta(seconds=1), False),
    ],
)
def test_a_walk_is_late_once_the_process_should_have_seen_one(
    up_for: timedelta, walked_ago: timedelta | None, late: bool
) -> None:
    """A process that just started knows nothing of a timer that just started either."""
    report = Report(
        at=T0,
        parts={"tables": "ok"},
        last_walk=None if walked_ago is None else T0 - walked_ago,
        started_at=T0 - up_for,
    )

    assert report.walk_is_late is late
    assert report.status == ("degraded" if late else "ok")


def test_the_period_of_the_walk_is_the_timers() -> None:
    """The schedule stands in a binding, which the host reads."""
    trigger = Path(__file__).parents[2] / "tend_meeting" / "trigger.py"

    (minutes,) = re.findall(r'schedule="0 \*/(\d+) \* \* \* \*"', trigger.read_text())

    assert timedelta(minutes=int(minutes)) == WALK_PERIOD


def test_the_version_is_that_of_the_project() -> None:
    """The project's file is not deployed with the app, so the code has it too."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())

    assert project["project"]["version"] == VERSION
