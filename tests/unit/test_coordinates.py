"""What it takes to join a meeting, read from answers as Graph's pages document them."""

from typing import Any

import pytest

from shared.graph.meeting import meeting_in
from shared.words.coordinates import Attendee, Coordinates, OnlineMeeting
from shared.words.errors import Rejected

ASKED_FOR = {"organizer_id": "the-organizer-asked-for", "tenant_id": "our-tenant"}
LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_M2Iz%40thread.skype/0"
# Source: https://learn.microsoft.com/graph/api/application-post-onlinemeetings
CREATED: dict[str, Any] = {
    "@odata.type": "#microsoft.graph.onlineMeeting",
    "audioConferencing": {
        "tollNumber": "+1252578",
        "tollFreeNumber": "+18588",
        "ConferenceId": "24999",
        "dialinUrl": "https://dialin.teams.microsoft.com/22f12faf?id=24299",
    },
    "chatInfo": {
        "threadId": "19:meeting_M2Iz@thread.skype",
        "messageId": "0",
        "replyChainMessageId": "0",
    },
    "creationDateTime": "2019-07-11T02:17:17.6491364Z",
    "startDateTime": "2019-07-11T02:17:17.6491364Z",
    "endDateTime": "2019-07-11T02:47:17.651138Z",
    "id": "MSpkYzE3NjctYmZiMi04ZdFpHRTNaR1F6WGhyZWFkLnYy",
    "joinWebUrl": LINK,
    "participants": {
        "organizer": {
            "identity": {"user": {"id": "550fae72-d25-868c", "displayName": "Heidi Steen"}},
            "upn": "upn-value",
        }
    },
    "subject": "User Token Meeting",
    "joinMeetingIdSettings": {
        "isPasscodeRequired": False,
        "joinMeetingId": "1234567890",
        "passcode": None,
    },
}


def read(**changed: Any) -> OnlineMeeting:
    """Return what the documented answer says with some members changed."""
    return meeting_in(CREATED | changed).kept(**ASKED_FOR)


def without(*names: str) -> OnlineMeeting:
    """Return what the documented answer says without some members."""
    answer = {name: value for name, value in CREATED.items() if name not in names}
    return meeting_in(answer).kept(**ASKED_FOR)


def organized_by(user: Any) -> dict[str, Any]:
    """Return participants with this organizer."""
    return {"organizer": {"identity": {"user": user}}, "attendees": []}


def test_the_documented_answer_has_everything_that_joining_takes() -> None:
    """Ids, link, thread, join id, dial-in; times stay in Graph's own words."""
    assert read() == OnlineMeeting(
        coordinates=Coordinates(
            online_meeting_id="MSpkYzE3NjctYmZiMi04ZdFpHRTNaR1F6WGhyZWFkLnYy",
            join_web_url=LINK,
            thread_id="19:meeting_M2Iz@thread.skype",
            message_id="0",
            organizer_id="550fae72-d25-868c",
            tenant_id="our-tenant",
            join_meeting_id="1234567890",
            passcode=None,
            dial_in=CREATED["audioConferencing"],
        ),
        subject="User Token Meeting",
        start_date_time="2019-07-11T02:17:17.6491364Z",
        end_date_time="2019-07-11T02:47:17.651138Z",
        organizer_upn="upn-value",
    )


@pytest.mark.parametrize(
    "thread_id",
    ["19:meeting_M2Iz@thread.v2", "19%3Ameeting_M2Iz%40thread.v2", "19%3ameeting_M2Iz@thread.v2"],
)
def test_a_thread_id_is_one_however_it_is_written(thread_id: str) -> None:
    """Two documented answers carry it percent-encoded; joining takes it decoded."""
    online = read(chatInfo={"threadId": thread_id, "messageId": "0"})

    assert online.coordinates.thread_id == "19:meeting_M2Iz@thread.v2"


def test_a_channel_meeting_keeps_its_message() -> None:
    """`0` stands for a meeting of its own only."""
    channel = {"threadId": "19:7ebd@thread.tacv2", "messageId": "15629053"}

    assert read(chatInfo=channel).coordinates.message_id == "15629053"
    assert read(chatInfo={"threadId": "19:a", "messageId": None}).coordinates.message_id == "0"
    assert read(chatInfo={"threadId": "19:a"}).coordinates.message_id == "0"


def test_a_passcode_is_kept_where_graph_made_one() -> None:
    """It is needed to join by id."""
    settings = {"isPasscodeRequired": True, "joinMeetingId": "1234567890", "passcode": "123abc"}

    where = read(joinMeetingIdSettings=settings).coordinates

    assert (where.join_meeting_id, where.passcode) == ("1234567890", "123abc")


@pytest.mark.parametrize(
    ("user", "organizer", "tenant"),
    [
        ({"id": "u", "tenantId": "t"}, "u", "t"),
        ({"id": "u", "tenantId": None}, "u", "our-tenant"),
        ({"id": "u"}, "u", "our-tenant"),
        ({}, "the-organizer-asked-for", "our-tenant"),
        (None, "the-organizer-asked-for", "our-tenant"),
    ],
)
def test_organizer_and_tenant_are_as_asked_where_graph_leaves_them_out(
    user: Any, organizer: str, tenant: str
) -> None:
    """Documented answers differ in what they say of the organizer."""
    where = read(participants=organized_by(user)).coordinates

    assert (where.organizer_id, where.tenant_id) == (organizer, tenant)


@pytest.mark.parametrize("participants", [None, {}, {"organizer": None}, {"organizer": {}}])
def test_participants_may_be_missing_altogether(participants: Any) -> None:
    """The meeting can be joined all the same."""
    online = read(participants=participants)

    assert online.coordinates.organizer_id == "the-organizer-asked-for"
    assert online.attendees == ()


def test_attendees_are_as_graph_returned_them() -> None:
    """Roles and ids may be null."""
    attendees = [
        {"upn": "ada@example.com", "role": None, "identity": {"user": {"id": "u-ada"}}},
        {"upn": "bo@example.com", "role": "presenter", "identity": {"user": None}},
        {"upn": None, "identity": None},
    ]

    online = read(participants={"attendees": attendees})

    assert online.attendees == (
        Attendee(upn="ada@example.com", user_id="u-ada"),
        Attendee(upn="bo@example.com", role="presenter"),
        Attendee(upn=None),
    )


def test_a_meeting_needs_neither_dial_in_nor_join_id_nor_subject() -> None:
    """createOrGet's documented answer has no join id, others no dial-in."""
    online = without("audioConferencing", "joinMeetingIdSettings", "subject", "participants")

    assert online.subject is None
    assert online.coordinates.dial_in is None
    assert online.coordinates.join_meeting_id is None
    assert read(joinMeetingIdSettings=None, audioConferencing=None).coordinates.passcode is None


NO_TEXT: tuple[Any, ...] = (None, 5, True, {}, [], "")


@pytest.mark.parametrize("name", ["id", "joinWebUrl", "chatInfo"])
def test_what_nobody_could_join_with_is_no_answer(name: str) -> None:
    """A success of Graph's without them is refused, not told."""
    with pytest.raises(Rejected, match="graph_answer_unusable"):
        without(name)
    for value in NO_TEXT:
        with pytest.raises(Rejected, match=name):
            read(**{name: value})


@pytest.mark.parametrize("value", NO_TEXT)
def test_a_member_of_the_wrong_kind_counts_as_absent(value: Any) -> None:
    """However deep it is; the meeting can be joined all the same."""
    spoilt = ("subject", "startDateTime", "endDateTime", "participants", "joinMeetingIdSettings")
    user = {"identity": {"user": {"id": value}}, "upn": value, "role": value}
    chat = {"threadId": "19:a", "messageId": value}

    whole = read(**dict.fromkeys((*spoilt, "audioConferencing"), value), chatInfo=chat)
    deep = read(participants={"organizer": user, "attendees": [value, user]})

    assert (whole.subject, whole.attendees, whole.coordinates.passcode) == (None, (), None)
    assert (whole.coordinates.message_id, whole.coordinates.dial_in or None) == ("0", None)
    assert deep.coordinates.organizer_id == "the-organizer-asked-for"
    assert deep.attendees[-1] == Attendee(upn=None)


def test_what_opens_the_meeting_is_never_shown() -> None:
    """Link, passcode and dial-in stay out of logs that show a value."""
    settings = {"joinMeetingId": "1234567890", "passcode": "123abc"}

    shown = repr(read(joinMeetingIdSettings=settings))

    for secret in (LINK, "123abc", "+1252578"):
        assert secret not in shown
