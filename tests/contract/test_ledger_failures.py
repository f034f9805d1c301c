"""What the real ledger does when its store fails: says so, and knows its own work again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy
from azure.data.tables.aio import TableClient

from shared.domain import MeetingId
from shared.errors import LostRace, Unavailable
from shared.ledger import TableLedger
from shared.meeting import Change, Outgoing
from shared.ports import Entry
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
        ledger.claim_alias("thread", meeting_id),
        ledger.resolve_alias("thread"),
        ledger.index(meeting_id, due_at=NOW),
        ledger.reindex(Entry(meeting_id=meeting_id, due_at=NOW, etag="e"), due_at=NOW),
        ledger.reindex(Entry(meeting_id=meeting_id, due_at=NOW, etag="e"), due_at=None),
        overdue(ledger, NOW),
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
