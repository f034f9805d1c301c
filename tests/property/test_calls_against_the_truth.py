"""The record's laws over made-up histories: what is recorded, held against the room that was."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from devstack.graph.room import Session as TrueSession
from shared.calls.record import GroupCall, Session
from shared.words.ids import SessionId
from shared.words.observations import RosterPushed, RosterRead
from tests.property.histories import SETTLE, History, Step, Trouble, moment, play
from tests.property.truth import ONE_READ, lies, true_calls

seeds = st.integers(0, 2**32)

MANY = settings(max_examples=4 * settings().max_examples)
"""Each history has one of several kinds of trouble."""

KIND = [
    Trouble(),
    Trouble(old=0.6),
    Trouble(apart=8, clocks=2),
]
UNKIND = [
    *KIND,
    Trouble(arrive=True, old=0.6),
    Trouble(failing=2, stray=0.3),
    Trouble(lost=0.3, failing=2, stray=0.3, old=0.6, arrive=True),
    Trouble(delay=4, old=0.6),
    Trouble(delay=4, lost=0.3, old=0.6),
    Trouble(cap=3, old=0.6),
    Trouble(gaps=3),
    Trouble(gaps=3, lost=0.15, old=0.6),
    Trouble(gaps=3, changed=True, old=0.6),
    Trouble(gaps=3, changed=True, lost=0.3, delay=4, cap=4, failing=2, stray=0.3, old=0.6),
    Trouble(gaps=3, lost=0.3, delay=4, cap=4, failing=2, stray=0.3, clocks=2, apart=8),
]
LATE = [Trouble(delay=4 * SETTLE), Trouble(delay=4 * SETTLE, old=0.6, late=0.5)]


@MANY
@given(st.sampled_from(KIND), seeds)
def test_calls_and_people_are_the_true_ones(trouble: Trouble, seed: int) -> None:
    """Copies in any order, commits of two writers late and out of order, as long as reads work."""
    history = play(trouble, seed)
    close = ONE_READ + timedelta(seconds=2 * trouble.lag + 2 * trouble.clocks)

    calls, truth = history.calls, history.room.calls
    assert [_members(history, call) for call in calls] == [
        sorted(call.participant_ids) for call in truth
    ]
    for call, true in zip(calls, truth, strict=True):
        _hold_close(call.started_at, true.started_at, close)
        _hold_close(call.ended_at, true.ended_at, close)
        for session in call.sessions.values():
            stay = _stays(history)[history.truly[session.session_id]]
            assert session.present_before or abs(session.first_seen - stay.joined_at) <= close
            _hold_close(session.left_at, stay.left_at, close)


@MANY
@given(st.sampled_from(UNKIND), seeds)
def test_the_truth_lies_within_the_bounds(trouble: Trouble, seed: int) -> None:
    """Whatever is lost, late or repeated, and however often the bot is thrown out."""
    history, apart = play(trouble, seed), timedelta(seconds=trouble.clocks + 0.001)
    stays = _stays(history)

    for call in history.calls:
        true = true_calls(history, call)
        assert any(
            lies(call.start_not_before, one.started_at, call.started_at + ONE_READ, apart)
            for one in true
        )
        assert call.ended_at is None or any(
            lies(call.end_not_before, one.ended_at, call.end_not_after, apart) for one in true
        )
        for session in call.sessions.values():
            names = [history.truly[name] for name in (session.session_id, *session.aliases)]
            latest = session.first_seen + ONE_READ
            assert lies(session.joined_not_before, stays[names[0]].joined_at, latest, apart)
            left_at = max(stays[name].left_at or moment(0) for name in names)
            assert session.left_at is None or lies(
                session.left_not_before, left_at, session.left_not_after, apart
            )


@MANY
@given(st.sampled_from(UNKIND), seeds)
def test_no_question_is_lost(trouble: Trouble, seed: int) -> None:
    """Where the newest roster leaves out somebody held as there, it is asked who is there."""
    for step in play(trouble, seed).steps:
        if _leaves_out(step, cap=trouble.cap):
            assert step.after.question is not None


@MANY
@given(st.integers(3, 6), seeds)
def test_nobody_leaves_by_a_cut_roster(cap: int, seed: int) -> None:
    """Graph lists any of the people there; calls start and end rightly all the same."""
    trouble = Trouble(cap=cap, old=0.6)
    history, left = play(trouble, seed), set[SessionId]()
    stays, close = _stays(history), ONE_READ + timedelta(seconds=2 * trouble.lag)

    for step in history.steps:
        for session in _sessions(step.after.known_calls):
            if session.left_at is not None and session.session_id not in left:
                left.add(session.session_id)
                gone_at = stays[history.truly[session.session_id]].left_at
                assert gone_at is not None
                assert gone_at <= moment(step.at)
    for call, true in zip(history.calls, history.room.calls, strict=True):
        _hold_close(call.started_at, true.started_at, close)
        _hold_close(call.ended_at, true.ended_at, close)


@MANY
@given(st.sampled_from(LATE), seeds)
def test_late_is_not_new(trouble: Trouble, seed: int) -> None:
    """However late a roster comes, it makes no call that nobody held."""
    history = play(trouble, seed)

    assert len(history.calls) <= len(history.room.calls)
    assert all(call.sessions for call in history.calls)


def _leaves_out(step: Step, *, cap: int) -> bool:
    """Tell whether a roster that is believed leaves out a session held as there."""
    roster, call, before = step.observation, step.after.open_call, step.before.answered_at
    if not isinstance(roster, RosterPushed | RosterRead) or call is None or roster.entries >= cap:
        return False
    if (
        isinstance(roster, RosterRead)
        and before is not None
        and roster.asked_at < before + timedelta(seconds=SETTLE)
    ):
        return False  # made too soon after the one before: not folded
    listening = step.before.listening or step.after.listening
    if listening is None or listening.key != roster.leg_key:
        return False
    if not (roster.people or roster.lists_ourselves):
        return False
    named = {present.session_id for present in roster.people}
    return any(named.isdisjoint({one.session_id, *one.aliases}) for one in call.there())


def _members(history: History, call: GroupCall) -> list[str]:
    return sorted(history.truly[session_id] for session_id in call.sessions)


def _sessions(calls: Iterable[GroupCall]) -> Iterable[Session]:
    return (session for call in calls for session in call.sessions.values())


def _stays(history: History) -> dict[str, TrueSession]:
    return {session.participant_id: session for session in history.room.sessions}


def _hold_close(recorded: datetime | None, true: datetime | None, close: timedelta) -> None:
    assert recorded is not None
    assert true is not None
    assert abs(recorded - true) <= close
