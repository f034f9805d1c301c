"""What looks at sources read of a meeting, counted: nothing of the calls they cannot change."""

from datetime import datetime, timedelta

from bench.counted_table import CountedTable, Traffic
from shared.ledger.ledger import TableLedger
from tests.application.joined import Joined
from tests.application.sourced import RULES
from tests.application.world import state
from tests.fakes.sources import a_report, an_entry

AN_HOUR_AND_MORE = timedelta(minutes=90)


async def a_day_of(calls: int, table: CountedTable) -> Joined:
    """Return a meeting of so many calls, each but the last with a report that was read."""
    app = await Joined(ledger=TableLedger(table.client), tending=RULES).begin()
    reports = app.fake_graph.reports.setdefault(next(iter(app.fake_graph.online)), [])
    for number in range(calls):
        begin, end = await a_call(app)
        if number < calls - 1:
            reports.insert(0, a_report(begin, end, an_entry("ada", (begin, end))))
            await another_leg(app)
            await app.pump(until=AN_HOUR_AND_MORE)
            app.clock.advance(AN_HOUR_AND_MORE.total_seconds())
    return app


async def another_leg(app: Joined) -> None:
    """Let the bot be removed, and come back to nobody."""
    removed = {"resultInfo": {"code": 200, "subcode": 5000}}
    await app.call(state(app.call_id, "terminated", **removed))
    await app.rejoin()


async def a_call(app: Joined) -> tuple[datetime, datetime]:
    """Let Ada come and go."""
    await app.see("ada", after=1)
    await app.pump(until=timedelta(seconds=5))
    begin = app.clock.now()
    await app.see(after=60)
    end = app.clock.now()
    await app.pump(until=timedelta(seconds=30))
    return begin, end


async def read_by_a_look(calls: int) -> tuple[Traffic, int]:
    """Return what is read between the first and the second look, and the head's bytes.

    The first look after the last call counts the call before, which has left the head by then.
    """
    table = CountedTable()
    app = await a_day_of(calls, table)
    await app.pump(until=timedelta(minutes=6))
    table.taken()
    await app.pump(until=timedelta(minutes=10))
    looked = table.taken()
    meeting = await app.meeting(app.meeting_id)
    assert meeting.sources.looked_at is not None
    assert meeting.sources.looked_at > app.clock.now() - timedelta(minutes=10)
    assert meeting.leg_pages > 0
    return looked, max(table.sizes("a-head"))


async def test_a_look_that_finds_nothing_reads_the_head_alone() -> None:
    """Not the people of the calls that are over, nor the sources of theirs, nor older legs.

    The head knows the versions of some sources, so it grows by some bytes for each.
    """
    few, head = await read_by_a_look(10)
    many, larger = await read_by_a_look(15)

    assert many.requests == few.requests
    assert many.read - few.read <= many.requests * (larger - head)
