"""Who was in a call by what a source lists, and by what was observed beside it. Core.

Whom a source lists was there when the source says, and at no other time. Whom it lists at no time
may have opted out, and stays as observed.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.calls.record import Session
from shared.sources.spans import CLOCKS, Layer
from shared.words.ids import SessionId, digest
from shared.words.observations import Person
from shared.words.sources import Attended


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The sessions of a call, and Graph's role of those whose source gives one.

    A session that was observed and that a source shows to be part of another is an alias of that.
    """

    sessions: Mapping[SessionId, Session]
    roles: Mapping[SessionId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """One stay of one entry."""

    person: Person
    joined_at: datetime
    left_at: datetime
    role: str | None


def each_by_itself(number: int, observed: Sequence[Session]) -> Sequence[Session]:
    """Return the sessions of call `number`, each under an id of its own.

    Calls that turn out to be one may both have known a session. Its first stay keeps the id.
    """
    if len({one.session_id for one in observed}) == len(observed):
        return observed
    found, met = list[Session](), Counter[SessionId]()
    for session in sorted(observed, key=_start_order):
        known = session.session_id
        again = digest("again", str(number), known, str(met[known]), characters=26)
        first = not met[known]
        found.append(session if first else replace(session, session_id=SessionId(again)))
        met[known] += 1
    return found


def unlisted(layer: Layer, observed: Iterable[Session]) -> list[Session]:
    """Return the sessions of people whom a source lists at no time.

    Entries without an identity stand for as many people without one, those who left first.
    """
    nameless = list[Session]()
    left_out = list[Session]()
    named = layer.named
    for session in observed:
        key = session.person.user_id
        if key is None:
            nameless.append(session)
        elif key not in named:
            left_out.append(session)
    nameless.sort(key=_end_order)
    return left_out + nameless[layer.unnamed :]


def people_of(
    number: int, layer: Layer, observed: Sequence[Session], left_out: Iterable[Session]
) -> People:
    """Return who was in call `number`, as a source says and, beside it, as was observed.

    `left_out` are the `unlisted` sessions.
    """
    kept = {one.session_id: one for one in left_out}
    known: dict[str, list[Session]] = {}
    for session in sorted(observed, key=_start_order):
        if session.session_id not in kept:
            known.setdefault(session.person.user_id or "", []).append(session)
    sessions, roles = dict[SessionId, Session](), dict[SessionId, str]()
    for key, stays in _stays_of(layer.attended).items():
        for session, role in _matched(number, key, stays, known.get(key, [])):
            sessions[session.session_id] = session
            if role is not None:
                roles[session.session_id] = role
    return People(sessions=sessions | kept, roles=roles)


def until(session: Session, ended_at: datetime | None) -> Session:
    """Return a session as it was observed, at most until its call ended.

    The source that ends the call may list a person whom the best one does not. Such a person is
    shown to leave with the call at the latest, however late that was noticed.
    """
    left_at = session.left_at
    if ended_at is None or left_at is None or max(left_at, session.first_seen) <= ended_at:
        return session
    bounds = [session.left_not_before, session.last_seen]
    earliest, last_seen = (None if one is None else min(one, ended_at) for one in bounds)
    return replace(
        session,
        first_seen=min(session.first_seen, ended_at),
        last_seen=last_seen,
        left_at=min(left_at, ended_at),
        left_not_before=earliest,
        left_not_after=ended_at,
    )


def _stays_of(attended: Iterable[Attended]) -> dict[str, list[_Listed]]:
    """Return the stays of each identity, in order. A stay that is listed twice counts once.

    Those without an identity are together under the empty text, and none of them is a repeat.
    """
    found: dict[str, dict[object, _Listed]] = {}
    for place, entry in enumerate(attended):
        key = entry.person.user_id
        stays = found.setdefault(key or "", {})
        for stay in entry.stays:
            left_at = stay.left_at or stay.joined_at
            same = stay.joined_at, left_at, None if key else place
            stays[same] = _Listed(
                person=entry.person, joined_at=stay.joined_at, left_at=left_at, role=entry.role
            )
    return {key: _in_order(stays.values()) for key, stays in found.items()}


def _in_order(stays: Collection[_Listed]) -> list[_Listed]:
    if len(stays) == 1:
        return [*stays]
    return sorted(stays, key=lambda one: (one.joined_at, one.left_at))


def _matched(
    number: int, key: str, stays: Sequence[_Listed], observed: Sequence[Session]
) -> Iterator[tuple[Session, str | None]]:
    """Yield a session for each stay, under the id by which the session that it meets was known.

    Sessions that meet no stay of their own become aliases of the last stay that began before them.
    """
    if len(stays) == len(observed) == 1 and _meets(observed[0], stays[0]):
        yield _dated(observed[0], stays[0], ()), stays[0].role
        return
    waiting, spare = deque(observed), list[Session]()
    met = list[Session | None]()
    for stay in stays:
        while waiting and (waiting[0].left_at or stay.left_at) + CLOCKS < stay.joined_at:
            spare.append(waiting.popleft())
        met.append(waiting.popleft() if waiting and _meets(waiting[0], stay) else None)
    spare += waiting
    aliases: list[list[SessionId]] = [[] for _ in stays]
    for session in spare:
        before = [at for at, one in enumerate(stays) if one.joined_at <= session.first_seen]
        aliases[before[-1] if before else 0] += [session.session_id, *session.aliases]
    for place, (stay, known) in enumerate(zip(stays, met, strict=True)):
        session = known or Session(
            session_id=SessionId(digest("stay", str(number), key, str(place), characters=26)),
            person=stay.person,
            first_seen=stay.joined_at,
            first_version=0,
            legs=(),
        )
        yield _dated(session, stay, aliases[place]), stay.role


def _meets(session: Session, stay: _Listed) -> bool:
    """Return whether a session may be a stay, as far as clocks allow to say so."""
    ended_at = session.left_at or stay.left_at
    return ended_at + CLOCKS >= stay.joined_at and session.first_seen <= stay.left_at + CLOCKS


def _dated(session: Session, stay: _Listed, aliases: Sequence[SessionId]) -> Session:
    # As `replace` would, which alone takes half of what the view of a thousand people may.
    return Session(
        session_id=session.session_id,
        person=session.person,
        first_seen=stay.joined_at,
        first_version=session.first_version,
        legs=session.legs,
        aliases=(*session.aliases, *aliases),
        opener=session.opener,
        present_before=False,
        joined_not_before=stay.joined_at,
        missed_at=session.missed_at,
        last_seen=session.last_seen,
        absent_since=session.absent_since,
        blurred=session.blurred,
        left_at=stay.left_at,
        left_not_before=stay.left_at,
        left_not_after=stay.left_at,
    )


def _start_order(session: Session) -> tuple[datetime, SessionId]:
    return session.first_seen, session.session_id


def _end_order(session: Session) -> tuple[datetime, datetime, SessionId]:
    return session.left_at or session.first_seen, session.first_seen, session.session_id
