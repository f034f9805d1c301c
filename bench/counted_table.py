"""A table in memory beneath the real ledger: counts the requests, the rows and the bytes.

Stands in for `azure.data.tables.aio.TableClient`, as far as a meeting's commits and loads ask it.
Bytes are those of the rows' names and values, without what HTTP and base64 add.
"""

from bisect import bisect_left, insort
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from azure.core.exceptions import HttpResponseError
from azure.data.tables import TransactionOperation
from azure.data.tables.aio import TableClient

from shared.ledger.rows import Row

INTEGER_BYTES = 4

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

    async def query_entities(
        self, _: str, *, parameters: Mapping[str, str], select: None = None
    ) -> AsyncIterator[_Found]:
        """Yield the rows of one range of a partition, the only query that a meeting needs."""
        partition = self._partitions.get(parameters["partition"], _Partition())
        low, high = (bisect_left(partition.keys, parameters[name]) for name in ("low", "high"))
        found = [partition.rows[key] for key in partition.keys[low:high]]
        self._traffic += Traffic(requests=1, read=sum(map(_bytes_of, found)))
        for row in found:
            yield row

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

    async def delete_entity(self, partition: str, key: str, **_: Any) -> None:
        """Delete a row that is there."""
        row = {"PartitionKey": partition, "RowKey": key}
        await self.submit_transaction([(TransactionOperation.DELETE, row, {})])

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
            case TransactionOperation.UPDATE if there and there.metadata["etag"] != options["etag"]:
                raise _refusal(412)
            case TransactionOperation.UPDATE | TransactionOperation.DELETE if there is None:
                raise _refusal(404)

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


def _bytes_of(row: Row) -> int:
    return sum(len(name) + _size(value) for name, value in row.items())


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes) else INTEGER_BYTES


def _refusal(status: int) -> HttpResponseError:
    error = HttpResponseError(f"the counted table answers {status}")
    error.status_code = status
    error.error_code = "ResourceNotFound" if status == 404 else None  # type: ignore[attr-defined]  # the SDK's own
    return error
