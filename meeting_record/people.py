"""The people of one group call, each once, however often and on however many devices they came.

Core: values in, JSON members out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.calls.record import Session
from shared.events.facts import person_data
from shared.words.ids import utc_text
from shared.words.observations import Person
from shared.words.rules import Shown

NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A time for which a person was there, to the millisecond. `left_at` None: they are there.

    `present_before`: they may have been there before `joined_at`, when they were first seen.
    """

    joined_at: datetime
    left_at: datetime | None
    present_before: bool = False

    def length(self, until: datetime) -> timedelta:
        """Return how long it is; where it is open, up to `until`."""
        left_at = _shown(until) if self.left_at is None else self.left_at
        return max(left_at - self.joined_at, NO_TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """One person in one call. `intervals` are in order and do not touch."""

    person: Person
    intervals: tuple[Interval, ...]

    def seconds(self, until: datetime) -> float:
        """Return for how long the person was there, up to `until`."""
        first, *others = self.intervals
        length = first.length(until)
        for one in others:
            length += one.length(until)
        return length.total_seconds()


def attendances(sessions: Iterable[Session]) -> list[Attendance]:
    """Return who was in a call, by when they were first seen.

    Sessions of one user id are one person. A session without an id is a person of its own.
    """
    of_people = defaultdict[str, list[Session]](list)
    for one in sorted(sessions, key=lambda one: (one.first_seen, one.session_id)):
        of_people[one.person.user_id or f"session {one.session_id}"].append(one)
    return [_attendance(own) for own in of_people.values()]


def person_view(
    one: Attendance,
    *,
    until: datetime,
    tenant_id: str,
    roles: Mapping[str, str],
    shown: Shown,
) -> dict[str, Any]:
    """Return a person as the record shows them.

    `until`: when the call was last heard of. `tenant_id`: ours. `roles`: of people, by user id.
    """
    person = one.person
    role = roles.get(person.user_id) if person.user_id is not None else None
    intervals = [_interval_view(interval) for interval in one.intervals]
    return {
        "participant": person_data(person, show_names=shown.names),
        "external": _external(person, tenant_id),
        **({"role": role} if role is not None else {}),
        "firstJoinedAt": intervals[0]["joinedAt"],
        "lastLeftAt": intervals[-1]["leftAt"],
        "seconds": one.seconds(until),
        "intervals": intervals,
    }


def _attendance(sessions: list[Session]) -> Attendance:
    if len(sessions) == 1:
        return Attendance(person=sessions[0].person, intervals=(_interval(sessions[0]),))
    return Attendance(person=_person(sessions), intervals=_union(map(_interval, sessions)))


def _union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for one in sorted(intervals, key=lambda one: one.joined_at):
        last = merged[-1] if merged else None
        if last is None or (last.left_at is not None and last.left_at < one.joined_at):
            merged.append(one)
            continue
        ends = (last.left_at, one.left_at)
        merged[-1] = Interval(
            joined_at=last.joined_at,
            left_at=None if None in ends else max(end for end in ends if end is not None),
            present_before=last.present_before or one.present_before,
        )
    return tuple(merged)


def _interval(session: Session) -> Interval:
    first_seen = _shown(session.first_seen)
    left_at = None if session.left_at is None else _shown(session.left_at)
    return Interval(
        # A late roster may name a person only after the call was over.
        joined_at=first_seen if left_at is None else min(first_seen, left_at),
        left_at=left_at,
        present_before=session.present_before,
    )


def _person(sessions: list[Session]) -> Person:
    """Return what the sessions of one person say of them; the first that says it counts."""
    people = [one.person for one in sessions]
    return Person(
        kind=people[0].kind,
        user_id=people[0].user_id,
        display_name=next((one.display_name for one in people if one.display_name), None),
        tenant_id=next((one.tenant_id for one in people if one.tenant_id), None),
    )


def _external(person: Person, tenant_id: str) -> bool | None:
    if person.tenant_id is None:
        return None
    return person.tenant_id != tenant_id


def _interval_view(one: Interval) -> dict[str, Any]:
    left_at = None if one.left_at is None else utc_text(one.left_at)
    view = {"joinedAt": utc_text(one.joined_at), "leftAt": left_at}
    return {**view, "presentBefore": True} if one.present_before else view


def _shown(moment: datetime) -> datetime:
    """Return a moment as exact as it is shown: so lengths follow, and intervals lie apart."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
