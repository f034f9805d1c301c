"""What attendance reports and call records say, as far as it can be read."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.graph import attendance, stays
from shared.graph.attendance import report_in, reports_in
from shared.graph.call_record import link_alias, record_in
from shared.graph.documents import moment_of, page_in
from shared.graph.stays import ours_of
from shared.words.coordinates import ByJoinId, ByThread, alias_of
from shared.words.errors import Rejected
from shared.words.observations import Person
from shared.words.outside import MOST_ENTRIES
from shared.words.sources import ListedReport, Source, Stay
from tests.fakes.sources import a_record, a_report, a_session, an_entry

BOT = "9d2e4b7a-5f8c-4d1e-a3b6-8c7f0e1d2a05"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ONE = NOON + timedelta(hours=1)
THREAD = "19:meeting_NjA1-x_Y@thread.v2"
UNREADABLE: tuple[Any, ...] = (None, 7, True, [], {}, "", "soon", "2026-03-02T12:00:00", "x" * 99)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def read(report: dict[str, Any], **options: Any) -> Source:
    """Return what a report says."""
    asked: dict[str, Any] = {"ours": ours_of(BOT, frozenset()), "show_names": False} | options
    return report_in(report, report["attendanceRecords"], report_id="r-1", **asked)


def read_record(record: dict[str, Any], **options: Any) -> Source:
    """Return what a record says."""
    asked: dict[str, Any] = {"ours": ours_of(BOT, frozenset()), "show_names": False} | options
    return record_in(record, record["sessions"], chain_id="c-1", **asked)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T12:00:00Z", NOON),
        ("2026-03-02T12:00:00.1234567Z", NOON + timedelta(microseconds=123456)),
        ("2026-03-02T12:00:00.945Z", NOON + timedelta(milliseconds=945)),
        ("2026-03-02T14:30:00+02:30", NOON),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59.9999999Z", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("1999-12-31T23:59:59Z", None),
    ],
)
def test_a_moment_is_read_in_utc_if_it_is_one(text: str, moment: datetime | None) -> None:
    """What .NET writes for a moment that was never set is none."""
    assert moment_of(text) == moment


@pytest.mark.parametrize("value", UNREADABLE)
def test_anything_else_is_no_moment(value: Any) -> None:
    """One without an offset neither: it may be of any zone."""
    assert moment_of(value) is None


def test_a_report_is_read_whole() -> None:
    """Each person with stays, role and kind; bots and legs of ours are known as such."""
    report = a_report(
        NOON,
        ONE,
        an_entry("u-ada", (minutes(1), minutes(5)), (minutes(7), minutes(9)), role="Organizer"),
        an_entry(BOT.upper(), (minutes(0), minutes(60))),
        an_entry("g-1", (minutes(2), minutes(3)), kind="communicationsGuestIdentity"),
        an_entry("other", (minutes(2), minutes(3)), kind="communicationsApplicationIdentity"),
        an_entry(None, (minutes(4), minutes(5)), kind="communicationsGuestIdentity", role="None"),
    )

    source = read(report, ours=ours_of(BOT, frozenset({"G-1"})))

    assert (source.kind, source.source_id, source.unread) == ("attendanceReport", "r-1", 0)
    assert (source.started_at, source.ended_at) == (NOON, ONE)
    assert [
        (one.person.kind, one.person.user_id, one.role, one.is_application)
        for one in source.attended
    ] == [
        ("user", "u-ada", "Organizer", False),
        ("user", BOT, "Attendee", True),
        ("guest", "g-1", "Attendee", True),
        ("application", "other", "Attendee", True),
        ("guest", None, None, False),
    ]
    assert source.attended[0].stays == (
        Stay(joined_at=minutes(1), left_at=minutes(5)),
        Stay(joined_at=minutes(7), left_at=minutes(9)),
    )


def test_several_entries_of_one_person_are_one() -> None:
    """Two devices, whatever the spelling of the id; people without an id are each their own."""
    stays_of_two = [(minutes(1), minutes(5)), (minutes(2), minutes(9))]
    ada = "2F6B0C1D-94D4-4B8A-8F0E-7A1D5C3E0B02"
    report = a_report(
        NOON,
        ONE,
        an_entry(ada, stays_of_two[0]),
        an_entry(None, stays_of_two[0]),
        an_entry(ada.lower(), stays_of_two[1], role="Organizer"),
        an_entry(None, stays_of_two[0]),
    )

    source = read(report)

    assert [one.person.user_id for one in source.attended] == [ada.lower(), None, None]
    assert [len(one.stays) for one in source.attended] == [2, 1, 1]


@pytest.mark.parametrize(
    ("identity", "person"),
    [
        ({"id": "u", "displayName": "Ada"}, Person(kind="user", user_id="u", display_name="Ada")),
        ({"id": "u", "tenantId": "t"}, Person(kind="user", user_id="u", tenant_id="t")),
        ({"id": "+491"}, Person(kind="phone", user_id="+491")),
        ({"displayName": "Ada"}, Person(kind="guest", display_name="Ada")),
        ({"id": None, "@odata.type": "#x.y"}, Person(kind="guest")),
        (
            {
                "id": "8:acs:1",
                "@odata.type": "#microsoft.graph.azureCommunicationServicesUserIdentity",
            },
            Person(kind="acsUser", user_id="8:acs:1"),
        ),
        (None, Person(kind="guest")),
        ({"id": "x" * 129}, None),
        ({"id": "x\n"}, None),
        ("Ada", None),
        (7, None),
    ],
)
def test_an_identity_is_read_if_it_can_be_kept(identity: Any, person: Person | None) -> None:
    """Otherwise its entry is left out and counted. No identity at all is a person without one."""
    entry = an_entry("x", (NOON, ONE)) | {"identity": identity}

    source = read(a_report(NOON, ONE, entry), show_names=True)

    assert [one.person for one in source.attended] == ([] if person is None else [person])
    assert source.unread == (person is None)


def test_a_name_is_not_read_where_names_are_not_shown() -> None:
    """Nor is an e-mail address ever."""
    entry = an_entry("u-ada", (NOON, ONE)) | {"emailAddress": "ada@contoso.example"}

    source = read(a_report(NOON, ONE, entry))

    assert "Name of" not in repr(source)
    assert "contoso" not in repr(source)


@pytest.mark.parametrize(
    ("entry", "unread"),
    [
        (None, 1),
        ([], 1),
        ({}, 1),
        (an_entry("u") | {"attendanceIntervals": None}, 1),
        (an_entry("u") | {"attendanceIntervals": {}}, 1),
        (an_entry("u"), 0),
        (an_entry("u") | {"attendanceIntervals": [None, 7, {}]}, 3),
        (an_entry("u", (ONE, NOON)), 1),
    ],
)
def test_an_entry_without_a_readable_stay_says_nothing(entry: Any, unread: int) -> None:
    """What cannot be read of it is counted; the other entries stand."""
    source = read(a_report(NOON, ONE, entry, an_entry("u-bob", (NOON, ONE))))

    assert [one.person.user_id for one in source.attended] == ["u-bob"]
    assert source.unread == unread


@pytest.mark.parametrize("value", UNREADABLE)
def test_an_odd_end_leaves_a_stay_without_one(value: Any) -> None:
    """An odd start leaves no stay."""
    record = an_entry("u")
    record["attendanceIntervals"] = [
        {"joinDateTime": NOON.isoformat(), "leaveDateTime": value},
        {"joinDateTime": value, "leaveDateTime": ONE.isoformat()},
    ]

    source = read(a_report(NOON, ONE, record))

    assert [one.stays for one in source.attended] == [(Stay(joined_at=NOON, left_at=None),)]
    assert source.unread == 1


@pytest.mark.parametrize("value", UNREADABLE)
def test_a_report_without_an_end_or_people_says_nothing(value: Any) -> None:
    """As one of a meeting that still runs; an end before the start is none."""
    running = read(a_report(NOON, ONE) | {"meetingEndDateTime": value})

    assert (running.ended_at, running.attended) == (None, ())
    assert read(a_report(ONE, NOON)).ended_at is None


def test_a_report_without_a_start_starts_with_its_first_stay() -> None:
    """Without that it is of no use."""
    report = a_report(
        NOON, ONE, an_entry("u", (minutes(5), minutes(6)), (minutes(2), minutes(3)))
    ) | {"meetingStartDateTime": None}

    assert read(report).started_at == minutes(2)
    with pytest.raises(Rejected, match="graph_answer_unusable"):
        read(report | {"attendanceRecords": []})


def test_a_list_names_reports_under_ids_that_can_be_asked_for() -> None:
    """The others are counted, as what is beyond the bound."""
    listed = [
        a_report(NOON, ONE, report_id="r-1"),
        a_report(NOON, None, report_id="r-2"),
        a_report(NOON, ONE) | {"id": ".."},
        {"id": 7},
        None,
        {"id": "r-3", "meetingStartDateTime": 7},
    ]

    found = reports_in(listed)

    assert found.reports == (
        ListedReport(report_id="r-1", started_at=NOON, ended_at=ONE),
        ListedReport(report_id="r-2", started_at=NOON, ended_at=None),
        ListedReport(report_id="r-3", started_at=None, ended_at=None),
    )
    assert found.unread == 3
    many = reports_in([{"id": "r"}] * (attendance.MOST_REPORTS + 2))
    assert (len(many.reports), many.unread) == (attendance.MOST_REPORTS, 2)


def test_no_report_is_without_bounds() -> None:
    """So many entries, so many stays; the rest is counted."""
    entries = [an_entry(None, (NOON, ONE)) for _ in range(MOST_ENTRIES + 3)]
    stay = (NOON, ONE)
    restless = an_entry("u", *[stay] * (stays.MOST_STAYS + 4))

    large, long = read(a_report(NOON, ONE, *entries)), read(a_report(NOON, ONE, restless))

    assert (len(large.attended), large.unread) == (MOST_ENTRIES, 3)
    assert (len(long.attended[0].stays), long.unread) == (stays.MOST_STAYS, 4)


def test_a_record_is_read_from_its_sessions() -> None:
    """The caller of each was there; a copy, a test and a failed set-up say nothing more."""
    ada, bob = a_session("u-ada", minutes(1), minutes(5)), a_session("u-bob", NOON, ONE)
    record = a_record(
        "c-1",
        NOON,
        ONE,
        [
            ada,
            ada | {"callee": None},
            bob,
            a_session(BOT, NOON, ONE),
            a_session("u-ada", minutes(7), minutes(9)),
            a_session("t", NOON, ONE) | {"isTest": True},
            a_session("f", NOON, ONE) | {"failureInfo": {"stage": "callSetup"}},
            a_session("m", NOON, ONE) | {"failureInfo": {"stage": "midcall"}},
            a_session("+491", NOON, ONE, kind="communicationsPhoneIdentity"),
        ],
        version=3,
        join_web_url="https://teams.microsoft.com/meet/123456789012?p=aB3",
    )

    source = read_record(record)

    assert (source.kind, source.source_id, source.version) == ("callRecord", "c-1", 3)
    assert (source.started_at, source.ended_at, source.unread) == (NOON, ONE, 0)
    assert source.alias == "123456789012"
    assert [
        (one.person.kind, one.person.user_id, len(one.stays), one.is_application)
        for one in source.attended
    ] == [
        ("user", "u-ada", 2, False),
        ("user", "u-bob", 1, False),
        ("user", BOT, 1, True),
        ("user", "m", 1, False),
        ("phone", "+491", 1, False),
    ]


@pytest.mark.parametrize(
    "session",
    [
        None,
        7,
        {},
        a_session("u", ONE, NOON),
        a_session("u", NOON, ONE) | {"caller": None},
        a_session("u", NOON, ONE) | {"caller": {"associatedIdentity": None}},
        a_session("u", NOON, ONE) | {"caller": {"associatedIdentity": 7}},
        a_session("u", NOON, ONE) | {"startDateTime": "0001-01-01T00:00:00Z"},
    ],
)
def test_a_session_that_cannot_be_read_is_counted(session: Any) -> None:
    """The others stand."""
    source = read_record(a_record("c-1", NOON, ONE, [session, a_session("v", NOON, ONE)]))

    assert [one.person.user_id for one in source.attended] == ["v"]
    assert source.unread == 1


@pytest.mark.parametrize(
    ("version", "read_as"),
    [(1, 1), ("12", 12), (2**40, 2**40), (None, 0), (-1, 0), (True, 0), (1.5, 0), ("x", 0),
     (2**64, 0), ("9" * 19, 0)],
)  # fmt: skip
def test_the_version_of_a_record_is_a_number(version: Any, read_as: int) -> None:
    """Text of digits is one too: so JSON may write 64 bits."""
    record = a_record("c-1", NOON, ONE, []) | {"version": version}

    assert read_record(record).version == read_as


@pytest.mark.parametrize(
    "link",
    [
        f"https://teams.microsoft.com/l/meetup-join/{THREAD}/0?context=%7b%22Tid%22%3a%22t%22%7d",
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NjA1-x_Y%40thread.v2/0?context=x",
        "https://teams.microsoft.com/l/meetup-join/19%3Ameeting_NjA1-x_Y%40thread.v2/0",
        "https://teams.microsoft.com/l/meetup-join/19%253ameeting_NjA1-x_Y%2540thread.v2/0#x",
    ],
)
def test_a_classic_link_leads_to_its_thread_however_it_is_encoded(link: str) -> None:
    """The same alias as the meeting's."""
    target = ByThread(thread_id=THREAD, organizer_id="o", tenant_id="t")

    assert link_alias(link) == alias_of(target)


def test_a_link_to_a_message_of_a_channel_leads_to_that_message() -> None:
    """Meetings of one channel share its thread."""
    link = "https://teams.microsoft.com/l/meetup-join/19%3ax%40thread.tacv2/1603271234567?context=x"
    target = ByThread(
        thread_id="19:x@thread.tacv2", message_id="1603271234567", organizer_id="o", tenant_id="t"
    )

    assert link_alias(link) == alias_of(target)


def test_a_short_link_leads_to_its_join_id() -> None:
    """With or without a passcode."""
    target = ByJoinId(join_meeting_id="123456789012", tenant_id="t")

    for passcode in ("", "?p=aB3dE6", "/"):
        link = f"https://teams.microsoft.com/meet/123456789012{passcode}"
        assert link_alias(link) == alias_of(target)


@pytest.mark.parametrize(
    "link",
    [None, "", "https://teams.microsoft.com/", "https://teams.microsoft.com/meet/12a",
     "https://teams.microsoft.com/l/meetup-join/x/0", "x" * 5_000],
)  # fmt: skip
def test_other_links_lead_nowhere(link: str | None) -> None:
    """Of their meeting nothing is known."""
    assert link_alias(link) is None


def test_no_link_stays_in_a_source() -> None:
    """It would let its holder in."""
    link = "https://teams.microsoft.com/meet/123456789012?p=secret"

    source = read_record(a_record("c-1", NOON, ONE, [], join_web_url=link))

    assert "secret" not in repr(source)


@pytest.mark.parametrize("name", ["value", "sessions"])
def test_a_page_has_its_list_and_its_link(name: str) -> None:
    """Expanded in another object, or by itself behind a link of that."""
    prefix = "" if name == "value" else name

    assert page_in({name: [1], f"{prefix}@odata.nextLink": "l"}, name) == ([1], "l")
    assert page_in({"value": [1], "@odata.nextLink": "l"}, name) == ([1], "l")
    for unusable in ({}, {name: 7}, {name: [], f"{prefix}@odata.nextLink": 7}):
        with pytest.raises(Rejected, match="graph_answer_unusable"):
            page_in(unusable, name)


def test_moments_of_other_zones_become_utc() -> None:
    """So that all can be compared and written alike."""
    east = timezone(timedelta(hours=9))
    entry = an_entry("u", (NOON.astimezone(east), ONE.astimezone(east)))

    (one,) = read(a_report(NOON.astimezone(east), ONE, entry)).attended

    assert one.stays[0].joined_at.utcoffset() == timedelta()
    assert one.stays[0] == Stay(joined_at=NOON, left_at=ONE)
