"""How Rollcall says that it is well: one word for anybody, the details for operators."""

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
    KEPT_FOR,
    WALK_LATE_AFTER,
    WALK_PERIOD,
    Report,
)
from shared.words.errors import GraphTrace, Unavailable
from tests.application.examined import BrokenGraph, HeldGraph, Watched, a_checkup
from tests.application.world import T0, TENANT, World
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
    """By the word and the details; then the parts are examined again."""
    world = Watched()
    await health(world.services)
    world.held.fail_next(NO_TOKEN)
    world.later(KEPT_FOR - TICK)

    kept = await health_details(world.services)
    world.later(TICK)
    again = await health(world.services)

    assert kept == WELL
    assert again == {"status": "degraded"}
    assert world.held.checks == 2


async def test_a_part_that_hangs_did_not_answer() -> None:
    """The report comes all the same."""
    world, graph = Watched(), HeldGraph()
    checkup = a_checkup(world, graph=graph, within=0.01)

    report = await checkup.report()

    assert report.status == "degraded"
    assert report.parts["graphToken"] == "it did not answer within 0.01 seconds"


async def test_a_bug_in_an_examination_is_no_report() -> None:
    """It is raised, and the next caller examines again."""
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
