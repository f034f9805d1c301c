"""The health report under load, and while parts are slow: examined once, answered in time."""

import asyncio
from datetime import timedelta

import pytest

from meeting_record.handler import health, health_details
from shared.health import (
    ANSWERED_WITHIN,
    KEPT_FOR,
    Begin,
    Report,
    Wait,
    next_for_caller,
)
from tests.application.examined import BrokenGraph, HeldGraph, Watched, a_checkup
from tests.application.world import T0, TENANT

TICK = timedelta(microseconds=1)


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
        (a_report(age=-KEPT_FOR), None, Begin()),
        (None, timedelta(days=-1), Wait(ANSWERED_WITHIN)),
    ],
)
def test_a_caller_gets_a_young_report_or_waits_for_the_one_that_is_made(
    found: Report | None, began: timedelta | None, expected: Report | Wait | Begin
) -> None:
    """`began`: how long ago the examination under way began. Below zero: the clock was set back."""
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
