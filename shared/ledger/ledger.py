"""The ledger on Azure Table Storage: `ports.Ledger` over azure-data-tables.

Adapter. meetings.py keeps the meetings, beside.py what leads to them.
"""

from collections.abc import Callable

from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableClient

from shared.ledger.beside import RowsBeside
from shared.ledger.meetings import TableMeetings, new_id
from shared.ledger.tables import (
    Table,
    open_client,
)


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
        TableMeetings.__init__(self, table, new_id=new_id)
        RowsBeside.__init__(self, table)

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._table.client.close()

    async def check(self) -> None:
        """See `ports.Ledger.check`."""
        await self._table.row("checking the tables", "check", "check")
