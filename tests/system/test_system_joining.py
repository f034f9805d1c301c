"""The bot is sent into a meeting by each of its names, waits in the lobby, and is called back."""

from urllib.parse import quote

import pytest

from tests.system.client import JOIN, Client
from tests.system.lab import Json
from tests.system.mailbox import Delivered
from tests.system.second_host import settings_of
from tests.system.stack import Up
from tests.system.strangers import Strangers, forms

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
    # Graph's own result comes with its callback, which a read that finds the call gone may precede.
    assert left.data["reason"] == "left"
    story = await client.whole_story(meeting_id)
    # By their times: a callback may be recorded before Graph's answer to the POST is.
    assert [one.kind for one in sorted(story, key=lambda one: str(one.event["time"]))] == [
        "meeting.created",
        "bot.joining",
        "bot.waiting",
        "bot.joined",
        "bot.left",
    ]
    (true,) = await client.lab.meetings(subject)
    assert [leg["state"] for leg in true["legs"]] == ["terminated"]


@pytest.mark.parametrize(
    "form", ["classic link", "short link", "short link in mail", "join id", "explicit"]
)
async def test_somebody_elses_meeting_is_joined_and_left_by_each_form(
    client: Client, up: Up, subject: str, form: str
) -> None:
    """A repeated request to join, or to leave, has the same answer."""
    at = await up.ready()
    made = await Strangers(client.http, at, settings_of(up)).plan(subject)
    [true] = await client.lab.meetings(subject)
    ways = forms(made, at.tenant_id, true["shortLink"])
    way = (ways | {"short link in mail": {"joinWebUrl": in_mail(true["shortLink"])}})[form]
    join = way | {"requestId": subject}
    leave = way | {"requestId": f"{subject} off", "action": "leave"}

    joining = await _answer(client, join, f"join {subject}")
    meeting_id = joining.data["meetingId"]
    await client.told(meeting_id, "bot.joined")
    left = await _answer(client, leave, f"leave {subject}")

    for request, answer in ((join, joining), (leave, left)):
        copy = f"{request.get('action')} again {subject}"
        again = await _answer(client, request, copy)
        assert again.content == answer.content
    nobody = await _answer(client, leave | {"requestId": f"{subject} again"}, f"nobody {subject}")
    assert (joining.kind, left.kind, nobody.kind) == ("bot.joining", "bot.left", "bot.left")
    [true] = await client.lab.meetings(subject)
    assert [leg["state"] for leg in true["legs"]] == ["terminated"]
    assert sorted(one.kind for one in await client.whole_story(meeting_id)) == [
        *("bot.joined", "bot.joining", "bot.left"),
    ]


def in_mail(link: str) -> str:
    """Return `link` as Outlook's filter and a sentence leave it."""
    wrapped = f"eur02.safelinks.protection.outlook.com/?url={quote(link, safe='')}&data=05%7C02"
    return f"Join: <https://{wrapped}>.\r\nSee you\u200b\r\n"


async def _answer(client: Client, body: Json, message_id: str) -> Delivered:
    await client.drop(body, message_id=message_id, queue=JOIN)
    return await client.replies.first(lambda one: one.correlation_id == message_id)
