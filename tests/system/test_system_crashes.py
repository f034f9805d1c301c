"""The Functions host is killed in the middle of things; what was asked for happens once.

The stack starts it again by itself; what it held comes again when its locks are over.
"""

import asyncio
import signal
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.system.client import Client
from tests.system.lab import Json, Lab, eventually
from tests.system.stack import Up

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNTIL_KILLED = 60.0
"""Seconds for which the simulator holds an answer that nobody will wait for."""


@pytest_asyncio.fixture(
    autouse=True, loop_scope="session", params=[0, pytest.param(6, marks=pytest.mark.long)]
)
async def retries(request: pytest.FixtureRequest, trouble: Lab) -> None:
    """Let Graph send a callback that met no host so often again: never, or for six seconds."""
    await trouble.delivery(retries=request.param)


async def test_killed_while_graph_holds_its_answers_makes_one_meeting_a_request(
    client: Client, up: Up, trouble: Lab, subject: str
) -> None:
    """Also for requests named by their message id alone, or by nothing at all."""
    named, by_message, nameless = (f"{number} {subject}" for number in range(3))
    await trouble.fault(method="POST", path="createOrGet", delaySeconds=UNTIL_KILLED, times=3)
    await client.drop({"requestId": named, "subject": named}, message_id="m")
    await client.drop({"subject": by_message}, message_id=f"id of {by_message}")
    await client.drop({"subject": nameless}, message_id=None)
    await asyncio.gather(*(_held(trouble, one) for one in (named, by_message, nameless)))

    up.crash_host()
    await up.host_is_back()

    await asyncio.gather(*(_one_meeting(client, one) for one in (named, by_message, nameless)))
    for one in (named, by_message, nameless):
        asked = await trouble.asked_for(one)
        assert len(asked) == 2
        assert len({request["body"]["externalId"] for request in asked}) == 1
    assert (await client.created(by_message)).data["requestId"] == f"id of {by_message}"


async def test_killed_as_soon_as_graph_has_answered_makes_one_meeting(
    client: Client, up: Up, subject: str
) -> None:
    """Wherever between answer and completion the crash happens to fall."""
    await client.drop({"requestId": subject, "subject": subject, "join": "now"})

    async def answered() -> bool | None:
        return True if any(one["status"] for one in await client.lab.asked_for(subject)) else None

    await eventually(answered, "Graph has answered")
    up.crash_host()
    await up.host_is_back()

    await _one_meeting(client, subject)
    await _one_bot(client, subject)


async def test_killed_between_commit_and_sending_tells_it_once(
    client: Client, up: Up, trouble: Lab, subject: str
) -> None:
    """The ledger knows the meeting and the bus has heard nothing of it: the outbox is flushed."""
    await trouble.fault(method="POST", path="createOrGet", delaySeconds=0.5, times=1)
    await client.drop({"requestId": subject, "subject": subject})
    await _held(trouble, subject)
    up.send_part("bus", signal.SIGSTOP)
    try:

        async def committed() -> bool | None:
            status, _ = await client.get(f"meetings?requestId={subject}")
            return True if status == 200 else None

        await eventually(committed, "the ledger knows the meeting")
        assert client.events.where(lambda one: one.correlation_id == subject) == []
        up.crash_host()
    finally:
        up.send_part("bus", signal.SIGCONT)
    await up.host_is_back()

    await _one_meeting(client, subject)
    assert len(await trouble.asked_for(subject)) == 1


async def test_killed_when_the_event_is_out_tells_it_once(
    client: Client, up: Up, subject: str
) -> None:
    """The event is on the topic, the request perhaps not yet completed."""
    await client.drop({"requestId": subject, "subject": subject, "join": "now"})
    await client.created(subject)

    up.crash_host()
    await up.host_is_back()

    await _one_meeting(client, subject)
    await _one_bot(client, subject)


@pytest.mark.parametrize("callbacks", ["before the crash", "after the crash"])
async def test_killed_while_graph_holds_the_answer_for_the_bot_keeps_one_bot(
    client: Client, up: Up, trouble: Lab, subject: str, callbacks: str
) -> None:
    """The leg is in the room, its POST unanswered: its callbacks bind it, nobody sends another."""
    await trouble.fault(method="POST", path="/communications/calls$", delaySeconds=UNTIL_KILLED)
    if callbacks == "after the crash":
        # Callbacks that find no host are lost, but for the sake of this test.
        await trouble.delivery(delaySeconds=1, retries=12)
    await client.drop({"requestId": subject, "subject": subject, "join": "now"})
    created = await client.created(subject)
    meeting_id = created.data["meetingId"]

    async def in_the_room() -> Json | None:
        [meeting] = await trouble.meetings(subject)
        return meeting["legs"][0] if meeting["legs"] else None

    await eventually(in_the_room, "the bot is in the room")
    if callbacks == "before the crash":
        await client.told(meeting_id, "bot.joined")
    up.crash_host()
    await up.host_is_back()

    await _one_meeting(client, subject)
    await _one_bot(client, subject)
    assert len(await trouble.bot_sent(created.data["coordinates"]["chatInfo"]["threadId"])) == 1


async def _held(lab: Lab, subject: str) -> None:
    """Wait until Graph has been asked for that meeting, and has not answered."""

    async def held() -> bool | None:
        return True if any(one["status"] is None for one in await lab.asked_for(subject)) else None

    await eventually(held, f"Graph was asked for {subject}")


async def _one_meeting(client: Client, subject: str) -> None:
    """When all is done: one meeting, told once on the topic, one distinct answer."""
    created = await client.created(subject)
    await client.all_done()
    await client.quiet(f"sentinel {uuid4().hex}")
    about = [
        one
        for one in client.events.where(lambda one: one.kind == "meeting.created")
        if one.data["subject"] == subject
    ]
    assert len(about) == 1
    answers = client.replies.where(lambda one: one.data.get("subject") == subject)
    assert {one.event["id"] for one in answers} == {created.event["id"]}
    [meeting] = await client.lab.meetings(subject)
    assert meeting["joinWebUrl"] == created.data["coordinates"]["joinWebUrl"]


async def _one_bot(client: Client, subject: str) -> None:
    """One leg in the room, told once, and bound in the record."""
    created = await client.created(subject)
    meeting_id = created.data["meetingId"]
    await client.told(meeting_id, "bot.joining")
    await client.told(meeting_id, "bot.joined")
    story = await client.whole_story(meeting_id)
    assert sorted(one.kind for one in story) == ["bot.joined", "bot.joining", "meeting.created"]
    [meeting] = await client.lab.meetings(subject)
    [leg] = meeting["legs"]
    record = await client.record(meeting_id)
    assert record is not None
    assert record["bot"]["callId"] == leg["callId"].replace("-", "").lower()
    assert record["bot"]["state"] == "in"
