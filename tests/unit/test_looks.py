"""What follows from a meeting as it stands: two slots of looks, hang-ups, and the index."""

import json
from dataclasses import replace

from shared.calls.record import Question, Record
from shared.legs.leg import Leaver, Leg
from shared.meeting.follow_up import followed_up, mended
from shared.meeting.listing import having_listed, unlisted
from shared.meeting.looks import HANG_UP_AGAIN, Look, looks
from shared.meeting.meeting import Change, Meeting, Planned
from shared.words.ids import CallId, LegKey, MeetingId
from shared.words.outgoing import Outgoing
from tests.fixtures.evidence import LEG, LEG2, at, folded, leg
from tests.fixtures.legs import a_leg
from tests.fixtures.tending import HINTED

RULES = HINTED
CALLS = {LEG: CallId("call-1"), LEG2: CallId("call-2")}
IN = folded(leg(0, "in"))
IN = replace(IN, legs={LEG: replace(IN.legs[LEG], call_id=CALLS[LEG])})


def a_bound(key: LegKey, *leavers: str, hung_up: float | None = None) -> Leg:
    """Return a leg that Graph took; who asked it to leave, and when it was hung up."""
    return a_leg(
        key,
        list(CALLS).index(key) + 1,
        state="bound",
        call_id=CALLS[key],
        leaving=tuple(Leaver(request_id=one) for one in leavers),
        hang_up_at=None if hung_up is None else at(hung_up),
    )


def a_meeting(record: Record, *legs: Leg) -> Meeting:
    """Return a meeting with this record, and further legs, that stands in the lists as it is."""
    meeting = Meeting(
        meeting_id=MeetingId("a" * 26), tenant_id="t", correlation_id="c", record=record
    )
    for one in legs:
        meeting = meeting.with_leg(one)
    return having_listed(meeting, unlisted(meeting), at=at(0))


def without_a_bot(meeting: Meeting) -> Meeting:
    """Return the meeting into which no bot was ever sent."""
    return replace(meeting, record=replace(meeting.record, legs={}))


def asked(seconds: float) -> Record:
    """Return the record with a question since then."""
    raised = Question(due=at(seconds + 1), last=at(seconds), version=1)
    return replace(IN, question=raised, answered_at=None, failures=0, failed_at=None)


def quiet(meeting: Meeting) -> Meeting:
    """Return the meeting with nothing to ask."""
    return replace(meeting, record=replace(meeting.record, question=None))


def settle(meeting: Meeting, now: float, *outgoing: Outgoing) -> Change:
    return followed_up(Change(meeting=meeting, outgoing=outgoing), now=at(now), rules=RULES)


def an_event() -> Outgoing:
    return Outgoing(entity="meeting-events", message_id="e", body="{}")


def test_a_leg_that_is_to_go_is_hung_up_once_and_again_when_it_does_not() -> None:
    """The retry is a look of its own, planned in the slot of what may wait."""
    leaving = replace(IN.legs[LEG], leaving=(Leaver(request_id="somebody"),))
    change = settle(quiet(a_meeting(IN, leaving)), 10)

    (look, hang_up) = change.outgoing
    assert json.loads(hang_up.body)["hangUp"] == "call-1"
    assert look.due == at(10) + HANG_UP_AGAIN
    assert change.meeting.tend.later == Planned(generation=1, due=at(10) + HANG_UP_AGAIN)
    again = (at(10) + HANG_UP_AGAIN, Look(what="hangUpAgain", leg_key=LEG))
    assert again in looks(change.meeting, RULES)
    assert settle(change.meeting, 20).outgoing == ()


def test_questions_leave_what_is_planned_for_later_alone() -> None:
    """A busy call asks every second; the look planned in two minutes is not made stale."""
    meeting = settle(quiet(a_meeting(asked(0), a_bound(LEG2, "surplus", hung_up=0))), 1).meeting
    later = meeting.tend.later
    sent = 0
    for second in range(2, 100):
        meeting = replace(meeting, record=asked(second))
        change = settle(meeting, second)
        sent += len(change.outgoing)
        meeting = replace(change.meeting, tend=replace(change.meeting.tend, soon=None))

    assert meeting.tend.later == later
    assert sent == 98


def test_a_question_within_a_planned_look_needs_no_message() -> None:
    """Whichever slot is there by then looks at everything that is due."""
    meeting = settle(a_meeting(asked(0)), 0).meeting
    again = settle(replace(meeting, record=asked(0.5)), 0.5)
    soon = settle(quiet(a_meeting(IN, a_bound(LEG2, "surplus", hung_up=0))), 0).meeting
    covered = settle(replace(soon, record=asked(125)), 125)

    assert (again.outgoing, covered.outgoing) == ((), ())
    assert again.meeting.tend == meeting.tend


def test_the_index_is_written_only_where_it_would_be_late() -> None:
    """The first question writes it; those of the next two minutes find it early enough."""
    first = settle(a_meeting(asked(0)), 0, an_event()).meeting
    second = settle(replace(first, record=asked(100)), 100, an_event()).meeting

    assert first.tend.indexed == at(1) + RULES.backstop
    assert second.tend.indexed == first.tend.indexed


UNSENT_BY = at(0) + RULES.grace + RULES.backstop
"""When the backstop looks at what was committed at 0 and could not be sent."""


def test_what_is_unsent_is_in_the_index_once_somebody_asked_for_a_bot() -> None:
    """Before, the request's own message stands behind it."""
    unasked = without_a_bot(quiet(a_meeting(IN)))

    assert settle(unasked, 0, an_event()).meeting.tend.indexed is None
    assert settle(quiet(a_meeting(IN)), 0, an_event()).meeting.tend.indexed == UNSENT_BY


def test_a_look_whose_message_was_lost_is_planned_again() -> None:
    """It is overdue for as long as the backstop allows; until then the chain is left alone."""
    meeting = settle(a_meeting(asked(0)), 0).meeting

    before = mended(meeting, now=at(120), rules=RULES, unsent=False)
    after = mended(meeting, now=at(121), rules=RULES, unsent=False)

    assert before == Change(meeting=meeting)
    assert after.meeting.tend.soon == Planned(generation=2, due=at(121))
    assert after.meeting.tend.indexed == at(121) + RULES.backstop
    assert [one.due for one in after.outgoing] == [at(121)]


def test_a_meeting_of_which_nothing_is_due_leaves_the_index() -> None:
    """Finished means: nothing is due, and nothing unsent."""
    meeting = quiet(settle(a_meeting(asked(0)), 0).meeting)
    meeting = meeting.with_leg(meeting.legs[0].seen("gone", at(9)))

    unsent = mended(meeting, now=at(500), rules=RULES, unsent=True)
    finished = mended(meeting, now=at(500), rules=RULES, unsent=False)

    assert unsent.meeting.tend.indexed == at(500) + (UNSENT_BY - at(0))
    assert finished.meeting.tend.indexed is None
    again = mended(finished.meeting, now=at(900), rules=RULES, unsent=False)
    assert again == Change(meeting=finished.meeting)


def test_an_entry_that_was_early_is_moved_on_with_what_is_due_next() -> None:
    """The backstop came by; the look for later is on its way."""
    meeting = settle(quiet(a_meeting(IN, a_bound(LEG2, "surplus", hung_up=0))), 0).meeting
    early = replace(meeting, tend=replace(meeting.tend, indexed=at(5)))

    moved = mended(early, now=at(60), rules=RULES, unsent=False)

    assert moved.outgoing == ()
    assert moved.meeting.tend.indexed == at(0) + HANG_UP_AGAIN + RULES.backstop
