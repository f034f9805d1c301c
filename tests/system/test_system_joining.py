"""The bot is sent in by one link, waits in the lobby, is let in, and is called back by another."""

import pytest

from tests.system.client import JOIN, Client

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_guest_comes_by_one_link_and_goes_by_the_other(
    client: Client, subject: str
) -> None:
    """Both are the meeting's own; the answer to the leave is the end of the leg."""
    await client.drop({"requestId": subject, "subject": subject})
    created = await client.created(subject)
    meeting_id, coordinates = created.data["meetingId"], created.data["coordinates"]
    (true,) = await client.lab.meetings(subject)

    join = {"joinWebUrl": true["shortLink"], "guestName": "Scribe"}
    await client.drop(join, queue=JOIN, message_id=f"join {subject}")
    joining = await client.replies.first(lambda one: one.correlation_id == f"join {subject}")
    await client.told(meeting_id, "bot.waiting")
    (true,) = await client.lab.meetings(subject)
    assert [leg["isInLobby"] for leg in true["legs"]] == [True]
    await client.lab.admit_bot(joining.data["callId"])
    await client.told(meeting_id, "bot.joined")

    leave = {"joinWebUrl": coordinates["joinWebUrl"], "action": "leave"}
    await client.drop(leave, queue=JOIN, message_id=f"leave {subject}")
    left = await client.replies.first(lambda one: one.correlation_id == f"leave {subject}")

    assert (left.kind, left.data["legKey"]) == ("bot.left", joining.data["legKey"])
    assert left.data["result"]["subcode"] == 7000
    assert [one.kind for one in await client.whole_story(meeting_id)] == [
        "meeting.created",
        "bot.joining",
        "bot.waiting",
        "bot.joined",
        "bot.left",
    ]
    (true,) = await client.lab.meetings(subject)
    assert [leg["state"] for leg in true["legs"]] == ["terminated"]
