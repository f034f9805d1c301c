"""A request that comes again, in whatever way, meets its own meeting."""

import asyncio
from uuid import uuid4

import pytest

from tests.system.client import Client
from tests.system.lab import Lab
from tests.system.mailbox import Delivered

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_repeated_request_gets_the_same_answer_and_no_second_meeting(
    client: Client, subject: str
) -> None:
    """Another message under the same request id is answered from the ledger, to its own sender."""
    request = {"requestId": subject, "subject": subject, "attendees": ["ada@example.com"]}
    first, second = f"1 {subject}", f"2 {subject}"
    await client.drop(request, message_id=first)
    answer = await client.replies.first(lambda one: one.correlation_id == first)
    await client.drop(request, message_id=second)
    again = await client.replies.first(lambda one: one.correlation_id == second)

    assert again.event["id"] == answer.event["id"]
    assert again.event["sequence"] == answer.event["sequence"]
    assert again.data["coordinates"] == answer.data["coordinates"]
    assert len(await client.lab.asked_for(subject)) == 1
    await client.quiet(f"sentinel {uuid4().hex}")
    assert [one.kind for one in client.story(answer.data["meetingId"])] == ["meeting.created"]


async def test_requests_that_come_at_once_make_one_meeting(client: Client, subject: str) -> None:
    """Everybody is answered with the same meeting; it is told once."""
    request = {"requestId": subject, "subject": subject}
    ids = [f"{number} {subject}" for number in range(6)]
    await asyncio.gather(*(client.drop(request, message_id=one) for one in ids))

    def ours(one: Delivered) -> bool:
        return one.correlation_id in ids

    answers = await client.replies.some(6, ours)
    await client.quiet(f"sentinel {uuid4().hex}")

    assert {one.correlation_id for one in answers} == set(ids)
    assert len({one.event["id"] for one in answers}) == 1
    assert len({one.data["coordinates"]["joinWebUrl"] for one in answers}) == 1
    assert len(await client.lab.meetings(subject)) == 1
    assert len(client.story(answers[0].data["meetingId"])) == 1


async def test_other_request_under_a_used_id_is_refused_naming_what_differs(
    client: Client, subject: str
) -> None:
    """A default in words is what its absence means; a member that is there now differs."""
    await client.drop({"requestId": subject, "subject": subject, "join": "never"})
    await client.created(subject)
    other = f"other {subject}"
    await client.drop(
        {"requestId": subject, "subject": other, "attendees": ["ada@example.com"]},
        message_id=other,
    )

    refused = await client.replies.first(lambda one: one.correlation_id == other)

    assert refused.kind == "meeting.rejected"
    assert refused.data["code"] == "request_conflict"
    assert {one["member"] for one in refused.data["problems"]} == {"/subject", "/attendees"}
    assert await client.lab.meetings(other) == []
    assert len(await client.lab.asked_for(subject)) == 1


async def test_message_without_any_id_makes_one_meeting_over_its_copies(
    client: Client, trouble: Lab, subject: str
) -> None:
    """Throttled twice, it comes back as copies of itself, all under one identity."""
    await trouble.fault(method="POST", path="createOrGet", status=503, retryAfter=0.2, times=2)
    await client.drop({"subject": subject}, message_id=None)

    created = await client.created(subject)
    await client.quiet(f"sentinel {uuid4().hex}")

    asked = await trouble.asked_for(subject)
    assert [one["status"] for one in asked] == [503, 503, 201]
    assert len({one["body"]["externalId"] for one in asked}) == 1
    assert asked[0]["body"]["externalId"] == created.data["requestId"]
    assert len(await trouble.meetings(subject)) == 1
    assert len(client.story(created.data["meetingId"])) == 1
