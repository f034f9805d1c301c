"""What reading costs: a record with 300 people, beside reading its rows; a day's list; a page.

The record and the page are read in this process over the real ledger, from Azurite. What the first
page of a list asks of the table is counted.
"""

import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from azure.data.tables.aio import TableClient

from bench.counted_table import CountedTable
from bench.crowd import T0, Crowd
from bench.figures import Figure, aimed
from bench.one_leg import MEETING_ID, OneLeg
from bench.pushing import NotTaken
from bench.stand_ins import HeldBus, Keys, RoomOf, SetClock, services_on
from devstack.endpoints import tables_connection
from devstack.graph.identities import TENANT_ID
from devstack.process import start
from meeting_record.answers import Answer, unless_known
from meeting_record.asked import Asked
from meeting_record.day_list import PAGE
from meeting_record.handler import answer_meetings, answer_record
from meeting_record.pages.handler import answer_timeline
from shared.ledger.ledger import TableLedger
from shared.ledger.tables import Table, put
from shared.meeting.days import Brief, Tally
from shared.services import Services
from shared.words.ids import meeting_id_for

PEOPLE, AT_A_TIME = 300, 10
SECONDS_BETWEEN = 20.0
SEALED_AFTER_SECONDS = 120.0
ROUNDS = 60
RECORD_AIM = 2.0
MEETINGS = 5_000
LIST_AIM = 3
ON_PAGE, AT_A_TIME_ON_PAGE = 1_000, 50
PAGES = 20
PAGE_MS, PAGE_KB = 150.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Milliseconds of CPU: to read the rows of a record, and to answer it; and its bytes.

    `requests` and `read`: requests to the table for the first page of a list, and bytes they read.
    `page_ms`: milliseconds that pass until a page is answered, `page_cpu_ms` of CPU in them.
    `page_bytes`: of its text.
    """

    rows: float
    record: float
    bytes: int
    requests: int
    read: int
    page_ms: float
    page_cpu_ms: float
    page_bytes: int


async def measured_reading() -> Reading:
    """Measure all, the record and its rows in turn."""
    source = await _held(PEOPLE, AT_A_TIME)
    async with _copied(source.table) as services:
        rows, records, size = list[float](), list[float](), 0
        for _ in range(ROUNDS):
            rows.append(await _cpu_ms(lambda: _read(services)))
            records.append(await _cpu_ms(lambda: _answer(services)))
            size = len(unless_known(await _answer(services), "").body)
    requests, read = await _first_page()
    page_ms, page_cpu_ms, page_bytes = await _page()
    return Reading(
        rows=median(rows),
        record=median(records),
        bytes=size,
        requests=requests,
        read=read,
        page_ms=page_ms,
        page_cpu_ms=page_cpu_ms,
        page_bytes=page_bytes,
    )


def reading_figures(found: Reading) -> list[Figure]:
    """Return the lines of the table."""
    times = found.record / found.rows
    return [
        aimed(
            f"CPU of answering a record with {PEOPLE} people",
            times,
            f"{found.record:.1f} ms, {times:.2f}x reading its rows",
            at="most",
            limit=RECORD_AIM,
            aim=f"≤ {RECORD_AIM:.0f}x reading its rows",
            beside=f"its rows {found.rows:.1f} ms; {found.bytes / 1000:.0f} kB of JSON",
        ),
        aimed(
            f"table requests of the first page of a day with {MEETINGS:,} meetings",
            found.requests,
            f"{found.requests}",
            at="most",
            limit=LIST_AIM,
            aim=f"≤ {LIST_AIM}",
            beside=f"{PAGE} meetings; {found.read / 1000:.0f} kB read",
        ),
        aimed(
            f"page of a meeting with {ON_PAGE:,} people",
            max(found.page_ms / PAGE_MS, found.page_bytes / 1000 / PAGE_KB),
            f"{found.page_ms:.0f} ms, {found.page_bytes / 1000:.0f} kB",
            at="most",
            limit=1.0,
            aim=f"≤ {PAGE_MS:.0f} ms, ≤ {PAGE_KB:.0f} kB",
            beside=f"{found.page_cpu_ms:.0f} ms of CPU, its rows included",
        ),
    ]


async def _held(people: int, at_a_time: int) -> OneLeg:
    """Return a meeting to which people came a few at a time, and which all have left."""
    crowd = Crowd(seed=1)
    on = await OneLeg.begin(crowd)
    while len(crowd) < people:
        for _ in range(at_a_time):
            crowd.join()
        await on.push(crowd.roster())
        await on.passes(SECONDS_BETWEEN)
    while len(crowd):
        crowd.leave()
    await on.push(crowd.roster())
    await on.passes(SEALED_AFTER_SECONDS)
    return on


@asynccontextmanager
async def _copied(table: CountedTable) -> AsyncIterator[Services]:
    """Start Azurite with the rows of `table`; yield services over the real ledger on it."""
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as folder:
        tables = await start("tables", "devstack.azurite", ["--port", "0"], logs=Path(folder))
        try:
            connection = tables_connection(tables.port)
            async with TableClient.from_connection_string(connection, "bench") as client:
                await client.create_table()
                real = Table(client)
                for row in table.rows().values():
                    await real.write("copying a row", [put(dict(row))])
                graph = RoomOf(Crowd(seed=1))
                clock = SetClock()
                yield services_on(real, clock, HeldBus(), Keys(clock), graph=graph)
        finally:
            await tables.stop()


async def _read(services: Services) -> None:
    await services.ledger.load(MEETING_ID)
    await services.ledger.pages(MEETING_ID)


async def _answer(services: Services) -> Answer:
    return unless_known(await answer_record(MEETING_ID, Asked(parameters={}), services), "")


async def _page() -> tuple[float, float, int]:
    """Return the milliseconds that the page of a large meeting takes, those of CPU, its bytes."""
    source = await _held(ON_PAGE, AT_A_TIME_ON_PAGE)
    async with _copied(source.table) as services:
        asked, took, used = Asked(parameters={}), list[float](), list[float]()
        answer = await answer_timeline(MEETING_ID, asked, services)
        for _ in range(PAGES):
            began, began_cpu = time.perf_counter(), time.process_time()
            answer = await answer_timeline(MEETING_ID, asked, services)
            took.append(1000 * (time.perf_counter() - began))
            used.append(1000 * (time.process_time() - began_cpu))
    if answer.status != 200 or answer.body.count("<th scope=row>") < ON_PAGE:
        raise NotTaken("the page does not have everybody")
    return median(took), median(used), len(answer.body.encode())


async def _first_page() -> tuple[int, int]:
    """Return how many requests to the table the first page of a day takes, and the bytes read."""
    table = CountedTable()
    ledger = TableLedger(table.client)
    for number in range(MEETINGS):
        meeting_id = meeting_id_for(tenant_id=TENANT_ID, request_id=str(number))
        brief = Brief(
            request_id=f"INC-{number}",
            subject=f"INC-{number}: checkout is down",
            tally=Tally(calls=1, people=number % PEOPLE),
        )
        await ledger.list_day(meeting_id, T0.date(), brief)
    clock, graph = SetClock(), RoomOf(Crowd(seed=1))
    services = services_on(table, clock, HeldBus(), Keys(clock), graph=graph)
    table.taken()
    asked = Asked(parameters={"day": T0.date().isoformat()})
    answer = await answer_meetings(asked, services)
    if len(json.loads(answer.body)["meetings"]) != PAGE:
        raise NotTaken("the first page of a day is not full")
    traffic = table.taken()
    return traffic.requests, traffic.read


async def _cpu_ms(work: Callable[[], Awaitable[object]]) -> float:
    began = time.process_time()
    await work()
    return 1000 * (time.process_time() - began)
