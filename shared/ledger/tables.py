"""One table of Azure Table Storage: sends requests with a time limit; says what an error means.

Adapter. Knows nothing of meetings. No error message quotes a row.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from azure.core import MatchConditions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    IncompleteReadError,
    ResourceExistsError,
)
from azure.data.tables import (
    RequestTooLargeError,
    TableEntity,
    TableErrorCode,
    TransactionOperation,
    UpdateMode,
)
from azure.data.tables.aio import TableClient

from shared.ledger.credential import TablesCredential
from shared.ledger.rows import Row
from shared.words.errors import Unavailable

type Operation = tuple[TransactionOperation, Row, dict[str, Any]]

NO_CONTENT = "return-no-content"
"""Source: https://learn.microsoft.com/rest/api/storageservices/insert-entity"""
TOO_LARGE = (
    TableErrorCode.ENTITY_TOO_LARGE,
    TableErrorCode.PROPERTY_VALUE_TOO_LARGE,
    TableErrorCode.REQUEST_BODY_TOO_LARGE,
    TableErrorCode.INVALID_INPUT,
)
"""Codes with which the store refuses a write as too large. The last one has other meanings too. The
same write again cures none of them.
Source: https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes"""
PATIENCE_SECONDS = 15.0
"""One operation with the client's own retries. A hung store must not outlast a message's lock."""


class Conflict(Exception):
    """A row exists already, or is not the one that was expected."""


class Missing(Exception):
    """A row that was to be changed or deleted is not there."""


class Table:
    """A table, which is created where it is missing. Safe for many tasks."""

    def __init__(self, client: TableClient, *, patience: float = PATIENCE_SECONDS) -> None:
        """`patience`: most seconds one operation may take."""
        self.client = client
        self._patience = patience

    async def rows(
        self, what: str, partition: str, low: str, high: str, *, select: list[str] | None = None
    ) -> list[TableEntity]:
        """Return a partition's rows whose RowKey is at least `low` and less than `high`, in order.

        In every method, `what` says in error messages what was being done. Every method raises
        `Unavailable`.
        """

        async def read() -> list[TableEntity]:
            found = self.client.query_entities(
                "PartitionKey eq @partition and RowKey ge @low and RowKey lt @high",
                parameters={"partition": partition, "low": low, "high": high},
                select=select,
            )
            return [row async for row in found]

        return await self._ask(what, read)

    async def entries(
        self, what: str, query: str, parameters: Mapping[str, str], *, most: int | None = None
    ) -> AsyncGenerator[TableEntity]:
        """Yield the rows that match `query`, a page of the store's, or of `most`, at a time."""
        found = self.client.query_entities(
            query, parameters=dict(parameters), results_per_page=most
        )
        pages = found.by_page()

        async def next_page() -> list[TableEntity] | None:
            try:
                return [row async for row in await anext(pages)]
            except StopAsyncIteration:
                return None

        while (page := await self._ask(what, next_page)) is not None:
            for row in page:
                yield row

    async def row(self, what: str, partition: str, key: str) -> TableEntity | None:
        """Return one row, or None."""
        try:
            return await self._ask(what, lambda: self.client.get_entity(partition, key))
        except Missing:
            return None

    async def write(self, what: str, operations: Sequence[Operation]) -> str:
        """Do all `operations` of one partition or none; return the first one's new ETag.

        Raises `Conflict`, `Missing`, or ValueError for a write that is too large; nothing is
        written then.
        """
        if len(operations) == 1:
            return await self._ask(what, lambda: self._single(operations[0]))
        done = await self._ask(what, lambda: self.client.submit_transaction(operations))
        return str(done[0].get("etag", ""))

    async def delete(self, what: str, partition: str, key: str, *, etag: str | None = None) -> None:
        """Delete one row; with `etag`, only in that state. A missing row raises no error."""
        condition = {} if etag is None else _if_unchanged(etag)
        await self._ask(what, lambda: self.client.delete_entity(partition, key, **condition))

    async def _single(self, operation: Operation) -> str:
        verb, row, options = operation
        match verb:
            case TransactionOperation.CREATE:
                # Without this the store sends the whole row back.
                created = await self.client.create_entity(row, response_preference=NO_CONTENT)
                return str(created["etag"])
            case TransactionOperation.UPDATE:
                return str((await self.client.update_entity(row, **options))["etag"])
            case TransactionOperation.UPSERT:
                return str((await self.client.upsert_entity(row, **options))["etag"])
            case TransactionOperation.DELETE:
                await self.client.delete_entity(row["PartitionKey"], row["RowKey"])
                return ""

    async def _ask[T](self, what: str, operation: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(self._patience):
                try:
                    return await operation()
                except HttpResponseError as error:
                    if not _table_is_missing(error):
                        raise
                await self._create()
                return await operation()
        except TimeoutError as error:
            raise Unavailable(f"the tables took too long while {what}") from error
        except AzureError as error:
            meaning = _meaning(error, what)
            if meaning is None:
                raise
            raise meaning from error

    async def _create(self) -> None:
        try:
            await self.client.create_table()
        except ResourceExistsError:
            return  # another process was faster


def create(row: Row) -> Operation:
    """Return the operation that writes a row which must not exist yet."""
    return TransactionOperation.CREATE, row, {}


def put(row: Row) -> Operation:
    """Return the operation that writes a row in place of any earlier state."""
    return TransactionOperation.UPSERT, row, {"mode": UpdateMode.REPLACE}


def exchange(row: Row, etag: str) -> Operation:
    """Return the operation that writes a row in place of the state that `etag` names."""
    return TransactionOperation.UPDATE, row, {"mode": UpdateMode.REPLACE, **_if_unchanged(etag)}


def delete(partition: str, key: str) -> Operation:
    """Return the operation that deletes a row."""
    return TransactionOperation.DELETE, {"PartitionKey": partition, "RowKey": key}, {}


def _if_unchanged(etag: str) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def _table_is_missing(error: HttpResponseError) -> bool:
    # A 404 to a create has no code. It can only mean the table.
    code = getattr(error, "error_code", None)
    return error.status_code == 404 and code in {None, TableErrorCode.TABLE_NOT_FOUND}


def _meaning(error: AzureError, what: str) -> Exception | None:
    if not isinstance(error, HttpResponseError) or error.status_code is None:
        return Unavailable(f"the tables did not answer while {what}: {type(error).__name__}")
    if _is_too_large(error):
        return ValueError(f"more than the tables take while {what} ({error.status_code})")
    match error.status_code:
        case 409 | 412 as status:
            return Conflict(f"{status} while {what}")
        case 404:
            return Missing(f"404 while {what}")
        case 401 | 403 as status:
            return Unavailable(f"the tables refused our credentials while {what} ({status})")
        case status if status in {408, 429} or status >= 500:
            return Unavailable(
                f"the tables could not serve us while {what} ({status})",
                retry_after=_retry_after(error),
            )
        case _ if isinstance(error, IncompleteReadError):
            return Unavailable(f"the tables' answer broke off while {what}")
        case _:
            return None


def _is_too_large(error: HttpResponseError) -> bool:
    # Where one operation of a transaction is answered 413, the error has the transaction's 202.
    if error.status_code == 413 or isinstance(error, RequestTooLargeError):
        return True
    code = getattr(error, "error_code", None)
    if code is None:
        # A create's error has its code only in the body.
        body: Mapping[str, Any] = getattr(error.model, "additional_properties", None) or {}
        code = body.get("odata.error", {}).get("code")
    return error.status_code == 400 and code in TOO_LARGE


def _retry_after(error: HttpResponseError) -> timedelta | None:
    headers: Mapping[str, str] = getattr(error.response, "headers", None) or {}
    seconds = headers.get("Retry-After", "")
    return timedelta(seconds=int(seconds)) if seconds.isdigit() else None


def open_client(
    connection: str, table_name: str, *, credential: AsyncTokenCredential | None = None
) -> TableClient:
    """Return a client of `table_name`; see `ledger.open_ledger`. Sends no request."""
    # The caller owns the long retries (errors.py). These few bridge one bad moment of the store.
    # Looking for proxies and .netrc costs a third of a request's time, and making up an unused
    # request id a twentieth.
    options: dict[str, Any] = {
        "retry_total": 3,
        "retry_backoff_factor": 0.1,
        "retry_backoff_max": 1,
        "connection_timeout": 5,
        "read_timeout": 8,
        "use_env_settings": False,
        "auto_request_id": False,
    }
    if "AccountName=" in connection:
        return TableClient.from_connection_string(connection, table_name, **options)
    if credential is None:
        raise ValueError("the table endpoint needs a credential, or give a connection string")
    return TableClient(connection, table_name, credential=TablesCredential(credential), **options)
