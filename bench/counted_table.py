"""A table in memory beneath the real ledger: counts the requests, the rows and the bytes.

Stands in for `azure.data.tables.aio.TableClient`, as far as the ledger asks it.
Bytes are those of the rows' names and values, without what HTTP and base64 add.
"""

import operator
import re
from bisect import bisect_left, insort
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from azure.core.exceptions import HttpResponseError
from azure.data.tables import TransactionOperation
from azure.data.tables.aio import TableClient

from shared.ledger.rows import Row

INTEGER_BYTES = 4
LARGEST_PAGE = 1_000
"""Source: https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination"""
CONDITION = re.compile(r"(\w+) (eq|ge|le|lt) @(\w+)")
COMPARED: Mapping[str, Callable[[str, str], bool]] = {
    "eq": operator.eq,
    "ge": operator.ge,
    "le": operator.le,
    "lt": operator.lt,
}
"""What the ledger's queries compare texts by."""

type Operation = tuple[TransactionOperation, Row, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What was asked of a table: requests, rows written or deleted by them, and bytes."""

    requests: int = 0
    writes: int = 0
    read: int = 0
    written: int = 0

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(
            requests=self.requests + other.requests,
            writes=self.writes + other.writes,
            read=self.read + other.read,
            written=self.written + other.written,
        )


class _Found(dict[str, Any]):
    """A row as the store gives it back, with its ETag beside it."""

    def __init__(self, row: Row, etag: str) -> None:
        super().__init__(row)
        self.metadata = {"etag": etag}


@dataclass(slots=True)
class _Partition:
    rows: dict[str, _Found] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)


class _Query:
    """The rows that a query finds once it is asked, on pages of up to `most`: each is a request."""

    def __init__(
        self, ask: Callable[[], list[_Found]], *, most: int, served: Callable[[list[_Found]], None]
    ) -> None:
        self._ask, self._most, self._served = ask, most, served

    async def __aiter__(self) -> AsyncIterator[_Found]:
        async for page in self.by_page():
            async for row in page:
                yield row

    async def by_page(self) -> AsyncIterator[AsyncIterator[_Found]]:
        found = self._ask()
        for at in range(0, max(len(found), 1), self._most):
            page = found[at : at + self._most]
            self._served(page)
            yield _each(page)


async def _each(rows: list[_Found]) -> AsyncIterator[_Found]:
    for row in rows:
        yield row


class CountedTable:
    """One table, empty at first."""

    def __init__(self) -> None:
        self._partitions: dict[str, _Partition] = {}
        self._traffic = Traffic()
        self._etags = 0

    @property
    def client(self) -> TableClient:
        """The table as the ledger takes it."""
        return cast("TableClient", self)

    def taken(self) -> Traffic:
        """Return what was asked since the last time."""
        taken, self._traffic = self._traffic, Traffic()
        return taken

    def sizes(self, prefix: str) -> list[int]:
        """Return the bytes of each row whose RowKey begins so."""
        return [
            _bytes_of(row)
            for partition in self._partitions.values()
            for key, row in partition.rows.items()
            if key.startswith(prefix)
        ]

    def rows(self) -> dict[tuple[str, str], Row]:
        """Return every row by its keys, partition by partition."""
        return {
            (name, key): self._partitions[name].rows[key]
            for name in sorted(self._partitions)
            for key in self._partitions[name].keys
        }

    def query_entities(
        self,
        query: str,
        *,
        parameters: Mapping[str, str],
        results_per_page: int | None = None,
        **_: Any,
    ) -> _Query:
        """Return the rows that match a query of the ledger's, by the store's pages."""

        def ask() -> list[_Found]:
            if "partition" in parameters:
                return self._range(parameters)
            return [row for row in self._all() if _matches(row, query, parameters)]

        def served(page: list[_Found]) -> None:
            self._traffic += Traffic(requests=1, read=sum(map(_bytes_of, page)))

        return _Query(ask, most=min(results_per_page or LARGEST_PAGE, LARGEST_PAGE), served=served)

    def _range(self, parameters: Mapping[str, str]) -> list[_Found]:
        """Return one range of a partition, the only query of a meeting that is handled."""
        partition = self._partitions.get(parameters["partition"], _Partition())
        low, high = (bisect_left(partition.keys, parameters[name]) for name in ("low", "high"))
        return [partition.rows[key] for key in partition.keys[low:high]]

    def _all(self) -> list[_Found]:
        ordered = (self._partitions[name] for name in sorted(self._partitions))
        return [partition.rows[key] for partition in ordered for key in partition.keys]

    async def get_entity(self, partition: str, key: str) -> _Found:
        """Return one row that is there."""
        row = self._partitions.get(partition, _Partition()).rows.get(key)
        self._traffic += Traffic(requests=1, read=0 if row is None else _bytes_of(row))
        if row is None:
            raise _refusal(404)
        return row

    async def create_entity(self, row: Row, **_: Any) -> dict[str, str]:
        """Write a row that must not be there yet."""
        return (await self.submit_transaction([(TransactionOperation.CREATE, row, {})]))[0]

    async def update_entity(self, row: Row, **options: Any) -> dict[str, str]:
        """Write a row in place of the state that an ETag names."""
        return (await self.submit_transaction([(TransactionOperation.UPDATE, row, options)]))[0]

    async def upsert_entity(self, row: Row, **_: Any) -> dict[str, str]:
        """Write a row, whatever was there before."""
        return (await self.submit_transaction([(TransactionOperation.UPSERT, row, {})]))[0]

    async def delete_entity(self, partition: str, key: str, **options: Any) -> None:
        """Delete a row, with an ETag only that state of it; one that is not there is no error."""
        if key in self._partitions.get(partition, _Partition()).rows:
            row = {"PartitionKey": partition, "RowKey": key}
            await self.submit_transaction([(TransactionOperation.DELETE, row, options)])

    async def submit_transaction(self, operations: Sequence[Operation]) -> list[dict[str, str]]:
        """Do all operations, or none."""
        for operation in operations:
            self._refuse(*operation)
        written = sum(_bytes_of(row) for _, row, _ in operations)
        self._traffic += Traffic(requests=1, writes=len(operations), written=written)
        return [{"etag": self._do(verb, row)} for verb, row, _ in operations]

    def _refuse(self, verb: TransactionOperation, row: Row, options: Mapping[str, Any]) -> None:
        partition = self._partitions.get(row["PartitionKey"], _Partition())
        there = partition.rows.get(row["RowKey"])
        match verb:
            case TransactionOperation.CREATE if there is not None:
                raise _refusal(409)
            case TransactionOperation.UPDATE | TransactionOperation.DELETE if there is None:
                raise _refusal(404)
            case _ if (
                there and options.get("etag", there.metadata["etag"]) != there.metadata["etag"]
            ):
                raise _refusal(412)

    def _do(self, verb: TransactionOperation, row: Row) -> str:
        partition = self._partitions.setdefault(row["PartitionKey"], _Partition())
        key = row["RowKey"]
        if verb is TransactionOperation.DELETE:
            del partition.rows[key]
            partition.keys.remove(key)
            return ""
        if key not in partition.rows:
            insort(partition.keys, key)
        self._etags += 1
        partition.rows[key] = _Found(row, f"etag-{self._etags}")
        return f"etag-{self._etags}"


def _matches(row: Row, query: str, parameters: Mapping[str, str]) -> bool:
    return all(
        COMPARED[word](str(row.get(name, "")), parameters[value])
        for name, word, value in CONDITION.findall(query)
    )


def _bytes_of(row: Row) -> int:
    return sum(len(name) + _size(value) for name, value in row.items())


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes) else INTEGER_BYTES


def _refusal(status: int) -> HttpResponseError:
    error = HttpResponseError(f"the counted table answers {status}")
    error.status_code = status
    error.error_code = "ResourceNotFound" if status == 404 else None  # type: ignore[attr-defined]  # the SDK's own
    return error
