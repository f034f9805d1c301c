"""Attendance reports and call records of the simulator, against the room log they are made from."""

from datetime import timedelta
from typing import Any

import pytest

from devstack.graph.graph_routes import Asked, answer
from devstack.graph.identities import (
    BOT_APP_ID,
    ORGANIZER_ID,
    ORGANIZER_WITHOUT_POLICY_ID,
    SECOND_ORGANIZER_ID,
)
from devstack.graph.json_values import Json, graph_time
from devstack.graph.lab import sources_wanted
from devstack.graph.lab_requests import LabMistake
from devstack.graph.meetings import Meeting
from devstack.graph.refusals import GraphRefusal
from devstack.graph.room import Kind, Room
from devstack.graph.switches import WORLDS, GraphSwitches
from devstack.graph.world import World
from devstack.switches import World as Hardness
from tests.devstack.graph_world import Clock, a_world, joining

MISTAKEN: tuple[Json, ...] = (
    {"callRecords": {"hide": []}},
    {"reports": {}},
    {"callRecords": 1},
)
AT_ONCE = GraphSwitches(report_delay_seconds=0, record_delay_seconds=0, session_copies=1)


class Afternoon:
    """One meeting whose people are moved, and what Graph says of it."""

    def __init__(self, switches: GraphSwitches = AT_ONCE) -> None:
        self.clock = Clock()
        self.world, _, self.meeting = a_world(now=self.clock, switches=switches)
        self.room: Room = self.world.meetings.venues[0].room

    def joins(self, user_id: str, *, kind: Kind = "user") -> str:
        self.clock.after(1)
        return self.room.join(user_id=user_id, at=self.clock(), kind=kind)

    def leaves(self, participant_id: str) -> None:
        self.room.leave(participant_id, at=self.clock.after(1))

    def holds_a_call(self, *user_ids: str) -> str:
        """Let these people come and go; return the id of the conference instance."""
        chain_id = self.room.chain_id
        for participant_id in [self.joins(one) for one in user_ids]:
            self.leaves(participant_id)
        return chain_id

    def reads(self, path: str, query: dict[str, str] | None = None) -> Any:
        return read(self.world, path, query)

    @property
    def reports(self) -> str:
        return path_of(self.meeting)

    def report(self) -> Any:
        """The newest report with its records."""
        (newest, *_) = self.reads(self.reports)["value"]
        return self.reads(f"{self.reports}/{newest['id']}", {"$expand": "attendanceRecords"})


def path_of(meeting: Meeting, organizer_id: str = ORGANIZER_ID) -> str:
    return f"/users/{organizer_id}/onlineMeetings/{meeting.meeting_id}/attendanceReports"


def read(world: World, path: str, query: dict[str, str] | None = None) -> Any:
    return answer(world, Asked(method="GET", path=path, query=query or {})).body


def who(report: Any) -> list[Any]:
    return [one["identity"]["id"] for one in report["attendanceRecords"]]


def test_a_report_tells_each_stay_as_the_room_log_has_it() -> None:
    """Start, end, and an interval for each stay, to the microsecond."""
    afternoon = Afternoon()
    ada = afternoon.joins("ada")
    bob = afternoon.joins("bob")
    afternoon.leaves(ada)
    again = afternoon.joins("ada")
    afternoon.leaves(bob)
    afternoon.leaves(again)

    report = afternoon.report()

    (instance,) = afternoon.room.instances
    (call,) = afternoon.room.calls
    assert instance.ended_at is not None
    assert (instance.started_at, instance.ended_at) == (call.started_at, call.ended_at)
    assert report["meetingStartDateTime"] == graph_time(instance.started_at)
    assert report["meetingEndDateTime"] == graph_time(instance.ended_at)
    assert report["totalParticipantCount"] == 2
    told = {
        (record["identity"]["id"], interval["joinDateTime"], interval["leaveDateTime"])
        for record in report["attendanceRecords"]
        for interval in record["attendanceIntervals"]
    }
    assert told == {
        (one.user_id, graph_time(one.joined_at), graph_time(one.left_at))
        for one in afternoon.room.sessions
        if one.left_at is not None
    }
    assert who(report) == ["ada", "bob"]


def test_a_report_is_there_empty_until_a_while_after_the_end() -> None:
    """Without an end while the meeting runs; then with one, and still empty."""
    afternoon = Afternoon(AT_ONCE.changed({"reportDelaySeconds": 60}))
    ada = afternoon.joins("ada")

    running = afternoon.report()
    afternoon.leaves(ada)
    ended = afternoon.report()
    afternoon.clock.after(60)
    filled = afternoon.report()

    assert running["id"] == ended["id"] == filled["id"]
    assert (running["meetingEndDateTime"], who(running)) == (None, [])
    assert ended["meetingEndDateTime"] is not None
    assert (who(ended), who(filled)) == ([], ["ada"])


def test_each_conference_instance_has_a_report_and_only_50_are_listed() -> None:
    """The newest, newest first; in a list none has records."""
    afternoon = Afternoon()
    for number in range(52):
        afternoon.holds_a_call(f"user-{number}")

    listed = afternoon.reads(afternoon.reports)["value"]

    starts = [graph_time(one.started_at) for one in reversed(afternoon.room.instances)]
    assert [one["meetingStartDateTime"] for one in listed] == starts[:50]
    assert all(one["attendanceRecords"] == [] for one in listed)


def test_two_group_calls_in_one_instance_are_one_report_with_our_bot_in_it() -> None:
    """While our leg stays, the conference goes on."""
    afternoon = Afternoon()
    leg = afternoon.world.place_call(joining(afternoon.meeting))
    afternoon.holds_a_call("ada")
    afternoon.holds_a_call("bob")
    afternoon.clock.after(1)
    afternoon.world.hang_up(leg.call_id)

    (listed,) = afternoon.reads(afternoon.reports)["value"]
    report = afternoon.report()

    assert listed["id"] == report["id"]
    assert who(report) == [BOT_APP_ID, "ada", "bob"]
    assert len(afternoon.room.calls) == 2
    (instance,) = afternoon.room.instances
    assert instance.chain_id == leg.chain_id


@pytest.mark.parametrize(
    ("bots", "kind"),
    [
        ("applications", "communicationsApplicationIdentity"),
        ("users", "communicationsUserIdentity"),
    ],
)
def test_bots_are_listed_as_what_the_switch_says(bots: str, kind: str) -> None:
    """In reports; in records likewise."""
    afternoon = Afternoon(AT_ONCE.changed({"bots": bots}))
    afternoon.leaves(afternoon.joins("other-bot", kind="application"))

    (entry,) = afternoon.report()["attendanceRecords"]

    assert entry["identity"]["@odata.type"] == f"#microsoft.graph.{kind}"
    assert entry["identity"]["id"] == "other-bot"


def test_people_who_opted_out_are_only_counted() -> None:
    """A report leaves them out, their call record does not."""
    afternoon = Afternoon(AT_ONCE.changed({"hiddenPeople": ["ADA"]}))
    chain_id = afternoon.holds_a_call("ada", "bob")

    report = afternoon.report()
    record = afternoon.reads(f"/communications/callRecords/{chain_id}/sessions")

    assert (report["totalParticipantCount"], who(report)) == (2, ["bob"])
    assert len(record["value"]) == 2


@pytest.mark.parametrize(("entries", "expected"), [("person", [2]), ("device", [1, 1])])
def test_two_devices_are_two_intervals_or_two_entries(entries: str, expected: list[int]) -> None:
    """They overlap."""
    afternoon = Afternoon(AT_ONCE.changed({"reportEntries": entries}))
    afternoon.holds_a_call("ada", "ada")

    records = afternoon.report()["attendanceRecords"]

    assert [len(one["attendanceIntervals"]) for one in records] == expected


@pytest.mark.parametrize(("ids", "expected"), [("kept", "g-1"), ("absent", None)])
def test_guests_may_have_no_id_in_a_report(ids: str, expected: str | None) -> None:
    """A user always has one."""
    afternoon = Afternoon(AT_ONCE.changed({"anonymousIds": ids}))
    guest = afternoon.joins("g-1", kind="guest")
    ada = afternoon.joins("ada")
    afternoon.leaves(guest)
    afternoon.leaves(ada)

    assert who(afternoon.report()) == [expected, "ada"]


def test_the_roles_are_those_of_the_meeting() -> None:
    """The organizer's, and everybody else's."""
    afternoon = Afternoon()
    afternoon.holds_a_call(ORGANIZER_ID.upper(), "ada")

    roles = [one["role"] for one in afternoon.report()["attendanceRecords"]]

    assert roles == ["Organizer", "Attendee"]


def test_a_large_report_comes_in_pages() -> None:
    """A thousand people, each in one page; the links lead to the records by themselves."""
    afternoon = Afternoon(AT_ONCE.changed({"reportPage": 100}))
    afternoon.holds_a_call(*(f"user-{number}" for number in range(1_000)))

    report = afternoon.report()
    found, link = list(report["attendanceRecords"]), report["attendanceRecords@odata.nextLink"]
    pages = 1
    while link is not None:
        address, _, token = link.partition("?$skiptoken=")
        path = address.removeprefix("https://graph.microsoft.com/v1.0")
        assert path == f"{afternoon.reports}/{report['id']}/attendanceRecords"
        page = afternoon.reads(path, {"$skiptoken": token})
        found, link, pages = found + page["value"], page.get("@odata.nextLink"), pages + 1

    assert pages == 10
    assert {one["identity"]["id"] for one in found} == {f"user-{one}" for one in range(1_000)}
    assert len(found) == 1_000


def test_reports_are_of_our_organizers_meetings_alone() -> None:
    """Not without a policy, not of a foreign organizer's, not of another's, not of deleted ones."""
    afternoon = Afternoon()
    afternoon.holds_a_call("ada")
    refused = {}
    for organizer_id in (ORGANIZER_WITHOUT_POLICY_ID, SECOND_ORGANIZER_ID, "stranger"):
        with pytest.raises(GraphRefusal) as refusal:
            afternoon.reads(path_of(afternoon.meeting, organizer_id))
        refused[organizer_id] = refusal.value.status
    afternoon.world.meetings.delete(ORGANIZER_ID, afternoon.meeting.meeting_id)
    with pytest.raises(GraphRefusal) as gone:
        afternoon.reads(afternoon.reports)

    assert list(refused.values()) == [403, 404, 404]
    assert gone.value.status == 404


def test_an_unknown_report_is_not_found() -> None:
    """404."""
    afternoon = Afternoon()

    with pytest.raises(GraphRefusal) as refusal:
        afternoon.reads(f"{afternoon.reports}/none")

    assert refusal.value.status == 404


def test_a_record_tells_each_stay_and_has_the_id_of_the_legs_chain() -> None:
    """People and our bot, each the caller of a session; also of a meeting that was deleted."""
    afternoon = Afternoon()
    leg = afternoon.world.place_call(joining(afternoon.meeting))
    afternoon.holds_a_call("ada")
    afternoon.clock.after(1)
    afternoon.world.hang_up(leg.call_id)
    afternoon.world.meetings.delete(ORGANIZER_ID, afternoon.meeting.meeting_id)

    path = f"/communications/callRecords/{leg.chain_id}"
    plain = afternoon.reads(path)
    record = afternoon.reads(path, {"$expand": "sessions"})

    assert "sessions" not in plain
    assert plain.items() <= record.items()
    assert (record["id"], record["version"], record["type"]) == (leg.chain_id, 1, "groupCall")
    (instance,) = afternoon.room.instances
    assert [
        (one["caller"]["associatedIdentity"]["id"], one["startDateTime"], one["endDateTime"])
        for one in record["sessions"]
    ] == [
        (one.user_id, graph_time(one.joined_at), graph_time(one.left_at))
        for one in instance.stays
        if one.left_at is not None
    ]
    assert [one.user_id for one in instance.stays] == [BOT_APP_ID, "ada"]


def test_a_record_is_there_for_30_days_from_a_while_after_the_end() -> None:
    """404 while the call runs, too early, too late, and for what never was."""
    afternoon = Afternoon(AT_ONCE.changed({"recordDelaySeconds": 60}))
    chain_id = afternoon.room.chain_id
    ada = afternoon.joins("ada")

    def status() -> int:
        try:
            afternoon.reads(f"/communications/callRecords/{chain_id}")
        except GraphRefusal as refusal:
            return refusal.status
        return 200

    seen = [status()]
    afternoon.leaves(ada)
    for pause in (59, 1, 86_400 * 29, 86_400):
        afternoon.clock.after(timedelta(seconds=pause))
        seen.append(status())

    assert seen == [404, 404, 200, 200, 404]
    with pytest.raises(GraphRefusal):
        afternoon.reads("/communications/callRecords/none")


def test_a_first_edition_lacks_sessions() -> None:
    """The next has a higher version, and is whole."""
    afternoon = Afternoon(AT_ONCE.changed({"partialSeconds": 60}))
    chain_id = afternoon.holds_a_call("ada", "bob", "cleo")

    editions = []
    for pause in (0, 60):
        afternoon.clock.after(pause)
        path = f"/communications/callRecords/{chain_id}"
        record = afternoon.reads(path, {"$expand": "sessions"})
        editions.append((record["version"], len(record["sessions"])))

    assert editions == [(1, 2), (2, 3)]


def test_sessions_may_be_returned_twice_and_come_60_a_page() -> None:
    """Every third has a copy, under the same id."""
    afternoon = Afternoon(AT_ONCE.changed({"sessionCopies": 2}))
    chain_id = afternoon.holds_a_call(*(f"user-{number}" for number in range(90)))

    path = f"/communications/callRecords/{chain_id}"
    first = afternoon.reads(path, {"$expand": "sessions"})
    assert first["sessions@odata.nextLink"].endswith(f"{path}/sessions?$skiptoken=60")
    second = afternoon.reads(f"{path}/sessions", {"$skiptoken": "60"})

    assert (len(first["sessions"]), len(second["value"])) == (60, 60)
    assert "@odata.nextLink" not in second
    ids = [one["id"] for one in first["sessions"] + second["value"]]
    assert (len(ids), len(set(ids))) == (120, 90)


@pytest.mark.parametrize(
    ("switches", "status", "words"),
    [
        ({"granted": []}, 403, "Missing role permissions"),
        ({"reportStatus": 429, "recordStatus": 429}, 429, "lab"),
    ],
)
def test_reads_may_be_refused(switches: dict[str, Any], status: int, words: str) -> None:
    """Without their permission, and where the lab says so."""
    afternoon = Afternoon(AT_ONCE.changed(switches))
    chain_id = afternoon.holds_a_call("ada")

    for path in (afternoon.reports, f"/communications/callRecords/{chain_id}"):
        with pytest.raises(GraphRefusal) as refusal:
            afternoon.reads(path)
        assert refusal.value.status == status
        assert words in refusal.value.message


@pytest.mark.parametrize(
    "query", [{"$expand": "segments"}, {"$expand": "sessions", "$skiptoken": "x"}]
)
def test_what_is_not_imitated_is_refused(query: dict[str, str]) -> None:
    """400."""
    afternoon = Afternoon()
    chain_id = afternoon.holds_a_call("ada")

    with pytest.raises(GraphRefusal) as refusal:
        afternoon.reads(f"/communications/callRecords/{chain_id}", query)

    assert refusal.value.status == 400


def test_the_lab_sets_switches_of_sources() -> None:
    """Under the names of the request; unknown ones are refused."""
    wanted = sources_wanted(
        {
            "attendanceReports": {"delaySeconds": 3, "status": 403, "hide": ["ada"]},
            "callRecords": {"delaySeconds": 4},
            "keepAliveLapseSeconds": 5,
        }
    )

    assert GraphSwitches().changed(wanted) == GraphSwitches(
        report_delay_seconds=3,
        report_status=403,
        hidden_people=["ada"],
        record_delay_seconds=4,
        keep_alive_lapse_seconds=5,
    )
    for mistaken in MISTAKEN:
        with pytest.raises(LabMistake):
            sources_wanted(mistaken)


def test_the_same_seed_makes_the_same_reports_and_records() -> None:
    """In every world."""
    for hardness in Hardness:
        told = []
        for _ in range(2):
            afternoon = Afternoon(WORLDS[hardness])
            chain_id = afternoon.holds_a_call("ada", "bob", "ada")
            afternoon.clock.after(10)
            path = f"/communications/callRecords/{chain_id}"
            told.append((afternoon.report(), afternoon.reads(path, {"$expand": "sessions"})))
        assert told[0] == told[1]
