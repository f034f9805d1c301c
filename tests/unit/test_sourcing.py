"""When sources are looked at, and until when a call waits for them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.legs.leg import Leg
from shared.meeting.meeting import Asked, Cancellation, Meeting
from shared.meeting.sourcing import (
    JITTER,
    MOST_RECORDS,
    having_failed,
    having_looked,
    is_patient,
    readable,
    sources_due,
)
from shared.sources.kept import Sourcing
from shared.words.coordinates import Coordinates, OnlineMeeting
from shared.words.ids import LegKey, MeetingId
from shared.words.observations import Phase
from shared.words.rules import SourceRules
from tests.fixtures.legs import a_leg

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RULES = SourceRules(after=(5 * MINUTE, HOUR, 48 * HOUR))


def a_meeting_of_ours() -> Meeting:
    """Return a meeting of an hour that Rollcall made, without a bot."""
    where = Coordinates(
        online_meeting_id="online",
        join_web_url="https://teams.microsoft.com/l/meetup-join/x",
        thread_id="19:meeting_x@thread.v2",
        message_id="0",
        organizer_id="organizer",
        tenant_id="tenant",
        join_meeting_id=None,
        passcode=None,
        dial_in=None,
    )
    return Meeting(
        meeting_id=MeetingId("a" * 26),
        tenant_id="tenant",
        correlation_id="INC-1",
        asked=Asked(
            request_id="INC-1",
            members={},
            organizer_id="organizer",
            start_date_time=T0,
            end_date_time=T0 + HOUR,
        ),
        online=OnlineMeeting(
            coordinates=where, subject="down", start_date_time=None, end_date_time=None
        ),
    )


def waiting(*ends: datetime, **members: Any) -> Meeting:
    """Return a meeting of ours whose calls 1, 2, … ended then and are not final."""
    awaited = dict(enumerate(ends, start=1))
    return replace(a_meeting_of_ours(), sources=Sourcing(awaited=awaited, **members))


def is_about(due: datetime | None, since: datetime, pause: timedelta) -> bool:
    """Return whether a look comes after that pause, or up to a tenth of it earlier."""
    return due is not None and since + pause * (1 - JITTER) <= due <= since + pause


def test_looks_come_after_an_end_with_growing_pauses() -> None:
    """Each is the first that comes after the last one."""
    meeting = waiting(T0)
    after_one = having_looked(meeting, RULES, now=T0 + 5 * MINUTE)
    after_two = having_looked(after_one, RULES, now=T0 + 2 * HOUR)

    assert is_about(sources_due(meeting, RULES), T0, 5 * MINUTE)
    assert is_about(sources_due(after_one, RULES), T0, HOUR)
    assert is_about(sources_due(after_two, RULES), T0, 48 * HOUR)


def test_a_new_call_starts_the_looks_again_and_each_call_waits_for_itself() -> None:
    """The older one is final two days after its own end."""
    day = timedelta(days=1)
    meeting = waiting(T0, T0 + day, looked_at=T0 + day)
    looked = having_looked(meeting, RULES, now=T0 + 2 * day)

    assert is_about(sources_due(meeting, RULES), T0 + day, 5 * MINUTE)
    assert dict(looked.sources.awaited) == {2: T0 + day}


def test_looks_go_on_when_all_is_final() -> None:
    """People may come back when the bot has left, and better sources come later."""
    looked = having_looked(waiting(since=T0), RULES, now=T0 + 5 * MINUTE)

    assert is_about(sources_due(looked, RULES), T0, HOUR)
    assert sources_due(having_looked(looked, RULES, now=T0 + 48 * HOUR), RULES) is None


def test_after_the_last_look_nothing_is_waited_for() -> None:
    """The call is final, and nothing is due."""
    looked = having_looked(waiting(T0), RULES, now=T0 + 48 * HOUR)

    assert dict(looked.sources.awaited) == {}
    assert sources_due(replace(looked, asked=None), RULES) is None


def test_a_look_without_an_answer_is_repeated_with_pauses_that_end() -> None:
    """As long as there is time; an answer ends them."""
    failed, pauses = waiting(T0), list[timedelta]()
    for _ in range(6):
        failed = having_failed(failed, now=T0)
        due = sources_due(failed, RULES)
        assert due is not None
        pauses.append(due - T0)

    assert [pause.total_seconds() for pause in pauses] == [30, 60, 120, 240, 300, 300]
    assert is_patient(failed, RULES, now=T0 + HOUR)
    assert not is_patient(failed, RULES, now=T0 + 48 * HOUR)
    assert having_looked(failed, RULES, now=T0).sources.again_at is None


def test_a_look_that_graph_never_answers_is_given_up_where_no_call_waits() -> None:
    """Else a meeting would have looks for ever while Graph fails."""
    meeting = a_meeting_of_ours()
    end = meeting.asked.end_date_time if meeting.asked is not None else T0

    assert is_patient(meeting, RULES, now=end + HOUR)
    assert not is_patient(meeting, RULES, now=end + 48 * HOUR)
    assert sources_due(having_looked(meeting, RULES, now=end + 48 * HOUR), RULES) is None


def test_a_meeting_in_which_no_call_was_seen_is_looked_at_after_its_planned_end() -> None:
    """All callbacks may have been lost, or no bot was ever there."""
    meeting = a_meeting_of_ours()
    assert meeting.asked is not None

    assert is_about(sources_due(meeting, RULES), meeting.asked.end_date_time, 5 * MINUTE)


def test_what_no_source_can_speak_of_is_final_at_once() -> None:
    """A meeting that was deleted while calls waited for its reports."""
    deleted = replace(waiting(T0), cancellation=Cancellation(asked_at=T0, done_at=T0))

    assert not readable(deleted, RULES)
    assert sources_due(deleted, RULES) == T0
    assert dict(having_looked(deleted, RULES, now=T0).sources.awaited) == {}
    assert sources_due(replace(deleted, sources=Sourcing()), RULES) is None


def test_call_records_are_of_conferences_in_which_a_leg_was() -> None:
    """And only where they are switched on."""
    came_in = a_leg(LegKey("a" * 16), state="in", phases={"in": T0}, chain_ids=("one", "two"))
    outside = a_leg(LegKey("b" * 16), state="lobby", phases={"lobby": T0}, chain_ids=("three",))
    meeting = a_meeting_of_ours().with_leg(came_in).with_leg(outside)

    assert readable(meeting, RULES).chain_ids == ()
    assert readable(meeting, replace(RULES, call_records=True)).chain_ids == ("one", "two")


def test_call_records_are_not_read_of_legs_that_were_gone_before_all_that_waits() -> None:
    """A day before: a call may outlive the leg that heard it. Nor of a leg in another meeting."""
    rules, end = replace(RULES, call_records=True), T0 + 30 * HOUR

    def left(key: str, gone: datetime, **members: Any) -> Leg:
        phases: dict[Phase, datetime] = {"in": T0, "gone": gone}
        return a_leg(key * 16, state="gone", phases=phases, chain_ids=(key,), **members)

    meeting = waiting(end)
    for leg in (
        left("a", end - 25 * HOUR),
        left("b", end - 23 * HOUR),
        left("c", end, place="surplus"),
    ):
        meeting = meeting.with_leg(leg)

    assert readable(meeting, rules).chain_ids == ("b",)
    assert readable(replace(meeting, sources=Sourcing()), rules).chain_ids == ("a", "b")


def test_of_very_many_legs_the_newest_are_read() -> None:
    """Each record takes a request, and a look must come to its end."""
    rules, meeting = replace(RULES, call_records=True), waiting(T0)
    chains = [f"{number:016}" for number in range(30)]
    for chain in chains:
        leg = a_leg(chain, state="in", phases={"in": T0}, chain_ids=(chain,))
        meeting = meeting.with_leg(leg)

    assert readable(meeting, rules).chain_ids == tuple(chains[-MOST_RECORDS:])


def test_legs_that_left_the_head_may_still_speak() -> None:
    """So a call waits for the records of their chains, also in a meeting that is not ours."""
    foreign = Meeting(
        meeting_id=MeetingId("a" * 26),
        tenant_id="tenant",
        correlation_id="",
        leg_pages=1,
        sources=Sourcing(awaited={1: T0}),
    )

    assert not readable(foreign, RULES)
    assert readable(foreign, replace(RULES, call_records=True)).older
    assert sources_due(foreign, replace(RULES, call_records=True)) != T0
