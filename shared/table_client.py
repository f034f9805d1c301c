"""The client of Azure Table Storage, with the options under which Rollcall uses it. Adapter."""

from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableClient


def open_client(
    connection: str, table_name: str, *, credential: AsyncTokenCredential | None = None
) -> TableClient:
    """Return a client of `table_name`; see `ledger.open_ledger`. Nothing is asked of the store."""
    # The caller owns the long retries (errors.py); these few bridge one bad moment of the store.
    # Looking for proxies and .netrc at every request costs a third of its time, and making up a
    # request id that nobody reads a twentieth.
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
    return TableClient(connection, table_name, credential=credential, **options)
