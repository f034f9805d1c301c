"""Every refusal's text; what may have been meant; and bodies that came into the wrong queue."""

import json
from typing import Any

import pytest

from create_meeting.request import CancelMeeting, CreateMeeting, UpdateMeeting
from create_meeting.request import read_request as read_create
from docs.contract.render import DOCS_OF_PROBLEMS, catalogue
from join_meeting.request import JoinMeeting
from join_meeting.request import read_request as read_join
from shared.inbox.queues import ACTIONS, MARKS
from shared.inbox.suggestions import closest
from shared.words.errors import Rejected
from shared.words.kinds import KINDS, LONGEST_NAME, LONGEST_POINTER, pointer
from shared.words.problems import CATALOGUE
from tests.fixtures.refused_requests import GOLDEN, as_text

MEMBERS: dict[str, set[str]] = {
    queue: {field.alias or name for model in models for name, field in model.model_fields.items()}
    for queue, models in {
        "create-meeting": (CreateMeeting, UpdateMeeting, CancelMeeting),
        "join-meeting": (JoinMeeting,),
    }.items()
}


def refusal(read: Any, **members: Any) -> Rejected:
    with pytest.raises(Rejected) as refused:
        read(json.dumps(members).encode())
    return refused.value


def test_every_refusal_says_what_it_said() -> None:
    """If the new text is right: python -m tests.fixtures.refused_requests."""
    assert as_text() == GOLDEN.read_text()


def test_every_kind_of_problem_is_among_them() -> None:
    """So no sentence changes unseen."""
    found = {
        problem["code"]
        for case in json.loads(GOLDEN.read_text()).values()
        for problem in case["refusal"]["problems"]
    }

    assert found == set(KINDS)


def test_the_catalogue_for_programs_is_the_catalogue() -> None:
    """With the code's own templates."""
    written = json.loads(DOCS_OF_PROBLEMS.read_text())

    assert written == catalogue()
    assert written["codes"].keys() == CATALOGUE.keys()
    assert {name: one["message"] for name, one in written["problems"].items()} == {
        name: kind.message for name, kind in KINDS.items()
    }


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Subject", "subject"),
        ("start_date_time", "startDateTime"),
        ("START-DATE-TIME", "startDateTime"),
        ("startTime", "startDateTime"),
        ("start", "startDateTime"),
        ("end", "endDateTime"),
        ("subjekt", "subject"),
        ("atendees", "attendees"),
        ("organizer", "organizerId"),
        ("time", None),
        ("dateTime", None),
        ("location", None),
        ("colour", None),
        ("", None),
        ("🎉", None),
    ],
)
def test_a_word_is_taken_for_the_one_that_it_resembles(word: str, meant: str | None) -> None:
    """Or for none, where two are as likely or none is."""
    assert closest(word, MEMBERS["create-meeting"]) == meant


@pytest.mark.parametrize(("word", "meant"), [("joinUrl", "joinWebUrl"), ("url", "joinWebUrl")])
def test_a_member_of_a_join_is_known_by_its_parts(word: str, meant: str) -> None:
    """A link has many names."""
    assert closest(word, MEMBERS["join-meeting"]) == meant


@pytest.mark.parametrize(
    ("word", "values", "meant"),
    [
        ("no", ["never", "now", "atStart"], None),
        ("nevr", ["never", "now", "atStart"], "never"),
        ("guests", ["organization", "everyone", "organizationExcludingGuests"], None),
        ("excludingGuests", ["everyone", "organizationExcludingGuests"],
         "organizationExcludingGuests"),
    ],
)  # fmt: skip
def test_no_value_is_suggested_that_means_the_contrary(
    word: str, values: list[str], meant: str | None
) -> None:
    """A bot must not join at once because `no` looks like `now`."""
    assert closest(word, values) == meant


def test_pointers_escape_as_rfc_6901_says() -> None:
    """Examples of its section 5."""
    assert pointer([]) == ""
    assert pointer(["a/b"]) == "/a~1b"
    assert pointer(["m~n", 0, ""]) == "/m~0n/0/"


def test_a_pointer_is_as_long_as_a_hundred_of_them_fit_an_event() -> None:
    """A deep one names the object above; a body may repeat a long path in each of its members."""
    deep = pointer(["x" * 200] * 300)

    assert len(deep) <= LONGEST_POINTER
    assert set(deep[1:].split("/")) == {"x" * LONGEST_NAME}


def test_a_misspelt_link_is_the_only_problem_of_a_join_without_another() -> None:
    """That the request names no meeting follows from it."""
    (found,) = refusal(read_join, joinUrl="https://teams.microsoft.com/meet/1").problems

    assert (found.code, found.params) == ("misspelt_member", {"suggestion": "joinWebUrl"})


@pytest.mark.parametrize(
    "members",
    [
        {"joinWebUrl": "https://teams.microsoft.com/meet/1", "requestId": "r"},
        {"action": "leave", "meetingId": "a" * 26},
        {"action": "join", "requestId": "r"},
        {"guestName": "x", "colour": "red"},
    ],
)
def test_a_join_in_the_queue_of_creations_is_refused_as_that(members: dict[str, Any]) -> None:
    """Not as a creation without a subject and with a dozen unknown members."""
    refused = refusal(read_create, **members)

    assert refused.code == "wrong_queue"
    assert [problem.code for problem in refused.problems] == ["other_queue"]
    assert "join-meeting" in refused.next_step


@pytest.mark.parametrize(
    "members",
    [
        {"subject": "x", "startDateTime": "2026-11-23T09:00:00Z"},
        {"action": "cancel", "requestId": "r"},
        {"action": "update", "requestId": "r", "watch": True},
    ],
)
def test_a_creation_in_the_queue_of_joins_is_refused_as_that(members: dict[str, Any]) -> None:
    """Also a change, which needs no member that joins lack."""
    refused = refusal(read_join, **members)

    assert refused.code == "wrong_queue"
    assert "create-meeting" in refused.next_step


@pytest.mark.parametrize(
    ("read", "members"),
    [
        (read_create, {"subject": "x", "joinWebUrl": "x"}),
        (read_create, {"action": "create", "joinWebUrl": "x"}),
        (read_create, {"requestId": "r"}),
        (read_join, {"joinWebUrl": "x", "subject": "x"}),
        (read_join, {"meetingId": "a" * 26, "action": "cancel"}),
        (read_join, {}),
    ],
)
def test_what_may_be_meant_for_its_queue_is_refused_by_its_members(
    read: Any, members: dict[str, Any]
) -> None:
    """Which queue was meant would be a guess."""
    assert refusal(read, **members).code == "invalid_request"


@pytest.mark.parametrize(("here", "other"), [tuple(MARKS), tuple(MARKS)[::-1]])
def test_a_queue_is_known_by_members_that_the_other_lacks(here: str, other: str) -> None:
    """Otherwise a request of the other queue's own would be sent away."""
    assert MARKS[here] <= MEMBERS[here]
    assert MARKS[here].isdisjoint(MEMBERS[other])
    assert ACTIONS[here].isdisjoint(ACTIONS[other])


@pytest.mark.parametrize(
    ("read", "members", "shown"),
    [
        (read_create, {"subject": "x", "join": "At_Start"}, {"At_Start"}),
        (read_create, {"subject": "x", "watch": 1, "retentionDays": 2}, {1, 2}),
        (read_create, {"subject": "x", "organizerId": "{4711-a}"}, {"{4711-a}"}),
        (read_create, {"subject": "x", "organizerId": "Ada"}, set()),
        (read_create, {"subject": "x", "organizerId": "ada1@example.com"}, set()),
        (read_create, {"subject": "x", "watch": "ada@example.com"}, set()),
        (read_create, {"subject": "x", "join": "x" * 41}, set()),
        (read_create, {"subject": "x", "attendees": ["Ada Lovelace"]}, set()),
        (read_create, {"subject": "x", "context": 4711}, set()),
        (read_join, {"joinMeetingId": 23456789012, "passcode": 123456}, set()),
        (read_join, {"joinWebUrl": 7}, set()),
    ],
)
def test_a_value_is_shown_where_it_is_short_and_neither_secret_nor_a_name(
    read: Any, members: dict[str, Any], shown: set[Any]
) -> None:
    """Refusals travel to the topic, which has many readers."""
    found = refusal(read, **members).problems

    assert {one.params["value"] for one in found if "value" in one.params} == shown
