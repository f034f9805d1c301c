"""One suite for each `graph_port.Sources`: the fakes, and the SDK on the simulator's worlds."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Protocol

import httpx
import pytest

from devstack.graph.identities import (
    BOT_APP_ID,
    ORGANIZER_ID,
    ORGANIZER_WITHOUT_POLICY_ID,
    SECOND_ORGANIZER_ID,
    TENANT_ID,
)
from devstack.graph.switches import WORLDS
from devstack.switches import World
from shared.graph.client import GraphOverSdk
from shared.graph_port import Sources
from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.sources import Source
from tests.fakes.graph import FakeGraph
from tests.fakes.sources import a_record, a_report, a_session, an_entry
from tests.fixtures.deployed_graph import deployed_graph
from tests.fixtures.simulated_graph import SimulatedGraph
from tests.stack.process import StackProcess

NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT_ONCE: dict[str, Any] = {
    "reportDelaySeconds": 0,
    "recordDelaySeconds": 0,
    "partialSeconds": 0,
    "establishSeconds": 0,
    "failedAdmissionEvery": None,
}
EVERYWHERE = pytest.mark.parametrize("bench", ["fake", "in process", *World], indirect=True)
SIMULATED = pytest.mark.parametrize("bench", ["in process", *World], indirect=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A call that was held: where it is found."""

    meeting_id: str
    chain_id: str


class Bench(Protocol):
    """A Graph, and a hand that moves what is behind it."""

    @property
    def graph(self) -> Sources:
        """The one under test."""
        ...

    async def holds(self, *people: str) -> Held:
        """Let our bot and these people be in a meeting of ORGANIZER_ID one after another, all
        until the end, and let it end.
        """
        ...

    async def begins(self, person: str) -> Held:
        """Let a person be in a meeting of ORGANIZER_ID."""
        ...

    async def fail_next(self, status: int) -> None:
        """Let the next request be answered with `status`, and a pause of 1.5 s."""
        ...


@dataclass
class FakeBench:
    """The fake, filled as Graph fills it."""

    graph: FakeGraph = field(
        default_factory=lambda: FakeGraph(tenant_id=TENANT_ID, bot_app_id=BOT_APP_ID)
    )

    async def holds(self, *people: str) -> Held:
        names = (BOT_APP_ID, *people)
        came = {name: NOW + timedelta(seconds=place) for place, name in enumerate(names)}
        end = NOW + timedelta(hours=1)
        record = a_record(
            "c-1",
            NOW,
            end,
            [a_session(name, moment, end) for name, moment in came.items()],
            join_web_url=link_of("m-1"),
        )
        self.graph.hold_record(record)
        entries = [an_entry(name, (moment, end)) for name, moment in came.items()]
        self.graph.reports["m-1"] = [a_report(NOW, end, *entries)]
        return Held(meeting_id="m-1", chain_id="c-1")

    async def begins(self, person: str) -> Held:
        self.graph.reports["m-1"] = [a_report(NOW, None)]
        return Held(meeting_id="m-1", chain_id="c-1")

    async def fail_next(self, status: int) -> None:
        trace = GraphTrace(status=status, code="fault")
        self.graph.fail_next(
            Unavailable("as the test asked", retry_after=timedelta(seconds=1.5), graph=trace)
        )


@dataclass
class InProcessBench:
    """The simulated world in this process, on a clock of its own."""

    graph: SimulatedGraph

    async def holds(self, *people: str) -> Held:
        world = self.graph.world
        meeting = world.meetings.create(ORGANIZER_ID, {})
        (venue,) = world.meetings.venues
        leg = world.place_call(a_join(meeting.thread_id))
        inside = [venue.room.join(user_id=one, at=world.now()) for one in people]
        for participant_id in inside:
            venue.room.leave(participant_id, at=world.now())
        world.hang_up(leg.call_id)
        return Held(meeting_id=meeting.meeting_id, chain_id=leg.chain_id)

    async def begins(self, person: str) -> Held:
        world = self.graph.world
        meeting = world.meetings.create(ORGANIZER_ID, {})
        (venue,) = world.meetings.venues
        venue.room.join(user_id=person, at=world.now())
        return Held(meeting_id=meeting.meeting_id, chain_id=venue.room.chain_id)

    async def fail_next(self, status: int) -> None:
        await FakeBench(self.graph).fail_next(status)


@dataclass
class SimulatorBench:
    """The SDK on the simulator, moved by its lab."""

    graph: GraphOverSdk
    lab: httpx.AsyncClient

    async def holds(self, *people: str) -> Held:
        meeting = await self._made()
        call = await self.graph.create_call(a_join(meeting["threadId"]))
        inside = [await self.comes(meeting["onlineMeetingId"], one) for one in people]
        for participant_id in inside:
            (await self.lab.delete(f"/lab/people/{participant_id}")).raise_for_status()
        await self.graph.end_call(call.call_id)
        assert call.chain_id is not None
        return Held(meeting_id=meeting["onlineMeetingId"], chain_id=call.chain_id)

    async def begins(self, person: str) -> Held:
        meeting = await self._made()
        await self.comes(meeting["onlineMeetingId"], person)
        return Held(meeting_id=meeting["onlineMeetingId"], chain_id=NOBODYS_ID)

    async def comes(self, meeting_id: str, person: str) -> str:
        who = {"onlineMeetingId": meeting_id, "userId": person}
        answer = await self.lab.post("/lab/people", json=who)
        return str(answer.raise_for_status().json()["participantId"])

    async def switch(self, **members: Any) -> None:
        (await self.lab.post("/lab/switches", json=members)).raise_for_status()

    async def fail_next(self, status: int) -> None:
        fault = {"path": "/v1.0/", "status": status, "times": 1, "retryAfter": "1.5"}
        (await self.lab.post("/lab/faults", json=fault)).raise_for_status()

    async def _made(self) -> Any:
        answer = await self.lab.post("/lab/meetings", json={"organizerId": ORGANIZER_ID})
        return answer.raise_for_status().json()


class FixedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def simulator_port() -> Iterator[int]:
    """A simulator for this module."""
    with StackProcess("graph") as simulator:
        yield simulator.port


@pytest.fixture(params=["fake", "in process", World.DOCUMENTED])
async def bench(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    """Each implementation in turn; reports and records are there at once, and whole."""
    if request.param == "fake":
        yield FakeBench()
        return
    if request.param == "in process":
        ticks = count()
        graph = SimulatedGraph(
            1,
            now=lambda: NOW + timedelta(seconds=next(ticks)),
            switches=WORLDS[World.DOCUMENTED].changed(AT_ONCE),
        )
        graph.bot_app_id = BOT_APP_ID
        yield InProcessBench(graph)
        return
    port = request.getfixturevalue("simulator_port")
    over_sdk = deployed_graph(f"http://127.0.0.1:{port}", FixedClock(), monkeypatch)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as lab:
        await lab.delete("/lab")
        world = WORLDS[request.param].shown() | AT_ONCE
        (await lab.post("/lab/switches", json=world)).raise_for_status()
        yield SimulatorBench(graph=over_sdk, lab=lab)
        await over_sdk.close()


def a_join(thread_id: str) -> Any:
    """Return the body of a call that joins the meeting."""
    return {
        "@odata.type": "#microsoft.graph.call",
        "callbackUri": "http://127.0.0.1:9/api/calls/m/l",
        "requestedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        "source": {"identity": {"application": {"id": BOT_APP_ID}}},
        "chatInfo": {"threadId": thread_id, "messageId": "0"},
        "meetingInfo": {
            "@odata.type": "#microsoft.graph.organizerMeetingInfo",
            "organizer": {"user": {"id": ORGANIZER_ID, "tenantId": TENANT_ID}},
            "allowConversationWithoutHost": True,
        },
        "tenantId": TENANT_ID,
    }


def link_of(meeting: str) -> str:
    """Return a link of the fake's."""
    return f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{meeting}%40thread.v2/0"


async def report_of(bench: Bench, held: Held, **options: Any) -> Source:
    """Return the only report of a meeting."""
    found = await bench.graph.attendance_reports(ORGANIZER_ID, held.meeting_id)
    assert found is not None
    (listed,) = found.reports
    asked: dict[str, Any] = {"own_ids": frozenset(), "show_names": False} | options
    report = await bench.graph.attendance_report(
        ORGANIZER_ID, held.meeting_id, listed.report_id, **asked
    )
    assert report is not None
    assert (report.source_id, report.started_at) == (listed.report_id, listed.started_at)
    return report


async def record_of(bench: Bench, chain_id: str) -> Source | None:
    """Return the record of a chain id."""
    return await bench.graph.call_record(chain_id, own_ids=frozenset(), show_names=False)


def who(source: Source) -> list[str | None]:
    """Return the people of a source, bots left out."""
    return [one.person.user_id for one in source.attended if not one.is_application]


@EVERYWHERE
async def test_a_report_says_who_was_there_and_when(bench: Bench) -> None:
    """Our bot is in it, and is known for what it is."""
    held = await bench.holds("u-ada", "u-bob")

    report = await report_of(bench, held)

    assert (report.kind, report.version, report.unread) == ("attendanceReport", 0, 0)
    assert report.ended_at is not None
    assert who(report) == ["u-ada", "u-bob"]
    (bot,) = [one for one in report.attended if one.is_application]
    assert bot.person.user_id == BOT_APP_ID
    for one in report.attended:
        (stay,) = one.stays
        assert stay.left_at is not None
        assert report.started_at <= stay.joined_at < stay.left_at <= report.ended_at
        assert stay.joined_at.utcoffset() == timedelta()
    assert report.alias is None
    assert {one.role for one in report.attended} == {"Attendee"}


@EVERYWHERE
async def test_a_record_says_it_too_and_of_which_meeting(bench: Bench) -> None:
    """Found by the chain id of our leg; sessions that come twice count once."""
    held = await bench.holds("u-ada", "u-bob", "u-cleo", "u-dan")

    record = await record_of(bench, held.chain_id)

    assert record is not None
    assert (record.kind, record.source_id) == ("callRecord", held.chain_id)
    assert (record.version, record.unread) == (1, 0)
    assert who(record) == ["u-ada", "u-bob", "u-cleo", "u-dan"]
    assert [len(one.stays) for one in record.attended] == [1] * 5
    assert record.ended_at is not None
    assert record.started_at < record.ended_at
    assert record.alias is not None
    assert record.alias.startswith("19:meeting_") or record.alias.isdecimal()
    assert "%" not in record.alias


@EVERYWHERE
async def test_names_are_read_only_where_they_are_shown(bench: Bench) -> None:
    """Ids always are."""
    held = await bench.holds("u-ada")

    report = await report_of(bench, held)

    assert {one.person.display_name for one in report.attended} == {None}


async def test_legs_of_ours_are_known_by_their_own_ids(bench: Bench) -> None:
    """A guest of ours is nobody else, however its id is written."""
    held = await bench.holds("u-ada", "U-Guest")

    report = await report_of(bench, held, own_ids=frozenset({"u-guest"}))

    assert who(report) == ["u-ada"]


@EVERYWHERE
async def test_a_report_is_listed_without_an_end_while_the_meeting_runs(bench: Bench) -> None:
    """It says nothing yet, and there is no record."""
    held = await bench.begins("u-ada")

    report = await report_of(bench, held)

    assert (report.ended_at, report.attended) == (None, ())
    assert await record_of(bench, held.chain_id) is None


@EVERYWHERE
async def test_what_graph_does_not_have_is_none(bench: Bench) -> None:
    """A report, a meeting of another organizer's, a record; no id leads out of its path."""
    held = await bench.holds("u-ada")
    graph = bench.graph
    asked: dict[str, Any] = {"own_ids": frozenset(), "show_names": False}

    for report_id in (NOBODYS_ID, ".."):
        found = await graph.attendance_report(ORGANIZER_ID, held.meeting_id, report_id, **asked)
        assert found is None
    assert await graph.attendance_reports(SECOND_ORGANIZER_ID, "none") is None
    for chain_id in (NOBODYS_ID, ".."):
        assert await record_of(bench, chain_id) is None


@pytest.mark.parametrize("status", [429, 500, 503, 504])
async def test_trouble_is_said_once_with_the_pause_asked_for(bench: Bench, status: int) -> None:
    """Nothing is tried again inside: the next request succeeds."""
    held = await bench.holds("u-ada")
    requests = (
        lambda: bench.graph.attendance_reports(ORGANIZER_ID, held.meeting_id),
        lambda: record_of(bench, held.chain_id),
    )

    for request in requests:
        await bench.fail_next(status)
        with pytest.raises(Unavailable) as unavailable:
            await request()
        assert unavailable.value.retry_after == timedelta(seconds=1.5)
        assert await request() is not None


# The fake knows no policies.
@SIMULATED
async def test_a_missing_policy_is_one_that_an_administrator_heals(bench: Bench) -> None:
    """In whatever form Graph says so; in process in the usual one."""
    with pytest.raises(Rejected) as refused:
        await bench.graph.attendance_reports(ORGANIZER_WITHOUT_POLICY_ID, "m")

    assert refused.value.code == "attendance_not_readable"


@pytest.mark.parametrize("bench", [World.DOCUMENTED], indirect=True)
async def test_a_missing_permission_is_one_that_an_administrator_heals(
    bench: SimulatorBench,
) -> None:
    """Its name and the app stand in the next step, the ids for support in the trace."""
    held = await bench.holds("u-ada")
    await bench.switch(granted=[])

    for request in (
        bench.graph.attendance_reports(ORGANIZER_ID, held.meeting_id),
        bench.graph.call_record(held.chain_id, own_ids=frozenset(), show_names=False),
    ):
        with pytest.raises(Rejected) as refused:
            await request
        assert refused.value.code == "attendance_not_readable"
        assert "OnlineMeetingArtifact.Read.All" in refused.value.next_step
        assert "CallRecords.Read.All" in refused.value.next_step
        assert BOT_APP_ID in refused.value.next_step
        assert refused.value.graph is not None
        assert refused.value.graph.client_request_id is not None


@pytest.mark.parametrize("bench", [World.HARSH], indirect=True)
async def test_all_pages_are_read(bench: SimulatorBench) -> None:
    """Of a report, 20 records a page, and of a record, 60 sessions a page."""
    people = [f"u-{number}" for number in range(70)]
    held = await bench.holds(*people)
    await bench.switch(reportPage=20)

    report, record = await report_of(bench, held), await record_of(bench, held.chain_id)

    assert record is not None
    assert who(report) == who(record) == people
    requests = (await bench.lab.get("/lab/requests")).json()
    reads = [one["path"] for one in requests if one["method"] == "GET"]
    assert len([one for one in reads if "/attendanceReports/" in one]) == 4
    assert len([one for one in reads if "/callRecords/" in one]) == 2
    ids = [one["clientRequestId"] for one in requests]
    assert len(set(ids)) == len(ids)
