"""The client in docs/client, as it is, against the local Service Bus and answers made by hand."""

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from pydantic import TypeAdapter

from create_meeting.request import CreateMeeting
from tests.stack.connections import bus_at
from tests.stack.javascript import NODE, PACKAGES
from tests.stack.process import ROOT, StackProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAIT = 15
MEETING = "m" * 26


@pytest.fixture(scope="module")
def connection() -> Iterator[str]:
    with StackProcess("bus") as bus:
        yield bus_at(bus.port)


@pytest.fixture(scope="module")
def client_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in a folder of its own, with the packages that its page says to install."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "node_modules").symlink_to(PACKAGES.parent / "node_modules")
    return Path(shutil.copy(ROOT / "docs" / "client" / "rollcall.mjs", folder))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bus(connection: str) -> AsyncIterator[ServiceBusClient]:
    async with ServiceBusClient.from_connection_string(connection) as client:
        yield client


async def _started(file: Path, connection: str, *arguments: str, **environment: str) -> Process:
    return await asyncio.create_subprocess_exec(
        NODE,
        file,
        *arguments,
        stdout=PIPE,
        stderr=PIPE,
        env={"SERVICE_BUS": connection, **environment},
    )


async def _request(bus: ServiceBusClient) -> tuple[CreateMeeting, str]:
    """Take the client's request as Rollcall does; return it with its message id."""
    async with bus.get_queue_receiver("create-meeting") as receiver:
        [message] = await receiver.receive_messages(1, max_wait_time=WAIT)
        await receiver.complete_message(message)
    assert message.reply_to == "replies"
    request = TypeAdapter(CreateMeeting).validate_json(b"".join(message.body))
    assert request.request_id == message.message_id
    return request, str(message.message_id)


def _event(name: str, number: int, **data: object) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"event-{number}",
        "source": "/rollcall/tenant",
        "type": f"rollcall.{name}.v1",
        "time": "2026-11-24T09:00:00Z",
        "sequence": str(number),
        "data": {"meetingId": MEETING, **data},
    }


def _created(request: CreateMeeting) -> dict[str, Any]:
    coordinates = {"joinWebUrl": "https://teams.microsoft.com/l/meetup-join/x"}
    return _event("meeting.created", 1, subject=request.subject, coordinates=coordinates)


async def _reply(bus: ServiceBusClient, event: dict[str, Any], correlation_id: str) -> None:
    async with bus.get_queue_sender("replies") as sender:
        await sender.send_messages(_as_message(event, correlation_id=correlation_id))


async def _publish(bus: ServiceBusClient, *events: dict[str, Any]) -> None:
    async with bus.get_topic_sender("meeting-events") as sender:
        for number, event in enumerate(events):
            await sender.send_messages(_as_message(event, message_id=f"m{number}"))


def _as_message(event: dict[str, Any], **properties: Any) -> ServiceBusMessage:
    return ServiceBusMessage(
        json.dumps(event).encode(), content_type="application/cloudevents+json", **properties
    )


async def test_a_request_is_answered_and_its_events_are_printed_once(
    bus: ServiceBusClient, connection: str, client_file: Path
) -> None:
    """Those of other meetings, copies, and answers to others are not."""
    client = await _started(
        client_file, connection, "--join", "--until", "call.ended", "INC-1", "ada@example.com"
    )
    request, message_id = await _request(bus)
    assert (request.subject, request.join) == ("INC-1", "now")
    assert request.attendees == ("ada@example.com",)
    created = _created(request)
    await _reply(bus, _event("meeting.created", 9), "another request")
    await _reply(bus, created, message_id)
    other = _event("call.ended", 7) | {"data": {"meetingId": "another"}}
    await _publish(bus, created, created, other, _event("bot.joined", 2), _event("call.ended", 3))

    async with asyncio.timeout(WAIT):
        out, err = await client.communicate()

    assert (client.returncode, err.decode()) == (0, "")
    first, *events = out.decode().splitlines()
    assert first == "join at https://teams.microsoft.com/l/meetup-join/x"
    names = ["meeting.created", "bot.joined", "call.ended"]
    assert [line.split()[1] for line in events] == names
    assert json.loads(events[1].split(maxsplit=2)[2]) == {"meetingId": MEETING}


async def test_a_refusal_is_printed_with_its_next_step(
    bus: ServiceBusClient, connection: str, client_file: Path
) -> None:
    """And the exit code says that it was one."""
    client = await _started(client_file, connection, "INC-2")
    _, message_id = await _request(bus)
    refusal = {"code": "no_access", "message": "Not allowed.", "nextStep": "Ask for it."}
    await _reply(bus, _event("meeting.rejected", 1, **refusal), message_id)

    async with asyncio.timeout(WAIT):
        out, err = await client.communicate()

    assert (client.returncode, out) == (2, b"")
    assert err.decode() == "refused: no_access: Not allowed. Ask for it.\n"


async def test_an_answer_that_does_not_come_is_said(connection: str, client_file: Path) -> None:
    """The client ends by itself."""
    client = await _started(client_file, connection, "INC-3", ANSWER_SECONDS="0.5")

    async with asyncio.timeout(WAIT):
        _, err = await client.communicate()

    assert (client.returncode, err.decode()) == (1, "no answer within 0.5 s\n")
