"""The calls of a meeting as readers and events see them: what was observed, corrected by sources.

Core, pure, and the only thing that is shown. A dated source corrects what is shown and never what
was heard, so a worse source takes nothing from a better one. docs/recording.md has the rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from shared.calls.record import GroupCall, Session
from shared.sources.dating import (
    dating,
    end_as_observed,
    ended,
    evidence_of,
    seen_in,
    start_as_observed,
    started,
)
from shared.sources.kept import Found, Numbers, Runs, number_of
from shared.sources.missed import Missed, missed_in, missed_people
from shared.sources.people import each_by_itself, people_of, unlisted, until
from shared.sources.spans import (
    RANK,
    Groups,
    SourceCall,
    Span,
    joined_calls,
    source_calls,
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """A call that has a number: the fold's, or one that only a source knew when it got it."""

    number: int
    span: Span
    call: GroupCall


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matched:
    """A call of sources, and the calls over that it shows. `room`: from call before to next.

    `sessions` are those of its calls, but for those of other calls of sources that have a number.
    """

    shown: SourceCall
    room: Span
    members: tuple[_Recorded, ...]
    sessions: tuple[Session, ...]
    has_open: bool


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
    matches = [one for one in _matches(recorded, sources, settle=settle) if one.members]
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
    matches = _matches(_recorded(observed, numbers), sources, settle=settle)
    return [one.shown for one in matches if not (one.members or one.has_open)]


def numbered(calls: Iterable[GroupCall], taken: Runs) -> tuple[GroupCall, ...]:
    """Return calls of the fold under the numbers by which they are shown."""
    return tuple(replace(call, number=number_of(call.number, taken)) for call in calls)


def _recorded(observed: Iterable[GroupCall], numbers: Numbers) -> list[_Recorded]:
    folded = (
        _Recorded(
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
        _Recorded(
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


def _as_observed(one: _Recorded, numbers: Numbers) -> ShownCall:
    over = one.call.ended_at is not None
    return ShownCall(call=one.call, final=over and one.number not in numbers.awaited)


def _without_people(call: GroupCall) -> GroupCall:
    return replace(call, sessions={}, sealed=frozenset(), sealed_people=frozenset(), others=0)


def _matches(
    recorded: Sequence[_Recorded], sources: Iterable[Source], *, settle: timedelta
) -> list[_Matched]:
    """Return the calls of sources, by start, each with the recorded calls that it shows."""
    over = [one for one in recorded if one.call.ended_at is not None]
    shown = _bridged(source_calls(sources, settle=settle), over)
    rooms = _rooms(shown)
    members: list[list[_Recorded]] = [[] for _ in shown]
    for one in over:
        meeting = [place for place, call in enumerate(shown) if call.hull.meets(one.span)]
        if len(meeting) > 1:
            meeting.sort(key=lambda at: _preference(one, shown[at], rooms[at]))
        if meeting:
            members[meeting[0]].append(one)
    sessions = _at_home(shown, members)
    still_open = [one.span for one in recorded if one.call.ended_at is None]
    return [
        _Matched(
            shown=call,
            room=room,
            members=tuple(mine),
            sessions=tuple(own),
            has_open=any(call.hull.meets(span) for span in still_open),
        )
        for call, room, mine, own in zip(shown, rooms, members, sessions, strict=True)
    ]


def _at_home(
    shown: Sequence[SourceCall], members: Sequence[Sequence[_Recorded]]
) -> list[list[Session]]:
    """Return the sessions of each call of sources.

    What was recorded as one call may be several. Each of its sessions is part of the one that lists
    the person then, or overlaps the session most.
    """
    found: list[list[Session]] = [[] for _ in shown]
    numbered = [place for place, mine in enumerate(members) if mine]
    for own in numbered:
        for recorded in members[own]:
            homes = [at for at in numbered if at == own or shown[at].hull.meets(recorded.span)]
            for session in recorded.call.sessions.values():
                found[_home(session, own, homes, shown)].append(session)
    return found


def _home(session: Session, own: int, homes: Sequence[int], shown: Sequence[SourceCall]) -> int:
    seen = evidence_of(session) if len(homes) > 1 else None
    if seen is None:
        return own
    meeting = [at for at in homes if shown[at].hull.meets(seen)]
    return min(
        meeting,
        key=lambda at: (
            not _lists(shown[at], session),
            -shown[at].hull.overlap(seen),
            at != own,
            at,
        ),
        default=own,
    )


def _lists(call: SourceCall, session: Session) -> bool:
    key = session.person.user_id
    return any(key in layer.listed if key else bool(layer.unnamed) for layer in call.layers)


def _names(call: SourceCall, session: Session) -> bool:
    """Return whether a source of the call lists the person at any time."""
    key = session.person.user_id
    return any(key in layer.named if key else bool(layer.unnamed) for layer in call.layers)


def _preference(
    one: _Recorded, call: SourceCall, room: Span
) -> tuple[bool, int, int, timedelta, datetime]:
    """Order the calls of sources that meet a recorded call: the one it overlaps most comes first.

    Before that, one that can date it better: more sources must not lower a basis. Yet clocks are no
    reason to take one that lies apart for one that overlaps.
    """
    overlap = call.hull.overlap(one.span)
    start, end = dating(call, room, list(one.call.sessions.values()))
    worst = len(RANK)
    ranks = [worst if layer is None else RANK[layer.kind] for layer in (start, end)]
    apart = overlap < timedelta(0)
    return apart, sum(ranks), RANK[call.best.kind], -overlap, call.hull.started_at


def _bridged(shown: list[SourceCall], over: Sequence[_Recorded]) -> list[SourceCall]:
    """Join the calls of sources between which a person stayed whom they list at no time.

    A session is one stay, so that person was there all the time from first to last evidence. Clocks
    are no reason to join calls: the evidence has to reach into both.
    """
    groups, found = Groups(len(shown)), False
    for one in over:
        if sum(call.hull.meets(one.span) for call in shown) < 2:
            continue
        for session in one.call.sessions.values():
            seen = evidence_of(session)
            if seen is None:
                continue
            meeting = [at for at, call in enumerate(shown) if call.hull.reaches(seen)]
            if len(meeting) > 1 and not any(_names(shown[at], session) for at in meeting):
                found = True
                for place, other in pairwise(meeting):
                    groups.join(place, other)
    return joined_calls(shown, groups) if found else shown


def _rooms(shown: Sequence[SourceCall]) -> list[Span]:
    """Return for each call of sources the span from the end of the one before to the next."""
    hulls = [call.hull for call in shown]
    return [
        Span(
            started_at=hulls[place - 1].ended_at if place else _LONG_AGO,
            ended_at=hulls[place + 1].started_at if place + 1 < len(hulls) else _NEVER,
        )
        for place in range(len(hulls))
    ]


def _corrected(match: _Matched, numbers: Numbers) -> ShownCall:
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


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
