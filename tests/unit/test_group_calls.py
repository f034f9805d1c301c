"""The fold, case by case: the rows of the table of evidence and the counter-examples behind it."""

from datetime import UTC, datetime, timedelta

from shared.domain import (
    LegKey,
    LegSeen,
    Observation,
    Person,
    Phase,
    Present,
    ReadFailed,
    RosterPushed,
    RosterRead,
    SessionId,
    Unparsed,
)
from shared.group_calls import fold, next_read
from shared.record import GroupCall, Record

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=1)
LEG = LegKey("leg1")


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def people(*names: str) -> tuple[Present, ...]:
    return tuple(
        Present(session_id=SessionId(name), person=Person(kind="user", user_id=f"u-{name}"))
        for name in names
    )


def leg(
    seconds: float, phase: Phase, code: int | None = None, subcode: int | None = None
) -> LegSeen:
    return LegSeen(at=at(seconds), leg_key=LEG, phase=phase, code=code, subcode=subcode)


def push(seconds: float, *names: str, ourselves: bool = True) -> RosterPushed:
    return RosterPushed(
        at=at(seconds), leg_key=LEG, people=people(*names), lists_ourselves=ourselves
    )


def read(seconds: float, *names: str, ourselves: bool = True, took: float = 0) -> RosterRead:
    return RosterRead(
        asked_at=at(seconds),
        answered_at=at(seconds + took),
        leg_key=LEG,
        people=people(*names),
        lists_ourselves=ourselves,
    )


def folded(*observations: Observation) -> Record:
    return fold(Record(), [leg(0, "in"), *observations])


def only_call(record: Record) -> GroupCall:
    (call,) = record.calls
    return call


def test_a_person_opens_a_call_when_first_seen() -> None:
    """The bot waits alone, then somebody comes."""
    call = only_call(folded(push(1), push(5, "ada")))

    assert (call.number, call.started_at, call.start_basis) == (1, at(5), "observed")
    assert call.sessions[SessionId("ada")].joined_at == at(5)


def test_a_roster_without_people_alone_ends_nothing() -> None:
    """A push proves presence, never absence."""
    record = folded(push(1), push(5, "ada"), push(9))

    assert record.open_call is not None
    assert record.open_call.quiet_since == at(9)
    assert record.open_call.ended_at is None
    assert record.asked_last == at(9)


def test_a_read_without_people_ends_the_call_when_it_first_fell_quiet() -> None:
    """The push says when, the read says that."""
    call = only_call(folded(push(1), push(5, "ada"), read(6, "ada"), push(9), push(9.4), read(10)))

    assert (call.ended_at, call.end_basis, call.reason) == (at(9), "observed", "everyoneLeft")
    assert call.sessions[SessionId("ada")].left_at == at(9)


def test_a_read_without_people_and_without_a_push_ends_at_the_read() -> None:
    """The last push was lost; the moment of the read is the best there is."""
    call = only_call(folded(push(1), push(5, "ada"), read(30)))

    assert (call.ended_at, call.end_basis) == (at(30), "polled")


def test_an_old_empty_roster_sent_again_does_not_end_the_call() -> None:
    """The roster from before Ada is repeated after she came: `∅ {Ada} ∅`, and she is there."""
    record = folded(push(1), push(5, "ada"), push(6), read(7, "ada"))

    call = only_call(record)
    assert call.ended_at is None
    assert call.quiet_since is None
    assert call.sessions[SessionId("ada")].left_at is None
    assert next_read(record, settle=SETTLE) is None


def test_ada_came_and_left() -> None:
    """The same pushes, `∅ {Ada} ∅`, and this time the read finds nobody."""
    call = only_call(folded(push(1), push(5, "ada"), push(6), read(7)))

    assert (call.started_at, call.ended_at) == (at(5), at(6))


def test_one_call_hands_over_from_one_person_to_another() -> None:
    """`{a} {b} ∅ ∅` is one call: the room was never seen empty between a and b."""
    call = only_call(folded(push(1), push(5, "a"), push(9, "b"), push(12), push(12.5), read(13)))

    assert set(call.sessions) == {"a", "b"}
    assert (call.started_at, call.ended_at) == (at(5), at(12))


def test_a_person_a_tenth_of_a_second_after_the_bot_stays_when_the_rosters_swap() -> None:
    """`{Ada}` overtakes the roster of the bot alone."""
    record = folded(push(0.2, "ada"), push(0.3), read(1, "ada"))

    call = only_call(record)
    assert (call.started_at, call.ended_at) == (at(0.2), None)


def test_people_who_were_there_before_the_bot_are_not_given_a_join_time() -> None:
    """Nobody saw them join."""
    call = only_call(folded(push(0.2, "ada"), push(3, "ada", "bo")))

    assert call.sessions[SessionId("ada")].joined_at is None
    assert call.sessions[SessionId("bo")].joined_at == at(3)


def test_coming_back_is_another_call() -> None:
    """A meeting has as many group calls as there were conversations."""
    record = folded(push(1), push(5, "a1"), push(9), read(10), push(20, "a2"), push(25), read(26))

    assert [(call.number, call.started_at, call.ended_at) for call in record.calls] == [
        (1, at(5), at(9)),
        (2, at(20), at(25)),
    ]


def test_a_late_roster_of_a_closed_call_adds_its_unknown_people_and_nothing_else() -> None:
    """It names a session of call 1, so it speaks of call 1."""
    record = folded(push(1), push(5, "a"), push(9), read(10), push(11, "a", "b"))

    call = only_call(record)
    assert call.ended_at == at(9)
    assert call.sessions[SessionId("b")].joined_at is None
    assert call.sessions[SessionId("b")].left_at == at(9)


def test_a_late_roster_of_call_one_does_not_touch_the_open_call_two() -> None:
    """The second call is going on while an old push comes again."""
    record = folded(push(1), push(5, "a"), push(9), read(10), push(20, "c"), push(21, "a", "b"))

    assert set(record.calls[0].sessions) == {"a", "b"}
    assert set(record.calls[1].sessions) == {"c"}


def test_people_back_under_their_old_sessions_open_a_call_when_a_read_says_so() -> None:
    """A push of old sessions is weighed as late; a read is evidence that orders itself."""
    record = folded(push(1), push(5, "a"), push(9), read(10), push(11, "a"), read(12, "a"))

    assert [call.started_at for call in record.calls] == [at(5), at(12)]


def test_a_person_missing_from_a_push_has_left_once_a_read_confirms_it() -> None:
    """Per person the same rule as for the call: the push says when, the read says that."""
    pushes = (push(1), push(5, "a", "b"), push(8, "a"))

    doubted = only_call(folded(*pushes)).sessions[SessionId("b")]
    confirmed = only_call(folded(*pushes, read(9, "a"))).sessions[SessionId("b")]
    denied = only_call(folded(*pushes, read(9, "a", "b"))).sessions[SessionId("b")]

    assert (doubted.absent_since, doubted.left_at) == (at(8), None)
    assert confirmed.left_at == at(8)
    assert (denied.absent_since, denied.left_at) == (None, None)


def test_an_empty_roster_that_does_not_list_ourselves_says_nothing() -> None:
    """Graph has been seen to push empty rosters in the middle of a call."""
    record = folded(push(1), push(5, "a"), push(6, ourselves=False))

    assert only_call(record).quiet_since is None


def test_a_read_that_does_not_list_ourselves_is_asked_again_with_growing_pauses() -> None:
    """It proves nothing, and Graph is not hammered."""
    once = folded(push(1), push(5, "a"), push(9), read(10, ourselves=False))
    twice = fold(once, [ReadFailed(at=at(12), leg_key=LEG, status=503)])

    assert only_call(twice).ended_at is None
    assert next_read(once, settle=SETTLE) == at(10) + 2 * SETTLE
    assert next_read(twice, settle=SETTLE) == at(12) + 4 * SETTLE


def test_a_leg_whose_end_says_over_ends_the_call() -> None:
    """Codes such as 200/5002 say that everyone left."""
    call = only_call(folded(push(1), push(5, "a"), leg(9, "gone", 200, 5002)))

    assert (call.ended_at, call.end_basis, call.reason) == (at(9), "observed", "everyoneLeft")


def test_a_removed_leg_leaves_the_call_open() -> None:
    """Somebody removed the bot; people talk on."""
    record = folded(push(1), push(5, "a"), leg(9, "gone", 200, 5000))

    assert only_call(record).ended_at is None
    assert next_read(record, settle=SETTLE) is None


def test_a_leg_that_never_got_in_opens_nothing() -> None:
    """It waited in the lobby until it timed out."""
    record = fold(Record(), [leg(0, "joining"), leg(1, "lobby"), leg(9, "gone", 200, 5855)])

    assert record.calls == ()


def test_a_roster_that_outlives_its_leg_opens_nothing() -> None:
    """The leg is gone: nobody could ever confirm such a call."""
    record = folded(push(1), leg(9, "gone", 200, 5000), push(9.5, "a"))

    assert record.calls == ()


def test_a_late_established_does_not_bring_a_leg_back() -> None:
    """Gone is final, and each phase keeps its earliest moment."""
    record = fold(Record(), [leg(0, "in"), leg(5, "gone"), leg(6, "in"), leg(7, "joining")])

    assert record.legs[LEG].phase == "gone"
    assert record.legs[LEG].phases["in"] == at(0)
    assert record.live_leg() is None


def test_a_push_that_crosses_a_read_is_not_lost() -> None:
    """Ada is pushed as gone between a read's question and its answer, which still lists her."""
    record = folded(push(1), push(5, "ada"), push(6.1), read(6, "ada", took=0.3))

    assert only_call(record).quiet_since == at(6.1)
    assert next_read(record, settle=SETTLE) == at(6.1) + SETTLE


def test_what_rollcall_cannot_read_changes_nothing() -> None:
    """An unparsed notification is kept, and that is all."""
    unparsed = Unparsed(
        at=at(3), leg_key=LEG, resource="operations", change_type="deleted", members=(), size=2
    )

    assert folded(push(1), unparsed) == folded(push(1))


def test_a_person_whom_a_read_finds_again_has_not_left() -> None:
    """One read missed them, or they came back under the same session."""
    record = folded(push(1), push(5, "a", "b"), push(8, "a"), read(9, "a"), read(20, "a", "b"))

    assert only_call(record).sessions[SessionId("b")].left_at is None


def test_a_leg_that_gave_rosters_ends_its_call_though_nobody_saw_it_get_in() -> None:
    """Its `established` was lost, and its rosters did not list it."""
    record = fold(Record(), [push(5, "a", ourselves=False), leg(9, "gone", 200, 5010)])

    assert only_call(record).ended_at == at(9)


def test_another_leg_that_turns_up_late_does_not_reopen_what_an_end_closed() -> None:
    """Law 2, over commits in any order: the code says that the conversation is over."""
    other = LegSeen(at=at(8), leg_key=LegKey("leg2"), phase="in")

    closed = folded(push(1), push(5, "a"), leg(9, "gone", 200, 5010))
    with_late = folded(push(1), push(5, "a"), other, leg(9, "gone", 200, 5010))

    assert only_call(closed).ended_at == only_call(with_late).ended_at == at(9)
