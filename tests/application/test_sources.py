"""The record corrects itself: looks at attendance reports and call records."""

import json
from datetime import timedelta
from typing import Any

from meeting_record.asked import Asked
from meeting_record.handler import answer_now
from shared.words.answers import Roster
from shared.words.errors import GraphTrace, Unavailable
from shared.words.ids import CallId, utc_text
from shared.words.problems import rejected
from shared.words.sources import ListedReports
from tests.application.joined import Joined
from tests.application.sourced import (
    LONG,
    RULES,
    WITH_RECORDS,
    at,
    hold_to_law_9,
    one_call,
    report_of,
    two_calls,
)
from tests.application.world import ORGANIZER, TENANT, World, roster, state
from tests.fakes.graph import FakeGraph
from tests.fakes.sources import a_record, a_report, a_session, an_entry
from tests.fixtures.published import hold_to_order


class Noting(FakeGraph):
    """Notes which reads it answers, in their order."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.read: list[str] = []

    async def read_participants(
        self, call_id: CallId, *, own_ids: frozenset[str], show_names: bool
    ) -> Roster | None:
        """See `graph_port.Graph.read_participants`."""
        self.read.append("roster")
        return await super().read_participants(call_id, own_ids=own_ids, show_names=show_names)

    async def attendance_reports(
        self, organizer_id: str, online_meeting_id: str
    ) -> ListedReports | None:
        """See `graph_port.Sources.attendance_reports`."""
        self.read.append("reports")
        return await super().attendance_reports(organizer_id, online_meeting_id)


async def test_a_report_corrects_times_and_people() -> None:
    """And the call is final with it; the second look is not needed."""
    app = await one_call(Joined(tending=RULES))
    report_of(app, an_entry("ada", (at(9), at(29))), an_entry("bob", (at(19), at(28.5))), ended=29)

    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    assert (call["startedAt"], call["startBasis"]) == (utc_text(at(9)), "attendanceReport")
    assert (call["endedAt"], call["endBasis"]) == (utc_text(at(29)), "attendanceReport")
    assert (call["final"], call["confirmed"]) == (True, True)
    assert {one["joinedAt"] for one in call["participants"].values()} == {
        utc_text(at(9)),
        utc_text(at(19)),
    }
    assert [one["data"]["revision"] for one in app.events("call.corrected")] == [1]


async def test_a_call_nobody_saw_exists_after_the_report() -> None:
    """No bot was ever there: it starts, ends and is final by the report alone."""
    app = World(tending=RULES)
    await app.drop("create-meeting", {"requestId": "INC-1", "subject": "down"})
    report_of(app, an_entry("ada", (at(9), at(29))), ended=29)

    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    assert (call["startBasis"], call["final"]) == ("attendanceReport", True)
    assert [name for name in app.names() if not name.startswith("meeting.")] == [
        "call.started",
        "participant.joined",
        "participant.left",
        "call.ended",
        "call.corrected",
    ]


async def test_without_a_source_a_call_is_final_when_the_last_look_is_over() -> None:
    """It always comes, also unchanged; and nothing is due any more."""
    app = await one_call(Joined(tending=RULES))

    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    assert (call["final"], call["confirmed"]) == (True, False)
    [corrected] = app.events("call.corrected")
    assert corrected["data"]["final"] is True
    [warning] = app.events("meeting.warning")
    assert warning["data"]["code"] == "source_missing"
    assert "no attendance report of the meeting" in warning["data"]["message"]
    assert "group call 1" in warning["data"]["message"]
    assert "AllowEngagementReport" in warning["data"]["nextStep"]
    assert app.clock.now() <= at(48 * 3600 + 60)


async def test_a_report_in_which_nobody_is_listed_is_not_missing() -> None:
    """Reports are made, so there is nothing that an administrator could turn on."""
    app = await one_call(Joined(tending=RULES))
    report_of(app, ended=29)

    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    assert (call["final"], call["confirmed"]) == (True, False)
    assert app.events("meeting.warning") == []


async def test_a_report_of_another_call_is_a_report_of_the_meeting() -> None:
    """Also where Graph has it no more when the last look at the call comes."""
    app = await one_call(Joined(tending=RULES))
    report_of(app, an_entry("ada", (at(900), at(960))), ended=960)
    await app.pump(until=timedelta(hours=1))
    app.fake_graph.reports.clear()

    await app.pump(until=LONG)

    first, second = (await hold_to_law_9(app)).values()
    assert (first["final"], first["confirmed"], second["confirmed"]) == (True, False, True)
    assert app.events("meeting.warning") == []


async def test_no_answer_to_the_last_look_is_no_missing_report() -> None:
    """Whether Graph has one is not known then."""
    app = await one_call(Joined(tending=RULES))
    await app.pump(until=timedelta(hours=40))
    app.fake_graph.fail_next(Unavailable("not now"), times=10)

    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    assert (call["final"], call["confirmed"]) == (True, False)
    assert app.events("meeting.warning") == []


async def test_people_who_come_back_after_the_bot_left_are_another_call() -> None:
    """The report knows it; the numbers that were given stay."""
    app = await two_calls(Joined(tending=RULES))

    first, second = (await hold_to_law_9(app)).values()
    assert (first["endedAt"], second["startedAt"]) == (utc_text(at(29)), utc_text(at(200)))
    assert second["final"] is True


async def test_people_who_come_back_after_all_was_final_are_found_too() -> None:
    """By the looks that go on, in a report of its own; and that call starts looks of its own."""
    app = await one_call(Joined(tending=RULES))
    report_of(app, an_entry("ada", (at(9), at(29))), an_entry("bob", (at(19), at(28.5))), ended=29)
    await app.pump(until=timedelta(minutes=10))
    assert (await hold_to_law_9(app))[1]["final"] is True
    back = a_report(at(900), at(960), an_entry("ada", (at(900), at(960))))
    app.fake_graph.reports[next(iter(app.fake_graph.online))].insert(0, back)

    await app.pump(until=LONG)

    _, second = (await hold_to_law_9(app)).values()
    assert (second["startedAt"], second["endedAt"]) == (utc_text(at(900)), utc_text(at(960)))
    assert second["final"] is True


async def test_a_call_that_ends_after_its_source_was_read_is_corrected_at_once() -> None:
    """Its people too: what is published next is compared with what was published."""
    app = await Joined(tending=RULES).begin()
    await app.see("ada")
    await app.pump(until=timedelta(seconds=5))
    await app.see()
    await app.pump(until=timedelta(seconds=5))
    await app.see("ada", after=30)
    await app.pump(until=timedelta(seconds=5))
    stays = (at(9), at(19)), (at(49), at(55))
    report_of(app, an_entry("ada", *stays), ended=55)
    await app.pump(until=timedelta(minutes=6))

    await app.see()
    await app.pump(until=timedelta(seconds=10))

    first, second = (await hold_to_law_9(app)).values()
    assert (first["endedAt"], second["endedAt"]) == (utc_text(at(19)), utc_text(at(55)))
    assert second["final"] is True


async def test_a_person_who_is_named_after_the_report_was_read_joins_before_leaving() -> None:
    """A late roster adds them to a call that a report covers: events alone say so, too."""
    app = await one_call(Joined(tending=RULES))
    report_of(app, an_entry("ada", (at(9), at(29))), an_entry("bob", (at(19), at(28.5))), ended=29)
    await app.pump(until=timedelta(minutes=10))

    await app.call(roster(app.call_id, "ada", "cy"))
    await app.pump(until=timedelta(minutes=1))

    [call] = (await hold_to_law_9(app)).values()
    assert {one["participant"]["userId"] for one in call["participants"].values()} >= {"cy"}
    hold_to_order(app)


async def test_a_source_ends_a_call_that_a_bot_sat_through_alone() -> None:
    """The bot was heard of after all had left, which says nothing of people."""
    app = await Joined(tending=RULES).begin()
    await app.see("ada")
    await app.pump(until=timedelta(seconds=5))
    app.clock.advance(600)
    await app.call(state(app.call_id, "terminated", resultInfo={"code": 500, "subcode": 0}))
    report_of(app, an_entry("ada", (at(9), at(60))), ended=60)

    await app.pump(until=timedelta(hours=1))

    [call] = (await hold_to_law_9(app)).values()
    assert (call["endedAt"], call["endBasis"]) == (utc_text(at(60)), "attendanceReport")


async def test_a_report_that_contradicts_what_was_confirmed_wins_by_its_basis() -> None:
    """Of whom it lists; of whom it does not, what was confirmed stands, and the basis says so."""
    app = await one_call(Joined(tending=RULES))
    report_of(app, an_entry("ada", (at(3), at(14))), ended=14)

    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    ada, bob = sorted(call["participants"].values(), key=lambda one: one["participant"]["userId"])
    assert (ada["joinedAt"], ada["leftAt"]) == (utc_text(at(3)), utc_text(at(14)))
    assert bob["joinedAt"] == utc_text(at(22))
    assert (call["startedAt"], call["startBasis"]) == (utc_text(at(3)), "attendanceReport")
    assert (call["endedAt"], call["endBasis"]) == (bob["leftAt"], "observed")
    assert (call["confirmed"], call["final"]) == (True, True)


async def test_a_report_of_a_thousand_people_is_kept_and_shown_whole() -> None:
    """All are published once, and none is lost on the way through the ledger."""
    app = await one_call(Joined(tending=RULES))
    people = [
        an_entry(f"{number:08}-0000-4000-8000-000000000000", (at(9), at(29)))
        for number in range(998)
    ]
    report_of(
        app, an_entry("ada", (at(9), at(29))), an_entry("bob", (at(19), at(28))), *people, ended=29
    )

    await app.pump(until=timedelta(minutes=20))

    [call] = (await hold_to_law_9(app)).values()
    assert (call["participantCount"], len(call["participants"])) == (1000, 1000)
    assert (call["startedAt"], call["endedAt"]) == (utc_text(at(9)), utc_text(at(29)))


async def test_rosters_are_read_before_sources() -> None:
    """Where one message finds both due: a confirmation does not wait for what Graph lists."""
    graph = Noting(tenant_id=TENANT)
    app = await one_call(Joined(tending=RULES, fake_graph=graph))
    planned = (await app.meeting(app.meeting_id)).tend.later
    assert planned is not None
    await app.pump(until=planned.due - app.clock.now() - timedelta(seconds=1))
    await app.see("cy", after=0)
    graph.read = []
    # The message of the look at sources comes late, when the question of the push is due, too.
    app.clock.moment = planned.due + timedelta(seconds=10)
    look = {"meetingId": app.meeting_id, "generation": planned.generation}
    await app.drop("tend-meeting", look)
    assert graph.read == ["roster"]
    await app.pump(until=timedelta(seconds=5))

    assert graph.read.count("reports") == 1


async def test_the_next_call_has_the_next_number_wherever_it_is_read() -> None:
    """In the record, in events, and of who is there now: what a source has is left out."""
    app = await two_calls(Joined(tending=RULES))

    await app.see("ada")
    await app.pump(until=timedelta(seconds=5))

    answer = await answer_now(app.meeting_id, Asked(parameters={}), app.services)
    assert json.loads(answer.body)["call"]["callNumber"] == 3
    assert [one["callNumber"] for one in (await app.record("INC-1"))["calls"]] == [1, 2, 3]
    assert app.events("call.started")[-1]["data"]["callNumber"] == 3


async def test_people_have_the_role_that_a_report_gives_them() -> None:
    """In the words of the record. The organizer is the one of the request."""
    app = await one_call(Joined(tending=RULES))
    report_of(
        app,
        an_entry("ada", (at(9), at(29)), role="Presenter"),
        an_entry("bob", (at(19), at(28.5)), role="None"),
        an_entry(ORGANIZER.upper(), (at(12), at(28)), role="Attendee"),
        ended=29,
    )
    await app.pump(until=LONG)

    [call] = (await app.record("INC-1"))["calls"]
    assert {one["participant"]["userId"]: one.get("role") for one in call["people"]} == {
        "ada": "presenter",
        "bob": None,
        ORGANIZER: "organizer",
    }


async def test_a_source_ends_a_call_that_no_leg_hears() -> None:
    """Nobody waits for hours until it is assumed."""
    app = await Joined(tending=RULES).begin()
    await app.see("ada")
    await app.pump(until=timedelta(seconds=5))
    await app.call(state(app.call_id, "terminated", resultInfo={"code": 500, "subcode": 0}))
    report_of(app, an_entry("ada", (at(9), at(90))), ended=90)

    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    assert (call["endedAt"], call["endBasis"]) == (utc_text(at(90)), "attendanceReport")
    assert call["final"] is True


async def test_a_late_roster_of_a_corrected_call_is_published_by_the_next_look() -> None:
    """Of a call that a source covers, events say what the view says."""
    app = await one_call(Joined(tending=RULES))
    report_of(app, an_entry("ada", (at(9), at(29))), an_entry("bob", (at(19), at(28.5))), ended=29)
    await app.pump(until=timedelta(minutes=10))

    await app.call(roster(app.call_id, "ada", "eve"))
    app.people_in(app.call_id)
    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    assert len(call["participants"]) == 3
    assert [one["data"]["final"] for one in app.events("call.corrected")] == [True, True]


async def test_what_only_an_administrator_heals_is_warned_of_once() -> None:
    """The looks go on: it may heal."""
    app = await one_call(Joined(tending=RULES))
    refused = rejected(
        "attendance_not_readable",
        graph=GraphTrace(status=403, code="Forbidden"),
        reading="attendance reports",
        what="no",
        app="a",
        organizer="o",
    )
    app.fake_graph.fail_next(refused, times=9)

    await app.pump(until=LONG)

    assert [one["data"]["code"] for one in app.events("meeting.warning")] == [
        "attendance_not_readable"
    ]
    assert app.events("call.corrected")[-1]["data"]["final"] is True


async def test_a_look_that_graph_does_not_answer_is_repeated() -> None:
    """Before long, and until it does: no look is lost by it."""
    app = await one_call(Joined(tending=RULES))
    report_of(app, an_entry("ada", (at(9), at(29))), an_entry("bob", (at(19), at(28.5))), ended=29)
    app.fake_graph.fail_next(times=99)
    await app.pump(until=timedelta(minutes=30))
    app.fake_graph.heal()

    await app.pump(until=timedelta(minutes=6))

    [call] = (await hold_to_law_9(app)).values()
    assert call["confirmed"] is True
    assert app.events("meeting.warning") == []


async def test_a_call_record_corrects_a_meeting_that_is_not_ours() -> None:
    """By the chain of the leg that was in it, and only where the setting says so."""
    app = await one_call(Joined(tending=WITH_RECORDS))
    [chain_id] = (await app.meeting(app.meeting_id)).legs[-1].chain_ids
    app.fake_graph.hold_record(
        a_record(
            chain_id,
            at(9),
            at(29),
            [a_session("ada", at(9), at(29)), a_session("bob", at(19), at(28.5))],
        )
    )

    await app.pump(until=LONG)

    [call] = (await hold_to_law_9(app)).values()
    assert (call["startBasis"], call["endBasis"]) == ("callRecord", "callRecord")
    assert app.events("meeting.warning") == []


async def test_each_edition_of_a_record_is_published_under_ids_of_its_own() -> None:
    """Also where it changes no call: the stay of one of its people alone."""
    app = await one_call(Joined(tending=WITH_RECORDS))
    [chain_id] = (await app.meeting(app.meeting_id)).legs[-1].chain_ids
    for edition, left in enumerate((28.5, 27.0, 26.0)):
        people = [a_session("ada", at(9), at(29)), a_session("bob", at(19), at(left))]
        app.fake_graph.hold_record(a_record(chain_id, at(9), at(29), people, version=edition))
        await app.pump(until=timedelta(minutes=10))
        await app.see("ada")
        await app.pump(until=timedelta(seconds=5))
        await app.see()
    await app.pump(until=LONG)

    calls = await hold_to_law_9(app)
    assert utc_text(at(26)) in {one["leftAt"] for one in calls[1]["participants"].values()}
    events = app.events()
    assert [int(one["sequence"]) for one in events] == list(range(1, len(events) + 1))


async def test_a_report_that_comes_after_the_record_wins() -> None:
    """The call is final again, with another revision."""
    app = await one_call(Joined(tending=WITH_RECORDS))
    [chain_id] = (await app.meeting(app.meeting_id)).legs[-1].chain_ids
    sessions = [a_session("ada", at(9), at(29)), a_session("bob", at(19), at(28.5))]
    app.fake_graph.hold_record(a_record(chain_id, at(9), at(29), sessions))
    await app.pump(until=timedelta(minutes=10))

    await app.see("ada")
    await app.pump(until=timedelta(seconds=5))
    await app.see()
    report_of(
        app, an_entry("ada", (at(8.5), at(29.5))), an_entry("bob", (at(19), at(28))), ended=30
    )
    await app.pump(until=LONG)

    first, _ = (await hold_to_law_9(app)).values()
    assert (first["startBasis"], first["startedAt"]) == ("attendanceReport", utc_text(at(8.5)))
