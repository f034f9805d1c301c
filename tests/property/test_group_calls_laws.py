"""The fold's laws over any observations whatever, however unlikely, in any order of commits."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.calls.fold import fold
from shared.calls.record import Commit, GroupCall, Record, Session, seal
from shared.words.ids import LegKey, SessionId
from shared.words.observations import (
    LegSeen,
    Observation,
    Person,
    Phase,
    Present,
    ReadFailed,
    RosterPushed,
    RosterRead,
)
from tests.fixtures.legs import claimed

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
LEGS = [LegKey("leg1"), LegKey("leg2")]
PHASES: list[Phase] = ["joining", "lobby", "in", "gone"]

type Log = list[list[Observation]]
"""What each commit brought, in the order of commits."""

moments = st.integers(0, 600).map(lambda tenths: T0 + timedelta(seconds=tenths / 10))
rosters = st.sets(st.sampled_from("abcde")).map(
    lambda names: tuple(
        Present(
            session_id=SessionId(name),
            person=Person(kind="user", user_id=None if name == "e" else name.replace("d", "a")),
        )
        for name in sorted(names)
    )
)
ends = st.sampled_from([(200, 5000), (200, 5002), (200, 5010), (None, None), (200, 5855)])
seen = st.builds(
    lambda at, leg_key, phase, end: LegSeen(
        at=at,
        leg_key=leg_key,
        phase=phase,
        code=end[0] if phase == "gone" else None,
        subcode=end[1] if phase == "gone" else None,
    ),
    moments,
    st.sampled_from(LEGS),
    st.sampled_from(PHASES),
    ends,
)
pushed = st.builds(
    RosterPushed,
    at=moments,
    leg_key=st.sampled_from(LEGS),
    people=rosters,
    lists_ourselves=st.booleans(),
    entries=st.sampled_from([1, 1, 1, 9]),
    unread=st.sampled_from([0, 0, 0, 1]),
    hidden=st.sampled_from([0, 0, 0, 1]),
)
read = st.builds(
    lambda at, took, leg_key, people, ourselves, version, hidden: RosterRead(
        asked_at=at,
        answered_at=at + timedelta(milliseconds=took),
        leg_key=leg_key,
        people=people,
        lists_ourselves=ourselves,
        version=version,
        hidden=hidden,
    ),
    moments,
    st.integers(0, 900),
    st.sampled_from(LEGS),
    rosters,
    st.booleans(),
    st.sampled_from([0, 5, 99]),
    st.sampled_from([0, 0, 0, 1]),
)
failed = st.builds(
    ReadFailed, at=moments, leg_key=st.sampled_from(LEGS), status=st.sampled_from([0, 404, 503])
)
logs: st.SearchStrategy[Log] = st.lists(
    st.lists(st.one_of(seen, pushed, pushed, read, read, failed), min_size=1, max_size=3),
    max_size=20,
)
START = claimed(*LEGS)
entering = LegSeen(at=T0, leg_key=LEGS[0], phase="in")

one_call = RosterPushed(
    at=T0,
    leg_key=LEGS[0],
    people=(Present(session_id=SessionId("f"), person=Person(kind="user", user_id="f")),),
    lists_ourselves=True,
)
nobody = RosterRead(
    asked_at=T0 + timedelta(seconds=1),
    answered_at=T0 + timedelta(seconds=1),
    leg_key=LEGS[0],
    people=(),
    lists_ourselves=True,
    version=99,
)


def of_one_leg(observations: list[Observation]) -> list[Observation]:
    """Return the observations through the first leg: what another leg heard may not be believed."""
    return [one for one in observations if one.leg_key == LEGS[0]]


def by(version: int) -> Commit:
    """Return what one commit of a log is folded by."""
    return Commit(version=version, settle=timedelta(seconds=1), roster_cap=9)


def records(log: Log) -> list[Record]:
    """Return the record after each commit, sealed as it is stored."""
    found = [fold(START, [entering], by(1))]
    for number, observations in enumerate(log):
        found.append(seal(fold(found[-1], observations, by(number + 2)))[0])
    return found


@given(logs)
def test_the_record_is_the_fold_of_the_log_step_by_step_or_anew(log: Log) -> None:
    """Sealing what is over loses nobody and changes no later decision."""
    sealed, anew, paged = fold(START, [entering], by(1)), START, 0
    anew = sealed

    for number, observations in enumerate(log):
        sealed, pages = seal(fold(sealed, observations, by(number + 2)))
        paged += sum(len(page.sessions) for page in pages)
        anew = fold(anew, observations, by(number + 2))

    kept = sum(len(call.sessions) for call in sealed.calls)
    assert paged + kept == sum(len(call.sessions) for call in anew.calls)
    assert [_outline(call) for call in sealed.calls] == [_outline(call) for call in anew.calls]
    assert (sealed.question, sealed.listening) == (anew.question, anew.listening)


@given(logs.map(lambda log: [of_one_leg(observations) for observations in log]), st.integers(0, 19))
def test_a_repeat_changes_no_call_person_or_time(log: Log, which: int) -> None:
    """A push, a phase or a read that was committed comes again after everything else."""
    record = records(log)[-1]
    again = [entering, *log[which % len(log)]] if log else [entering]

    repeated = fold(record, again, by(len(log) + 2))

    assert [_shown(call) for call in repeated.known_calls] == [
        _shown(call) for call in record.known_calls
    ]


@given(logs)
def test_nothing_confirmed_closed_is_reopened(log: Log) -> None:
    """What a commit closed stays closed, at the same moment, whatever comes later."""
    closed: dict[int, tuple[object, ...]] = {}

    for record in records(log):
        for number, end in closed.items():
            assert _end(record.calls[number - 1]) == end
        closed = {call.number: _end(call) for call in record.calls if call.ended_at is not None}


@given(logs)
def test_times_are_never_before_their_evidence_and_ends_never_before_starts(log: Log) -> None:
    """Bounds hold their times, too."""
    first: dict[SessionId, datetime] = {}
    for observations in log:
        for one in observations:
            if isinstance(one, RosterPushed | RosterRead):
                at = one.at if isinstance(one, RosterPushed) else one.answered_at
                for present in one.people:
                    first[present.session_id] = min(first.get(present.session_id, at), at)
    record = fold(START, [entering], by(1))
    for number, observations in enumerate(log):
        record = fold(record, observations, by(number + 2))

    for call in record.calls:
        assert call.start_not_before is None or call.start_not_before <= call.started_at
        _hold_in_order(call.end_not_before, call.ended_at, call.end_not_after)
        assert call.ended_at is None or call.ended_at >= call.started_at
        for session in call.sessions.values():
            assert session.first_seen >= first[session.session_id]
            assert session.joined_at is None or call.started_at <= session.joined_at
            _hold_in_order(session.left_not_before, session.left_at, session.left_not_after)
            assert None in (session.joined_at, session.left_at) or (
                session.left_at >= session.joined_at  # type: ignore[operator]  # neither is None
            )


@given(logs)
def test_calls_are_numbered_in_the_order_they_were_discovered(log: Log) -> None:
    """1, 2, 3, one open at most, and only the last; a number that was published stays."""
    published: list[datetime] = []

    for record in records(log):
        numbers = [call.number for call in record.calls]
        assert numbers == list(range(1, len(numbers) + 1))
        assert all(call.ended_at is not None for call in record.calls[:-1])
        starts = [call.started_at for call in record.known_calls]
        assert starts[: len(published)] == published
        published = starts


@given(logs)
def test_what_is_not_published_is_never_left_unwatched(log: Log) -> None:
    """A provisional call is taken back once no leg can confirm it; so it is never given up."""
    for record in records([[one_call], [nobody], *log]):
        if record.open_call is not None and record.open_call.provisional:
            assert not record.open_call.is_unwatched
            assert record.listening is not None


def _hold_in_order(*moments: datetime | None) -> None:
    known = [moment for moment in moments if moment is not None]
    assert known == sorted(known)


def _end(call: GroupCall) -> tuple[object, ...]:
    return (call.started_at, call.ended_at, call.end_basis, call.reason, call.end_not_after)


def _outline(call: GroupCall) -> tuple[object, ...]:
    return (call.number, call.provisional, call.unwatched_since, *_end(call), call.people)


def _shown(call: GroupCall) -> tuple[object, ...]:
    sessions = [_times(session) for session in call.sessions.values()]
    return (call.number, call.unwatched_since, *_end(call), call.people, sessions)


def _times(session: Session) -> tuple[object, ...]:
    return (session.session_id, session.first_seen, session.joined_not_before, session.left_at)
