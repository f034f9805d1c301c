"""The ledger on Azure Table Storage: `ports.Ledger` over azure-data-tables.

Adapter. meetings.py keeps the meetings, beside.py what leads to them.
"""

import contextlib
from collections.abc import Callable

from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableClient

from shared.ledger.beside import RowsBeside
from shared.ledger.meetings import TableMeetings, new_id
from shared.ledger.rows import Row
from shared.ledger.tables import (
    Conflict,
    Missing,
    Operation,
    Table,
    create,
    exchange,
    open_client,
)
from shared.words.errors import Unavailable

PROBE = "probe"
"""The partition of rows that `probe` writes and deletes."""


def open_ledger(
    connection: str, table_name: str, *, credential: AsyncTokenCredential | None = None
) -> "TableLedger":
    """Return a ledger in `table_name`, which sends no request before its first use.

    `connection` is a connection string (it holds `AccountName=`) or, with a `credential`, the
    endpoint's URL. Close it with `aclose`.
    """
    return TableLedger(open_client(connection, table_name, credential=credential))


class TableLedger(TableMeetings, RowsBeside):
    """Implements `ports.Ledger`. One instance a process; safe for many tasks."""

    def __init__(self, client: TableClient, *, new_id: Callable[[], str] = new_id) -> None:
        """`new_id` names commits, so that a commit whose answer was lost is recognised."""
        table = Table(client)
        self._new_id = new_id
        TableMeetings.__init__(self, table, new_id=new_id)
        RowsBeside.__init__(self, table)

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._table.client.close()

    async def check(self) -> None:
        await self._table.row("checking the tables", "check", "check")

    async def probe(self) -> None:
        what, key = "probing the tables", self._new_id()
        row: Row = {"PartitionKey": PROBE, "RowKey": key}
        first = await self._table.write(what, [create(row)])
        try:
            await self._refused(what, create(row))
            await self._table.write(what, [exchange(row, first)])
            await self._refused(what, exchange(row, first))
        except Missing as error:
            raise Unavailable(f"a row was lost while {what}") from error
        finally:
            await self._table.delete(what, PROBE, key)

    async def _refused(self, what: str, operation: Operation) -> None:
        with contextlib.suppress(Conflict):
            await self._table.write(what, [operation])
            raise Unavailable(f"a write that must be refused was done while {what}")
