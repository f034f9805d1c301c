"""What the app makes of a Graph that does not know it as the bot, or was not consented to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from devstack.graph.identities import (
    BOT_APP_ID,
    ORGANIZER_ID,
    TENANT_ID,
    USER_IDENTITY,
    AppIdentities,
    Tenant,
)
from devstack.graph.server import build_app
from devstack.graph.simulator import build_simulator
from devstack.graph.switches import GraphSwitches
from shared.graph.client import GraphOverSdk
from shared.words.errors import Rejected
from tests.fixtures.deployed_graph import deployed_graph
from tests.fixtures.graph_lab import served

A_CALL: dict[str, Any] = {
    "callbackUri": "http://127.0.0.1:9/api/calls/m/l",
    "requestedModalities": ["audio"],
    "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
    "source": {"identity": {"application": {"id": BOT_APP_ID}}},
    "meetingInfo": {"@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
                    "joinMeetingId": "123456789012"},
    "tenantId": TENANT_ID,
}  # fmt: skip
ANOTHER = {"source": {"identity": {"application": {"id": USER_IDENTITY}}}}


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@asynccontextmanager
async def graph(
    monkeypatch: pytest.MonkeyPatch,
    *,
    switches: GraphSwitches = GraphSwitches(),  # noqa: B008 - frozen
    client_id: str = "",
) -> AsyncIterator[GraphOverSdk]:
    """The app's Graph on a simulator, as the identity `client_id`."""
    tenant = Tenant(identities=AppIdentities(user=frozenset({USER_IDENTITY})))
    simulator = build_simulator(tenant=tenant, seed=1, report=lambda _: None, switches=switches)
    async with served(build_app(simulator)) as url:
        opened = deployed_graph(url, Clock(), monkeypatch, client_id=client_id)
        yield opened
        await opened.close()


async def refusal_of_a_call(opened: GraphOverSdk, body: dict[str, Any]) -> str:
    """Return the code with which a call is refused."""
    with pytest.raises(Rejected) as refused:
        await opened.create_call(body)
    return refused.value.code


async def test_an_identity_that_is_not_the_bot_places_no_call_and_makes_no_meeting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a deployment without GRAPH_FEDERATED meets."""
    async with graph(monkeypatch, client_id=USER_IDENTITY) as opened:
        assert await refusal_of_a_call(opened, A_CALL) == "calling_not_enabled"
        with pytest.raises(Rejected) as refused:
            await opened.create_or_get_meeting(ORGANIZER_ID, {"externalId": "e"})

    assert refused.value.code == "organizer_not_allowed"


async def test_without_consent_no_call_is_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The administrator of the meeting's tenant has to act."""
    async with graph(monkeypatch, switches=GraphSwitches(consent=False)) as opened:
        assert await refusal_of_a_call(opened, A_CALL) == "consent_missing"


async def test_the_bot_speaks_for_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """BOT_APP_ID of the settings has to be the application of the token."""
    async with graph(monkeypatch) as opened:
        assert await refusal_of_a_call(opened, A_CALL | ANOTHER) == "source_identity_invalid"
