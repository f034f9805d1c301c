"""What is left in the table of a meeting that was purged: every row of it is looked at."""

import zlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bench.counted_table import CountedTable
from shared.ledger.ledger import TableLedger
from shared.ledger.rows import Row
from shared.meeting.older_legs import Kept
from shared.meeting.packing import blob_of
from shared.words.rules import SourceRules
from tests.application.joined import Joined
from tests.application.kept import RETENTION, leave, wait
from tests.application.links import CLASSIC
from tests.application.world import T0, World, leg_of, roster, state
from tests.fakes.sources import a_report, an_entry
from tests.fixtures.tending import HINTED

ASK: dict[str, Any] = {
    "requestId": "INC-1",
    "subject": "a secret subject",
    "attendees": ["secret@example.com"],
    "context": {"team": "a secret team"},
    "join": "now",
}
SECRETS = ("secret", "thread.v2", "teams.microsoft.com", "J-")
"""Nothing so short that an id may hold it by chance."""
SOON = replace(HINTED, sources=SourceRules(after=(timedelta(minutes=1),)))
"""Sources are looked at once, so that a meeting comes to its end."""
BESIDE = ("alias-", "day-", "purge-", "unfinished-")


def kinds(rows: dict[tuple[str, str], Row]) -> Counter[str]:
    """Count rows by what they are; the row of the timer is of no meeting."""
    return Counter(
        next((kind for kind in BESIDE if partition.startswith(kind)), key[:6])
        for partition, key in rows
        if partition != "backstop"
    )


def text_of(row: Row) -> str:
    """Return everything that stands in a row, unpacked."""
    packed = [blob for blob in (blob_of(row), row.get("messages")) if blob]
    plain = [str(value) for value in row.values() if not isinstance(value, bytes)]
    return " ".join([*plain, *(zlib.decompress(blob).decode() for blob in packed)])


async def busy(table: CountedTable) -> Joined:
    """Return a world over the ledger of production, whose meeting has rows of every kind."""
    ledger = TableLedger(table.client)
    world = Joined(ledger=ledger, kept=Kept(legs=1, requests=1), tending=SOON)
    await world.drop("create-meeting", ASK)
    await world.pump()
    [online_id] = world.fake_graph.online
    secret = an_entry("secret ada", (T0, T0 + timedelta(minutes=1)))
    ended = T0 + timedelta(minutes=1)
    world.fake_graph.reports[online_id] = [a_report(T0, ended, secret)]
    world.meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    for number in range(4):
        by_id = {"meetingId": world.meeting_id, "requestId": f"J-{number}"}
        await world.drop("join-meeting", by_id)
        world.leg_key, world.call_id = leg_of(await world.meeting(world.meeting_id))
        await world.call(state(world.call_id, "established"))
        for names in (("secret ada", "bo"), ()):
            await world.see(*names)
            await world.pump(until=timedelta(minutes=3))
        world.clock.advance(timedelta(hours=20).total_seconds())
        await leave(world)
    return world


async def used(world: World) -> str:
    """Let the bot be in another meeting, with people; return its id."""
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "L-1"})
    meeting_id = str(world.fake_graph.bodies[-1]["callbackUri"]).split("/")[-2]
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    world.people_in(call_id, "cy")
    await world.callback(meeting_id, leg_key, roster(call_id, "cy"))
    await world.pump(until=timedelta(minutes=3))
    return meeting_id


async def test_nothing_is_left_in_the_table_but_the_tombstone() -> None:
    """Its head, and the mark beside it that its event was sent; nothing in them but ids."""
    world = await busy(table := CountedTable())
    before = kinds(table.rows())
    assert set(before) >= {
        "a-head",
        "c-log-",
        "d-page",
        "e-sour",
        "g-legs",
        "alias-",
        "day-",
        "purge-",
    }
    assert any(secret in text_of(row) for row in table.rows().values() for secret in SECRETS)

    await wait(world, RETENTION + timedelta(days=1))

    assert kinds(table.rows()) == {"a-head": 1, "b-sent": 1}
    for row in table.rows().values():
        assert not [secret for secret in SECRETS if secret in text_of(row)]
        assert row["PartitionKey"] in (world.meeting_id, "backstop")


async def test_rows_of_a_kind_that_no_commit_writes_are_deleted_too() -> None:
    """As a source of dated times is to be one; their keys name no version."""
    world = await busy(table := CountedTable())
    row = {"PartitionKey": world.meeting_id, "RowKey": "e-source-1", "p00": zlib.compress(b"ada")}
    await table.client.create_entity(row)

    await wait(world, RETENTION + timedelta(days=1))

    assert kinds(table.rows()) == {"a-head": 1, "b-sent": 1}


async def test_a_purge_touches_no_row_of_another_meeting() -> None:
    """One that is used meanwhile, with rows of every kind beside it."""
    world = await busy(table := CountedTable())
    world.clock.advance((RETENTION + timedelta(days=1)).total_seconds())
    purged = set(table.rows())
    other = await used(world)
    rows = {keys: row for keys, row in table.rows().items() if keys not in purged}
    assert set(kinds(rows)) >= {"a-head", "c-log-", "alias-", "day-", "purge-", "unfinished-"}

    for _ in range(2):
        await world.mend()

    assert (await world.meeting(world.meeting_id)).purged is not None
    left = table.rows()
    assert {keys: left.get(keys) for keys in rows} == rows
    assert other in {partition for partition, _ in left}


async def test_a_long_log_is_deleted_a_hundred_rows_a_transaction() -> None:
    """More than one transaction takes."""
    ledger = TableLedger((table := CountedTable()).client)
    world = await Joined(ledger=ledger, tending=SOON).begin()
    for number in range(130):
        await world.see(*["ada", "bo"][: number % 3])
    await world.pump(until=timedelta(minutes=3))
    await leave(world)
    assert kinds(table.rows())["c-log-"] > 100

    await wait(world, RETENTION + timedelta(days=1))

    assert kinds(table.rows()) == {"a-head": 1, "b-sent": 1}
