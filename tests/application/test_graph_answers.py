"""What Graph's answers lack, or say in another kind of JSON, and what the caller is told then."""

from typing import Any

import pytest

from shared.words.errors import Unavailable
from shared.words.ids import LegKey, leg_key_for, meeting_id_for, utc_text
from tests.application.world import TENANT, World, leg_of, state

ASK = {"requestId": "INC-1", "subject": "Checkout is down"}
BY_POST = ASK | {"options": {"joinMeetingIdSettings": {"isPasscodeRequired": True}}}


def answering(**members: Any) -> World:
    """Return a world whose Graph says `members` in every answer."""
    world = World()
    world.fake_graph.worded = lambda answer: answer | members
    return world


def mend(world: World) -> None:
    """Let Graph answer with what it holds."""
    world.fake_graph.worded = dict


@pytest.mark.parametrize("link", [None, 5, {}, [], ""])
async def test_a_meeting_without_its_link_is_refused_and_found_again(link: Any) -> None:
    """No record is kept that could not be read; once Graph names the link, there is one meeting."""
    world = answering(joinWebUrl=link)

    await world.drop("create-meeting", ASK, reply_to="first")
    mend(world)
    await world.drop("create-meeting", ASK, reply_to="again")

    (refused,) = world.replies("first")
    assert refused["data"]["code"] == "graph_answer_unusable"
    assert "joinWebUrl" in refused["data"]["message"]
    (made,) = world.replies("again")
    assert made["data"]["coordinates"]["joinWebUrl"].startswith("https://")
    assert len(world.fake_graph.online) == 1


async def test_a_join_id_that_the_creation_does_not_name_is_read() -> None:
    """So a join by that id finds the meeting, and its bot, before any callback names the thread."""
    world = answering(joinMeetingIdSettings=None)

    await world.drop("create-meeting", ASK | {"join": "now"}, reply_to="caller")
    (made,) = world.replies("caller")
    join_id = made["data"]["coordinates"]["joinMeetingId"]
    await world.drop(
        "join-meeting", {"joinMeetingId": join_id, "tenantId": TENANT}, reply_to="other"
    )

    assert join_id
    assert len(world.fake_graph.bodies) == 1
    assert [one["type"] for one in world.replies("other")] == ["rollcall.bot.joining.v1"]


async def test_a_meeting_whose_join_id_cannot_be_read_is_published_without_it() -> None:
    """It exists, and people need its link."""
    world = answering(joinMeetingIdSettings=None)
    world.fake_graph.fail_after(1, Unavailable("busy"))

    await world.drop("create-meeting", ASK, reply_to="caller")

    (made,) = world.replies("caller")
    assert made["data"]["coordinates"]["joinMeetingId"] is None
    assert made["data"]["coordinates"]["joinWebUrl"]


async def test_a_post_whose_answer_cannot_be_used_made_a_meeting_all_the_same() -> None:
    """Nothing finds it: the next request is answered with another one."""
    world = answering(joinWebUrl=None)

    await world.drop("create-meeting", BY_POST, reply_to="first")
    mend(world)
    await world.drop("create-meeting", BY_POST, reply_to="again")

    assert [one["data"]["code"] for one in world.replies("first")] == ["graph_answer_unusable"]
    _, published = world.fake_graph.online
    coordinates = world.replies("again")[0]["data"]["coordinates"]
    assert coordinates["onlineMeetingId"] == published
    assert coordinates["passcode"]


async def test_what_was_asked_for_and_cannot_be_read_is_a_warning() -> None:
    """The meeting is there, and the record of it can be read."""
    world = answering(subject=5, recordAutomatically={"on": True}, participants="all")
    options = {"recordAutomatically": True}

    await world.drop(
        "create-meeting",
        ASK | {"options": options, "attendees": ["ada@example.com"]},
        reply_to="replies",
    )

    (made,) = world.replies()
    assert {(one["code"], one["member"]) for one in made["data"]["warnings"]} == {
        ("not_confirmed", "/subject"),
        ("not_confirmed", "/attendees"),
        ("option_not_applied", "/options/recordAutomatically"),
    }
    assert made["data"]["subject"] is None
    assert await world.record("INC-1")


@pytest.mark.parametrize("subject", ["None", " ", "null"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00", "9999-12-31"])
async def test_the_requests_own_words_stand_where_graph_left_its_own_unfilled(
    subject: str, moment: str
) -> None:
    """In the answer, the invitation and the record; warnings say what Graph answered."""
    world = answering(subject=subject, startDateTime=moment, endDateTime=moment)
    times = {"startDateTime": "2027-03-01T09:00:00+01:00", "endDateTime": "2027-03-01T09:00:00Z"}

    await world.drop("create-meeting", ASK | times, reply_to="replies")

    (made,) = world.replies()
    data = made["data"]
    assert data["subject"] == "Checkout is down"
    assert data["startDateTime"] == "2027-03-01T08:00:00.000Z"
    assert data["endDateTime"] == "2027-03-01T09:00:00.000Z"
    assert "Checkout is down\n2027-03-01 08:00 to 09:00 UTC" in data["invitation"]["text"]
    assert "DTSTART:20270301T080000Z" in data["invitation"]["ics"]
    warned = {(one["code"], one["member"]) for one in data["warnings"]}
    assert ("time_changed", "/startDateTime") in warned
    assert ("time_changed", "/endDateTime") in warned
    assert ("subject_changed", "/subject") in warned


async def test_default_times_stand_where_graph_left_them_unfilled() -> None:
    """The warning says so, though the caller named no times."""
    world = answering(startDateTime="0001-01-01T00:00:00Z", endDateTime="0001-01-01T00:00:00Z")
    now = world.clock.now()

    await world.drop("create-meeting", ASK, reply_to="replies")

    (made,) = world.replies()
    assert made["data"]["startDateTime"] == utc_text(now)
    assert [one["code"] for one in made["data"]["warnings"]] == ["time_changed", "time_changed"]


async def test_an_update_that_graph_answers_unfilled_keeps_the_callers_words() -> None:
    """As a creation does."""
    world = World()
    await world.drop("create-meeting", ASK)
    year_one = "0001-01-01T00:00:00Z"
    world.fake_graph.worded = lambda answer: (
        answer | {"subject": "None", "startDateTime": year_one, "endDateTime": year_one}
    )
    times = {"startDateTime": "2027-03-01T08:00:00Z", "endDateTime": "2027-03-01T09:00:00Z"}
    update = {"requestId": "INC-1", "action": "update", "subject": "Payments too", **times}

    await world.drop("create-meeting", update, reply_to="replies")

    (changed,) = world.replies()
    assert changed["data"]["subject"] == "Payments too"
    assert changed["data"]["startDateTime"] == "2027-03-01T08:00:00.000Z"
    assert "2027-03-01 08:00 to 09:00 UTC" in changed["data"]["invitation"]["text"]
    assert "subject_changed" in {one["code"] for one in changed["data"]["warnings"]}


async def test_a_subject_that_is_none_in_the_request_is_kept() -> None:
    """Somebody may mean it."""
    world = World()

    await world.drop("create-meeting", ASK | {"subject": "None"}, reply_to="replies")

    (made,) = world.replies()
    assert (made["data"]["subject"], made["data"]["warnings"]) == ("None", [])


async def test_a_call_without_an_id_may_be_on_its_way() -> None:
    """The caller is told so, no second bot is sent meanwhile, and a callback binds the leg."""
    world = World()
    meeting_id = meeting_id_for(tenant_id=TENANT, request_id="INC-1")
    await world.drop("create-meeting", ASK)
    world.fake_graph.worded = lambda answer: answer | {"id": ".."}
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="first")
    mend(world)
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="second")
    (call_id,) = world.fake_graph.calls
    leg_key: LegKey = leg_key_for(meeting_id=meeting_id, attempt=1)

    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.pump()

    refused, joined = world.replies("first")
    assert joined["type"] == "rollcall.bot.joined.v1"
    assert refused["data"]["code"] == "graph_answer_unusable"
    assert len(world.fake_graph.bodies) == 1
    assert leg_of(await world.meeting(meeting_id)) == (leg_key, call_id)
    assert [one["type"] for one in world.replies("second")] == ["rollcall.bot.joining.v1"]
    assert world.replies("second")[0]["data"]["state"] == "in"
