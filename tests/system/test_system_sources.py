"""The record corrects itself: what Graph says afterwards of calls that were seen, or were not.

What takes hours and days takes seconds here.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.soak.truth import differences
from tests.system.client import JOIN, Client
from tests.system.conftest import SETTLE
from tests.system.lab import Json, Lab, eventually
from tests.system.mailbox import Delivered
from tests.system.stack import Up
from tests.system.watched import ADA, BO, Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOKS = "1,2,3,5,8,12,20"
NEVER = {"delaySeconds": 3600}
NOW = {"delaySeconds": 0}
CLOCKS_DIFFER = 5.5
"""Calls nearer to each other than five seconds may be one by the clocks of two sources."""
APART = 2 * SETTLE
"""Seconds between two movements: reports bridge gaps of up to SETTLE."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """Return a client of a stack that looks at sources soon, and reads call records too."""
    settings = {
        "DEVSTACK_FLEX": "0",
        "DEVSTACK_WORLD": "documented",
        "SETTLE_SECONDS": str(SETTLE),
        "SOURCES_AFTER_SECONDS": LOOKS,
        "CALL_RECORDS": "on",
    }
    async with (
        Up.serving(tmp_path_factory.mktemp("sources"), settings) as up,
        Client(await up.ready()) as client,
    ):
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def graph(app: Client) -> AsyncIterator[Lab]:
    """Return the lab of that stack; Graph has reports at once, and no call records."""
    await app.lab.forget()
    await app.lab.sources(attendanceReports=NOW, callRecords=NEVER)
    yield app.lab
    await app.lab.forget()


async def a_call(meeting: Watched, number: int, *people: str) -> None:
    """Hold a call that the bot sees from its start to its end."""
    there = [await meeting.come(one) for one in people]
    await meeting.told("call.started", callNumber=number)
    await meeting.joined(len(people))
    for one in there:
        await asyncio.sleep(APART)
        await meeting.client.lab.leave(one)
    await meeting.told("call.ended", callNumber=number)


async def an_unseen_call(lab: Lab, url: str, *people: str) -> None:
    """Hold a call while no bot is there."""
    there = [await lab.join(url, one) for one in people]
    for one in there:
        await asyncio.sleep(APART)
        await lab.leave(one)


async def dismiss(meeting: Watched) -> None:
    """Send the bot away, and return when it is gone."""
    gone = len(meeting.client.events.where(_left, session=meeting.meeting_id))
    await meeting.client.drop({"meetingId": meeting.meeting_id, "action": "leave"}, queue=JOIN)
    await meeting.client.events.some(gone + 1, _left, session=meeting.meeting_id)


async def final(meeting: Watched, number: int, **members: Any) -> Json:
    """Wait until a call is final; return what was published."""
    return (await meeting.told("call.corrected", callNumber=number, final=True, **members)).data


async def looks(meeting: Watched) -> int:
    """Return how often the reports of a meeting were listed."""
    online_id = re.escape((await meeting.truth())["onlineMeetingId"])
    return len(await meeting.client.lab.requests("GET", f"{online_id}/attendanceReports$"))


async def what_differs(meeting: Watched, **members: Any) -> list[str]:
    """Return what differs between record, truth and events."""
    story = [one.event for one in await meeting.client.whole_story(meeting.meeting_id)]
    return differences(await meeting.record(), await meeting.truth(), story, **members)


async def test_people_who_come_back_after_the_bot_left_hold_call_2_by_the_report(
    app: Client, graph: Lab, subject: str
) -> None:
    """Call 1 is corrected with a revision; of call 2 start, end and people come from the report."""
    await graph.sources(attendanceReports=NEVER, callRecords=NEVER)
    meeting = await Watched.begin(app, subject)
    await a_call(meeting, 1, ADA, BO)
    await dismiss(meeting)
    await an_unseen_call(graph, meeting.url, BO, ADA)
    await graph.sources(attendanceReports=NOW, callRecords=NEVER)

    corrected = await final(meeting, 1, confirmed=True)
    assert (corrected["revision"], corrected["endBasis"]) == (1, "attendanceReport")
    await final(meeting, 2, confirmed=True)
    assert await what_differs(meeting) == []
    of_2 = [
        one.kind
        for one in await app.whole_story(meeting.meeting_id)
        if one.data.get("callNumber") == 2
    ]
    assert of_2 == [
        "call.started",
        *("participant.joined", "participant.left") * 2,
        *("call.ended", "call.corrected"),
    ]


async def test_a_call_in_a_meeting_without_a_bot_is_known_by_its_report(
    app: Client, graph: Lab, subject: str
) -> None:
    """Looks begin with the planned end."""
    now = datetime.now(UTC)
    await app.drop(
        {
            "requestId": subject,
            "subject": subject,
            "startDateTime": now.isoformat(),
            "endDateTime": (now + timedelta(seconds=2)).isoformat(),
        }
    )
    created = await app.created(subject)
    meeting = Watched(
        client=app,
        subject=subject,
        meeting_id=created.data["meetingId"],
        url=created.data["coordinates"]["joinWebUrl"],
        call_id="",
    )
    await an_unseen_call(graph, meeting.url, ADA, BO)

    started = await meeting.told("call.started", callNumber=1)
    assert started.data["startBasis"] == "attendanceReport"
    await final(meeting, 1, confirmed=True)
    assert await what_differs(meeting) == []


@pytest.mark.long
async def test_a_meeting_of_somebody_else_is_corrected_by_its_call_record(
    app: Client, graph: Lab, subject: str
) -> None:
    """Joined by link; Graph reads the meeting for nobody, and has no report of it."""
    await graph.sources(attendanceReports=NOW, callRecords=NOW)
    made = await graph.new_meeting(foreign=True, subject=subject)
    await app.drop({"requestId": subject, "joinWebUrl": made["joinWebUrl"]}, queue=JOIN)
    joined = await app.events.first(
        lambda one: one.kind == "bot.joined" and one.correlation_id == subject
    )
    meeting = Watched(
        client=app,
        subject=subject,
        meeting_id=joined.data["meetingId"],
        url=made["joinWebUrl"],
        call_id=joined.data["callId"],
    )
    await asyncio.sleep(APART)
    await a_call(meeting, 1, ADA, BO)
    await dismiss(meeting)

    corrected = await final(meeting, 1, confirmed=True)
    assert corrected["endBasis"] == "callRecord"
    assert await what_differs(meeting, basis="callRecord") == []
    assert await looks(meeting) == 0


@pytest.mark.long
async def test_reports_that_may_not_be_read_are_warned_of_once(
    app: Client, graph: Lab, subject: str
) -> None:
    """No look is repeated for it; the call is final with the last of them, as it was observed."""
    await graph.sources(attendanceReports={**NOW, "status": 403}, callRecords=NEVER)
    meeting = await Watched.begin(app, subject)
    await a_call(meeting, 1, ADA)
    await dismiss(meeting)

    warned = await meeting.told("meeting.warning", code="attendance_not_readable")
    data = await final(meeting, 1, confirmed=False)

    assert "OnlineMeetingArtifact.Read.All" in warned.data["nextStep"]
    assert data["endBasis"] in ("observed", "polled")
    kinds = [one.kind for one in await app.whole_story(meeting.meeting_id)]
    assert kinds.count("meeting.warning") == 1
    assert 1 < await looks(meeting) <= len(LOOKS.split(","))


@pytest.mark.long
async def test_a_report_that_is_empty_at_first_is_read_when_it_is_there(
    app: Client, graph: Lab, subject: str
) -> None:
    """Until then nothing is corrected, and nothing is final."""
    await graph.sources(attendanceReports=NEVER, callRecords=NEVER)
    meeting = await Watched.begin(app, subject)
    await a_call(meeting, 1, ADA)
    await dismiss(meeting)

    async def looked_twice() -> bool | None:
        return await looks(meeting) >= 2 or None

    await eventually(looked_twice, "reports were looked for twice")
    [call] = (await meeting.record())["calls"]
    assert (call["final"], call["confirmed"]) == (False, False)
    await graph.sources(attendanceReports=NOW, callRecords=NEVER)

    assert (await final(meeting, 1, confirmed=True))["revision"] == 1
    assert await what_differs(meeting) == []


@pytest.mark.long
async def test_a_person_who_opted_out_stays_as_observed(
    app: Client, graph: Lab, subject: str
) -> None:
    """The report dates the call and all others."""
    await graph.sources(attendanceReports={**NOW, "hide": [BO]}, callRecords=NEVER)
    meeting = await Watched.begin(app, subject)
    ada = await meeting.come(ADA)
    await meeting.told("call.started", callNumber=1)
    await asyncio.sleep(APART)
    bo = await meeting.come(BO)
    await meeting.joined(2)
    for one in (bo, ada):
        await asyncio.sleep(APART)
        await graph.leave(one)
    ended = await meeting.told("call.ended", callNumber=1)
    await dismiss(meeting)

    corrected = await final(meeting, 1, confirmed=True)

    assert corrected["endBasis"] == "attendanceReport"
    assert corrected["participantCount"] == ended.data["participantCount"] == 2
    wrong = await what_differs(meeting)
    assert wrong, "nobody reported when Bo came"
    assert all(BO.replace("-", "") in words for words in wrong)


@pytest.mark.long
async def test_each_day_of_a_daily_room_is_final_in_its_own_time(
    app: Client, graph: Lab, subject: str
) -> None:
    """The bot comes and goes each day; a report of one day says nothing of another."""
    meeting = await Watched.begin(app, subject)
    for day in range(1, 4):
        if day > 1:
            await asyncio.sleep(CLOCKS_DIFFER)
            await meeting.send_bot_again()
            await app.events.some(
                day, lambda one: one.kind == "bot.joined", session=meeting.meeting_id
            )
            await asyncio.sleep(APART)
        await _a_day(meeting, day)
        await dismiss(meeting)
        await final(meeting, day, confirmed=True)

    assert await what_differs(meeting) == []
    record = await meeting.record()
    assert [one["callNumber"] for one in record["calls"]] == [1, 2, 3]


async def _a_day(meeting: Watched, day: int) -> None:
    ada = await meeting.come(ADA)
    await meeting.told("call.started", callNumber=day)
    await asyncio.sleep(APART)
    await meeting.client.lab.leave(ada)
    await meeting.told("call.ended", callNumber=day)


def _left(one: Delivered) -> bool:
    return one.kind == "bot.left"
