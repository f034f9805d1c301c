"""The whole job, over AMQP and HTTP alone: asked, answered, joined, recorded, told."""

import asyncio
import json
from datetime import datetime

import pytest

from tests.system.client import Client
from tests.system.conftest import SETTLE
from tests.system.lab import Json, Lab
from tests.system.mailbox import Delivered
from tests.system.stack import Up
from tests.system.truth import same_calls
from tests.system.watched import ADA, BO, empty_room_read

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_dropped_message_becomes_a_meeting_with_two_recorded_calls(
    client: Client, up: Up, subject: str
) -> None:
    """The answer comes back, the bot joins, and the record holds what truly happened."""
    about = f"What it is about {subject}"
    request = {"requestId": subject, "subject": about, "join": "now", "context": {"ticket": 7}}
    await client.drop(request, message_id=f"m-{subject}", correlation_id="mine")
    reply = await client.replies.first(lambda one: one.data.get("requestId") == subject)
    created = await client.created(about)
    meeting_id, url = created.data["meetingId"], created.data["coordinates"]["joinWebUrl"]
    joined = await client.told(meeting_id, "bot.joined")
    await empty_room_read(client.lab, joined.data["callId"])

    ada = await client.lab.join(url, ADA, "Ada")
    bo = await client.lab.join(url, BO, "Bo")
    await client.events.some(2, lambda one: _joined(one, meeting_id, 1))
    await client.lab.leave(ada)
    await client.told(meeting_id, "participant.left", callNumber=1)
    await client.lab.leave(bo)
    await client.told(meeting_id, "call.ended", callNumber=1)
    ada = await client.lab.join(url, ADA, "Ada")
    await client.told(meeting_id, "call.started", callNumber=2)
    await client.lab.leave(ada)
    await client.told(meeting_id, "call.ended", callNumber=2)

    record = await client.record(meeting_id)
    assert record is not None
    assert await client.get(f"meetings?requestId={subject}") == (200, record)
    [truth] = await client.lab.meetings(about)
    same_calls(record, truth)
    assert reply.body == created.body
    assert (reply.correlation_id, created.correlation_id) == ("mine", subject)
    story = await client.whole_story(meeting_id)
    _well_told(story, meeting_id, subject)
    assert {one.event["data"]["context"]["ticket"] for one in story} == {7}
    assert _counts(story) == {
        "meeting.created": 1, "bot.joining": 1, "bot.joined": 1, "call.started": 2,
        "participant.joined": 3, "participant.left": 3, "call.ended": 2,
    }  # fmt: skip
    _nothing_leaks(created, record, story, up.log("functions"))


async def test_doubled_and_shuffled_callbacks_record_the_same_calls(
    client: Client, trouble: Lab, subject: str
) -> None:
    """Each callback comes twice, late and in any order: calls, people and events are the same."""
    await trouble.delivery(duplicate=1, shuffle=True, delaySeconds=SETTLE * 0.75)
    # Visits of people are short here, and a second call that no read sees is none: each is seen.
    await trouble.switches(emptyReads=0, rosterLagSeconds=0)
    await client.drop({"requestId": subject, "subject": subject, "join": "now"})
    created = await client.created(subject)
    meeting_id, url = created.data["meetingId"], created.data["coordinates"]["joinWebUrl"]
    await client.told(meeting_id, "bot.joined")

    for number, people in enumerate(((ADA, BO), (BO,)), start=1):
        here = []
        for person in people:
            await _while_people_stay()
            here.append(await trouble.join(url, person))
        await client.told(meeting_id, "call.started", callNumber=number)
        for participant in here:
            await _while_people_stay()
            await trouble.leave(participant)
        await client.told(meeting_id, "call.ended", callNumber=number)
    await _while_people_stay()

    record = await client.record(meeting_id)
    assert record is not None
    [truth] = await trouble.meetings(subject)
    same_calls(record, truth)
    story = await client.whole_story(meeting_id)
    _well_told(story, meeting_id, subject)
    assert _counts(story) == {
        "meeting.created": 1, "bot.joining": 1, "bot.joined": 1, "call.started": 2,
        "participant.joined": 3, "participant.left": 3, "call.ended": 2,
    }  # fmt: skip


async def _while_people_stay() -> None:
    """Let pass what the law asks for between two movements: twice SETTLE."""
    await asyncio.sleep(2 * SETTLE)


def _joined(one: Delivered, meeting_id: str, number: int) -> bool:
    return (
        one.kind == "participant.joined"
        and one.session_id == meeting_id
        and one.data["callNumber"] == number
    )


def _well_told(story: list[Delivered], meeting_id: str, request_id: str) -> None:
    """Hold every event of a meeting against what every event promises."""
    assert [one.event["sequence"] for one in story] == [
        str(number) for number, _ in enumerate(story, start=1)
    ]
    assert len({one.event["id"] for one in story}) == len(story)
    for one in story:
        event, data = one.event, one.data
        call = f"/calls/{data['callNumber']}" if "callNumber" in data else ""
        assert event["specversion"] == "1.0"
        assert event["subject"] == f"meetings/{meeting_id}{call}"
        assert event["correlationid"] == one.correlation_id == request_id
        assert one.content_type == "application/cloudevents+json"
        assert one.message_id == event["id"]
        assert one.session_id == data["meetingId"] == meeting_id
        assert one.subject == one.properties["type"] == event["type"]
        assert event["source"].startswith("/rollcall/")
        assert datetime.fromisoformat(event["time"]) <= datetime.fromisoformat(data["recordedAt"])


def _nothing_leaks(created: Delivered, record: Json, story: list[Delivered], log: str) -> None:
    """Find link and passcode in `meeting.created` alone, and nothing asked for in the log."""
    where = created.data["coordinates"]
    secrets = [one for one in (where["joinWebUrl"], where["passcode"]) if one]
    others = [one.body.decode() for one in story if one.kind != "meeting.created"]
    for text in (json.dumps(record), *others):
        assert not [one for one in (*secrets, "joinWebUrl", "passcode") if one in text]
    assert not [one for one in (*secrets, created.data["subject"]) if one in log]


def _counts(story: list[Delivered]) -> dict[str, int]:
    kinds = [one.kind for one in story]
    return {kind: kinds.count(kind) for kind in kinds}
