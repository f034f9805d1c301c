"""The function as tutorials write it: a client and a credential for each message, the SDK's typed
call, nothing kept. Instead of an answer it notes the time, which costs it less than one would.
"""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import azure.functions as func
from azure.identity.aio import ManagedIdentityCredential
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph.generated.models.meeting_participant_info import MeetingParticipantInfo
from msgraph.generated.models.meeting_participants import MeetingParticipants
from msgraph.generated.models.online_meeting_role import OnlineMeetingRole
from msgraph.generated.users.item.online_meetings.create_or_get import (
    create_or_get_post_request_body as create_or_get,
)
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

app = func.FunctionApp()


@app.function_name("create_meeting")
@app.service_bus_queue_trigger(
    arg_name="message", queue_name="create-meeting", connection="SERVICE_BUS"
)
async def create_meeting(message: func.ServiceBusMessage) -> None:
    """Create one meeting."""
    request = json.loads(message.get_body())
    async with ManagedIdentityCredential() as credential:
        adapter = GraphRequestAdapter(
            # The Graph of the benchmark is on this machine; nothing else here is unusual.
            AzureIdentityAuthenticationProvider(
                credential,
                scopes=["https://graph.microsoft.com/.default"],
                allowed_hosts=["localhost"],
            )
        )
        adapter.base_url = f"{os.environ['GRAPH_URL']}/v1.0"
        client = GraphServiceClient(request_adapter=adapter)
        start = datetime.now(UTC)
        body = create_or_get.CreateOrGetPostRequestBody(
            external_id=request["requestId"],
            subject=request["subject"],
            start_date_time=start,
            end_date_time=start + timedelta(hours=1),
            participants=MeetingParticipants(
                attendees=[
                    MeetingParticipantInfo(upn="ada@example.com", role=OnlineMeetingRole.Attendee),
                    MeetingParticipantInfo(upn="bo@example.com", role=OnlineMeetingRole.Presenter),
                ]
            ),
        )
        organizer = client.users.by_user_id(os.environ["ORGANIZER_ID"])
        meeting = await organizer.online_meetings.create_or_get.post(body)
    if meeting is None or not meeting.join_web_url:
        raise ValueError("Graph gave no meeting")
    _witness()


def _witness() -> None:
    with Path(os.environ["BENCH_WITNESS"]).open("a", encoding="ascii") as witness:
        witness.write(f"{time.monotonic()}\n")
