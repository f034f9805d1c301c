"""A meeting's observations as the ledger carries them: what is folded, and the newest few unfolded.

Core. Observations arrive nearly in order. The tail is kept unfolded so that one that was
overtaken still takes its place; one older than the tail asks for a fold of all of them. Either
way the record is the same: the fold of the whole set.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain import Observation, RosterPushed, RosterRead, order_key
from shared.group_calls import fold
from shared.record import GroupCall, Record, Session, mark_of, seal_of

TAIL_SPAN = timedelta(seconds=10)
TAIL_OBSERVATIONS = 24
TAIL_PEOPLE = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`base` is everything up to and including `horizon`; `tail` is newer, ordered, each once."""

    base: Record = field(default_factory=Record)
    horizon: tuple[datetime, str] | None = None
    tail: tuple[Observation, ...] = ()

    def record(self) -> Record:
        """Return the fold of everything."""
        return fold(self.base, self.tail)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """Sessions of a call that is over, on their way into a row of their own."""

    call_number: int
    sessions: tuple[Session, ...]


def absorb(history: History, observations: Iterable[Observation]) -> History | None:
    """Return `history` with `observations` in it; None where one is older than the tail reaches.

    After None, `rebuild` from all observations of the meeting.
    """
    merged = {order_key(observation): observation for observation in history.tail}
    for observation in observations:
        key = order_key(observation)
        if history.horizon is not None and key <= history.horizon:
            return None
        merged[key] = observation
    return _shortened(replace(history, tail=tuple(merged[key] for key in sorted(merged))))


def rebuild(observations: Iterable[Observation]) -> History:
    """Return the history that all `observations` of a meeting make, from nothing."""
    unique = {order_key(observation): observation for observation in observations}
    return _shortened(History(tail=tuple(unique[key] for key in sorted(unique))))


def seal(history: History) -> tuple[History, tuple[SessionPage, ...]]:
    """Move the sessions of calls that are over and folded out of the history, into pages.

    What stays is one short mark a session, by which a late push is still recognised.
    """
    pages: list[SessionPage] = []
    calls: list[GroupCall] = []
    for call in history.base.calls:
        if call.ended_at is None or not call.sessions:
            calls.append(call)
            continue
        pages.append(SessionPage(call_number=call.number, sessions=tuple(call.sessions.values())))
        marks = frozenset(seal_of(session_id) for session_id in call.sessions)
        people = frozenset(mark_of(session) for session in call.sessions.values())
        calls.append(
            replace(
                call,
                sessions={},
                sealed=call.sealed | marks,
                sealed_people=call.sealed_people | people,
            )
        )
    if not pages:
        return history, ()
    return replace(history, base=replace(history.base, calls=tuple(calls))), tuple(pages)


def _shortened(history: History) -> History:
    tail = history.tail
    if not tail:
        return history
    oldest_kept = tail[-1].at - TAIL_SPAN
    people = sum(_people(observation) for observation in tail)
    folded = 0
    for observation in tail[:-1]:
        fits = len(tail) - folded <= TAIL_OBSERVATIONS and people <= TAIL_PEOPLE
        if observation.at >= oldest_kept and fits:
            break
        people -= _people(observation)
        folded += 1
    if folded == 0:
        return history
    return History(
        base=fold(history.base, tail[:folded]),
        horizon=order_key(tail[folded - 1]),
        tail=tail[folded:],
    )


def _people(observation: Observation) -> int:
    return len(observation.people) if isinstance(observation, RosterPushed | RosterRead) else 0
