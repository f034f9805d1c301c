"""What looks at sources read of a meeting, counted: nothing of the calls they cannot change."""

from datetime import datetime, timedelta

from bench.counted_table import CountedTable
from shared.ledger.ledger import TableLedger
from tests.application.joined import Joined
from tests.application.sourced import RULES
from tests.fakes.sources import a_report, an_entry

AN_HOUR_AND_MORE = timedelta(minutes=90)
HEADS = 3
"""More often no look reads the head."""


async def a_day_of(calls: int, table: CountedTable) -> Joined:
    """Return a meeting of so many calls, each but the last with a report that was read."""
    app = await Joined(ledger=TableLedger(table.client), tending=RULES).begin()
    reports = app.fake_graph.reports.setdefault(next(iter(app.fake_graph.online)), [])
    for number in range(calls):
        begin, end = await a_call(app)
        if number < calls - 1:
            reports.insert(0, a_report(begin, end, an_entry("ada", (begin, end))))
            await app.pump(until=AN_HOUR_AND_MORE)
    return app


async def a_call(app: Joined) -> tuple[datetime, datetime]:
    """Let Ada come and go."""
    await app.see("ada", after=1)
    await app.pump(until=timedelta(seconds=5))
    begin = app.clock.now()
    await app.see(after=60)
    end = app.clock.now()
    await app.pump(until=timedelta(seconds=30))
    return begin, end


async def test_a_look_that_finds_nothing_reads_the_head_alone() -> None:
    """Neither the people of the calls that are over, nor the sources of theirs."""
    for calls in (2, 30):
        table = CountedTable()
        app = await a_day_of(calls, table)
        table.taken()

        await app.pump(until=timedelta(minutes=6))

        looked = table.taken()
        assert looked.writes > 0
        assert looked.read <= HEADS * max(table.sizes("a-head"))
        assert [call.number for call in (await app.meeting(app.meeting_id)).record.calls][-1] == (
            calls
        )
