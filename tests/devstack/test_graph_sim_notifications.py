"""The shapes of the simulator's notifications and of GET participants."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from devstack.graph.calls import Leg
from devstack.graph.identities import TENANT_ID, same_guid, seeded
from devstack.graph.notifications import (
    bundled,
    kinds_of,
    render_end,
    render_roster,
    render_state,
)
from devstack.graph.participants import render_participants
from devstack.graph.room import Kind, Room

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEG = Leg(
    call_id="2f1a1100-b174-40a0-aba7-0b405e01ed92",
    participant_id="05491616-385f-44a8-9974-18cc5f9933c1",
    callback_uri="http://127.0.0.1:7071/api/calls/m/l",
    chat_info={"threadId": "19:meeting_x@thread.v2", "messageId": "0"},
    meeting_info={"@odata.type": "#microsoft.graph.organizerMeetingInfo"},
)
SEEDS = range(40)


def the_item(envelope: Any) -> Any:
    assert envelope["@odata.type"] == "#microsoft.graph.commsNotifications"
    (item,) = envelope["value"]
    assert item["@odata.type"] == "#microsoft.graph.commsNotification"
    return item


def a_room() -> tuple[Room, str]:
    room = Room(seeded(1))
    room.enter(LEG)
    return room, room.join(user_id="ada-id", display_name="Ada", at=NOW)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_state_names_the_call_in_its_resource_url(seed: int) -> None:
    """The id stands there in any spelling, and in `resource` and the data in the same one."""
    item = the_item(render_state(LEG, "established", seeded(seed)))

    spelled = item["resourceUrl"].removeprefix("/communications/calls/")
    assert same_guid(spelled) == same_guid(LEG.call_id)
    assert item["resource"] == f"/app/calls/{spelled}"
    assert item["resourceData"].get("id", spelled) == spelled
    assert (item["changeType"], item["resourceData"]["state"]) == ("updated", "established")


def test_established_is_plain_first_and_detailed_later() -> None:
    """mediaState, chatInfo and meetingInfo come with the repetition."""
    plain = the_item(render_state(LEG, "established", seeded(1)))["resourceData"]
    detailed = the_item(render_state(LEG, "established", seeded(1), detailed=True))["resourceData"]

    later = {"mediaState", "chatInfo", "meetingInfo"}
    assert not later & plain.keys()
    assert later <= detailed.keys()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_end_is_a_deletion_with_integer_codes(seed: int) -> None:
    """changeType deleted, state terminated, resultInfo with a DiagCode in its message."""
    item = the_item(render_end(LEG, 200, 5001, seeded(seed)))

    result = item["resourceData"]["resultInfo"]
    assert (item["changeType"], item["resourceData"]["state"]) == ("deleted", "terminated")
    assert (result["code"], result["subcode"]) == (200, 5001)
    assert result["message"].endswith("DiagCode: 200#5001.@")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_roster_lists_everybody_and_ourselves(seed: int) -> None:
    """A full roster is an array; participant ids come in any spelling."""
    room, ada = a_room()

    item = the_item(render_roster(room, LEG, seeded(seed)))

    listed = {same_guid(one["id"]): one for one in item["resourceData"]}
    assert item["resourceUrl"].endswith("/participants")
    assert listed.keys() == {same_guid(ada), same_guid(LEG.participant_id)}
    user = listed[same_guid(ada)]["info"]["identity"]["user"]
    assert (user["id"], user["displayName"], user["tenantId"]) == ("ada-id", "Ada", TENANT_ID)
    assert listed[same_guid(ada)]["isInLobby"] is False


def test_rosters_can_be_rendered_without_people_or_without_ourselves() -> None:
    """Graph has been seen to push empty and bot-only rosters in the middle of a call."""
    room, _ = a_room()

    bot_only = the_item(render_roster(room, LEG, seeded(1), people=False))["resourceData"]
    empty = the_item(render_roster(room, LEG, seeded(1), people=False, own=False))["resourceData"]

    assert [same_guid(one["id"]) for one in bot_only] == [same_guid(LEG.participant_id)]
    assert empty == []


@pytest.mark.parametrize("kind", ["user", "guest", "phone", "acsUser", "application"])
def test_identities_sit_under_the_name_of_their_kind(kind: Kind) -> None:
    """Guests, phones and other bots are not under `user`."""
    room = Room(seeded(1))
    room.join(user_id="x", at=NOW, kind=kind, in_lobby=True)

    (one,) = the_item(render_roster(room, LEG, seeded(1)))["resourceData"]

    assert one["info"]["identity"][kind]["id"] == "x"
    assert one["isInLobby"] is True


def test_notifications_differ_from_each_other_and_repeat_with_their_seed() -> None:
    """Spelling, optional members and undocumented members vary; the same seed gives the same."""
    room, _ = a_room()

    rendered = [json.dumps(render_roster(room, LEG, seeded(seed))) for seed in SEEDS]

    assert len(set(rendered)) > len(SEEDS) // 2
    assert rendered == [json.dumps(render_roster(room, LEG, seeded(seed))) for seed in SEEDS]
    assert any(LEG.call_id.upper() in one for one in rendered)
    assert any(same_guid(LEG.call_id) in one for one in rendered)


def test_an_envelope_says_what_it_holds() -> None:
    """Each item of a bundle, in order."""
    room, _ = a_room()
    roster, state = render_roster(room, LEG, seeded(1)), render_state(LEG, "established", seeded(1))

    assert kinds_of(roster) == ["roster"]
    assert kinds_of(bundled(state, roster)) == ["state", "roster"]
    assert kinds_of(render_end(LEG, 200, 5001, seeded(1))) == ["end"]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_notification_carries_a_time(seed: int) -> None:
    """Receipt is the only time there is."""
    room, _ = a_room()
    everything = bundled(
        render_state(LEG, "establishing", seeded(seed)),
        render_state(LEG, "established", seeded(seed), detailed=True),
        render_roster(room, LEG, seeded(seed)),
        render_end(LEG, 200, 5001, seeded(seed)),
    )

    text = json.dumps(everything)

    value: Any = everything["value"]
    assert len(value) == 4
    assert "DateTime" not in text
    assert "2026" not in text


@pytest.mark.parametrize("seed", SEEDS)
def test_full_rosters_carry_no_sequence(seed: int) -> None:
    """Neither pushed nor read ones: nothing in them says which is the newer."""
    room, _ = a_room()

    pushed, read = render_roster(room, LEG, seeded(seed)), render_participants(room)

    assert "equenceNumber" not in json.dumps([pushed, read])


def test_reading_participants_shows_dashed_ids_and_nulls() -> None:
    """GET participants spells ids one way and names the identities that are not held."""
    room, ada = a_room()

    answer: Any = render_participants(room, call_id=LEG.call_id)

    assert [one["id"] for one in answer["value"]] == [ada, LEG.participant_id]
    assert answer["value"][0]["info"]["identity"]["application"] is None
    assert answer["value"][1]["info"]["identity"]["user"] is None
    assert LEG.call_id in answer["@odata.context"]
