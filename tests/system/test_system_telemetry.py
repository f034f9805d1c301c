"""What reaches Application Insights, by its own exporter; a server of the test takes its place."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.system.client import Client
from tests.system.lab import eventually
from tests.system.stack import Up
from tests.system.watched import ADA, empty_room_read

pytestmark = [pytest.mark.asyncio(loop_scope="session")]

TRACE = "0af7651916cd43dd8448eb211c80319c"
SENDER = f"00-{TRACE}-b7ad6b7169203331-01"
LARGEST = 64 * 1024 * 1024
OF_THE_EXPORTER = ("_OTELRESOURCE_",)
"""A figure that the exporter adds: what the process is called."""


@dataclass
class Insights:
    """What was ingested: one item a span, line or figure."""

    items: list[dict[str, Any]] = field(default_factory=list)

    async def ingest(self, request: web.Request) -> web.Response:
        """Take what an exporter sends."""
        sent = json.loads(await request.read())
        self.items += sent
        accepted = {"itemsReceived": len(sent), "itemsAccepted": len(sent), "errors": []}
        return web.json_response(accepted)

    def spans(self) -> dict[str, set[str]]:
        """Return the traces of spans by the spans' names."""
        found: dict[str, set[str]] = {}
        for item in self.items:
            if item["data"]["baseType"] in ("RequestData", "RemoteDependencyData"):
                name = item["data"]["baseData"]["name"]
                found.setdefault(name, set()).add(item["tags"]["ai.operation.id"])
        return found

    def figures(self) -> set[str]:
        """Return the names of figures."""
        measured = (one for one in self.items if one["data"]["baseType"] == "MetricData")
        names = {one["data"]["baseData"]["metrics"][0]["name"] for one in measured}
        return names - {*OF_THE_EXPORTER}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def insights() -> AsyncIterator[tuple[Insights, str]]:
    """Return a server that takes telemetry, and its address."""
    found, app = Insights(), web.Application(client_max_size=LARGEST)
    app.router.add_post("/v2.1/track", found.ingest)
    async with TestServer(app) as server:
        yield found, str(server.make_url("/")).rstrip("/")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def up(
    insights: tuple[Insights, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Up]:
    """A stack whose app exports there, and nowhere else."""
    _, url = insights
    async with Up.serving(
        tmp_path_factory.mktemp("telemetry"),
        {
            "SETTLE_SECONDS": "0.4",
            "PYTHON_ENABLE_OPENTELEMETRY": "true",
            "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey="
            f"00000000-0000-0000-0000-000000000001;IngestionEndpoint={url}",
            # What the exporter reports of itself, and its settings, are Microsoft's.
            "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
            "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
            "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_BLRP_SCHEDULE_DELAY": "200",
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
        },
    ) as up:
        yield up


async def test_one_trace_is_exported_and_nothing_private(
    insights: tuple[Insights, str], up: Up, subject: str
) -> None:
    """From the sender's message to the end of the call, with its sends and requests to Graph."""
    found, _ = insights
    async with Client(await up.ready()) as client:
        name = f"canary-{subject}"
        ask = {
            "requestId": subject,
            "subject": name,
            "join": "now",
            "context": {"canary": "canary"},
            "options": {"joinMeetingIdSettings": {"isPasscodeRequired": True}},
        }
        await client.drop(ask, properties={"traceparent": SENDER})
        created = await client.created(name)
        meeting_id, where = created.data["meetingId"], created.data["coordinates"]
        joined = await client.told(meeting_id, "bot.joined")
        await empty_room_read(client.lab, joined.data["callId"])
        ada = await client.lab.join(where["joinWebUrl"], ADA)
        await client.told(meeting_id, "call.started", callNumber=1)
        await client.lab.leave(ada)
        await client.told(meeting_id, "call.ended", callNumber=1)
        await client.drop({"subject": name, "nonsense": "canary"})
        await client.rejected.first(lambda one: True)
        story = await client.whole_story(meeting_id)

    async def arrived() -> bool | None:
        lines = "message.rejected" in str(found.items)
        return (lines and "rollcall.requests" in found.figures()) or None

    await eventually(arrived, "lines and figures are exported")

    assert {one.event["traceparent"] for one in story} == {SENDER}
    spans = found.spans()
    of_the_job = (
        "process create-meeting",
        "process join-meeting",
        "process tend-meeting",
        "process callback",
        "send meeting-events",
        "send join-meeting",
        "commit",
        "POST /communications/calls",
        "GET /communications/calls/{call-id}/participants",
    )
    assert {name for name in of_the_job if TRACE not in spans.get(name, ())} == set()
    assert all(one.startswith("rollcall.") for one in found.figures())
    text = json.dumps(found.items)
    private = [where["joinWebUrl"], where["passcode"], where["chatInfo"]["threadId"]]
    private += ["canary", ADA, "eyJ", where["onlineMeetingId"], "localhost"]
    assert [one for one in private if one in text] == []
