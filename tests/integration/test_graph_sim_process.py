"""The simulator as a process of its own, and msgraph-sdk speaking to it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from azure.identity.aio import ManagedIdentityCredential
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware.options import RetryHandlerOption
from msgraph.generated.models.call import Call
from msgraph.generated.models.chat_info import ChatInfo
from msgraph.generated.models.identity import Identity
from msgraph.generated.models.identity_set import IdentitySet
from msgraph.generated.models.modality import Modality
from msgraph.generated.models.organizer_meeting_info import OrganizerMeetingInfo
from msgraph.generated.models.service_hosted_media_config import ServiceHostedMediaConfig
from msgraph.generated.users.item.online_meetings.create_or_get import (
    create_or_get_post_request_body,
)
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from devstack.graph.identities import (
    BOT_APP_ID,
    IDENTITY_HEADER,
    ORGANIZER_ID,
    ORGANIZER_WITHOUT_POLICY_ID,
    TENANT_ID,
)

CreateOrGet = create_or_get_post_request_body.CreateOrGetPostRequestBody


@contextmanager
def started(*options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "devstack.graph", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert ready["ready"] == "graph"
    return int(ready["port"])


def test_the_process_stops_cleanly_when_its_stdin_ends() -> None:
    """No process outlives the one that started it; nothing is said on stderr."""
    with started("--port", "0", "--exit-with-stdin") as process:
        port_of(process)

        _, complaints = process.communicate(timeout=20)

        assert (process.returncode, complaints) == (0, "")


def test_a_taken_port_is_named_and_a_signal_stops_cleanly() -> None:
    """One clear line and exit code 1 for the second; SIGTERM ends the first with 0."""
    with started("--port", "0") as first:
        port = port_of(first)
        with started("--port", str(port)) as second:
            _, complaint = second.communicate(timeout=20)
        first.send_signal(signal.SIGTERM)

        assert first.wait(timeout=20) == 0
        assert second.returncode == 1
        assert complaint.count("\n") == 1
        assert f"port {port} is taken" in complaint
        assert "DEVSTACK_GRAPH_PORT" in complaint


async def test_msgraph_sdk_creates_a_meeting_and_joins_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The unmodified SDK with a managed identity: createOrGet twice, calls, a typed refusal."""
    with started("--port", "0", "--exit-with-stdin") as process:
        port = port_of(process)
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", IDENTITY_HEADER)
        async with (
            ManagedIdentityCredential(client_id=BOT_APP_ID) as credential,
            # Closing the SDK's own client leaves its connections open: its transport has no close.
            httpx.AsyncHTTPTransport() as transport,
        ):
            http_client = KiotaClientFactory.create_with_default_middleware(
                client=httpx.AsyncClient(transport=transport)
            )
            adapter = GraphRequestAdapter(
                AzureIdentityAuthenticationProvider(
                    credential,
                    scopes=["https://graph.microsoft.com/.default"],
                    allowed_hosts=["localhost"],
                ),
                client=http_client,
            )
            adapter.base_url = f"http://localhost:{port}/v1.0"
            graph = GraphServiceClient(request_adapter=adapter)
            wish = CreateOrGet(external_id="order-1", subject="Stand-up")
            create_or_get = graph.users.by_user_id(ORGANIZER_ID).online_meetings.create_or_get

            first = await create_or_get.post(wish)
            again = await create_or_get.post(wish)
            assert first is not None
            assert again is not None
            call = await graph.communications.calls.post(
                a_join(first.chat_info), request_configuration=without_retry()
            )
            refused = graph.users.by_user_id(ORGANIZER_WITHOUT_POLICY_ID)
            with pytest.raises(APIError) as refusal:
                await refused.online_meetings.create_or_get.post(wish)

        assert (again.id, again.subject) == (first.id, "Stand-up")
        assert call is not None
        assert (call.tenant_id, call.id is None) == (TENANT_ID, False)
        assert refusal.value.response_status_code == 403


def a_join(chat_info: ChatInfo | None) -> Call:
    organizer = Identity(id=ORGANIZER_ID, additional_data={"tenantId": TENANT_ID})
    return Call(
        callback_uri="https://bot.contoso.example/api/calls",
        requested_modalities=[Modality.Audio],
        media_config=ServiceHostedMediaConfig(),
        chat_info=chat_info,
        meeting_info=OrganizerMeetingInfo(
            organizer=IdentitySet(user=organizer),
            additional_data={"allowConversationWithoutHost": True},
        ),
        tenant_id=TENANT_ID,
    )


def without_retry() -> RequestConfiguration[Any]:
    return RequestConfiguration(options=[RetryHandlerOption(should_retry=False)])
