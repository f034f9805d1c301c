"""What is published of the difference between two records, and in which order."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from docs.contract.events import hold_to_contract
from shared.calls.record import GroupCall, Record, Session, mark_of, seal_of
from shared.events.cloud_events import as_published, event_message, naming_schema
from shared.events.facts import bot_joining, end_data, facts_between, person_data
from shared.legs.leg import Leaver, Leg, LegState
from shared.meeting.meeting import Meeting
from shared.words.ids import CallId, LegKey, MeetingId, SessionId, utc_text
from shared.words.observations import PHASES, Person, Phase
from shared.words.outgoing import Fact
from shared.words.rules import Shown
from tests.fixtures.legs import a_leg

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEG, OTHER_LEG = LegKey("abcdefghijklmnop"), LegKey("bcdefghijklmnopq")
ADA = Person(kind="user", user_id="u-ada", display_name="Ada", tenant_id="t")
MEETING = Meeting(
    meeting_id=MeetingId("a" * 26),
    tenant_id="t",
    correlation_id="r",
)
EMPTY = Record()
WITHIN = timedelta(seconds=2)
SHOWN = Shown(names=False, within=WITHIN)


def at(seconds: float) -> datetime:
    """Return the moment so many seconds into the story."""
    return T0 + timedelta(seconds=seconds)


def text(seconds: float) -> str:
    """Return that moment as events spell it."""
    return utc_text(at(seconds))


def leg(phases: Mapping[Phase, datetime], *, key: LegKey = LEG, **members: Any) -> Leg:
    """Return a leg that came so far."""
    state: LegState = max(phases, key=PHASES.index, default="claimed")
    members = {"call_id": CallId("the-call"), **members}
    return a_leg(key, state=state, phases=phases, **members)


def session(name: str, seen: float, *, left: float | None = None, **members: Any) -> Session:
    """Return the session of a person of that name; bounds are as close as they can be."""
    leaving = None if left is None else at(left)
    known = {
        "joined_not_before": at(seen),
        "left_at": leaving,
        "left_not_before": leaving,
        "left_not_after": leaving,
    }
    return Session(
        session_id=SessionId(f"s-{name}"),
        person=Person(kind="user", user_id=f"u-{name}"),
        first_seen=at(seen),
        first_version=1,
        legs=(LEG,),
        **(known | members),
    )


def group_call(*sessions: Session, number: int = 1, **members: Any) -> GroupCall:
    """Return a call of these sessions that began with the first, its bounds close."""
    begun = min(one.first_seen for one in sessions)
    known = {"start_not_before": begun}
    return GroupCall(
        number=number,
        started_at=begun,
        start_basis="observed",
        heard_at=begun,
        sessions={one.session_id: one for one in sessions},
        **(known | members),
    )


def over(call: GroupCall, ended: float, **members: Any) -> GroupCall:
    """Return the call after its confirmed end, its bounds close."""
    known = {"end_not_before": at(ended), "end_not_after": at(ended)}
    return replace(
        call, ended_at=at(ended), end_basis="observed", reason="everyoneLeft", **(known | members)
    )


def unwatched(call: GroupCall, since: float, *, by: LegKey = LEG) -> GroupCall:
    """Return the call that no leg has heard since that moment."""
    return replace(call, unwatched_since=at(since), unwatched_by=by)


def record(*calls: GroupCall, legs: tuple[Leg, ...] = (), **members: Any) -> Record:
    """Return a record of these calls and legs."""
    return Record(legs={one.key: one for one in legs}, calls=calls, **members)


def told(
    before: Record,
    after: Record,
    *,
    revisions: Mapping[int, int] | None = None,
    shown: Shown = SHOWN,
) -> list[Fact]:
    """Return what became known."""
    return facts_between(before, after, revisions=revisions or {}, shown=shown)


def names(facts: list[Fact]) -> list[str]:
    """Return the facts' names in order."""
    return [fact.name for fact in facts]


def test_nothing_new_is_nothing_to_tell() -> None:
    """The same record twice, however full."""
    known = record(
        group_call(session("ada", 1)), over(group_call(session("bo", 5), number=2), 9),
        legs=(leg({"in": at(0)}),),
    )  # fmt: skip

    assert told(known, known) == []
    assert told(EMPTY, EMPTY) == []


def test_everything_at_once_is_told_as_it_happened() -> None:
    """The bot's arrival, then each call from its start to its end, then the bot's departure."""
    first = over(group_call(session("ada", 1, left=4), session("bo", 2, left=3)), 4)
    second = group_call(session("ada-again", 6), number=2)
    bot = leg({"lobby": at(-1), "in": at(0), "gone": at(9)}, code=200, subcode=5000)

    facts = told(EMPTY, record(first, second, legs=(bot,)))

    assert [(fact.name, fact.call_number, fact.at) for fact in facts] == [
        ("bot.waiting", None, at(-1)),
        ("bot.joined", None, at(0)),
        ("call.started", 1, at(1)),
        ("participant.joined", 1, at(1)),
        ("participant.joined", 1, at(2)),
        ("participant.left", 1, at(3)),
        ("participant.left", 1, at(4)),
        ("call.ended", 1, at(4)),
        ("call.started", 2, at(6)),
        ("participant.joined", 2, at(6)),
        ("bot.left", None, at(9)),
    ]


def test_every_fact_has_a_key_of_its_own() -> None:
    """Ids are made of name and key: none of these may be taken for another."""
    first = over(group_call(session("ada", 1, left=4), session("bo", 2, left=4)), 4)
    again = over(group_call(session("cy", 6, left=8), number=2), 8)
    legs = (
        leg({"lobby": at(0), "in": at(0), "gone": at(9)}),
        leg({"in": at(0), "gone": at(9)}, key=OTHER_LEG),
    )

    facts = told(EMPTY, record(first, again, legs=legs))

    assert len({(fact.name, fact.key) for fact in facts}) == len(facts)


@pytest.mark.parametrize("bound", [None, at(0)])
def test_every_fact_is_as_the_contract_has_it(bound: datetime | None) -> None:
    """With bounds and without, whatever became known of a call."""
    late = session("cy", 5, left=4, left_not_before=bound, left_not_after=None, present_before=True)
    known = group_call(session("ada", 1, left=3), session("bo", 2, joined_not_before=bound))
    back = group_call(session("ada", 1), session("bo", 2), start_not_before=bound)
    gone = (leg({"in": at(0), "gone": at(9)}, code=200, subcode=5000),)
    gap = record(unwatched(back, 5), legs=gone, moment=at(9))
    ended = over(back, 10, end_not_before=bound, end_not_after=None)
    corrected = replace(ended, sessions={**ended.sessions, late.session_id: late}, complete=False)

    facts = [
        *told(EMPTY, record(known)),
        *told(record(known), gap),
        *told(gap, record(ended, legs=gone)),
        *told(record(ended), record(corrected)),
    ]

    assert {fact.name for fact in facts} == {
        "bot.joined", "bot.left", "call.started", "call.unwatched", "call.ended", "call.corrected",
        "participant.joined", "participant.left",
    }  # fmt: skip
    for fact in facts:
        message = event_message(MEETING, as_published(MEETING, fact, sequence=1, now=T0))
        hold_to_contract(naming_schema(message, "https://rollcall.example/api/schemas").body)


def test_a_person_who_stays_is_not_told_again() -> None:
    """Only who is new joins."""
    before = record(group_call(session("ada", 1)))
    after = record(group_call(session("ada", 1), session("bo", 2)))

    [fact] = told(before, after)

    assert (fact.name, fact.key, fact.at) == ("participant.joined", ("1", "s-bo"), at(2))
    assert fact.data == {
        "callNumber": 1,
        "sessionId": "s-bo",
        "participant": {"kind": "user", "userId": "u-bo"},
        "joinedAt": text(2),
    }


def test_people_are_told_by_the_time_they_were_seen_and_not_by_name() -> None:
    """At one moment, the session id decides, so that the order repeats."""
    facts = told(EMPTY, record(group_call(session("z", 1), session("b", 2), session("a", 2))))

    assert [fact.data.get("sessionId") for fact in facts] == [None, "s-z", "s-a", "s-b"]


def test_an_absence_that_no_read_confirmed_is_no_departure() -> None:
    """A push without somebody is a hint."""
    before = record(group_call(session("ada", 1)))
    doubted = record(group_call(session("ada", 1, absent_since=at(3))))
    confirmed = record(group_call(session("ada", 1, left=3)))

    assert told(before, doubted) == []
    assert names(told(doubted, confirmed)) == ["participant.left"]
    assert told(confirmed, confirmed) == []


def test_a_departure_says_from_when_to_when() -> None:
    """It is dated by the leaving."""
    [fact] = told(
        record(group_call(session("ada", 1))), record(group_call(session("ada", 1, left=3)))
    )

    assert fact.at == at(3)
    assert (fact.data["joinedAt"], fact.data["leftAt"]) == (text(1), text(3))


def test_who_was_there_before_us_has_no_time_of_joining() -> None:
    """Nobody saw it; the event is dated by the first sight."""
    present = session("ada", 1, present_before=True)

    joined = told(EMPTY, record(group_call(present)))[1]

    assert joined.at == at(1)
    assert (joined.data["joinedAt"], joined.data["presentBefore"]) == (None, True)


def test_a_departure_that_a_read_takes_back_is_a_return() -> None:
    """Dated by the read, under an id of its own; when they first came stays what it was."""
    left = record(group_call(session("ada", 1, left=3)))
    back = record(group_call(session("ada", 1)), moment=at(7))

    [fact] = told(left, back)

    assert (fact.name, fact.at) == ("participant.joined", at(7))
    assert fact.key == ("1", "s-ada", "returned", text(7))
    assert fact.data == {
        "callNumber": 1,
        "sessionId": "s-ada",
        "participant": {"kind": "user", "userId": "u-ada"},
        "joinedAt": text(1),
        "returned": True,
    }
    assert told(back, replace(back, moment=at(9))) == []


def test_who_returned_and_left_again_meanwhile_did_both() -> None:
    """The second departure is another than the first one."""
    left = record(group_call(session("ada", 1, left=3)))
    left_again = record(group_call(session("ada", 1, left=8)), moment=at(9))

    returned, departed = told(left, left_again)

    assert (returned.name, returned.data["returned"]) == ("participant.joined", True)
    assert "leftAt" not in returned.data
    assert (departed.name, departed.at, departed.data["leftAt"]) == (
        "participant.left",
        at(8),
        text(8),
    )
    [first] = told(record(group_call(session("ada", 1))), left)
    assert departed.key != first.key


@pytest.mark.parametrize(
    ("not_before", "shown"),
    [
        (at(-1), {}),
        (at(1), {}),
        (at(-1.001), {"joinedNotBefore": text(-1.001)}),
        (None, {"joinedNotBefore": None}),
    ],
)
def test_a_join_has_its_lower_bound_unless_that_is_close(
    not_before: datetime | None, shown: dict[str, Any]
) -> None:
    """Null: there is none. The time itself is the upper bound."""
    after = record(group_call(session("ada", 1, joined_not_before=not_before)))

    fact = told(EMPTY, after)[1]

    assert {name: fact.data[name] for name in fact.data if "Not" in name} == shown


@pytest.mark.parametrize(
    ("not_before", "shown"),
    [
        (at(-1), {}),
        (at(-1.001), {"startNotBefore": text(-1.001)}),
        (None, {"startNotBefore": None}),
    ],
)
def test_a_start_has_its_lower_bound_unless_that_is_close(
    not_before: datetime | None, shown: dict[str, Any]
) -> None:
    """It stands in the event of the start and in that of the end."""
    begun = group_call(session("ada", 1, left=4), start_not_before=not_before)

    facts = told(EMPTY, record(over(begun, 4)))

    assert [name for name in names(facts) if name.startswith("call.")] == [
        "call.started",
        "call.ended",
    ]
    for fact in (facts[0], facts[-1]):
        assert {name: fact.data[name] for name in fact.data if name.endswith("NotBefore")} == shown


BOUNDS = [
    (at(2), at(6), {}),
    (at(1.999), at(4), {"notBefore": text(1.999), "notAfter": text(4)}),
    (at(4), at(6.001), {"notBefore": text(4), "notAfter": text(6.001)}),
    (None, at(4), {"notBefore": None, "notAfter": text(4)}),
    (at(4), None, {"notBefore": text(4), "notAfter": None}),
    (None, None, {"notBefore": None, "notAfter": None}),
]
"""Bounds of something at 4, and how they are shown."""


@pytest.mark.parametrize(("not_before", "not_after", "shown"), BOUNDS)
def test_a_departure_has_its_bounds_unless_both_are_close(
    not_before: datetime | None, not_after: datetime | None, shown: dict[str, Any]
) -> None:
    """Null: there is no such bound."""
    left = session("ada", 1, left=4, left_not_before=not_before, left_not_after=not_after)

    [fact] = told(record(group_call(session("ada", 1))), record(group_call(left)))

    assert {name: fact.data[name] for name in fact.data if name.startswith("not")} == shown


@pytest.mark.parametrize(("not_before", "not_after", "shown"), BOUNDS)
def test_an_end_has_its_bounds_unless_both_are_close(
    not_before: datetime | None, not_after: datetime | None, shown: dict[str, Any]
) -> None:
    """Null: there is no such bound."""
    going_on = group_call(session("ada", 1))
    ended = over(going_on, 4, end_not_before=not_before, end_not_after=not_after)

    [fact] = told(record(going_on), record(ended))

    assert {name: fact.data[name] for name in fact.data if name.startswith("not")} == shown


def test_a_provisional_call_is_not_published() -> None:
    """Neither its start nor its people, until a read confirms it; taken back, it never was."""
    first = over(group_call(session("ada", 1, left=4)), 4)
    provisional = group_call(session("bo", 6), number=2, provisional=True)
    known, opened = record(first), record(first, provisional)

    confirmed = told(opened, record(first, replace(provisional, provisional=False)))

    assert told(known, opened) == []
    assert told(opened, known) == []
    assert [(fact.name, fact.call_number, fact.at) for fact in confirmed] == [
        ("call.started", 2, at(6)),
        ("participant.joined", 2, at(6)),
    ]


def test_a_call_that_no_leg_hears_any_longer_is_unwatched() -> None:
    """Since the leg's last sign, for the reason of the leg's end, and before the leg's end."""
    call = group_call(session("ada", 1))
    before = record(call, legs=(leg({"in": at(0)}),))
    removed = leg({"in": at(0), "gone": at(9)}, code=200, subcode=5000)
    after = record(unwatched(call, 5), legs=(removed,))

    facts = told(before, after)

    assert names(facts) == ["call.unwatched", "bot.left"]
    assert (facts[0].at, facts[0].key, facts[0].call_number) == (at(5), ("1", text(5), LEG), 1)
    assert facts[0].data == {"callNumber": 1, "since": text(5), "reason": "removed"}
    assert told(after, after) == []


@pytest.mark.parametrize(
    ("leaving", "reason"),
    [
        ((), "unknown"),
        ((Leaver(request_id="r-leave"),), "left"),
        ((Leaver(why="alone"),), "alone"),
    ],
)
def test_a_call_is_unwatched_for_the_reason_that_the_bot_left(
    leaving: tuple[Leaver, ...], reason: str
) -> None:
    """Where Graph gave no code, a request to leave explains it."""
    call, bot = group_call(session("ada", 1)), leg({"in": at(0)}, leaving=leaving)
    gone = bot.seen("gone", at(9))

    facts = told(
        record(call, legs=(bot,)),
        record(unwatched(call, 5), legs=(gone,)),
    )

    assert [(fact.name, fact.data["reason"]) for fact in facts] == [
        ("call.unwatched", reason),
        ("bot.left", reason),
    ]


def test_each_gap_of_a_call_is_published_once() -> None:
    """That it is heard again is no event of the call; a later gap is another one."""
    gone = (leg({"in": at(0), "gone": at(9)}), leg({"in": at(12), "gone": at(20)}, key=OTHER_LEG))
    watched = group_call(session("ada", 1))
    first, again = unwatched(watched, 5), unwatched(watched, 18, by=OTHER_LEG)

    [second_gap] = told(record(watched, legs=gone), record(again, legs=gone))

    assert told(record(first, legs=gone), record(watched, legs=gone)) == []
    assert (second_gap.name, second_gap.key) == ("call.unwatched", ("1", text(18), OTHER_LEG))


def test_an_end_after_a_gap_is_an_end_alone() -> None:
    """A call that is over is not unwatched."""
    gone = (leg({"in": at(0), "gone": at(9)}),)
    gap = unwatched(group_call(session("ada", 1)), 5)
    ended = over(replace(gap, unwatched_since=None, unwatched_by=None), 11, end_not_before=None)

    [fact] = told(record(gap, legs=gone), record(ended, legs=gone))

    assert (fact.name, fact.data["notBefore"], fact.data["notAfter"]) == (
        "call.ended",
        None,
        text(11),
    )


def test_a_late_push_adds_people_to_a_call_that_is_over() -> None:
    """Both ends are told, and the count is corrected."""
    known = over(group_call(session("ada", 1, left=4)), 4)
    late = session("bo", 5, left=4, present_before=True)
    after = replace(known, sessions=dict(known.sessions) | {late.session_id: late})

    facts = told(record(known), record(after))

    assert names(facts) == ["participant.joined", "participant.left", "call.corrected"]
    assert facts[-1].data["participantCount"] == 2


def test_sessions_that_were_sealed_are_known() -> None:
    """What went into pages was told: neither its joining nor its leaving comes again."""
    full = over(group_call(session("ada", 1, left=4)), 4)
    ada = full.sessions[SessionId("s-ada")]
    sealed = replace(
        full,
        sessions={},
        sealed=frozenset({seal_of(ada.session_id)}),
        sealed_people=frozenset({mark_of(ada)}),
    )

    late = replace(sealed, sessions={one.session_id: one for one in [session("bo", 5, left=4)]})

    assert told(record(full), record(sealed)) == []
    assert [fact.data.get("sessionId") for fact in told(record(sealed), record(late))] == [
        "s-bo",
        "s-bo",
        None,
    ]


def test_an_end_is_told_with_how_each_time_is_known() -> None:
    """The whole call in one event, dated by its end."""
    going_on = group_call(session("ada", 1), session("bo", 2))

    [fact] = told(record(going_on), record(over(going_on, 4)))

    assert (fact.name, fact.at, fact.key, fact.call_number) == ("call.ended", at(4), ("1",), 1)
    assert fact.data == {
        "callNumber": 1,
        "startedAt": text(1),
        "startBasis": "observed",
        "endedAt": text(4),
        "endBasis": "observed",
        "reason": "everyoneLeft",
        "participantCount": 2,
        "participantsComplete": True,
    }


def test_an_end_says_whether_everybody_was_listed() -> None:
    """A roster that Graph may have cut can have left people out."""
    going_on = group_call(session("ada", 1), complete=False)

    [fact] = told(record(going_on), record(over(going_on, 4)))

    assert (fact.data["participantCount"], fact.data["participantsComplete"]) == (1, False)


@pytest.mark.parametrize(
    "change",
    [
        {"started_at": at(0)},
        {"start_basis": "attendanceReport"},
        {"ended_at": at(5)},
        {"end_basis": "attendanceReport"},
        {"reason": "conversationEnded"},
        {"start_not_before": None},
        {"end_not_before": None},
        {"end_not_after": at(9)},
        {"complete": False},
    ],
)
def test_an_end_that_was_told_and_changed_is_told_again(change: dict[str, Any]) -> None:
    """With a revision, under an id of its own."""
    known = over(group_call(session("ada", 1, left=4)), 4)
    corrected = replace(known, **change)

    [fact] = told(record(known), record(corrected))

    assert (fact.name, fact.key) == ("call.corrected", ("1", "1"))
    assert fact.data == end_data(corrected, SHOWN) | {
        "revision": 1,
        "final": False,
        "confirmed": False,
    }


def test_revisions_of_each_call_count_up() -> None:
    """The next correction after the second is the third, for that call alone."""
    known = [over(group_call(session("ada", 1, left=4), number=n), 4) for n in (1, 2)]
    corrected = [replace(call, reason="conversationEnded") for call in known]

    facts = told(record(*known), record(*corrected), revisions={1: 2})

    assert [fact.data["revision"] for fact in facts] == [3, 1]


def test_what_moves_inside_a_call_that_is_over_is_no_correction() -> None:
    """What is shown nowhere changes nothing: our own evidence, and bounds that stay close."""
    known = over(group_call(session("ada", 1, left=4)), 4)
    moved = replace(known, last_seen=at(3), heard_at=at(9), end_not_before=at(3))

    assert told(record(known), record(moved)) == []


def test_a_correction_is_of_a_call_that_was_told_as_over() -> None:
    """Until its end is told, a call may still be learnt about."""
    going_on = group_call(session("ada", 1))
    over_otherwise = over(replace(going_on, started_at=at(0)), 4)

    assert names(told(record(going_on), record(over_otherwise))) == ["call.ended"]


def test_arrivals_of_several_legs_are_told_in_the_order_of_time() -> None:
    """Whichever leg was sent first."""
    first, second = leg({"in": at(5)}), leg({"lobby": at(1), "in": at(3)}, key=OTHER_LEG)

    facts = told(EMPTY, record(legs=(first, second)))

    assert [(fact.name, fact.at) for fact in facts] == [
        ("bot.waiting", at(1)),
        ("bot.joined", at(3)),
        ("bot.joined", at(5)),
    ]


def test_a_phase_is_told_once() -> None:
    """`established` is sent again and again, and may be dated earlier later on."""
    before = record(legs=(leg({"in": at(2)}),))
    earlier = record(legs=(leg({"in": at(1)}),))

    assert told(before, earlier) == []


def test_what_a_leg_has_passed_is_not_told_any_more() -> None:
    """A lobby heard of after the room, a room heard of after the end: too late to be news."""
    inside = record(legs=(leg({"in": at(2)}),))
    gone = record(legs=(leg({"gone": at(3)}),))

    assert told(inside, record(legs=(leg({"in": at(2), "lobby": at(1)}),))) == []
    assert told(gone, record(legs=(leg({"gone": at(3), "in": at(2)}),))) == []


def test_joining_alone_is_told_by_who_asked_graph() -> None:
    """A callback that outruns Graph's answer has nothing to add to it."""
    assert told(EMPTY, record(legs=(leg({"joining": at(0)}),))) == []
    assert bot_joining(LEG, CallId("the-call"), at=at(0), state="in") == Fact(
        name="bot.joining",
        at=at(0),
        key=(LEG, "joining"),
        data={"legKey": LEG, "callId": "the-call", "state": "in"},
    )


def test_a_leg_that_was_in_and_is_gone_has_left() -> None:
    """With Graph's code and what it means."""
    before = record(legs=(leg({"in": at(0)}),))
    gone = leg({"in": at(0), "gone": at(5)}, code=200, subcode=5000)

    [fact] = told(before, record(legs=(gone,)))

    assert (fact.name, fact.at, fact.key) == ("bot.left", at(5), (LEG, "gone"))
    assert fact.data == {
        "legKey": LEG,
        "callId": "the-call",
        "reason": "removed",
        "result": {"code": 200, "subcode": 5000, "meaning": "A participant removed the bot."},
    }


def test_a_leg_that_never_got_in_has_failed() -> None:
    """With a code and a next step, as every failure has."""
    gone = leg({"joining": at(0), "gone": at(5)}, code=200, subcode=5855)

    [fact] = told(EMPTY, record(legs=(gone,)))

    assert fact.name == "bot.failed"
    assert (fact.data["code"], fact.data["reason"]) == ("leg_ended", "lobbyTimeout")
    assert fact.data["nextStep"]


def test_an_end_without_codes_has_no_result() -> None:
    """Nothing is made up; a leg whose call nobody knows names none."""
    gone = leg({"in": at(0), "gone": at(5)}, key=OTHER_LEG, call_id=None)

    *_, fact = told(EMPTY, record(legs=(gone,)))

    assert fact.data == {"legKey": OTHER_LEG, "reason": "unknown"}


@pytest.mark.parametrize(
    ("phases", "name"),
    [({"in": at(0)}, "bot.left"), ({"joining": at(0)}, "bot.failed")],
)
def test_an_end_whose_result_comes_later_is_published_again(
    phases: dict[Phase, datetime], name: str
) -> None:
    """Dated as before, with the result, under an id of its own, and once."""
    silent = leg({**phases, "gone": at(5)})
    explained = replace(silent, code=200, subcode=5000)

    [first] = told(record(legs=(leg(phases),)), record(legs=(silent,)))
    [second] = told(record(legs=(silent,)), record(legs=(explained,)))

    assert (first.name, first.at, first.key) == (name, at(5), (LEG, "gone"))
    assert (first.data["reason"], "result" in first.data) == ("unknown", False)
    assert (second.name, second.at, second.key) == (name, at(5), (LEG, "gone", "result"))
    assert second.data["reason"] == "removed"
    assert second.data["result"]["subcode"] == 5000
    assert told(record(legs=(explained,)), record(legs=(explained,))) == []


def test_an_end_whose_result_is_known_is_published_once() -> None:
    """A copy of the end changes nothing, whatever phase is learnt of after it."""
    gone = leg({"joining": at(0), "gone": at(5)}, code=200, subcode=5000)
    seen_in = replace(gone, phases={**gone.phases, "in": at(1)})

    assert told(record(legs=(gone,)), record(legs=(seen_in,))) == []


@pytest.mark.parametrize(
    ("person", "show_names", "expected"),
    [
        (ADA, False, {"kind": "user", "userId": "u-ada", "tenantId": "t"}),
        (
            ADA,
            True,
            {"kind": "user", "userId": "u-ada", "displayName": "Ada", "tenantId": "t"},
        ),
        (Person(kind="guest", display_name="Bo"), False, {"kind": "guest"}),
        (Person(kind="phone"), True, {"kind": "phone"}),
    ],
)
def test_names_are_told_only_where_the_setting_allows(
    person: Person, show_names: bool, expected: dict[str, Any]
) -> None:
    """And what is not known is left out."""
    assert person_data(person, show_names=show_names) == expected


@pytest.mark.parametrize("show_names", [False, True])
def test_the_setting_reaches_every_fact_about_people(show_names: bool) -> None:
    """Joining and leaving alike."""
    ada = replace(session("ada", 1, left=2), person=ADA)

    facts = told(
        EMPTY, record(over(group_call(ada), 2)), shown=Shown(names=show_names, within=WITHIN)
    )

    named = [fact for fact in facts if "participant" in fact.data]
    assert names(named) == ["participant.joined", "participant.left"]
    assert all(("displayName" in fact.data["participant"]) is show_names for fact in named)
    assert ("Ada" in str([fact.data for fact in facts])) is show_names
