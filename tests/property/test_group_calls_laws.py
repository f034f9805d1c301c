"""The fold's laws 1a, 2 and 3 over any observations whatever, however unlikely."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

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
    order_key,
)
from shared.group_calls import fold
from shared.history import History, absorb, rebuild, seal
from shared.record import GroupCall, Record

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
LEGS = [LegKey("leg1"), LegKey("leg2")]
PHASES: list[Phase] = ["joining", "lobby", "in", "gone"]

moments = st.integers(0, 600).map(lambda tenths: T0 + timedelta(seconds=tenths / 10))
rosters = st.sets(st.sampled_from("abcde")).map(
    lambda names: tuple(
        Present(session_id=SessionId(name), person=Person(kind="user", user_id=name))
        for name in sorted(names)
    )
)
ends = st.sampled_from([(200, 5000), (200, 5002), (None, None), (200, 5855)])
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
)
read = st.builds(
    lambda at, took, leg_key, people, ourselves: RosterRead(
        asked_at=at,
        answered_at=at + timedelta(milliseconds=took),
        leg_key=leg_key,
        people=people,
        lists_ourselves=ourselves,
    ),
    moments,
    st.integers(0, 900),
    st.sampled_from(LEGS),
    rosters,
    st.booleans(),
)
failed = st.builds(
    ReadFailed, at=moments, leg_key=st.sampled_from(LEGS), status=st.sampled_from([0, 404, 503])
)
observations: st.SearchStrategy[list[Observation]] = st.lists(
    st.one_of(seen, pushed, pushed, read, failed), max_size=30
)


@given(observations, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_the_record(
    history: list[Observation], random: Random
) -> None:
    """Law 1a, of the fold itself."""
    shuffled = history + history[: len(history) // 2]
    random.shuffle(shuffled)

    assert fold(Record(), shuffled) == fold(Record(), history)


@given(observations, st.randoms(use_true_random=False))
def test_what_a_meeting_carries_gives_the_record_of_all_its_observations(
    history: list[Observation], random: Random
) -> None:
    """Law 1a, through the tail, the folded base and the rebuild, one commit an observation."""
    arriving = history + history[: len(history) // 2]
    random.shuffle(arriving)
    stored: list[Observation] = []
    carried = History()

    for observation in arriving:
        grown = absorb(carried, [observation])
        carried = rebuild([*stored, observation]) if grown is None else grown
        stored.append(observation)

    assert carried.record() == fold(Record(), history)


@given(observations)
def test_a_sealed_history_knows_the_same_calls(history: list[Observation]) -> None:
    """Moving the sessions of finished calls to pages loses nobody and changes no later decision."""
    ordered = sorted(history, key=order_key)
    plain, sealed, paged = History(), History(), 0

    for observation in ordered:
        plain = absorb(plain, [observation]) or plain
        grown = absorb(sealed, [observation])
        assert grown is not None
        sealed, pages = seal(grown)
        paged += sum(len(page.sessions) for page in pages)

    kept = sum(len(call.sessions) for call in sealed.record().calls)
    assert paged + kept == sum(len(call.sessions) for call in plain.record().calls)
    assert [_outline(call) for call in sealed.record().calls] == [
        _outline(call) for call in plain.record().calls
    ]


@given(observations)
def test_nothing_confirmed_closed_is_reopened(history: list[Observation]) -> None:
    """Law 2: what a prefix closed stays closed, at the same moment, whatever comes later."""
    ordered = sorted(history, key=order_key)
    closed: dict[int, tuple[datetime | None, str | None]] = {}

    for count in range(len(ordered) + 1):
        record = fold(Record(), ordered[:count])
        for number, end in closed.items():
            assert (record.calls[number - 1].ended_at, record.calls[number - 1].reason) == end
        closed = {
            call.number: (call.ended_at, call.reason)
            for call in record.calls
            if call.ended_at is not None
        }


@given(observations)
def test_times_are_never_before_their_evidence_and_ends_never_before_starts(
    history: list[Observation],
) -> None:
    """Law 3."""
    record = fold(Record(), history)
    moments_seen = {moment for one in history for moment in _moments(one)}

    for call in record.calls:
        assert call.started_at in moments_seen
        assert call.ended_at is None or call.ended_at in moments_seen
        assert call.ended_at is None or call.ended_at >= call.started_at
        for session in call.sessions.values():
            first = min(_first_evidence(history, session.session_id))
            assert session.first_seen >= first
            assert session.joined_at is None or call.started_at <= session.joined_at
            assert None in (session.joined_at, session.left_at) or (
                session.left_at >= session.joined_at  # type: ignore[operator]  # neither is None
            )


@given(observations)
def test_calls_are_numbered_in_the_order_they_were_discovered(history: list[Observation]) -> None:
    """1, 2, 3, one open at most, and only the last."""
    record = fold(Record(), history)

    assert [call.number for call in record.calls] == list(range(1, len(record.calls) + 1))
    assert all(call.ended_at is not None for call in record.calls[:-1])


def _outline(call: GroupCall) -> tuple[object, ...]:
    return (call.number, call.started_at, call.ended_at, call.reason, call.participant_count)


def _moments(observation: Observation) -> list[datetime]:
    if isinstance(observation, RosterRead):
        return [observation.asked_at, observation.answered_at]
    return [observation.at]


def _first_evidence(history: list[Observation], session_id: SessionId) -> list[datetime]:
    return [
        moment
        for one in history
        if isinstance(one, RosterPushed | RosterRead)
        and any(present.session_id == session_id for present in one.people)
        for moment in _moments(one)
    ]
