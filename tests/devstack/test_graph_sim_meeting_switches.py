"""What the simulator's switches change about meetings: answers, links and refusals."""

from typing import Any

import pytest

from devstack.graph.graph_routes import Asked, answer
from devstack.graph.identities import (
    ORGANIZER_ID,
    ORGANIZER_WITHOUT_POLICY_ID,
    Tenant,
    seeded,
)
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.lab import meeting_made, person_joins
from devstack.graph.meeting_book import MeetingBook
from devstack.graph.refusals import GraphRefusal
from devstack.graph.switches import WORLDS, GraphSwitches
from devstack.graph.world import World
from devstack.switches import World as Hardness
from tests.devstack.graph_world import NOW, a_join, a_world, join_id_info

MEETINGS = f"/users/{ORGANIZER_ID}/onlineMeetings"
EXTERNAL: JsonObject = {"externalId": "e", "subject": "s"}
ADA: JsonObject = {"attendees": [{"upn": "ada@contoso.example"}]}
ANONYMOUS = "anonymizeIdentityForRoles"


def a_book(switches: GraphSwitches, seed: int = 1) -> MeetingBook:
    return MeetingBook(
        tenant=Tenant(), ids=seeded(seed), now=lambda: NOW, switches=lambda: switches
    )


def asked(world: World, method: str, path: str, body: Json = None) -> Any:
    """The body of Graph's answer."""
    return answer(world, Asked(method=method, path=path, body=body)).body


@pytest.mark.parametrize("hardness", [Hardness.DOCUMENTED, Hardness.HARSH])
def test_answers_have_what_their_pages_show(hardness: Hardness) -> None:
    """createOrGet has no join id; a PATCH is answered with identity, times and what was sent."""
    world, _, _ = a_world(switches=WORLDS[hardness])

    found = asked(world, "POST", f"{MEETINGS}/createOrGet", EXTERNAL | {"participants": ADA})
    one = f"{MEETINGS}/{found['id']}"
    changed = asked(world, "PATCH", one, {"subject": "t", "allowRecording": False})
    invited = asked(world, "PATCH", one, {"participants": ADA})
    read = asked(world, "GET", one)

    assert "joinMeetingIdSettings" not in found
    assert found["chatInfo"]["threadId"].startswith("19:meeting_")
    assert [one["upn"] for one in found["participants"]["attendees"]] == ["ada@contoso.example"]
    always = {
        "@odata.context", "id", "creationDateTime", "startDateTime", "endDateTime", "joinWebUrl",
        "subject", "participants",
    }  # fmt: skip
    assert changed.keys() == always | {"allowRecording"}
    assert (changed["subject"], changed["allowRecording"]) == ("t", False)
    assert changed["participants"].keys() == {"organizer"}
    assert invited.keys() == always
    assert len(invited["participants"]["attendees"]) == 1
    assert read["joinMeetingIdSettings"]["joinMeetingId"]


def test_whole_answers_are_all_alike() -> None:
    """createOrGet, PATCH and GET of one meeting say the same."""
    world, _, _ = a_world(switches=WORLDS[Hardness.KIND])

    found = asked(world, "POST", f"{MEETINGS}/createOrGet", EXTERNAL)
    one = f"{MEETINGS}/{found['id']}"
    changed = asked(world, "PATCH", one, {"subject": "s"})

    assert found == changed == asked(world, "GET", one)
    assert found["joinMeetingIdSettings"]["joinMeetingId"]


def test_a_new_meeting_is_answered_whole() -> None:
    """As in the examples of POST: chat, join id and the passcode that Graph made up."""
    world, _, _ = a_world()
    body: Json = {"joinMeetingIdSettings": {"isPasscodeRequired": True}}

    made = asked(world, "POST", MEETINGS, body)

    assert made["joinMeetingIdSettings"]["passcode"]
    assert made["chatInfo"]["threadId"]


def test_links_are_classic_short_or_mixed() -> None:
    """A meeting keeps the link it was made with; both forms lead people there."""

    def made(links: str) -> list[Any]:
        world, _, _ = a_world()
        world.change({"links": links})
        meetings: list[Any] = [meeting_made(world, {}) for _ in range(20)]
        world.change({"links": "classic"})
        for one in meetings:
            path = f"/users/{one['organizerId']}/onlineMeetings/{one['onlineMeetingId']}"
            assert asked(world, "GET", path)["joinWebUrl"] == one["joinWebUrl"]
            for link in (one["joinWebUrl"], one["shortLink"]):
                assert person_joins(world, {"joinWebUrl": link, "userId": "ada"})
        return [one["joinWebUrl"] == one["shortLink"] for one in meetings]

    assert set(made("classic")) == {False}
    assert set(made("short")) == {True}
    assert set(made("mixed")) == {True, False}


def test_a_meeting_is_found_by_the_link_that_graph_names() -> None:
    """A short one where Graph names the short one."""
    book = a_book(GraphSwitches(links="short"))
    meeting = book.create(ORGANIZER_ID, {})

    by_short = book.find(ORGANIZER_ID, f"JoinWebUrl eq '{meeting.short_link}'")
    by_classic = book.find(ORGANIZER_ID, f"JoinWebUrl eq '{meeting.classic_link}'")

    assert (by_short, by_classic) == ([meeting], [])


def test_a_post_takes_an_external_id_or_refuses_it() -> None:
    """Refused by name, and without it taken."""
    takes, refuses = a_book(GraphSwitches()), a_book(WORLDS[Hardness.HARSH])

    made = takes.create(ORGANIZER_ID, EXTERNAL)
    found, created = takes.create_or_get(ORGANIZER_ID, EXTERNAL)
    with pytest.raises(GraphRefusal) as refused:
        refuses.create(ORGANIZER_ID, EXTERNAL)

    assert (found, created) == (made, False)
    assert (refused.value.status, refused.value.code) == (400, "BadRequest")
    assert "externalId" in refused.value.message
    assert refuses.create(ORGANIZER_ID, {"subject": "s"}).external_id is None
    assert refuses.create_or_get(ORGANIZER_ID, EXTERNAL)[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowParticipantsToChangeName", True),
        ("shareMeetingChatHistoryDefault", "all"),
        ("chatRestrictions", {"allowTextOnly": True}),
    ],
)
def test_a_patch_takes_the_options_of_its_page_alone(name: str, value: Json) -> None:
    """A new meeting takes the others as well."""
    listed, anything = a_book(GraphSwitches()), a_book(GraphSwitches(patch_takes="any"))

    meeting = listed.create(ORGANIZER_ID, {name: value})
    with pytest.raises(GraphRefusal) as refused:
        listed.update(ORGANIZER_ID, meeting.meeting_id, {name: value})
    other = anything.create(ORGANIZER_ID, {})

    assert refused.value.status == 400
    assert meeting.options == {name: value}
    assert anything.update(ORGANIZER_ID, other.meeting_id, {name: value}).options == {name: value}


@pytest.mark.parametrize(("takes", "then"), [("table", ["attendee"]), ("any", [])])
def test_anonymous_attendees_stay_anonymous(takes: str, then: list[str]) -> None:
    """The value cannot be taken out by a PATCH, which says nothing of that."""
    book = a_book(GraphSwitches().changed({"patchTakes": takes}))
    meeting = book.create(ORGANIZER_ID, {ANONYMOUS: ["attendee"]})

    emptied = book.update(ORGANIZER_ID, meeting.meeting_id, {ANONYMOUS: []})
    again = book.update(ORGANIZER_ID, meeting.meeting_id, {ANONYMOUS: ["attendee"]})

    assert (emptied.options[ANONYMOUS], again.options[ANONYMOUS]) == (then, ["attendee"])


def test_unknown_members_are_refused_or_ignored() -> None:
    """In a meeting, its parts and its people, and in a call and its parts."""
    ignoring = GraphSwitches(unknown_members="ignored")
    book = a_book(ignoring)
    world, _, meeting = a_world(switches=ignoring)
    unknown: JsonObject = {
        "colour": "red",
        "lobbyBypassSettings": {"scope": "everyone", "range": "all"},
        "participants": {"guests": [], "attendees": [{"upn": "a@b", "mail": "a@b"}]},
    }

    made = book.create(ORGANIZER_ID, unknown)
    changed = book.update(ORGANIZER_ID, made.meeting_id, unknown)
    found, _ = book.create_or_get(ORGANIZER_ID, {"externalId": "e", "colour": "red"})
    info = join_id_info(joinMeetingId=meeting.join_meeting_id, passcode=meeting.passcode)
    leg = world.place_call(a_join(meetingInfo=info, chatInfo=None, colour="red"))

    assert changed.options == {"lobbyBypassSettings": unknown["lobbyBypassSettings"]}
    assert found.external_id == "e"
    assert world.call(leg.call_id).state == "established"
    with pytest.raises(GraphRefusal):
        a_book(GraphSwitches()).create(ORGANIZER_ID, unknown)


def test_a_missing_policy_is_refused_in_more_than_one_way() -> None:
    """Varied, each reported form comes up; as usual, the documented one alone."""

    def refusals(switches: GraphSwitches) -> set[tuple[int, str, str]]:
        found = set()
        for seed in range(30):
            with pytest.raises(GraphRefusal) as refused:
                a_book(switches, seed).create_or_get(ORGANIZER_WITHOUT_POLICY_ID, EXTERNAL)
            found.add((refused.value.status, refused.value.code, refused.value.message[:4]))
        return found

    assert refusals(GraphSwitches()) == {(403, "Forbidden", "No a")}
    assert refusals(GraphSwitches(policy_refusal="varied")) == {
        (403, "Forbidden", "No a"),
        (403, "General", "No a"),
        (400, "BadRequest", "1026"),
        (404, "NotFound", "Orga"),
    }
