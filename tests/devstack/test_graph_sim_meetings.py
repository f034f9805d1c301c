"""What the simulator accepts as a meeting, refuses, and shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devstack.graph.identities import (
    ORGANIZER_ID,
    ORGANIZER_WITHOUT_POLICY_ID,
    SECOND_ORGANIZER_ID,
    TENANT_ID,
    Tenant,
    seeded,
)
from devstack.graph.json_values import Json, graph_time, parse_moment
from devstack.graph.meeting_book import MeetingBook
from devstack.graph.meeting_rules import parse_create, parse_create_or_get, parse_update
from devstack.graph.meeting_shapes import render_meeting
from devstack.graph.refusals import GraphRefusal

NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
START, END = "2026-03-02T10:00:00Z", "2026-03-02T10:59:00+01:00"


def a_book() -> MeetingBook:
    return MeetingBook(tenant=Tenant(), ids=seeded(1), now=lambda: NOW)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="no body"),
        pytest.param([], id="not an object"),
        pytest.param({"subject": "s"}, id="no externalId"),
        pytest.param({"externalId": ""}, id="empty externalId"),
        pytest.param({"externalId": 7}, id="externalId not text"),
        pytest.param({"externalId": "e", "allowedPresenters": "everyone"}, id="an option"),
        pytest.param({"externalId": "e", "lobbyBypassSettings": {}}, id="another option"),
        pytest.param({"externalId": "e", "colour": "red"}, id="unknown member"),
        pytest.param({"externalId": "e", "subject": 7}, id="subject not text"),
        pytest.param({"externalId": "e", "endDateTime": START}, id="end without start"),
        pytest.param(
            {"externalId": "e", "startDateTime": START, "endDateTime": END}, id="end before start"
        ),
        pytest.param({"externalId": "e", "startDateTime": "2026-03-02T10:00:00"}, id="naive"),
        pytest.param({"externalId": "e", "startDateTime": "2026-03-02"}, id="date alone"),
        pytest.param(
            {"externalId": "e", "startDateTime": "2026-02-30T10:00:00Z"}, id="no such day"
        ),
        pytest.param({"externalId": "e", "startDateTime": 1_700_000_000}, id="start not text"),
        pytest.param({"externalId": "e", "participants": []}, id="participants not an object"),
        pytest.param({"externalId": "e", "participants": {"guests": []}}, id="unknown people"),
        pytest.param({"externalId": "e", "participants": {"attendees": {}}}, id="not a collection"),
        pytest.param({"externalId": "e", "participants": {"attendees": [{}]}}, id="nobody"),
        pytest.param(
            {"externalId": "e", "participants": {"attendees": [{"upn": "a@b", "role": "boss"}]}},
            id="unknown role",
        ),
        pytest.param(
            {"externalId": "e", "participants": {"attendees": [{"upn": "a@b", "mail": "a@b"}]}},
            id="unknown member of an attendee",
        ),
    ],
)
def test_create_or_get_refuses_what_graph_refuses(body: Json) -> None:
    """Each malformed body is a 400 BadRequest."""
    with pytest.raises(GraphRefusal) as refused:
        parse_create_or_get(body)

    assert (refused.value.status, refused.value.code) == (400, "BadRequest")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"allowedPresenters": "anybody"}, id="no such value"),
        pytest.param({"allowRecording": "yes"}, id="flag not boolean"),
        pytest.param({"lobbyBypassSettings": {"scope": "all"}}, id="no such scope"),
        pytest.param({"lobbyBypassSettings": {"range": "all"}}, id="unknown nested member"),
        pytest.param({"joinWebUrl": "https://x"}, id="read-only member"),
        pytest.param({"joinMeetingIdSettings": {"passcode": "mine"}}, id="chosen passcode"),
    ],
)
def test_a_new_meeting_with_bad_options_is_refused(body: Json) -> None:
    """POST onlineMeetings checks names and values of options."""
    with pytest.raises(GraphRefusal) as refused:
        parse_create(body)

    assert refused.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"startDateTime": START}, id="start alone"),
        pytest.param({"endDateTime": START}, id="end alone"),
        pytest.param({"externalId": "e"}, id="externalId"),
        pytest.param({"joinMeetingIdSettings": {"isPasscodeRequired": True}}, id="passcode"),
        pytest.param({"chatInfo": {}}, id="chat"),
        pytest.param({"participants": {"organizer": {"upn": "a@b"}}}, id="organizer"),
        pytest.param({"colour": "red"}, id="unknown member"),
    ],
)
def test_an_update_leaves_identity_and_coordinates_alone(body: Json) -> None:
    """PATCH refuses what cannot be changed, and one end of the time alone."""
    with pytest.raises(GraphRefusal) as refused:
        parse_update(body)

    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("organizer", "status", "code"),
    [
        (ORGANIZER_WITHOUT_POLICY_ID, 403, "Forbidden"),
        ("00000000-0000-4000-8000-00000000dead", 404, "NotFound"),
        ("ada@contoso.example", 404, "NotFound"),
    ],
)
def test_only_organizers_whom_a_policy_names_are_served(
    organizer: str, status: int, code: str
) -> None:
    """No policy is 403, nobody of that object id is 404."""
    with pytest.raises(GraphRefusal) as refused:
        a_book().create_or_get(organizer, {"externalId": "e"})

    assert (refused.value.status, refused.value.code) == (status, code)


def test_create_or_get_returns_the_first_meeting_unchanged() -> None:
    """Same organizer and externalId: the same meeting, whatever else the body says."""
    book = a_book()

    first, created = book.create_or_get(ORGANIZER_ID, {"externalId": "e", "subject": "one"})
    again, created_again = book.create_or_get(
        ORGANIZER_ID.upper(), {"externalId": "e", "subject": "two"}
    )
    other, created_other = book.create_or_get(SECOND_ORGANIZER_ID, {"externalId": "e"})

    assert (created, created_again, created_other) == (True, False, True)
    assert again == first
    assert other.meeting_id != first.meeting_id


def test_a_meeting_starts_now_for_an_hour_unless_told_otherwise() -> None:
    """Neither time given: now and an hour; the start alone: an hour from there."""
    book = a_book()

    now, _ = book.create_or_get(ORGANIZER_ID, {"externalId": "a"})
    later, _ = book.create_or_get(ORGANIZER_ID, {"externalId": "b", "startDateTime": START})

    assert (now.starts_at, now.ends_at) == (NOW, NOW + timedelta(hours=1))
    assert later.ends_at - later.starts_at == timedelta(hours=1)


def test_the_shown_meeting_has_everything_needed_to_join() -> None:
    """Link, chat, organizer, tenant and join id, in Graph's spelling."""
    body: Json = {
        "externalId": "e",
        "startDateTime": START,
        "participants": {"attendees": [{"upn": "ada@contoso.example", "role": "presenter"}]},
    }
    meeting, _ = a_book().create_or_get(ORGANIZER_ID, body)

    shown: Any = render_meeting(meeting)

    thread = shown["chatInfo"]["threadId"]
    assert thread.startswith("19:meeting_")
    assert thread.endswith("@thread.v2")
    assert shown["joinWebUrl"].startswith(
        f"https://teams.microsoft.com/l/meetup-join/19%3a{thread[3:-10]}%40thread.v2/0?context=%7b"
    )
    assert TENANT_ID in shown["joinWebUrl"]
    assert shown["startDateTime"] == "2026-03-02T10:00:00.0000000Z"
    assert shown["creationDateTime"] == "2026-03-02T09:00:00.1234560Z"
    organizer = shown["participants"]["organizer"]["identity"]["user"]
    assert (organizer["id"], organizer["tenantId"]) == (ORGANIZER_ID, TENANT_ID)
    (attendee,) = shown["participants"]["attendees"]
    assert (attendee["upn"], attendee["role"]) == ("ada@contoso.example", "presenter")
    assert shown["joinMeetingIdSettings"]["joinMeetingId"].isdecimal()
    assert shown["joinMeetingIdSettings"]["passcode"] is None
    assert render_meeting(meeting) == shown


def test_only_a_required_passcode_is_generated() -> None:
    """The server makes the passcode."""
    body: Json = {"joinMeetingIdSettings": {"isPasscodeRequired": True}}

    meeting = a_book().create(ORGANIZER_ID, body)

    assert meeting.passcode


def test_some_meetings_have_dial_in_and_some_have_none() -> None:
    """audioConferencing is null without a licence for it."""
    book = a_book()

    shown = [render_meeting(book.create(ORGANIZER_ID, {})) for _ in range(20)]

    assert {one["audioConferencing"] is None for one in shown} == {True, False}


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    """Attendees are replaced as a whole, options are merged."""
    book = a_book()
    meeting, _ = book.create_or_get(ORGANIZER_ID, {"externalId": "e", "subject": "one"})

    book.update(ORGANIZER_ID, meeting.meeting_id, {"recordAutomatically": True})
    book.update(
        ORGANIZER_ID,
        meeting.meeting_id,
        {"subject": "two", "participants": {"attendees": [{"upn": "bob@contoso.example"}]}},
    )

    shown: Any = render_meeting(book.meeting(ORGANIZER_ID, meeting.meeting_id))
    assert (shown["subject"], shown["recordAutomatically"]) == ("two", True)
    assert [one["upn"] for one in shown["participants"]["attendees"]] == ["bob@contoso.example"]
    assert shown["joinWebUrl"] == meeting.join_web_url


def test_a_link_is_found_only_in_its_encoded_form() -> None:
    """Decoded once, as the query was, the filter still holds the percent-encoded link."""
    book = a_book()
    meeting = book.create(ORGANIZER_ID, {})
    decoded = meeting.join_web_url.replace("%3a", ":").replace("%40", "@")

    found = book.find(ORGANIZER_ID, f"JoinWebUrl eq '{meeting.join_web_url}'")
    by_decoded = book.find(ORGANIZER_ID, f"JoinWebUrl eq '{decoded}'")
    by_join_id = book.find(
        ORGANIZER_ID, f"joinMeetingIdSettings/joinMeetingId eq '{meeting.join_meeting_id}'"
    )

    assert (found, by_decoded, by_join_id) == ([meeting], [], [meeting])


def test_a_deleted_meeting_is_gone_and_its_external_id_free() -> None:
    """After DELETE the meeting answers 404, and createOrGet makes another."""
    book = a_book()
    meeting, _ = book.create_or_get(ORGANIZER_ID, {"externalId": "e"})

    book.delete(ORGANIZER_ID, meeting.meeting_id)

    with pytest.raises(GraphRefusal) as refused:
        book.meeting(ORGANIZER_ID, meeting.meeting_id)
    _, created = book.create_or_get(ORGANIZER_ID, {"externalId": "e"})
    assert (refused.value.status, created) == (404, True)


def test_moments_are_read_with_any_offset_and_seven_digits() -> None:
    """Graph's own seven fraction digits and offsets other than Z are understood."""
    parsed = parse_moment("2019-07-12T14:30:34.2444915-07:00")

    assert parsed is not None
    assert graph_time(parsed) == "2019-07-12T21:30:34.2444910Z"
