"""The options of a meeting at the edge: every one of Graph's names and values, and nothing else."""

import json
from typing import Any

import pytest

from create_meeting.bodies import option_parts, update_body
from create_meeting.request import CreateMeeting, UpdateMeeting, read_request
from shared.words.errors import Rejected

LABEL = "0a1b2c3d-0000-4000-8000-00000000000f"
FLAGS = [
    "allowAttendeeToEnableCamera",
    "allowAttendeeToEnableMic",
    "allowBreakoutRooms",
    "allowCopyingAndSharingMeetingContent",
    "allowPowerPointSharing",
    "allowRecording",
    "allowTeamworkReactions",
    "allowTranscription",
    "allowWhiteboard",
    "isEndToEndEncryptionEnabled",
    "isEntryExitAnnounced",
    "recordAutomatically",
]
CHOICES = {
    "allowedLobbyAdmitters": [
        "organizerAndCoOrganizersAndPresenters",
        "organizerAndCoOrganizers",
    ],
    "allowedPresenters": ["everyone", "organization", "roleIsPresenter", "organizer"],
    "allowLiveShare": ["enabled", "disabled"],
    "allowMeetingChat": ["enabled", "disabled", "limited"],
    "meetingSpokenLanguageTag": ["en-US", "de", "zh-Hans-CN"],
}
LOBBY_SCOPES = [
    "organizer",
    "organization",
    "organizationAndFederated",
    "everyone",
    "invited",
    "organizationExcludingGuests",
]
OTHERS: list[tuple[str, Any]] = [
    *(("lobbyBypassSettings", {"scope": scope}) for scope in LOBBY_SCOPES),
    ("lobbyBypassSettings", {"isDialInBypassEnabled": True}),
    ("watermarkProtection", {"isEnabledForContentSharing": True, "isEnabledForVideo": False}),
    ("sensitivityLabelAssignment", {"sensitivityLabelId": LABEL}),
    ("anonymizeIdentityForRoles", ["attendee", "presenter", "producer", "coorganizer"]),
    ("anonymizeIdentityForRoles", []),
]
PATCHED: list[tuple[str, Any]] = [
    *((name, value) for name in FLAGS for value in (True, False)),
    *((name, value) for name, values in CHOICES.items() for value in values),
    *OTHERS,
]
PRESENTER = {"upn": "ada@example.com", "role": "presenter"}


def created(**options: Any) -> CreateMeeting:
    body = {"subject": "x", "attendees": [PRESENTER], "options": options}
    request = read_request(json.dumps(body).encode())
    assert isinstance(request, CreateMeeting)
    return request


def problems(**members: Any) -> dict[str, str]:
    with pytest.raises(Rejected) as refusal:
        read_request(json.dumps({"subject": "x", **members}).encode())
    return {problem.member: problem.message for problem in refusal.value.problems}


@pytest.mark.parametrize("name", ["lobbyBypassSettings", "watermarkProtection"])
@pytest.mark.parametrize("change", [{}, {"requestId": "r", "action": "update"}])
def test_an_object_that_sets_nothing_is_refused(name: str, change: dict[str, Any]) -> None:
    """It would be a change that changes nothing."""
    found = problems(**change, options={name: {}})

    assert found[f"/options/{name}"].startswith("sets nothing")


@pytest.mark.parametrize(("name", "value"), PATCHED)
def test_every_option_travels_as_it_was_asked(name: str, value: Any) -> None:
    """In the PATCH of a new meeting, and in the PATCH of a change."""
    (part,) = option_parts(created(**{name: value}))
    change = {"requestId": "r", "action": "update", "attendees": [PRESENTER]}
    update = read_request(json.dumps({**change, "options": {name: value}}).encode())

    assert part[name] == value
    assert isinstance(update, UpdateMeeting)
    assert update_body(update, None)[name] == value


@pytest.mark.parametrize("name", CHOICES)
def test_a_value_that_graph_does_not_have_is_refused_by_path(name: str) -> None:
    """With the values that it has."""
    assert f"/options/{name}" in problems(options={name: "no such value"})


@pytest.mark.parametrize("name", FLAGS)
def test_a_word_is_no_boolean(name: str) -> None:
    """Nothing is guessed."""
    assert f"/options/{name}" in problems(options={name: "true"})


def test_options_that_do_not_exist_are_refused_by_path() -> None:
    """A misspelt option that was dropped would be found out in the middle of an incident."""
    found = problems(
        options={"recordAutomaticaly": True, "lobbyBypassSettings": {"scope": "x", "who": 1}}
    )

    assert set(found) == {
        "/options/recordAutomaticaly",
        "/options/lobbyBypassSettings/scope",
        "/options/lobbyBypassSettings/who",
    }


def test_a_passcode_and_a_template_need_a_post() -> None:
    """Nothing else can set them."""
    asked = created(
        joinMeetingIdSettings={"isPasscodeRequired": True},
        meetingTemplateId="firstparty_0a1b",
        recordAutomatically=True,
    )

    assert asked.options is not None
    assert asked.options.post() == {
        "joinMeetingIdSettings": {"isPasscodeRequired": True},
        "meetingTemplateId": "firstparty_0a1b",
    }
    assert option_parts(asked) == ({"recordAutomatically": True},)


def test_no_passcode_needs_no_post() -> None:
    """A meeting that nobody asked one for has none."""
    asked = created(joinMeetingIdSettings={"isPasscodeRequired": False})

    assert asked.options is not None
    assert asked.options.post() == {}


def test_presenters_by_role_go_with_the_attendees() -> None:
    """Graph asks for the full list beside it."""
    (part,) = option_parts(created(allowedPresenters="roleIsPresenter"))

    assert part["participants"] == {"attendees": [PRESENTER]}


@pytest.mark.parametrize("action", [{}, {"action": "update", "requestId": "r"}])
def test_presenters_by_role_without_attendees_are_refused(action: dict[str, str]) -> None:
    """Nobody could present."""
    found = problems(options={"allowedPresenters": "roleIsPresenter"}, **action)

    assert "roleIsPresenter" in found["/attendees"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("joinMeetingIdSettings", {"isPasscodeRequired": True}), ("meetingTemplateId", "x")],
)
def test_what_is_fixed_cannot_be_changed(option: str, value: Any) -> None:
    """Graph takes it at the creation only."""
    found = problems(action="update", requestId="r", options={option: value})

    assert f"/options/{option}" in found


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"options": {}},
        {"retryForSeconds": 60},
        {"timeZone": "Middle-earth/Shire"},
        {"startDateTime": "2026-11-23"},
        {"subject": "x", "organizerId": LABEL},
        {"subject": "x", "watch": True},
    ],
)
def test_a_change_that_cannot_be_made_is_refused(change: dict[str, Any]) -> None:
    """Nothing to change, half a time, no time zone, what never changes."""
    body = {"action": "update", "requestId": "r", **change}

    with pytest.raises(Rejected):
        read_request(json.dumps(body).encode())


@pytest.mark.parametrize("action", ["update", "cancel"])
def test_a_change_names_its_meeting(action: str) -> None:
    """By the request id that made it known."""
    assert problems(action=action)["/requestId"] == "is required"


def test_an_action_that_does_not_exist_is_refused() -> None:
    """With those that do."""
    assert problems(action="postpone")["/action"] == "must be one of create, update, cancel"
