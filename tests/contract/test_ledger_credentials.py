"""Tables that are opened by an identity, and an identity that gets no token.

The SDK shows the refusal of a token as an answer of the store. It must not be read as one: a 404
would be a row that is not there, a 400 a write that can never succeed.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from aiohttp import web
from azure.identity.aio import ManagedIdentityCredential

from shared.ledger.ledger import open_ledger
from shared.ledger.tables import Table, create, put
from shared.words.errors import Unavailable
from tests.fixtures.graph_lab import served

NOWHERE = "https://127.0.0.1:9/devstoreaccount1"
ROW = {"PartitionKey": "p", "RowKey": "r"}
WORDS = {
    400: "Unable to load the proper Managed Identity.",
    404: "No such identity.",
    401: "X-IDENTITY-HEADER is wrong",
    403: "Forbidden",
}


@dataclass
class Identity:
    """Answers every request for a token with `status`."""

    status: int = 400

    async def answer(self, _: web.Request) -> web.Response:
        body = {"statusCode": self.status, "message": WORDS[self.status]}
        return web.json_response(body, status=self.status)


@pytest.fixture
async def identity(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Identity]:
    """App Service's identity endpoint, which knows no identity."""
    identity, app = Identity(), web.Application()
    app.router.add_get("/msi/token", identity.answer)
    async with served(app) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        yield identity


@pytest.fixture
async def table(identity: Identity) -> AsyncIterator[Table]:
    """A table behind that identity."""
    async with ManagedIdentityCredential(retry_total=0) as credential:
        ledger = open_ledger(NOWHERE, "rollcall", credential=credential)
        yield ledger._table
        await ledger.aclose()


OPERATIONS: dict[str, Callable[[Table], Awaitable[object]]] = {
    "read": lambda table: table.row("reading", "p", "r"),
    "query": lambda table: table.rows("reading", "p", "a", "z"),
    "create": lambda table: table.write("writing", [create(ROW)]),
    "put": lambda table: table.write("writing", [put(ROW)]),
    "transaction": lambda table: table.write("writing", [create(ROW), put(ROW | {"RowKey": "s"})]),
    "delete": lambda table: table.delete("deleting", "p", "r"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("status", WORDS)
async def test_without_a_token_the_tables_are_unavailable(
    identity: Identity, table: Table, operation: str, status: int
) -> None:
    """Whatever the status of the refusal, and whatever was being done: try later."""
    identity.status = status

    with pytest.raises(Unavailable, match="NoToken"):
        await OPERATIONS[operation](table)
