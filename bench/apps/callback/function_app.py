"""The least that a callback can do: the same check of the token, with the app's own code and the
signer's keys kept, and one row inserted. It reads nothing of the body and decides nothing.
"""

import os
from datetime import UTC, datetime
from functools import cache
from uuid import uuid4

import azure.functions as func
from azure.data.tables.aio import TableClient

from call_callback.caller import Caller, CallerPolicy, FetchKeys, verify_caller
from shared.identity import OpenIdSigningKeys, fetch_json
from shared.ledger.tables import open_client

app = func.FunctionApp()

ISSUERS = frozenset({"https://graph.microsoft.com", "https://api.botframework.com"})


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@cache
def _keys() -> OpenIdSigningKeys:
    return OpenIdSigningKeys(os.environ["OPENID_CONFIG_URL"], clock=_Clock(), fetch=fetch_json)


@cache
def _table() -> TableClient:
    return open_client(os.environ["TABLES"], "bare")


@app.function_name("call_callback")
@app.route(
    route="calls/{meetingId}/{legKey}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS
)
async def call_callback(req: func.HttpRequest) -> func.HttpResponse:
    """Take a notification."""
    policy = CallerPolicy(
        audience=os.environ["BOT_APP_ID"],
        issuers=ISSUERS,
        tenants=frozenset({os.environ["TENANT_ID"]}),
    )
    keys, now = _keys(), datetime.now(UTC)

    def judged() -> object:
        return verify_caller(
            req.headers.get("authorization"),
            keys=keys.known(),
            policy=policy,
            arrived_at=now,
            now=now,
        )

    caller = judged()
    if isinstance(caller, FetchKeys):
        await keys.fetch()
        caller = judged()
    if not isinstance(caller, Caller):
        return func.HttpResponse(status_code=401)
    row = {
        "PartitionKey": req.route_params["meetingId"],
        "RowKey": uuid4().hex,
        "receivedAt": now.isoformat(),
    }
    # Without the preference the store sends the whole row back.
    await _table().create_entity(row, response_preference="return-no-content")
    return func.HttpResponse(status_code=202)
