"""What is told of the difference between two records, and in which order."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain import CallId, LegKey, MeetingId, Person, Phase, SessionId, utc_text
from shared.events import Fact
from shared.facts import bot_joining, end_data, facts_between, person_data
from shared.meeting import LegClaim, Meeting
from shared.record import GroupCall, Leg, Record, Session, mark_of, seal_of

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEG, OTHER_LEG = LegKey("abcdefghijklmnop"), LegKey("bcdefghijklmnopq")
ADA = Person(kind="user", user_id="u-ada", display_name="Ada", tenant_id="t")
MEETING = Meeting(
    meeting_id=MeetingId("a" * 26),
    tenant_id="t",
    correlation_id="r",
    claims=(
        LegClaim(
            leg_key=LEG,
            attempt=1,
            request_id="r",
            claimed_at=T0,
            lease_until=T0,
            call_id=CallId("the-call"),
        ),
    ),
)
EMPTY = Record()


def at(seconds: float) -> datetime:
    """Return the moment so many seconds into the story."""
    return T0 + timedelta(seconds=seconds)


def text(seconds: float) -> str:
    """Return that moment as events spell it."""
    return utc_text(at(seconds))


def leg(phases: Mapping[Phase, datetime], *, key: LegKey = LEG, **members: Any) -> Leg:
    """Return a leg that came so far."""
    return Leg(key=key, phases=phases, **members)


def session(name: str, seen: float, *, left: float | None = None, **members: Any) -> Session:
    """Return the session of a person of that name."""
    return Session(
        session_id=SessionId(f"s-{name}"),
        person=Person(kind="user", user_id=f"u-{name}"),
        first_seen=at(seen),
        last_seen=at(seen),
        left_at=None if left is None else at(left),
        **members,
    )


def group_call(*sessions: Session, number: int = 1, **members: Any) -> GroupCall:
    """Return a call of these sessions that began with the first."""
    begun = min(one.first_seen for one in sessions)
    return GroupCall(
        number=number,
        started_at=begun,
        start_basis="observed",
        last_seen=begun,
        sessions={one.session_id: one for one in sessions},
        **members,
    )


def over(call: GroupCall, ended: float, *, reason: str = "everyoneLeft") -> GroupCall:
    """Return the call after its confirmed end."""
    return replace(call, ended_at=at(ended), end_basis="observed", reason=reason)


def record(*calls: GroupCall, legs: tuple[Leg, ...] = ()) -> Record:
    """Return a record of these calls and legs."""
    return Record(legs={one.key: one for one in legs}, calls=calls)


def told(
    before: Record, after: Record, *, meeting: Meeting = MEETING, show_names: bool = False
) -> list[Fact]:
    """Return what became known."""
    return facts_between(meeting, before, after, show_names=show_names)


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

    assert told(record(full), record(sealed)) == []
    assert told(record(sealed), record(full)) == []


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
    }


@pytest.mark.parametrize(
    "change",
    [
        {"started_at": at(0)},
        {"start_basis": "attendanceReport"},
        {"ended_at": at(5)},
        {"end_basis": "attendanceReport"},
        {"reason": "conversationEnded"},
    ],
)
def test_an_end_that_was_told_and_changed_is_told_again(change: dict[str, Any]) -> None:
    """With a revision, under an id of its own."""
    known = over(group_call(session("ada", 1, left=4)), 4)
    corrected = replace(known, **change)

    [fact] = told(record(known), record(corrected))

    assert (fact.name, fact.key) == ("call.corrected", ("1", "1"))
    assert fact.data == end_data(corrected) | {"revision": 1, "final": False}


def test_revisions_of_each_call_count_up() -> None:
    """The next correction after the second is the third, for that call alone."""
    known = [over(group_call(session("ada", 1, left=4), number=n), 4) for n in (1, 2)]
    corrected = [replace(call, reason="conversationEnded") for call in known]

    facts = told(record(*known), record(*corrected), meeting=replace(MEETING, revisions={1: 2}))

    assert [fact.data["revision"] for fact in facts] == [3, 1]


def test_what_moves_inside_a_call_that_is_over_is_no_correction() -> None:
    """`lastSeen` is ours, and is told nowhere."""
    known = over(group_call(session("ada", 1, left=4)), 4)

    assert told(record(known), record(replace(known, last_seen=at(3)))) == []


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
    assert bot_joining(LEG, CallId("the-call"), at=at(0)) == Fact(
        name="bot.joining",
        at=at(0),
        key=(LEG, "joining"),
        data={"legKey": LEG, "callId": "the-call"},
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
    gone = leg({"in": at(0), "gone": at(5)}, key=OTHER_LEG)

    *_, fact = told(EMPTY, record(legs=(gone,)))

    assert fact.data == {"legKey": OTHER_LEG, "reason": "unknown"}


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

    facts = told(EMPTY, record(over(group_call(ada), 2)), show_names=show_names)

    named = [fact for fact in facts if "participant" in fact.data]
    assert names(named) == ["participant.joined", "participant.left"]
    assert all(("displayName" in fact.data["participant"]) is show_names for fact in named)
    assert ("Ada" in str(facts)) is show_names
