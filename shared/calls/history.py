"""What each commit heard and published, as the log keeps it: changes, never full rosters.

Core. Folding the log gives the record: `replayed` returns the observation that was folded, given
the record at that time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.calls.record import Record, Session, mark_of, seal_of
from shared.words.ids import UNCOUNTED, SessionId
from shared.words.observations import Observation, Person, Present, RosterPushed, RosterRead


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One observation as a change: of a roster it names the people who are not held as there.

    `missing` marks the sessions held as there that the roster leaves out. `listed` marks those that
    it lists instead, where they are fewer. `uncounted` is how many more people it names who found
    no room in a full call.
    """

    observation: Observation
    missing: tuple[str, ...] = ()
    listed: tuple[str, ...] | None = None
    uncounted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One event that a commit published: its number among the meeting's, its type, its time."""

    sequence: int
    type: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """What the commit that made `version` of a meeting heard, in order, and what it published."""

    version: int
    heard: tuple[Heard, ...]
    published: tuple[LoggedEvent, ...] = ()


def as_change(record: Record, observation: Observation, after: Record) -> Heard:
    """Return an observation as a change of `record`. Folding the observation gave `after`."""
    if not isinstance(observation, RosterPushed | RosterRead):
        return Heard(observation=observation)
    there, named = _there(record), {present.session_id for present in observation.people}
    others = tuple(one for one in observation.people if one.session_id not in there)
    others, uncounted = _distinguished(record, others, after)
    missing = [one for one in there.values() if one.session_id not in named]
    listed = [one for one in there.values() if one.session_id in named]
    named_here = replace(observation, people=others)
    # A mark is a digest: most rosters miss few of those there, and list many.
    if len(listed) < len(missing):
        marks = tuple(_mark(one) for one in listed)
        return Heard(observation=named_here, listed=marks, uncounted=uncounted)
    marks = tuple(_mark(one) for one in missing)
    return Heard(observation=named_here, missing=marks, uncounted=uncounted)


def replayed(record: Record, heard: Heard) -> Observation:
    """Return the observation that became `heard`, given the record before it."""
    observation, listed = heard.observation, heard.listed
    if not isinstance(observation, RosterPushed | RosterRead):
        return observation
    kept = [
        Present(session_id=one.session_id, person=one.person)
        for one in _there(record).values()
        if (_mark(one) not in heard.missing if listed is None else _mark(one) in listed)
    ]
    uncounted = (_one_more(number) for number in range(heard.uncounted))
    people = sorted((*kept, *observation.people, *uncounted), key=lambda one: one.session_id)
    return replace(observation, people=tuple(people))


def _distinguished(
    record: Record, people: Sequence[Present], after: Record
) -> tuple[tuple[Present, ...], int]:
    """Return those of `people` whom the fold distinguishes, and how many more it only counts.

    It only counts a person while the call is full, and where no call knows the person or their id,
    before or after. If the call holds a person without an identity, others without one may be the
    same person.
    """
    call, later = record.open_call, after.open_call
    if call is None or not call.others or later is None or later.number != call.number:
        return tuple(people), 0
    calls = (*record.calls, *after.calls)
    known = frozenset[str]().union(*(one.people for one in calls))
    held = {name for one in calls for name in one.ids}
    sealed = frozenset[str]().union(*(one.sealed for one in calls))
    anonymous = any(one.person.user_id is None for one in call.sessions.values())
    distinct, uncounted = list[Present](), set[str]()
    for one in people:
        if (
            mark_of(one) in known
            or one.session_id in held
            or seal_of(one.session_id) in sealed
            or (anonymous and one.person.user_id is None)
        ):
            distinct.append(one)
        else:
            uncounted.add(mark_of(one))
    return tuple(distinct), len(uncounted)


def _one_more(number: int) -> Present:
    """Return a stand-in for one person who was only counted; the fold never keeps it."""
    name = f"{UNCOUNTED}-{number}"
    return Present(session_id=SessionId(name), person=Person(kind=UNCOUNTED, user_id=name))


def _there(record: Record) -> dict[SessionId, Session]:
    call = record.open_call
    return {} if call is None else {one.session_id: one for one in call.there()}


def _mark(session: Session) -> str:
    return seal_of(session.session_id)
