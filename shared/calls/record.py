"""What is known of a meeting, as values: our legs, its group calls, the people's sessions.

Core: shapes, and what follows from them. fold.py makes them. A time is a best estimate. Its bounds,
`…_not_before` and `…_not_after`, are certain; None where unknown.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from shared.legs.leg import Leg
from shared.words.ids import LegKey, SessionId, digest
from shared.words.observations import Basis, Person, Present
from shared.words.rules import ROOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What the fold needs beside the record, for the observations of one commit.

    `version` is the meeting's after the commit. `made_at` is when Rollcall made the meeting; None
    for a meeting that Rollcall did not make. `settle` must be longer than the age of Graph's reads
    plus the difference of our clocks. Rosters of `roster_cap` or more entries may have been cut. A
    call takes `room` bytes at most; people who find no room are counted, not kept.
    """

    version: int
    settle: timedelta
    roster_cap: int
    made_at: datetime | None = None
    room: int = ROOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One person's join to leave inside one group call.

    `legs` are the last two legs that listed it, the newest last. `aliases` are the ids by which
    other legs named it. `first_version`: the commit that first named it. `opener`: the call opened
    with it. `present_before`: it may have been there before it was first named.

    Only reads move `last_seen`. `missed_at` is a lower bound of the join. It counts once a read has
    named the session under its own id. `absent_since`: the first push without it that no read has
    confirmed yet. `blurred`: it may be there under another id, so its leaving has no upper bound.
    """

    session_id: SessionId
    person: Person
    first_seen: datetime
    first_version: int
    legs: tuple[LegKey, ...]
    aliases: tuple[SessionId, ...] = ()
    opener: bool = False
    present_before: bool = False
    joined_not_before: datetime | None = None
    missed_at: datetime | None = None
    last_seen: datetime | None = None
    absent_since: datetime | None = None
    blurred: bool = False
    left_at: datetime | None = None
    left_not_before: datetime | None = None
    left_not_after: datetime | None = None

    @property
    def joined_at(self) -> datetime | None:
        """When the person joined, as observed; None where they may have been there before."""
        return None if self.present_before else self.first_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCall:
    """One continuous conversation.

    `provisional`: neither shown nor published until a read names one of its sessions. `empty_at` is
    a lower bound of the start. It counts once a read has named one of the sessions the call opened
    with. Only reads move `last_seen`; every evidence about the call moves `heard_at`.
    `unwatched_since` is the last sign of the leg `unwatched_by`, after which no leg listened.
    `complete`: no roster was cut and no person lacked room, so every participant was listed.
    `sealed` marks ids of sessions that the ledger keeps in pages of their own, and further ids of
    known people. `sealed_people` marks the people in those pages. `others` is how many more people,
    at least, found no room: the most that one roster named, less those that were kept since.
    """

    number: int
    started_at: datetime
    start_basis: Basis
    heard_at: datetime
    provisional: bool = False
    start_not_before: datetime | None = None
    empty_at: datetime | None = None
    last_seen: datetime | None = None
    quiet_since: datetime | None = None
    unwatched_since: datetime | None = None
    unwatched_by: LegKey | None = None
    ended_at: datetime | None = None
    end_basis: Basis | None = None
    end_not_before: datetime | None = None
    end_not_after: datetime | None = None
    reason: str | None = None
    complete: bool = True
    sessions: Mapping[SessionId, Session] = field(default_factory=dict)
    sealed: frozenset[str] = frozenset()
    sealed_people: frozenset[str] = frozenset()
    others: int = 0

    @property
    def ids(self) -> dict[SessionId, SessionId]:
        """Each id by which rosters name a session that is not sealed, and the session's own id."""
        return {known: one.session_id for one in self.sessions.values() for known in ids_of(one)}

    def holds(self, *session_ids: SessionId) -> bool:
        """Return whether one of `session_ids` is an id of one of this call's sessions."""
        known = self.ids
        return any(one in known or self.has_sealed(one) for one in session_ids)

    def has_sealed(self, session_id: SessionId) -> bool:
        """Return whether the id is sealed: of a session that left the head, or a known person's."""
        return bool(self.sealed) and seal_of(session_id) in self.sealed

    @property
    def is_unwatched(self) -> bool:
        """True while no leg has heard how the call goes on."""
        return self.unwatched_by is not None

    def there(self) -> list[Session]:
        """Return the sessions held as there."""
        return [session for session in self.sessions.values() if session.left_at is None]

    @property
    def people(self) -> frozenset[str]:
        """The marks of the people in the call."""
        return self.sealed_people | {mark_of(one) for one in self.sessions.values()}

    @property
    def participant_count(self) -> int:
        """How many people were in the call, each counted once however often they came back.

        A lower bound where the call is not `complete`.
        """
        return len(self.people) + self.others


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The question who is there. A read is due at `due`.

    `last` and `version` are of the newest evidence that raised it.
    """

    due: datetime
    last: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of a meeting: our legs, its group calls, and what is still to be confirmed.

    `before` counts the calls that left the head. `moment` is that of the newest evidence.
    `failures` counts the reads since the last answer that gave nothing; `failed_at` is the last of
    them. `answered_at` is the answer of the last read. `read_at` is the proof of the last complete
    read, and `empty_at` the proof of the last complete read without people. The proof of a read is
    its request less SETTLE.
    """

    legs: Mapping[LegKey, Leg] = field(default_factory=dict)
    calls: tuple[GroupCall, ...] = ()
    before: int = 0
    question: Question | None = None
    moment: datetime | None = None
    failures: int = 0
    failed_at: datetime | None = None
    answered_at: datetime | None = None
    read_at: datetime | None = None
    empty_at: datetime | None = None

    def as_fresh_as(self, other: "Record") -> "Record":
        """Return the record with the newest times of `other`: equal to it where all else is."""
        calls, legs = self.calls, dict(self.legs)
        if self.open_call is not None and other.open_call is not None:
            calls = (*calls[:-1], replace(calls[-1], heard_at=other.open_call.heard_at))
        for key in legs.keys() & other.legs.keys():
            new = other.legs[key]
            legs[key] = replace(legs[key], last_sign=new.last_sign, pushed_at=new.pushed_at)
        return replace(self, moment=other.moment, legs=legs, calls=calls)

    @property
    def next_number(self) -> int:
        """The number of the call that opens next."""
        return self.before + len(self.calls) + 1

    def call(self, number: int | None) -> GroupCall | None:
        """Return the call of a number; None where the head does not hold it."""
        return next((call for call in self.calls if call.number == number), None)

    @property
    def open_call(self) -> GroupCall | None:
        """The group call that goes on, provisional or not; None while there is none."""
        return self.calls[-1] if self.calls and self.calls[-1].ended_at is None else None

    @property
    def known_calls(self) -> tuple[GroupCall, ...]:
        """The group calls that are shown and published: all but a provisional call."""
        return self.calls[:-1] if self.calls and self.calls[-1].provisional else self.calls

    @property
    def listening(self) -> Leg | None:
        """The leg whose rosters are believed: of the legs that are in, the one that got in first.

        A later leg is heard only once the earlier leg is gone. A read through the earlier leg shows
        that.
        """
        return min(
            (leg for leg in self.legs.values() if leg.is_in),
            key=lambda leg: leg.phases["in"],
            default=None,
        )

    def listens(self, leg: Leg) -> bool:
        """Return whether `leg` is the one whose rosters are believed."""
        return self.listening is not None and self.listening.key == leg.key


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """Sessions that leave the head for a row of their own. With `call`, that call leaves too."""

    call_number: int
    sessions: tuple[Session, ...]
    call: GroupCall | None = None


LEFT_FOR = timedelta(seconds=60)
"""How long an open call holds a session that has left."""
OVER_FOR = timedelta(hours=1)
"""How long the head holds a call that has ended, where it has room."""


def seal(record: Record) -> tuple[Record, tuple[SessionPage, ...]]:
    """Move what is over out of the record, into pages, so that the head does not grow.

    One short mark for each id of a session stays, so that a late roster is still recognised. Of
    calls that ended long ago only the count stays.
    """
    calls, pages, before = list(record.calls), list[SessionPage](), record.before
    for place, call in enumerate(calls):
        leaving = {
            session_id: session
            for session_id, session in call.sessions.items()
            if call.ended_at is not None or _is_past(session.left_at, LEFT_FOR, record.moment)
        }
        if leaving:
            pages.append(SessionPage(call_number=call.number, sessions=tuple(leaving.values())))
            calls[place] = _without_sessions(call, leaving)
    # The last one stays: the bot may be alone since its end.
    while len(calls) > 1 and _is_past(calls[0].ended_at, OVER_FOR, record.moment):
        pages.append(page_of(calls.pop(0)))
        before += 1
    if not pages:
        return record, ()
    return replace(record, calls=tuple(calls), before=before), tuple(pages)


def with_leg(record: Record, leg: Leg) -> Record:
    """Return the record with `leg` in place of what was known of it, or as its newest."""
    if record.legs.get(leg.key) is leg:
        return record
    return replace(record, legs={**record.legs, leg.key: leg})


def without_legs(record: Record, keys: Collection[LegKey]) -> Record:
    """Return the record without the legs of `keys`, which are over and no longer evidence."""
    legs = {key: leg for key, leg in record.legs.items() if key not in keys}
    return replace(record, legs=legs)


def page_of(call: GroupCall) -> SessionPage:
    """Return the page with which a call leaves the head. Its sessions left before it."""
    over = replace(call, sealed=frozenset(), sealed_people=frozenset())
    return SessionPage(call_number=call.number, sessions=(), call=over)


def _is_past(moment: datetime | None, span: timedelta, now: datetime | None) -> bool:
    return moment is not None and now is not None and now - moment > span


def _without_sessions(call: GroupCall, leaving: Mapping[SessionId, Session]) -> GroupCall:
    return replace(
        call,
        sessions={key: one for key, one in call.sessions.items() if key not in leaving},
        sealed=call.sealed | {seal_of(known) for one in leaving.values() for known in ids_of(one)},
        sealed_people=call.sealed_people | {mark_of(one) for one in leaving.values()},
    )


def ids_of(session: Session) -> Iterable[SessionId]:
    """Return every id by which rosters name a session, its own first."""
    return (session.session_id, *session.aliases)


MARK = 8
"""Characters of a mark: 40 bits. Among a thousand sessions, two share a mark in one of two million
meetings. A push then takes a new person for one who left, until a read names the new person."""


@lru_cache(maxsize=16_384)  # two for each person of the largest rosters
def seal_of(session_id: SessionId) -> str:
    """Return the short mark that stands for a session once it has left the head."""
    return digest("session", session_id, characters=MARK)


def mark_of(one: Session | Present) -> str:
    """Return a short mark of the person in a session; a session without an id is its own person."""
    return seal_of(SessionId(one.person.user_id or one.session_id))
