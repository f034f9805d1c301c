"""Which recorded calls each call of sources shows, and which sessions are part of it. Core."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from shared.calls.record import GroupCall, Session
from shared.sources.dating import dating, evidence_of
from shared.sources.spans import RANK, Groups, SourceCall, Span, joined_calls, source_calls
from shared.words.sources import Source

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A call that has a number: the fold's, or one that only a source knew when it got it."""

    number: int
    span: Span
    call: GroupCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A call of sources, and the calls over that it shows. `room`: from call before to next.

    `sessions` are those of its calls, but for those of other calls of sources that have a number.
    """

    shown: SourceCall
    room: Span
    members: tuple[Recorded, ...]
    sessions: tuple[Session, ...]
    has_open: bool


def matches_of(
    recorded: Sequence[Recorded], sources: Iterable[Source], *, settle: timedelta
) -> list[Matched]:
    """Return the calls of sources, by start, each with the recorded calls that it shows."""
    over = [one for one in recorded if one.call.ended_at is not None]
    shown = _bridged(source_calls(sources, settle=settle), over)
    rooms = _rooms(shown)
    members: list[list[Recorded]] = [[] for _ in shown]
    for one in over:
        meeting = [place for place, call in enumerate(shown) if call.hull.meets(one.span)]
        if len(meeting) > 1:
            meeting.sort(key=lambda at: _preference(one, shown[at], rooms[at]))
        if meeting:
            members[meeting[0]].append(one)
    sessions = _at_home(shown, members)
    still_open = [one.span for one in recorded if one.call.ended_at is None]
    return [
        Matched(
            shown=call,
            room=room,
            members=tuple(mine),
            sessions=tuple(own),
            has_open=any(call.hull.meets(span) for span in still_open),
        )
        for call, room, mine, own in zip(shown, rooms, members, sessions, strict=True)
    ]


def _at_home(
    shown: Sequence[SourceCall], members: Sequence[Sequence[Recorded]]
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
    one: Recorded, call: SourceCall, room: Span
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


def _bridged(shown: list[SourceCall], over: Sequence[Recorded]) -> list[SourceCall]:
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
