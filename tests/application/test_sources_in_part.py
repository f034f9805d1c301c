"""Looks at sources of which only a part can be read: what can be read counts."""

from datetime import timedelta
from typing import Any

from shared.words.errors import GraphTrace, Rejected, RollcallError, Unavailable
from shared.words.ids import utc_text
from shared.words.problems import rejected
from shared.words.sources import ListedReports, Source
from tests.application.joined import Joined
from tests.application.sourced import (
    LONG,
    RULES,
    WITH_RECORDS,
    at,
    hold_to_law_9,
    one_call,
    report_of,
)
from tests.application.world import TENANT, World, roster
from tests.fakes.graph import FakeGraph
from tests.fakes.sources import a_report, an_entry


class WithoutRecords(FakeGraph):
    """Answers no request for call records, but as it is let to."""

    def __init__(self, failure: RollcallError) -> None:
        super().__init__(tenant_id=TENANT)
        self.failure = failure

    async def call_record(
        self, chain_id: str, *, own_ids: frozenset[str], show_names: bool
    ) -> Source | None:
        """See `graph_port.Sources.call_record`."""
        raise self.failure


class Counting(FakeGraph):
    """Counts how often the reports are listed."""

    listed = 0

    async def attendance_reports(
        self, organizer_id: str, online_meeting_id: str
    ) -> ListedReports | None:
        """See `graph_port.Sources.attendance_reports`."""
        self.listed += 1
        assert self.listed < 30, "the look is repeated for ever"
        return await super().attendance_reports(organizer_id, online_meeting_id)


def refusal() -> Rejected:
    """Return what a missing permission raises."""
    return rejected(
        "attendance_not_readable",
        graph=GraphTrace(status=403, code="Forbidden"),
        reading="call records",
        what="no",
        app="a",
        organizer="o",
    )


def report_of_the_call(app: World) -> None:
    """Let Graph have the report of the call of `one_call`."""
    ada, bob = an_entry("ada", (at(9), at(29))), an_entry("bob", (at(19), at(28.5)))
    report_of(app, ada, bob, ended=29)


def earlier(app: World, count: int, *people: str) -> list[dict[str, Any]]:
    """Let Graph have reports of conferences before that, each with these people in it."""
    [online_id] = app.fake_graph.online
    reports = app.fake_graph.reports.setdefault(online_id, [])
    for place in range(count):
        begin, end = at(-100_000 + 100 * place), at(-100_000 + 100 * place + 50)
        reports.insert(0, a_report(begin, end, *(an_entry(one, (begin, end)) for one in people)))
    return reports


async def hold_to_the_report(app: World, number: int = 1) -> None:
    """The call has the times of its report, and is final."""
    call = (await hold_to_law_9(app))[number]
    assert (call["startedAt"], call["endedAt"]) == (utc_text(at(9)), utc_text(at(29)))
    assert (call["confirmed"], call["final"]) == (True, True)


async def test_reports_count_where_call_records_are_refused() -> None:
    """The permission for records lacks, and is warned of; that for reports does not."""
    app = await one_call(Joined(tending=WITH_RECORDS, fake_graph=WithoutRecords(refusal())))
    report_of_the_call(app)
    await app.pump(until=LONG)

    await hold_to_the_report(app)
    assert [one["data"]["code"] for one in app.events("meeting.warning")] == [
        "attendance_not_readable"
    ]


async def test_reports_count_while_call_records_are_not_answered() -> None:
    """At once, and the look is repeated for what was not answered."""
    graph = WithoutRecords(Unavailable("not now"))
    app = await one_call(Joined(tending=WITH_RECORDS, fake_graph=graph))
    report_of_the_call(app)
    await app.pump(until=timedelta(minutes=6))

    await hold_to_the_report(app)
    sources = (await app.meeting(app.meeting_id)).sources
    assert (sources.looked_at, sources.failures > 0) == (None, True)
    await app.pump(until=LONG)
    await hold_to_the_report(app)
    assert (await app.meeting(app.meeting_id)).sources.again_at is None


async def test_one_report_that_cannot_be_read_hides_no_other() -> None:
    """Whatever is wrong with it."""
    app = await one_call(Joined(tending=RULES))
    [bad] = earlier(app, 1)
    bad["meetingStartDateTime"] = "no moment"
    report_of_the_call(app)
    await app.pump(until=LONG)

    await hold_to_the_report(app)


async def test_reports_without_people_hide_no_other() -> None:
    """However many there are: people who were there may have opted out."""
    app = await one_call(Joined(tending=RULES))
    earlier(app, 25)
    report_of_the_call(app)
    await app.pump(until=LONG)

    await hold_to_the_report(app)


async def test_a_list_of_too_many_reports_is_read_once() -> None:
    """The newest of them: the head cannot know of all others that they were read."""
    app = await one_call(Joined(tending=RULES, fake_graph=Counting(tenant_id=TENANT)))
    earlier(app, 130, "ada")
    report_of_the_call(app)
    await app.pump(until=LONG)

    await hold_to_the_report(app)
    assert len((await app.record("INC-1"))["calls"]) == 50


async def test_a_report_of_what_is_to_come_is_none_yet() -> None:
    """Else the meeting would be looked at, and kept, by a moment that is no end."""
    app = await one_call(Joined(tending=RULES))
    report_of(app, an_entry("ada", (at(9), at(10**9))), ended=10**9)
    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    assert (call["confirmed"], call["final"]) == (False, True)
    assert (await app.meeting(app.meeting_id)).sources.until is None


async def test_what_is_heard_of_a_corrected_call_is_published_though_no_source_speaks_now() -> None:
    """The meeting was deleted, and its reports with it; what they said is kept."""
    app = await one_call(Joined(tending=RULES))
    report_of_the_call(app)
    await app.pump(until=timedelta(minutes=10))
    await app.drop("create-meeting", {"requestId": "INC-1", "action": "cancel"})
    await app.pump(until=timedelta(minutes=1))

    await app.call(roster(app.call_id, "ada", "eve"))
    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    assert len(call["participants"]) == 3


async def test_many_calls_of_a_source_leave_the_corrections_of_others_their_count() -> None:
    """The ids of corrections follow from it: none is that of another."""
    app = await one_call(Joined(tending=RULES))
    await app.call(roster(app.call_id, "ada", "eve"))
    stays = [(at(place * 100 - 100_000), at(place * 100 - 99_950)) for place in range(70)]
    report_of(app, an_entry("ada", *stays), ended=-50)
    await app.pump(until=timedelta(minutes=6))

    await app.call(roster(app.call_id, "ada", "fay"))
    await app.pump(until=LONG)

    await hold_to_law_9(app)
    corrected = app.events("call.corrected")
    assert len({one["id"] for one in corrected}) == len(corrected)
    revisions = [one["data"]["revision"] for one in corrected if one["data"]["callNumber"] == 1]
    assert revisions == [1, 2, 3]
