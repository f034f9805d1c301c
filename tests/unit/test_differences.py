"""What Graph made of a request, as warnings: only what its answer contradicts."""

from typing import Any

import pytest

from create_meeting.answers.warnings import differences
from create_meeting.bodies import added_up
from shared.graph.meeting import change_in

ADA = {"upn": "ada@example.com", "role": "presenter"}


def codes(sent: dict[str, Any], returned: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["code"], one["member"]) for one in differences(sent, change_in(returned))]


@pytest.mark.parametrize(
    "returned",
    [
        [{"upn": "ADA@example.com", "role": "presenter"}],
        [{"upn": "ADA@example.com", "role": None}],
        [{"upn": "ada@example.com", "role": "unknownFutureValue"}],
    ],
)
def test_an_attendee_who_is_there_is_no_warning(returned: list[dict[str, Any]]) -> None:
    """Whatever the case of their name, and where Graph says nothing of the role."""
    assert (
        codes({"participants": {"attendees": [ADA]}}, {"participants": {"attendees": returned}})
        == []
    )


def test_an_attendee_is_found_by_id_as_well() -> None:
    """Graph may answer with another name for the same person."""
    user = {"identity": {"user": {"id": "u-1"}}}
    sent = {"participants": {"attendees": [{"upn": "old@example.com", **user}]}}

    assert codes(sent, {"participants": {"attendees": [{"upn": "new@example.com", **user}]}}) == []


def test_an_attendee_who_was_dropped_is_named() -> None:
    """By their place in the request."""
    sent = {"participants": {"attendees": [ADA]}}
    returned: dict[str, Any] = {"participants": {"attendees": []}}

    assert codes(sent, returned) == [("attendee_not_added", "/attendees/0")]


def test_many_warnings_of_one_code_are_counted() -> None:
    """A thousand would outgrow the event that tells them."""
    many = [{"upn": f"u{number}@example.com"} for number in range(500)]
    returned: dict[str, Any] = {"participants": {"attendees": []}}

    found = differences({"participants": {"attendees": many}}, change_in(returned))

    assert len(found) == 21
    assert found[-1]["member"] == "/attendees"
    assert "480 more" in found[-1]["message"]


@pytest.mark.parametrize("participants", [None, {}, {"attendees": None}])
def test_an_answer_without_attendees_proves_nothing(participants: dict[str, Any] | None) -> None:
    """Answers to a change leave members out."""
    sent = {"participants": {"attendees": [ADA]}}

    assert codes(sent, {"participants": participants}) == []


def test_another_role_is_named() -> None:
    """An attendee who was to present would find out too late."""
    returned = {"participants": {"attendees": [{"upn": "ada@example.com", "role": "attendee"}]}}

    found = codes({"participants": {"attendees": [ADA]}}, returned)

    assert found == [("attendee_role_changed", "/attendees/0")]


def test_times_are_compared_as_moments() -> None:
    """Offsets and digits do not matter, another moment does."""
    sent = {"startDateTime": "2026-11-23T09:00:00.000Z", "endDateTime": "2026-11-23T10:00:00.000Z"}
    same = {
        "startDateTime": "2026-11-23T11:00:00.0000000+02:00",
        "endDateTime": "2026-11-23T10:00:00",
    }

    assert codes(sent, same) == []
    assert codes(sent, {**same, "endDateTime": "2026-11-23T10:30:00Z"}) == [
        ("time_changed", "/endDateTime")
    ]


def test_a_subject_that_graph_changed_is_shown_both_ways() -> None:
    """What was asked, and what there is."""
    (warning,) = differences({"subject": "down"}, change_in({"subject": "down (copy)"}))

    assert warning["code"] == "subject_changed"
    assert (warning["requested"], warning["returned"]) == ("down", "down (copy)")


@pytest.mark.parametrize(
    ("asked", "returned"),
    [
        (True, True),
        (True, None),
        ("en-US", "en-us"),
        ("invited", "unknownFutureValue"),
        ({"scope": "everyone"}, {"scope": "everyone", "isDialInBypassEnabled": False}),
        (["attendee", "presenter"], ["presenter", "attendee"]),
    ],
)
def test_an_option_that_took_is_no_warning(asked: Any, returned: Any) -> None:
    """Nor is one of which Graph says nothing, or nothing that we would know."""
    assert codes({"anOption": asked}, {"anOption": returned}) == []


@pytest.mark.parametrize(
    ("asked", "returned"),
    [
        (True, False),
        ("organizer", "everyone"),
        ({"scope": "organizer"}, {"scope": "organization"}),
        (["attendee"], []),
    ],
)
def test_an_option_that_did_not_take_is_named(asked: Any, returned: Any) -> None:
    """Graph accepts some options and does not keep them."""
    assert codes({"anOption": asked}, {"anOption": returned}) == [
        ("option_not_applied", "/options/anOption")
    ]


@pytest.mark.parametrize(
    ("returned", "named"),
    [
        ({"subject": 5, "participants": {"attendees": "x"}}, {"/subject", "/attendees"}),
        ({"startDateTime": {}, "anOption": 7}, {"/startDateTime", "/options/anOption"}),
        ({"lobby": {"scope": []}}, {"/options/lobby"}),
        ({"lobby": {"more": 5}, "nothingAsked": 5}, set()),
    ],
)
def test_what_cannot_be_read_is_not_confirmed(returned: dict[str, Any], named: set[str]) -> None:
    """The caller is to know of it, unless it was not asked for."""
    sent = {
        "subject": "down",
        "startDateTime": "2026-11-23T09:00:00.000Z",
        "participants": {"attendees": [ADA]},
        "anOption": True,
        "lobby": {"scope": "everyone"},
    }

    assert set(codes(sent, returned)) == {("not_confirmed", name) for name in named}


def test_a_patch_answers_for_what_it_changed_alone() -> None:
    """Graph's answer to a PATCH leaves out, or empties, what it was not asked about."""
    made = {"participants": {"attendees": [ADA]}, "recordAutomatically": False, "other": 5}
    patched = {"recordAutomatically": True, "new": "1"}
    changed = {"participants": {"attendees": []}, "subject": 5} | patched

    found = added_up(change_in(made), change_in(changed), {"recordAutomatically": True})

    assert found == change_in(made | patched)
