"""A reply queue hears what becomes of a request; the topic says where an answer could not go."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.system.client import JOIN, Client
from tests.system.lab import Lab, eventually
from tests.system.stack import Up

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_creation_with_a_join_hears_how_the_bot_comes_in_at_an_address_of_a_framework(
    client: Client, up: Up, subject: str
) -> None:
    """`sb://host/queue`: each event is the topic's, under the request's correlation id."""
    endpoint = (await up.ready()).service_bus.partition("Endpoint=")[2].partition(";")[0]
    request = {"requestId": subject, "subject": subject, "join": "now"}
    address = f"sb://{urlsplit(endpoint).hostname}/replies"

    await client.drop(request, correlation_id=subject, reply_to=address)

    heard = await client.replies.some(3, lambda one: one.correlation_id == subject)
    assert [one.kind for one in heard] == ["meeting.created", "bot.joining", "bot.joined"]
    joined = await client.told(heard[0].data["meetingId"], "bot.joined")
    assert heard[2].body == joined.body


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("rejected-requests", "own_entity"),
        ("sb://other.servicebus.windows.net/replies", "other_namespace"),
    ],
)
async def test_an_answer_that_may_not_go_there_is_said_on_the_topic(
    client: Client, subject: str, address: str, code: str
) -> None:
    """In the very event."""
    await client.drop({"requestId": subject, "subject": subject}, reply_to=address)

    assert (await client.created(subject)).data["undelivered"]["code"] == code


async def test_an_answer_for_a_queue_that_is_not_there_is_warned_of(
    client: Client, subject: str
) -> None:
    """Service Bus says so only when the answer is sent."""
    await client.drop({"requestId": subject, "subject": subject}, reply_to="nowhere")

    created = await client.created(subject)
    warning = await client.told(created.data["meetingId"], "meeting.warning")
    assert warning.data["code"] == "answer_undelivered"


async def test_a_request_that_waits_is_found(client: Client, trouble: Lab, subject: str) -> None:
    """Before there is a meeting of it."""
    await trouble.fault(method="POST", path="createOrGet", status=503, retryAfter=8, times=1)
    await client.drop({"requestId": subject, "subject": subject})

    async def waiting() -> dict[str, Any] | None:
        status, found = await client.get(f"meetings?requestId={subject}")
        return found if status == 200 else None

    found = await eventually(waiting, "the request is found")
    assert (found["request"]["state"], found["request"]["attempt"]) == ("waiting", 1)
    await client.created(subject)
    _, record = await client.get(f"meetings?requestId={subject}")
    assert "request" not in record


async def test_a_leave_where_no_bot_is_has_what_it_wants(client: Client, subject: str) -> None:
    """`bot.absent`, and no copy for operators."""
    await client.drop({"requestId": subject, "subject": subject})
    meeting_id = (await client.created(subject)).data["meetingId"]

    leave = {"meetingId": meeting_id, "action": "leave", "requestId": f"{subject} off"}
    await client.drop(leave, queue=JOIN, message_id=f"leave {subject}")

    absent = await client.replies.first(lambda one: one.correlation_id == f"leave {subject}")
    assert (absent.kind, absent.data["requestId"]) == ("bot.absent", f"{subject} off")
