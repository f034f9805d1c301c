"""Two Functions hosts take the same requests at the same instant, as when the app scales out."""

import asyncio
from collections import Counter

import pytest

from tests.system.client import CREATE, JOIN, Client
from tests.system.lab import Json, Lab, eventually
from tests.system.mailbox import Delivered
from tests.system.second_host import BOTH, FIRST, SECOND, SLOTS, SecondHost, at_one_instant, sender
from tests.system.stack import Up
from tests.system.strangers import Strangers, forms

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLS = "/communications/calls$"
HELD = 0.5
"""Seconds Graph holds its answers to the bots' calls: meanwhile everybody else must keep still."""
UNTIL_KILLED = 3.0


@pytest.mark.usefixtures("second")
async def test_requests_of_many_kinds_for_one_meeting_send_one_bot(
    client: Client, up: Up, trouble: Lab, subject: str
) -> None:
    """The same request twice, another one, and one without an id, each for each of the meetings."""
    subjects = [f"{number} {subject}" for number in range(BOTH // 4)]
    created = await _created(client, subjects)
    early: dict[str, Json] = {}
    late = dict(early)
    for one in created:
        name, where = one.data["subject"], one.data["coordinates"]
        [true] = await trouble.meetings(name)
        request = {"requestId": f"join {name}", "joinWebUrl": where["joinWebUrl"]}
        other = {"requestId": f"other {name}", "joinWebUrl": true["shortLink"]}
        early |= {f"first {name}": request, f"other {name}": other}
        late |= {f"again {name}": request, f"plain {name}": {"meetingId": one.data["meetingId"]}}
    await trouble.fault(method="POST", path=CALLS, delaySeconds=HELD, times=BOTH)

    # The bus gives the early ones to one host and the late ones to the other.
    answers = await at_one_instant(client, up, JOIN, early | late)

    assert Counter(one.kind for one in answers) == {"bot.joining": BOTH}
    assert set(Counter(one.data["legKey"] for one in answers).values()) == {4}
    for one in created:
        await _one_bot(client, one)
    sent = [one["body"]["callbackUri"].split("/") for one in await trouble.requests("POST", CALLS)]
    ours = {one.data["meetingId"] for one in created}
    # A bot of an earlier test may come back meanwhile.
    assert sorted(meeting_id for *_, meeting_id, _ in sent if meeting_id in ours) == sorted(ours)


async def test_forms_of_somebody_elses_meeting_leave_one_bot_in_it(
    client: Client, up: Up, trouble: Lab, second: SecondHost, subject: str
) -> None:
    """Links and join ids say nothing of each other: a second bot may come, and goes in silence."""
    at = await up.ready()
    made = await Strangers(client.http, at, second.settings).plan(subject)
    [true] = await trouble.meetings(subject)
    await trouble.fault(method="POST", path=CALLS, delaySeconds=HELD, times=BOTH)
    ways = forms(made, at.tenant_id, true["shortLink"])
    requests = {
        f"{copy} {number} {form} {subject}": way | {"requestId": f"{number} {form} {subject}"}
        for copy in ("first", "again")
        for number in range(BOTH // 2 // len(ways))
        for form, way in ways.items()
    }

    answers = await at_one_instant(client, up, JOIN, requests)

    assert Counter(one.kind for one in answers) == {"bot.joining": BOTH}
    [leg_key] = {one.data["legKey"] for one in answers}
    sent = [one["body"]["callbackUri"].split("/") for one in await trouble.requests("POST", CALLS)]
    assert len(sent) == 2
    [meeting_id] = {meeting_id for *_, meeting_id, key in sent if key == leg_key}
    await client.told(meeting_id, "bot.joined")

    async def one_left() -> bool | None:
        [true] = await trouble.meetings(subject)
        live = [one["callbackUri"] for one in true["legs"] if one["state"] != "terminated"]
        return [one.rpartition("/")[2] for one in live] == [leg_key] or None

    await eventually(one_left, "one bot in the meeting")
    kinds = sorted(one.kind for one in await client.whole_story(meeting_id))
    assert kinds == ["bot.joined", "bot.joining"]
    assert [client.story(other) for *_, other, _ in sent if other != meeting_id] == [[]]


@pytest.mark.usefixtures("second")
@pytest.mark.parametrize("passcode", [False, True], ids=["plain", "with a passcode"])
async def test_one_request_for_a_meeting_makes_one_meeting(
    client: Client, up: Up, trouble: Lab, subject: str, passcode: bool
) -> None:
    """With a passcode only a POST makes it, which would make another one each time."""
    options = {"options": {"joinMeetingIdSettings": {"isPasscodeRequired": True}}}
    request = {"requestId": subject, "subject": subject} | (options if passcode else {})

    copies = {f"{number} {subject}": request for number in range(BOTH)}
    answers = await at_one_instant(client, up, CREATE, copies)

    [true] = await trouble.meetings(subject)
    assert not true["deleted"]
    created = await client.created(subject)
    assert {one.content for one in answers} == {created.content}
    assert created.data["coordinates"]["joinWebUrl"] == true["joinWebUrl"]
    assert [one.kind for one in client.story(created.data["meetingId"])] == ["meeting.created"]
    assert len(await trouble.requests("POST", "/onlineMeetings$")) == passcode
    assert bool(await trouble.asked_for(subject)) != passcode


async def test_what_a_killed_host_began_the_other_one_finishes(
    client: Client, trouble: Lab, second: SecondHost, subject: str
) -> None:
    """Of every other bot's call Graph knows nothing: its claim has to run out first."""
    await trouble.switches(failedAdmissionEvery=None)
    subjects = [f"{number} {subject}" for number in range(SLOTS + 4)]
    created = await _created(client, subjects)
    for number, _ in enumerate(subjects):
        lost = {"status": 503} if number % 2 else {}
        await trouble.fault(method="POST", path=CALLS, delaySeconds=UNTIL_KILLED, **lost)
    joins = {f"join {one.data['subject']}": one.data["meetingId"] for one in created}
    for message_id, meeting_id in joins.items():
        await client.drop({"meetingId": meeting_id}, message_id=message_id, queue=JOIN)

    async def all_held() -> list[Json] | None:
        held = await trouble.requests("POST", CALLS)
        return held if len(held) == len(subjects) else None

    held = await eventually(all_held, "every bot is on its way")
    assert {one["status"] for one in held} == {None}
    assert {sender(one) for one in held} == {FIRST, SECOND}
    await second.kill()

    answers = await client.replies.some(
        len(joins), lambda one: one.is_answer and one.correlation_id in joins
    )
    assert {one.correlation_id: one.kind for one in answers} == dict.fromkeys(joins, "bot.joining")
    for one in created:
        await _one_bot(client, one)
    again = (await trouble.requests("POST", CALLS))[len(held) :]
    assert {sender(one) for one in again} == {FIRST}


async def _created(client: Client, subjects: list[str]) -> list[Delivered]:
    for one in subjects:
        await client.drop({"requestId": one, "subject": one}, reply_to=None)
    return await asyncio.gather(*(client.created(one) for one in subjects))


async def _one_bot(client: Client, created: Delivered) -> None:
    """See that one leg ever was in the meeting, is in it, and was told once."""
    meeting_id = created.data["meetingId"]
    await asyncio.gather(*(client.told(meeting_id, f"bot.{one}") for one in ("joining", "joined")))
    [true] = await client.lab.meetings(created.data["subject"])
    assert [leg["state"] for leg in true["legs"]] == ["established"]
    story = await client.whole_story(meeting_id)
    assert sorted(one.kind for one in story) == ["bot.joined", "bot.joining", "meeting.created"]
    assert len({one.event["id"] for one in story}) == len(story)
