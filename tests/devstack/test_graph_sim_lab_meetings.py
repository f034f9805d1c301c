"""Meetings that the lab makes, as people do in Teams: the app knows nothing of them."""

from typing import Any

import pytest

from devstack.graph.identities import (
    ORGANIZER_ID,
    ORGANIZER_WITHOUT_POLICY_ID,
    SECOND_ORGANIZER_ID,
    TENANT_ID,
)
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.lab import meeting_made, shown_meetings
from devstack.graph.lab_requests import LabMistake
from devstack.graph.refusals import GraphRefusal
from tests.devstack.graph_world import a_join, a_world, join_id_info

NOBODY = "00000000-0000-4000-8000-00000000abcd"


def made(body: JsonObject) -> tuple[Any, Any]:
    """A world, and what the lab answers about a meeting made in it."""
    world, _, _ = a_world()
    return world, meeting_made(world, body)


def test_a_meeting_comes_with_all_its_coordinates() -> None:
    """Both links, join id, passcode, thread; the same as in the list of meetings."""
    world, shown = made({"organizerId": SECOND_ORGANIZER_ID, "subject": "s", "passcode": "aB3dE6"})

    listed: Any = shown_meetings(world)[-1]
    assert shown.keys() == {
        "organizerId", "onlineMeetingId", "subject", "joinWebUrl", "shortLink", "joinMeetingId",
        "passcode", "threadId",
    }  # fmt: skip
    assert {name: listed[name] for name in shown} == shown
    assert (shown["organizerId"], shown["subject"]) == (SECOND_ORGANIZER_ID, "s")
    assert shown["shortLink"].endswith(f"/meet/{shown['joinMeetingId']}?p=aB3dE6")
    assert TENANT_ID in shown["joinWebUrl"]


def test_without_members_it_is_the_organizers_without_passcode() -> None:
    """As Graph makes one: a passcode is there only where asked for."""
    _, shown = made({})

    assert (shown["organizerId"], shown["subject"]) == (ORGANIZER_ID, None)
    assert shown["passcode"] is None
    assert "?" not in shown["shortLink"]


@pytest.mark.parametrize(("passcode", "is_there"), [(True, True), (False, False), (None, False)])
def test_a_passcode_may_be_made_up(passcode: Json, is_there: bool) -> None:
    """True asks for one that nobody chose."""
    _, shown = made({"passcode": passcode})

    assert (shown["passcode"] is not None) is is_there


def test_the_bot_joins_it_by_join_id_and_passcode() -> None:
    """It is a meeting like any other; with a wrong passcode its coordinates lead nowhere."""
    world, shown = made({"passcode": "aB3dE6"})

    def state(passcode: str) -> str:
        info = join_id_info(joinMeetingId=shown["joinMeetingId"], passcode=passcode)
        leg = world.place_call(a_join(meetingInfo=info, chatInfo=None))
        return str(world.call(leg.call_id).state)

    assert state("aB3dE6") == "established"
    with pytest.raises(GraphRefusal):
        state("wrong")


def test_a_foreign_meeting_can_be_joined_and_not_be_read() -> None:
    """Its organizer is nobody in the directory, another one each time."""
    world, shown = made({"foreign": True})
    other: Any = meeting_made(world, {"foreign": True})

    with pytest.raises(GraphRefusal) as refused:
        world.meetings.meeting(shown["organizerId"], shown["onlineMeetingId"])
    leg = world.place_call(
        a_join(meetingInfo=join_id_info(joinMeetingId=shown["joinMeetingId"]), chatInfo=None)
    )

    assert refused.value.status == 404
    assert world.call(leg.call_id).state == "established"
    assert other["organizerId"] != shown["organizerId"]


def test_an_organizer_without_policy_has_meetings_too() -> None:
    """People whom no access policy names meet all the same; reading is refused with 403."""
    world, shown = made({"organizerId": ORGANIZER_WITHOUT_POLICY_ID.upper()})

    with pytest.raises(GraphRefusal) as refused:
        world.meetings.meeting(shown["organizerId"], shown["onlineMeetingId"])

    assert refused.value.status == 403


def test_a_foreign_organizer_may_be_named() -> None:
    """One who is not in the directory."""
    _, shown = made({"foreign": True, "organizerId": NOBODY})

    assert shown["organizerId"] == NOBODY


@pytest.mark.parametrize(
    "body",
    [None, {"colour": "red"}, {"passcode": 7}, {"passcode": ""}, {"subject": 7},
     {"foreign": "yes"}, {"organizerId": NOBODY}, {"organizerId": ORGANIZER_ID, "foreign": True}],
)  # fmt: skip
def test_a_mistaken_meeting_is_told(body: Json) -> None:
    """Members are known, and foreign says whether the organizer is in the directory."""
    world, _, _ = a_world()

    with pytest.raises(LabMistake):
        meeting_made(world, body)

    assert len(world.meetings.venues) == 1
