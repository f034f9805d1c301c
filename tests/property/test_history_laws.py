"""Law of the log: it keeps changes, and the record is their fold, step by step or anew."""

from hypothesis import given
from hypothesis import strategies as st

from shared.calls.fold import fold
from shared.calls.history import Heard, as_change, replayed
from shared.calls.record import seal
from shared.calls.weight import relieved
from tests.property.histories import START, History, Trouble, play

TROUBLES = [
    Trouble(),
    Trouble(cap=3, old=0.6),
    Trouble(gaps=3, changed=True, old=0.6),
    Trouble(gaps=3, lost=0.3, delay=4, cap=4, failing=2, stray=0.3, clocks=2, apart=8),
    Trouble(room=0),
    Trouble(room=900, gaps=3, changed=True, lost=0.15, old=0.6, arrive=True, cap=4),
]


@given(st.sampled_from(TROUBLES), st.integers(0, 2**32))
def test_the_record_is_the_fold_of_the_log(trouble: Trouble, seed: int) -> None:
    """What was heard is given back by its changes, as far as the fold can tell."""
    history = play(trouble, seed)
    log, record = changes_of(history), START

    for (version, _), change in zip(history.log, log, strict=True):
        record, _ = seal(fold(record, [replayed(record, change)], history.by(version)))
        record, _ = relieved(record, trouble.room)

    assert record == history.record


@given(st.sampled_from(TROUBLES), st.integers(0, 2**32))
def test_a_change_names_nobody_who_was_held_as_there(trouble: Trouble, seed: int) -> None:
    """A push in a full room costs what it changes, not what it lists."""
    history = play(trouble, seed)

    for step, change in zip(history.steps, changes_of(history), strict=True):
        call = step.before.open_call
        there = {one.session_id for one in call.there()} if call is not None else set()
        named = {one.session_id for one in getattr(change.observation, "people", ())}
        assert not named & there
        assert len(change.missing) + len(change.listed or ()) <= (len(there) + 1)


def changes_of(history: History) -> list[Heard]:
    """Return the log of a history, as each of its commits would have kept it."""
    return [as_change(step.before, step.observation, step.after) for step in history.steps]
