"""What the real ledger does when its store fails: says so, and knows its own work again."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy
from azure.data.tables.aio import TableClient

from shared.ledger.ledger import TableLedger
from shared.meeting.days import Brief
from shared.meeting.meeting import Change, Traces
from shared.ports import Entry, Lead, PurgeEntry
from shared.words.errors import LostRace, Unavailable
from shared.words.ids import MeetingId
from shared.words.outgoing import Outgoing
from tests.fixtures.ledger_values import (
    NOW,
    a_meeting,
    a_table,
    an_event,
    committed,
    heard,
    overdue,
    seen,
)
from tests.stack.connections import tables_at
from tests.stack.process import StackProcess


async def test_tables_that_are_down_are_unavailable_until_they_are_back() -> None:
    """Every method says so; a store that is started again is simply used."""
    with StackProcess("azurite") as azurite:
        port = azurite.port
        client = TableClient.from_connection_string(tables_at(port), a_table(), retry_total=0)
        ledger = TableLedger(client)
        stored = await committed(ledger, Change(meeting=a_meeting(), outgoing=(an_event(),)))
    meeting_id = stored.meeting.meeting_id
    asked: list[Awaitable[object]] = [
        ledger.load(meeting_id),
        committed(ledger, Change(meeting=stored.meeting), stored),
        committed(ledger, Change(meeting=stored.meeting, outgoing=(an_event(),)), stored),
        ledger.clear(meeting_id, [row.key for row in stored.outbox]),
        ledger.log(meeting_id),
        ledger.pages(meeting_id),
        ledger.sources(meeting_id),
        ledger.claim_alias("thread", meeting_id),
        ledger.resolve_alias("thread"),
        ledger.schedule_purge(meeting_id, NOW.date()),
        ledger.scheduled_purges(until=NOW.date(), most=1),
        ledger.unschedule_purge(PurgeEntry(meeting_id=meeting_id, day=NOW.date())),
        ledger.leads(meeting_id, Traces(aliases=frozenset({"thread"}))),
        ledger.drop([Lead(partition="p", key="k", etag="e")]),
        ledger.delete_rows(meeting_id, up_to=1),
        ledger.index(meeting_id, due_at=NOW),
        ledger.reindex(Entry(meeting_id=meeting_id, due_at=NOW, etag="e"), due_at=NOW),
        ledger.reindex(Entry(meeting_id=meeting_id, due_at=NOW, etag="e"), due_at=None),
        overdue(ledger, NOW),
        ledger.list_day(meeting_id, NOW.date(), Brief()),
        ledger.list_day(meeting_id, NOW.date(), None),
        ledger.note_walk(NOW),
        ledger.last_walk(),
        ledger.check(),
    ]

    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(answer) for answer in answers] == [Unavailable] * len(asked)
    assert {"the tables did not answer" in str(answer) for answer in answers} == {True}
    with StackProcess("azurite", port=port):
        assert (await committed(ledger, Change(meeting=a_meeting()))).meeting.version == 1
    await ledger.aclose()


class AnswerLost(AsyncHTTPPolicy):  # type: ignore[type-arg]  # any request, any response
    """Turns the answer to a write that was done into a 503, so that the client writes again."""

    def __init__(self) -> None:
        super().__init__()
        self.armed = False
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def send(self, request: PipelineRequest) -> PipelineResponse:  # type: ignore[type-arg]  # as above
        response = await self.next.send(request)
        if self.armed and request.http_request.method != "GET":
            self.armed = False
            response.http_response.status_code = 503
            if self.meanwhile is not None:
                await self.meanwhile()
        return response


@pytest.fixture
async def lossy(azurite_connection: str) -> AsyncIterator[tuple[TableLedger, AnswerLost]]:
    """Return a ledger on the local tables, and what loses one answer once it is armed."""
    policy = AnswerLost()
    ledger = TableLedger(
        TableClient.from_connection_string(
            azurite_connection,
            a_table(),
            per_retry_policies=[policy],
            retry_total=2,
            retry_backoff_factor=0,
        )
    )
    # The table is made now, so that the lost answer is the one that is meant.
    await ledger.index(MeetingId("z" * 26), due_at=NOW)
    yield ledger, policy
    await ledger.aclose()


@pytest.mark.parametrize("outgoing", [(), (an_event(),)], ids=["one row", "transaction"])
async def test_a_commit_whose_answer_was_lost_is_a_success(
    lossy: tuple[TableLedger, AnswerLost], outgoing: tuple[Outgoing, ...]
) -> None:
    """The client's repeat finds our own row in its way, both when inserting and when updating."""
    ledger, policy = lossy

    policy.armed = True
    first = await committed(ledger, Change(meeting=a_meeting(), outgoing=outgoing))
    assert await ledger.load(first.meeting.meeting_id) == first

    policy.armed = True
    second = await committed(ledger, Change(meeting=first.meeting, outgoing=outgoing), first)

    loaded = await ledger.load(first.meeting.meeting_id)
    assert loaded == replace(second, outbox=first.outbox + second.outbox)
    assert not policy.armed


async def test_a_commit_whose_answer_was_lost_may_be_overtaken(
    lossy: tuple[TableLedger, AnswerLost],
) -> None:
    """It is a success all the same, and the next commit on top of it loses."""
    ledger, policy = lossy
    first = await committed(ledger, Change(meeting=a_meeting()))

    async def overtake() -> None:
        ours = await ledger.load(first.meeting.meeting_id)
        await committed(ledger, Change(meeting=first.meeting), ours)

    policy.meanwhile = overtake
    policy.armed = True
    second = await committed(ledger, Change(meeting=first.meeting, heard=heard(seen(1))), first)

    assert second.meeting.version == 2
    loaded = await ledger.load(first.meeting.meeting_id)
    assert loaded is not None
    assert loaded.meeting.version == 3
    with pytest.raises(LostRace):
        await committed(ledger, Change(meeting=second.meeting), second)


async def test_a_lost_answer_does_not_hide_a_lost_race(
    lossy: tuple[TableLedger, AnswerLost],
) -> None:
    """What had not happened is not taken for done."""
    ledger, policy = lossy
    first = await committed(ledger, Change(meeting=a_meeting()))
    second = await committed(ledger, Change(meeting=first.meeting), first)

    policy.armed = True
    with pytest.raises(LostRace):
        await committed(ledger, Change(meeting=first.meeting), first)

    assert await ledger.load(first.meeting.meeting_id) == second


async def test_a_claim_of_an_alias_whose_answer_was_lost_is_ours(
    lossy: tuple[TableLedger, AnswerLost],
) -> None:
    """The repeat finds the alias taken, by ourselves."""
    ledger, policy = lossy
    policy.armed = True

    assert await ledger.claim_alias("thread", MeetingId("a" * 26)) == "a" * 26


def answer(status: str, code: str) -> bytes:
    """Return an HTTP answer by which the tables refuse."""
    error = {"code": code, "message": {"lang": "en-US", "value": "0:It is refused."}}
    body = json.dumps({"odata.error": error})
    kind = "application/json;odata=minimalmetadata;streaming=true;charset=utf-8"
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def in_transaction(refusal: bytes) -> bytes:
    """Return the answer to a transaction, one operation of which is refused."""
    head = "HTTP/1.1 202 Accepted\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    body = (
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
        b"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        + refusal
        + b"\r\n--c--\r\n--b--\r\n"
    )
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def answering(answered: bytes) -> AsyncIterator[TableLedger]:
    """Yield a ledger on tables that answer every request alike."""

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length:")[2].partition("\r\n")[0]
        await reader.readexactly(int(length or 0))
        writer.write(answered.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        connection = tables_at(server.sockets[0].getsockname()[1])
        ledger = TableLedger(TableClient.from_connection_string(connection, a_table()))
        try:
            yield ledger
        finally:
            await ledger.aclose()


SIZES = [
    ("413 Payload Too Large", "RequestBodyTooLarge"),
    ("400 Bad Request", "EntityTooLarge"),
    ("400 Bad Request", "PropertyValueTooLarge"),
    ("400 Bad Request", "RequestBodyTooLarge"),
    ("400 Bad Request", "InvalidInput"),
]


@pytest.mark.parametrize(("status", "code"), SIZES)
async def test_what_the_store_refuses_as_too_large_is_what_no_transaction_holds(
    status: str, code: str
) -> None:
    """By itself, as a transaction, and as one operation of it: the journal halves it then."""
    refusal, event = answer(status, code), heard(seen(1))

    for answered, change in [
        (refusal, Change(meeting=a_meeting())),
        (refusal, Change(meeting=a_meeting(), heard=event)),
        (in_transaction(refusal), Change(meeting=a_meeting(), heard=event)),
    ]:
        async with answering(answered) as ledger:
            with pytest.raises(ValueError, match="more than the tables take"):
                await committed(ledger, change)


async def test_what_the_store_refuses_for_another_reason_is_an_error() -> None:
    """It is no question of size, and nothing that a handler expects."""
    async with answering(answer("400 Bad Request", "PropertyNameInvalid")) as ledger:
        with pytest.raises(HttpResponseError):
            await committed(ledger, Change(meeting=a_meeting()))
