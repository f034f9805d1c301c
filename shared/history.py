"""What each commit heard and published, as the log keeps it: changes, never full rosters.

Core. The record is the fold of the log: `replayed` gives back what was folded, for the record as it
was then.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain import Observation, Present, RosterPushed, RosterRead, SessionId
from shared.record import Record, Session, seal_of

MARK = 8
"""Characters that tell the sessions held as there from each other: 40 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One observation as a change. Of a roster's people it names those not held as there.

    `missing` marks the sessions held as there that the roster leaves out; or `listed` those that it
    lists, where they are fewer.
    """

    observation: Observation
    missing: tuple[str, ...] = ()
    listed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One event that a commit published: its number among the meeting's, its type, its time."""

    sequence: int
    type: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """What the commit that made a `version` of a meeting heard, in order, and what it published."""

    version: int
    heard: tuple[Heard, ...]
    published: tuple[Published, ...] = ()


def as_change(record: Record, observation: Observation) -> Heard:
    """Return an observation as a change of what `record` holds, before it is folded."""
    if not isinstance(observation, RosterPushed | RosterRead):
        return Heard(observation=observation)
    there, named = _there(record), {present.session_id for present in observation.people}
    others = tuple(one for one in observation.people if one.session_id not in there)
    missing = tuple(_mark(one) for one in there.values() if one.session_id not in named)
    listed = tuple(_mark(one) for one in there.values() if one.session_id in named)
    named_here = replace(observation, people=others)
    if len(listed) < len(missing):
        return Heard(observation=named_here, listed=listed)
    return Heard(observation=named_here, missing=missing)


def replayed(record: Record, heard: Heard) -> Observation:
    """Return the observation of which `heard` is the change, given the record before it."""
    observation, listed = heard.observation, heard.listed
    if not isinstance(observation, RosterPushed | RosterRead):
        return observation
    kept = [
        Present(session_id=one.session_id, person=one.person)
        for one in _there(record).values()
        if (_mark(one) not in heard.missing if listed is None else _mark(one) in listed)
    ]
    people = sorted((*kept, *observation.people), key=lambda one: one.session_id)
    return replace(observation, people=tuple(people))


def _there(record: Record) -> dict[SessionId, Session]:
    call = record.open_call
    return {} if call is None else {one.session_id: one for one in call.there()}


def _mark(session: Session) -> str:
    return seal_of(session.session_id)[:MARK]
