"""A meeting from its first request to its end: made with options, changed, joined, cancelled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from tests.system.client import CREATE, JOIN, Client
from tests.system.lab import Json, Lab
from tests.system.mailbox import Delivered

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADA, BO = "ada@example.com", "bo@example.com"
NINE, AN_HOUR = datetime(2031, 5, 5, 9, tzinfo=UTC), timedelta(hours=1)
OPTIONS = {
    "joinMeetingIdSettings": {"isPasscodeRequired": True},
    "meetingTemplateId": "05b9ed5f-2ac3-4470-aae9-f4a0c30b1a4b",
    "lobbyBypassSettings": {"scope": "everyone"},
}


async def test_a_meeting_with_passcode_template_and_options_is_made_once(
    client: Client, subject: str
) -> None:
    """One POST; its guest needs nobody to open the lobby; the same again is answered the same."""
    request = _times(NINE) | {"requestId": subject, "subject": subject, "options": OPTIONS}
    created = await _answer(client, request, f"first {subject}")
    meeting_id, where = created.data["meetingId"], created.data["coordinates"]

    assert created.data["warnings"] == []
    posted = [one["body"] for one in await client.lab.requests("POST", "/onlineMeetings$")]
    [asked] = [one for one in posted if one.get("subject") == subject]
    assert asked["meetingTemplateId"] == OPTIONS["meetingTemplateId"]
    event = _calendar(created)
    assert (event["SUMMARY"], event["UID"]) == (subject, f"{meeting_id}@rollcall")
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (NINE, NINE + AN_HOUR)
    assert (event["URL"], event["SEQUENCE"]) == (where["joinWebUrl"], 0)
    assert where["passcode"]
    assert f"Passcode: {where['passcode']}" in event["DESCRIPTION"]

    guest = {"meetingId": meeting_id, "guestName": "Scribe"}
    await _answer(client, guest, f"guest {subject}", queue=JOIN)
    await client.told(meeting_id, "bot.joined")
    assert "bot.waiting" not in [one.kind for one in client.story(meeting_id)]
    [sent] = await client.lab.bot_sent(where["chatInfo"]["threadId"])
    assert sent["body"]["source"]["identity"]["guest"]["displayName"] == "Scribe"

    assert (await _answer(client, request, f"again {subject}")).content == created.content
    other = request | {"options": {"allowMeetingChat": "limited"}, "attendees": [ADA]}
    refused = await _answer(client, other, f"other {subject}")
    assert refused.data["code"] == "request_conflict"
    assert {one["member"] for one in refused.data["problems"]} == {"/options", "/attendees"}


async def test_a_change_is_told_with_what_the_meeting_is_now(client: Client, subject: str) -> None:
    """One PATCH; the calendar's entry is replaced; the first request is answered as it was."""
    request = {"requestId": subject, "subject": subject, "attendees": [ADA]}
    created = await _answer(client, request, f"first {subject}")
    change: Json = {"requestId": subject, "action": "update", "subject": f"{subject}, too"}
    change |= {"attendees": [ADA, BO], "options": {"allowMeetingChat": "disabled"}, **_times(NINE)}
    updated = await _answer(client, change, f"change {subject}")

    assert updated.kind == "meeting.updated"
    members = change.keys() - {"requestId", "action", "options"} | {"options.allowMeetingChat"}
    assert set(updated.data["changed"]) == members
    assert updated.data["coordinates"] == created.data["coordinates"]
    assert [one["upn"] for one in updated.data["attendees"]] == [ADA, BO]
    assert datetime.fromisoformat(updated.data["startDateTime"]) == NINE
    before, after = _calendar(created), _calendar(updated)
    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], 1)
    assert (after["SUMMARY"], after.decoded("DTSTART")) == (f"{subject}, too", NINE)
    assert len(await client.lab.meetings(f"{subject}, too")) == 1

    assert (await _answer(client, request, f"again {subject}")).content == created.content
    story = await client.whole_story(created.data["meetingId"])
    assert [one.kind for one in story] == ["meeting.created", "meeting.updated"]


@pytest.mark.parametrize("seconds", [1.5, 6.0], ids=["later", "earlier"])
async def test_a_scheduled_bot_comes_when_the_changed_start_has_come(
    client: Client, subject: str, seconds: float
) -> None:
    """Whether the meeting begins later or earlier than it was to; once, and not before."""
    now = datetime.now(UTC)
    asked, start = now + timedelta(seconds=seconds), now + timedelta(seconds=2)
    request = {"requestId": subject, "subject": subject, "join": "atStart", **_times(asked)}
    created = await _answer(client, request, f"first {subject}")
    change = {"requestId": subject, "action": "update", **_times(start)}
    await _answer(client, change, f"change {subject}")

    joining = await client.told(created.data["meetingId"], "bot.joining")

    assert start <= (came := datetime.fromisoformat(joining.event["time"]))
    assert came < asked or asked < start


async def test_a_cancelled_meeting_is_left_then_deleted_then_told(
    client: Client, trouble: Lab, subject: str
) -> None:
    """A second cancellation has the same answer; nothing is changed or joined any more."""
    request = {"requestId": subject, "subject": subject, "join": "now"}
    created = await _answer(client, request, f"first {subject}")
    meeting_id, where = created.data["meetingId"], created.data["coordinates"]
    joined = await client.told(meeting_id, "bot.joined")
    # Both who hang up have to try again: what must wait for them has the time to be too early.
    await trouble.fault(method="DELETE", path="/calls/", status=503, retryAfter=0.2, times=2)

    cancel = {"requestId": subject, "action": "cancel"}
    cancelled = await _answer(client, cancel, f"cancel {subject}")

    await client.told(meeting_id, "bot.left", reason="left")
    ids = joined.data["callId"], where["onlineMeetingId"]
    gone = [(one["path"], one["status"]) for one in await trouble.requests("DELETE", "")]
    done = [one for path, status in gone for one in ids if path.endswith(one) and status == 204]
    assert done == [*ids]
    assert [one["deleted"] for one in await trouble.meetings(subject)] == [True]
    before, over = _calendar(created), _calendar(cancelled)
    assert (over["UID"], over["STATUS"], over["SEQUENCE"]) == (before["UID"], "CANCELLED", 1)
    again = await _answer(client, cancel, f"cancel again {subject}")
    assert again.content == cancelled.content
    changed = await _answer(client, cancel | {"action": "update", "subject": "x"}, f"c {subject}")
    late = await _answer(client, {"meetingId": meeting_id}, f"j {subject}", queue=JOIN)
    unknown = await _answer(client, cancel | {"requestId": f"no {subject}"}, f"u {subject}")
    refusals = [one.data["code"] for one in (changed, late, unknown)]
    assert refusals == ["meeting_cancelled", "meeting_cancelled", "meeting_not_found"]
    assert (await _answer(client, request, f"again {subject}")).content == created.content
    kinds = sorted(one.kind for one in await client.whole_story(meeting_id))
    assert kinds == [
        "bot.joined",
        "bot.joining",
        "bot.left",
        "meeting.cancelled",
        "meeting.created",
    ]


async def _answer(client: Client, body: Json, message_id: str, queue: str = CREATE) -> Delivered:
    await client.drop(body, message_id=message_id, queue=queue)
    return await client.replies.first(lambda one: one.correlation_id == message_id)


def _times(start: datetime) -> Json:
    return {"startDateTime": start.isoformat(), "endDateTime": (start + AN_HOUR).isoformat()}


def _calendar(told: Delivered) -> Any:
    [event] = Calendar.from_ical(told.data["invitation"]["ics"]).walk("VEVENT")
    return event
