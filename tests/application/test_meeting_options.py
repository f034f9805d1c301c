"""Options of a new meeting, through the handler, on fakes: one PATCH, and what Graph made of it."""

import json
from datetime import timedelta
from typing import Any

from icalendar import Calendar

from shared.words.errors import GraphTrace, Rejected, Unavailable
from tests.application.world import ORGANIZER, World

OPTIONS: dict[str, Any] = {
    "recordAutomatically": True,
    "lobbyBypassSettings": {"scope": "everyone", "isDialInBypassEnabled": True},
    "allowMeetingChat": "limited",
}
ASK: dict[str, Any] = {
    "requestId": "INC-1",
    "subject": "down",
    "attendees": ["ada@example.com", {"upn": "bo@example.com", "role": "presenter"}],
    "options": OPTIONS,
}


async def test_options_are_set_by_one_patch() -> None:
    """After createOrGet, which takes none."""
    world = World()

    await world.drop("create-meeting", ASK)

    assert world.fake_graph.patches == [OPTIONS]
    (event,) = world.events("meeting.created")
    assert event["data"]["warnings"] == []


async def test_a_meeting_without_options_is_one_request() -> None:
    """Nothing to set, nothing to send."""
    world = World()

    await world.drop("create-meeting", {"requestId": "INC-1", "subject": "down"})

    assert world.fake_graph.patches == []


async def test_a_patch_that_is_not_answered_is_tried_again() -> None:
    """createOrGet gives the same meeting, the PATCH may be sent twice: one meeting, one answer."""
    world = World()
    world.fake_graph.fail_after(1, Unavailable("504"), done=True)

    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.pump()

    assert len(world.fake_graph.online) == 1
    assert len(world.fake_graph.patches) == 2
    assert world.names() == ["meeting.created"]
    assert len(world.replies()) == 1


async def test_an_option_that_graph_refuses_does_not_cost_the_meeting() -> None:
    """The others are set by themselves, and the answer says which one is missing and why."""
    world = World()
    world.fake_graph.refused = {"allowMeetingChat"}

    await world.drop("create-meeting", ASK, reply_to="replies")

    (event,) = world.replies()
    (warning,) = event["data"]["warnings"]
    assert (warning["code"], warning["member"]) == ("option_refused", "/options/allowMeetingChat")
    assert warning["requested"] == "limited"
    assert warning["graph"]["status"] == 400
    kept = {name: value for name, value in OPTIONS.items() if name != "allowMeetingChat"}
    patches = sorted(world.fake_graph.patches, key=str)
    assert patches == sorted(({name: value} for name, value in kept.items()), key=str)
    assert event["data"]["coordinates"]["joinWebUrl"]


async def test_a_refusal_that_is_not_about_an_option_is_not_asked_again() -> None:
    """Every option would be refused alike."""
    world = World()
    refused = Rejected(
        code="organizer_not_allowed",
        message="No.",
        next_step="",
        graph=GraphTrace(status=403, code="Forbidden"),
    )
    world.fake_graph.fail_after(1, refused)

    await world.drop("create-meeting", ASK)

    (event,) = world.events("meeting.created")
    assert {one["code"] for one in event["data"]["warnings"]} == {"option_refused"}
    assert len(event["data"]["warnings"]) == len(OPTIONS)
    assert world.fake_graph.patches == []


async def test_what_graph_drops_without_a_word_is_told() -> None:
    """An attendee who was not added, an option that was not kept."""
    world = World()
    world.fake_graph.unknown = {"bo@example.com"}
    world.fake_graph.ignored = {"recordAutomatically"}
    ask = {**ASK, "options": {"recordAutomatically": True, "isEntryExitAnnounced": False}}
    world.fake_graph.defaults = {"recordAutomatically": False}

    await world.drop("create-meeting", ask)

    (event,) = world.events("meeting.created")
    assert [(one["code"], one["member"]) for one in event["data"]["warnings"]] == [
        ("attendee_not_added", "/attendees/1"),
        ("option_not_applied", "/options/recordAutomatically"),
    ]
    assert [one["upn"] for one in event["data"]["attendees"]] == ["ada@example.com"]


async def test_a_meeting_that_was_there_before_shows_its_differences() -> None:
    """createOrGet gives it unchanged: the caller hears of its subject and times."""
    world = World()
    body = {"externalId": "INC-1", "subject": "older", "startDateTime": "2026-09-01T09:00:00Z"}
    await world.fake_graph.create_or_get_meeting(ORGANIZER, body)
    start = {"startDateTime": "2026-09-14T09:00:00Z"}

    await world.drop("create-meeting", {"requestId": "INC-1", "subject": "down", **start})

    (event,) = world.events("meeting.created")
    assert [one["code"] for one in event["data"]["warnings"]] == ["subject_changed", "time_changed"]
    assert event["data"]["subject"] == "older"


async def test_the_answer_has_a_ready_invitation() -> None:
    """The meeting stands in nobody's calendar."""
    world = World()

    await world.drop("create-meeting", ASK)

    (event,) = world.events("meeting.created")
    invited = event["data"]["invitation"]
    assert event["data"]["coordinates"]["joinWebUrl"] in invited["text"]
    (entry,) = Calendar.from_ical(invited["ics"]).walk("VEVENT")
    assert entry["UID"] == f"{event['data']['meetingId']}@rollcall"
    assert entry.decoded("DTSTART") == world.clock.now()
    assert entry.decoded("DTEND") == world.clock.now() + timedelta(hours=1)


async def test_a_repeat_gets_the_same_bytes_with_all_their_warnings() -> None:
    """And asks Graph nothing, whatever would come of it now."""
    world = World()
    world.fake_graph.refused = {"allowMeetingChat"}
    await world.drop("create-meeting", ASK, reply_to="replies")
    world.fake_graph.refused = set()
    world.fake_graph.fail_next(Rejected(code="x", message="not asked", next_step=""))
    world.clock.advance(86400)

    await world.drop("create-meeting", ASK, reply_to="others")

    first, again = (world.fake_bus.sent_to(name)[0].body for name in ("replies", "others"))
    assert _without_recorded_at(first) == _without_recorded_at(again)


def _without_recorded_at(body: str | bytes) -> str:
    event = json.loads(body)
    del event["data"]["recordedAt"]
    return json.dumps(event)
