"""What the tests of dated sources have in common: rules, a call, a report, and law 9."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.words.rules import SourceRules
from tests.application.joined import Joined
from tests.application.world import T0, World
from tests.fakes.sources import a_report, an_entry
from tests.fixtures.rebuilt import rebuilt, shown
from tests.fixtures.tending import HINTED

AFTER = SourceRules(after=(timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=48)))
RULES = replace(HINTED, sources=AFTER)
WITH_RECORDS = replace(HINTED, sources=replace(AFTER, call_records=True))
LONG = timedelta(days=4)


def at(seconds: float) -> datetime:
    """Return the moment so many seconds after the world began."""
    return T0 + timedelta(seconds=seconds)


def report_of(app: World, *entries: dict[str, Any], ended: float) -> None:
    """Let Graph have a report of the meeting, beside those it has."""
    [online_id] = app.fake_graph.online
    reports = app.fake_graph.reports.setdefault(online_id, [])
    reports.insert(0, a_report(T0, at(ended), *entries))


async def one_call(app: Joined) -> Joined:
    """Let Ada and Bob come and go, as the bot sees it a second late."""
    await app.begin()
    await app.see("ada")
    await app.pump(until=timedelta(seconds=5))
    await app.see("ada", "bob")
    await app.pump(until=timedelta(seconds=5))
    await app.see()
    await app.pump(until=timedelta(seconds=30))
    return app


async def hold_to_law_9(app: World, request_id: str = "INC-1") -> dict[int, dict[str, Any]]:
    """Return the calls of the record, which are those that events alone say."""
    calls = shown(await app.record(request_id))
    assert rebuilt(app.events()) == calls
    return calls


async def two_calls(app: Joined) -> Joined:
    """Let Ada come back when the bot has left, as the report of both calls says."""
    await one_call(app)
    report_of(
        app,
        an_entry("ada", (at(9), at(29)), (at(200), at(260))),
        an_entry("bob", (at(19), at(28.5))),
        ended=260,
    )
    await app.pump(until=LONG)
    return app
