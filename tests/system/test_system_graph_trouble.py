"""What Graph refuses is told with its remedy; what it puts off is tried again."""

from uuid import uuid4

import pytest

from tests.system.client import Client
from tests.system.lab import Lab

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORGANIZER_WITHOUT_POLICY = "e13c7f90-2b6d-4e8f-b5a1-4c0d7e9f2b04"
"""The simulated tenant's person whom no application access policy names."""


async def test_throttled_request_is_answered_with_one_meeting(
    client: Client, trouble: Lab, subject: str
) -> None:
    """Two 429 with a Retry-After are waited out; the caller's address is kept."""
    await trouble.fault(method="POST", path="createOrGet", status=429, retryAfter=1, times=2)
    await client.drop(
        {"requestId": subject, "subject": subject}, message_id="throttled", correlation_id=subject
    )

    reply = await client.replies.first(lambda one: one.correlation_id == subject)
    await client.quiet(f"sentinel {uuid4().hex}")

    assert reply.kind == "meeting.created"
    assert [one["status"] for one in await trouble.asked_for(subject)] == [429, 429, 201]
    assert len(await trouble.meetings(subject)) == 1
    assert len(client.story(reply.data["meetingId"])) == 1


async def test_answer_lost_after_the_work_makes_no_second_meeting(
    client: Client, trouble: Lab, subject: str
) -> None:
    """A 503 after Graph made the meeting: the next try gets the same one."""
    await trouble.fault(
        method="POST", path="createOrGet", status=503, retryAfter=0.2, effect="done"
    )
    await client.drop({"requestId": subject, "subject": subject})

    created = await client.created(subject)

    [meeting] = await trouble.meetings(subject)
    assert meeting["joinWebUrl"] == created.data["coordinates"]["joinWebUrl"]
    assert [one["status"] for one in await trouble.asked_for(subject)] == [503, 200]


async def test_a_revoked_token_of_the_apps_costs_no_message(
    client: Client, trouble: Lab, subject: str
) -> None:
    """Graph refuses every token that it has seen; one fresh token, and the request goes on."""
    first = f"{subject} before"
    await client.drop({"requestId": first, "subject": first})
    await client.created(first)
    await trouble.revoke_tokens()

    await client.drop({"requestId": subject, "subject": subject})
    await client.created(subject)

    assert [one["status"] for one in await trouble.asked_for(subject)] == [401, 201]


async def test_organizer_without_policy_is_refused_with_the_commands_that_help(
    client: Client, subject: str
) -> None:
    """The refusal holds the PowerShell lines, filled in, and Graph's own ids."""
    await client.drop(
        {
            "requestId": subject,
            "subject": subject,
            "organizerId": ORGANIZER_WITHOUT_POLICY,
        },
        message_id=subject,
    )

    refused = await client.replies.first(lambda one: one.correlation_id == subject)

    assert refused.kind == "meeting.rejected"
    assert refused.data["code"] == "organizer_not_allowed"
    assert "New-CsApplicationAccessPolicy" in refused.data["nextStep"]
    assert "Grant-CsApplicationAccessPolicy" in refused.data["nextStep"]
    assert ORGANIZER_WITHOUT_POLICY in refused.data["nextStep"]
    (answered,) = await client.lab.asked_for(subject)
    assert refused.data["graph"]["status"] == answered["status"] >= 400
    assert refused.data["graph"]["requestId"]
    kept = await client.rejected.first(lambda one: subject in (one.message_id or ""))
    assert kept.event["requestId"] == subject


async def test_bot_that_graph_refuses_is_told_as_failed(
    client: Client, trouble: Lab, subject: str
) -> None:
    """The calls POST is refused for good: `bot.failed` says why, and nobody is in the room."""
    await trouble.fault(
        method="POST", path="/communications/calls$", status=403, code="7504", times=1
    )
    await client.drop({"requestId": subject, "subject": subject, "join": "now"})
    created = await client.created(subject)

    failed = await client.told(created.data["meetingId"], "bot.failed")

    assert failed.data["legKey"]
    assert failed.data["nextStep"]
    [meeting] = await trouble.meetings(subject)
    assert meeting["legs"] == []
