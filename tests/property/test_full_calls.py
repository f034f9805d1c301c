"""Laws of calls that are full: who is kept depends on the room, starts and ends do not."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calls.fold import fold
from shared.calls.history import as_change
from shared.calls.record import GroupCall, mark_of, seal
from shared.calls.weight import CALL, SESSION, relieved, weight_of
from shared.events.facts import facts_between
from shared.words.rules import Shown
from tests.property.histories import SETTLE, START, History, Trouble, moment, play
from tests.property.truth import ONE_READ, lies

seeds = st.integers(0, 2**32)
rooms = st.integers(0, 1_500)
MANY = settings(max_examples=2 * settings().max_examples)

WATCHED = [
    Trouble(late=0),
    Trouble(late=0, old=0.6, arrive=True),
    Trouble(),
    Trouble(apart=8, clocks=2),
    Trouble(delay=4, lost=0.3, old=0.6),
    Trouble(cap=3, old=0.6),
    Trouble(delay=4, old=0.6, late=0.5),
]
"""The bot is there throughout, and its reads are answered."""
ANY = [
    *WATCHED,
    Trouble(lost=0.3, failing=2, stray=0.3, old=0.6, arrive=True),
    Trouble(gaps=3, changed=True, old=0.6),
    Trouble(gaps=3, changed=True, lost=0.3, delay=4, cap=4, failing=2, stray=0.3, old=0.6),
]
ONE_SESSION = SESSION + 100
"""More than a session of these histories weighs."""


@MANY
@given(st.sampled_from(WATCHED), seeds, rooms)
def test_starts_and_ends_are_those_of_a_head_without_bound(
    trouble: Trouble, seed: int, room: int
) -> None:
    """The same is heard; only who is listed differs, and that is said.

    A late copy tells a full call less than one with room: which people it names is not known. So
    where copies come late, only the bounds of starts and ends hold: two calls close together may be
    shown as one by either, and an old roster of a full call may be taken for one of the next.
    """
    history, apart = play(trouble, seed), timedelta(seconds=trouble.clocks + 0.001)

    calls = in_room(history, room)

    for call in calls:
        true = history.room.calls
        latest = call.started_at + ONE_READ
        assert any(lies(call.start_not_before, one.started_at, latest, apart) for one in true)
        assert call.ended_at is None or any(
            lies(call.end_not_before, one.ended_at, call.end_not_after, apart) for one in true
        )
        assert call.others == 0 or not call.complete
    if trouble.late:
        return
    for call, whole in zip(calls, history.calls, strict=True):
        assert (call.number, call.reason) == (whole.number, whole.reason)
        assert _times(call) == _times(whole)
        assert call.participant_count <= whole.participant_count


@MANY
@given(st.sampled_from(ANY), seeds, rooms)
def test_what_is_kept_never_takes_more_than_its_room(
    trouble: Trouble, seed: int, room: int
) -> None:
    """But for the first session of a call, which is kept in any case."""
    for step in play(replace(trouble, room=room), seed).steps:
        assert sum(map(weight_of, step.before.calls)) <= max(room, CALL + ONE_SESSION)


@MANY
@given(st.sampled_from(ANY), seeds, rooms)
def test_nobody_leaves_who_was_not_published_as_there(
    trouble: Trouble, seed: int, room: int
) -> None:
    """And nobody comes twice without having left."""
    history = play(replace(trouble, room=room), seed)
    there = set[str]()
    shown = Shown(names=False, within=moment(SETTLE) - moment(0))

    for step in history.steps:
        for fact in facts_between(step.before, step.after, revisions={}, shown=shown):
            who = fact.data.get("sessionId", "")
            if fact.name == "participant.joined":
                assert who not in there
                there.add(who)
            elif fact.name == "participant.left":
                there.remove(who)


@given(st.sampled_from(ANY), seeds)
def test_who_found_no_room_is_logged_once(trouble: Trouble, seed: int) -> None:
    """Once a call is full, the log names only those who are known, or kept."""
    for step in play(replace(trouble, room=0), seed).steps:
        call, later = step.before.open_call, step.after.open_call
        if call is None or later is None or not call.others or later.number != call.number:
            continue
        change = as_change(step.before, step.observation, step.after)
        known = {one for each in step.after.calls for one in each.people} | call.people
        named = getattr(change.observation, "people", ())
        assert all(one.person.user_id is None or mark_of(one) in known for one in named)


def in_room(history: History, room: int) -> list[GroupCall]:
    """Return the calls of what a history heard, for a head with less room."""
    record, early = START, list[GroupCall]()
    for version, observation in history.log:
        by = replace(history.by(version), room=room)
        record, pages = seal(fold(record, [observation], by))
        record, more = relieved(record, room)
        early += [page.call for page in (*pages, *more) if page.call is not None]
    return [*early, *record.known_calls]


def _times(call: GroupCall) -> tuple[object, ...]:
    return (call.started_at, call.start_basis, call.ended_at, call.end_basis)
