"""The calls of a meeting as readers and events see them: what was observed, corrected by sources.

Core, pure, and the only thing that is shown. A dated source corrects what is shown and never what
was heard, so a worse source takes nothing from a better one. docs/recording.md has the rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from shared.calls.record import GroupCall
from shared.sources.dating import (
    dating,
    end_as_observed,
    ended,
    seen_in,
    start_as_observed,
    started,
)
from shared.sources.kept import Found, Numbers, Runs, number_of
from shared.sources.matching import Matched, Recorded, matches_of
from shared.sources.missed import Missed, missed_in, missed_people
from shared.sources.people import each_by_itself, people_of, unlisted, until
from shared.sources.spans import SourceCall, Span
from shared.words.ids import SessionId
from shared.words.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCall:
    """One call as it is shown, under its number.

    `confirmed`: a source speaks of it. `final`: no source that is to come is waited for. With
    `merged_into`, its people are in the call of that number, and it has none. `roles`: Graph's.
    """

    call: GroupCall
    final: bool = False
    confirmed: bool = False
    merged_into: int | None = None
    roles: Mapping[SessionId, str] = field(default_factory=dict)


def view(
    observed: Iterable[GroupCall],
    sources: Iterable[Source],
    numbers: Numbers,
    *,
    settle: timedelta,
) -> tuple[ShownCall, ...]:
    """Return the calls that have a number, by number.

    `observed` are the known calls of the fold with all their sessions. Gaps of up to `settle`
    between people's stays are no end of a call. A call that is open is shown as observed.
    """
    recorded = _recorded(observed, numbers)
    shown: dict[int, ShownCall] = {one.number: _as_observed(one, numbers) for one in recorded}
    matches = [one for one in matches_of(recorded, sources, settle=settle) if one.members]
    for match in matches:
        first, *others = match.members
        shown[first.number] = _corrected(match, numbers)
        for other in others:
            shown[other.number] = ShownCall(
                call=_without_people(other.call),
                final=other.number not in numbers.awaited,
                confirmed=True,
                merged_into=first.number,
            )
    said = [(one.shown, one.sessions) for one in matches]
    for match, missed in zip(matches, missed_in(said), strict=True):
        if missed:
            number = match.members[0].number
            shown[number] = _with(shown[number], missed)
    return tuple(shown[number] for number in sorted(shown))


def without_number(
    observed: Iterable[GroupCall],
    sources: Iterable[Source],
    numbers: Numbers,
    *,
    settle: timedelta,
) -> list[SourceCall]:
    """Return the calls that only sources know and that have no number yet, by start.

    What overlaps a call that is open may be part of that: it waits for its end.
    """
    matches = matches_of(_recorded(observed, numbers), sources, settle=settle)
    return [one.shown for one in matches if not (one.members or one.has_open)]


def numbered(calls: Iterable[GroupCall], taken: Runs) -> tuple[GroupCall, ...]:
    """Return calls of the fold under the numbers by which they are shown."""
    return tuple(replace(call, number=number_of(call.number, taken)) for call in calls)


def _recorded(observed: Iterable[GroupCall], numbers: Numbers) -> list[Recorded]:
    folded = (
        Recorded(
            number=call.number,
            span=Span(
                started_at=call.started_at,
                ended_at=max(call.started_at, call.ended_at or call.heard_at),
            ),
            call=call,
        )
        for call in numbered(observed, numbers.taken)
    )
    found = (
        Recorded(
            number=one.number,
            span=Span(started_at=one.started_at, ended_at=one.ended_at),
            call=_of_source(one),
        )
        for one in numbers.found
    )
    return sorted((*folded, *found), key=lambda one: one.number)


def _of_source(found: Found) -> GroupCall:
    return GroupCall(
        number=found.number,
        started_at=found.started_at,
        start_basis=found.basis,
        start_not_before=found.started_at,
        heard_at=found.ended_at,
        ended_at=found.ended_at,
        end_basis=found.basis,
        end_not_before=found.ended_at,
        end_not_after=found.ended_at,
        reason="everyoneLeft",
    )


def _as_observed(one: Recorded, numbers: Numbers) -> ShownCall:
    over = one.call.ended_at is not None
    return ShownCall(call=one.call, final=over and one.number not in numbers.awaited)


def _without_people(call: GroupCall) -> GroupCall:
    return replace(call, sessions={}, sealed=frozenset(), sealed_people=frozenset(), others=0)


def _corrected(match: Matched, numbers: Numbers) -> ShownCall:
    """Return the call of the lowest number, as the sources say and, beside them, as observed."""
    number, best = match.members[0].number, match.shown.best
    calls = [one.call for one in match.members]
    sessions = each_by_itself(number, match.sessions)
    left_out = unlisted(best, sessions)
    people = people_of(number, best, sessions, left_out)
    start, end = dating(match.shown, match.room, sessions)
    first, last = seen_in(match.room, left_out)
    call = _hull(calls)
    if start is not None:
        call = started(call, start)
    elif first is not None:
        call = start_as_observed(call, match.room, first)
    if end is not None:
        call = ended(call, end)
    elif last is not None:
        call = end_as_observed(call, match.shown.hull, match.room, last)
    as_observed = {one.session_id: until(one, call.ended_at) for one in left_out}
    call = replace(
        call,
        number=number,
        complete=True,
        sessions={**people.sessions, **as_observed},
        sealed=frozenset(),
        sealed_people=frozenset(),
        others=0,
    )
    return ShownCall(
        call=call, final=number not in numbers.awaited, confirmed=True, roles=people.roles
    )


def _with(shown: ShownCall, missed: Mapping[str, Missed]) -> ShownCall:
    people = missed_people(missed, shown.call)
    call = replace(shown.call, sessions={**shown.call.sessions, **people.sessions})
    return replace(shown, call=call, roles={**shown.roles, **people.roles})


def _hull(calls: Sequence[GroupCall]) -> GroupCall:
    """Return calls as one that starts with the first and ends with the last of them."""
    first = min(calls, key=lambda call: call.started_at)
    last = max(calls, key=lambda call: call.ended_at or call.started_at)
    return replace(
        last,
        started_at=first.started_at,
        start_basis=first.start_basis,
        start_not_before=first.start_not_before,
        heard_at=max(call.heard_at for call in calls),
    )
