"""What is known of a meeting, as values: our legs, its group calls, the people's sessions.

Core: shapes and what can be read off them. How they come about is in group_calls.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from shared.domain import Basis, LegKey, Person, Phase, SessionId, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """How far one leg of ours came: the earliest moment of each phase it was seen in."""

    key: LegKey
    phases: Mapping[Phase, datetime] = field(default_factory=dict)
    code: int | None = None
    subcode: int | None = None
    first_roster: datetime | None = None

    @property
    def phase(self) -> Phase | None:
        """How far the leg has come; None before anything was seen of it."""
        reached: tuple[Phase, ...] = ("gone", "in", "lobby", "joining")
        return next((phase for phase in reached if phase in self.phases), None)

    @property
    def is_in(self) -> bool:
        """True while the leg is in the meeting."""
        return "in" in self.phases and "gone" not in self.phases


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One person's join to leave inside one group call.

    `present_before`: they were there when we first looked, so nobody saw them join.
    `absent_since`: the first push without them that no read has confirmed yet.
    """

    session_id: SessionId
    person: Person
    first_seen: datetime
    last_seen: datetime
    present_before: bool = False
    absent_since: datetime | None = None
    left_at: datetime | None = None

    @property
    def joined_at(self) -> datetime | None:
        """When they joined, as observed; None where nobody saw it."""
        return None if self.present_before else self.first_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCall:
    """One continuous conversation.

    `sealed` marks sessions that the ledger keeps in pages of their own, `sealed_people` the people
    they belong to.
    """

    number: int
    started_at: datetime
    start_basis: Basis
    last_seen: datetime
    quiet_since: datetime | None = None
    ended_at: datetime | None = None
    end_basis: Basis | None = None
    reason: str | None = None
    sessions: Mapping[SessionId, Session] = field(default_factory=dict)
    sealed: frozenset[str] = frozenset()
    sealed_people: frozenset[str] = frozenset()

    def holds(self, session_id: SessionId) -> bool:
        """Tell whether `session_id` is a session of this call."""
        return session_id in self.sessions or (
            bool(self.sealed) and seal_of(session_id) in self.sealed
        )

    @property
    def participant_count(self) -> int:
        """How many people were in the call, each counted once however often they came back."""
        return len(self.sealed_people | {mark_of(one) for one in self.sessions.values()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of a meeting: our legs, its group calls, and what is still to be confirmed.

    `asked_first` and `asked_last` are the moments of the first and last evidence that no read has
    answered yet; `failures` counts reads since then that gave nothing, the last at `failed_at`.
    """

    legs: Mapping[LegKey, Leg] = field(default_factory=dict)
    calls: tuple[GroupCall, ...] = ()
    asked_first: datetime | None = None
    asked_last: datetime | None = None
    failures: int = 0
    failed_at: datetime | None = None

    @property
    def open_call(self) -> GroupCall | None:
        """The group call that goes on; None while nobody is known to be there."""
        return self.calls[-1] if self.calls and self.calls[-1].ended_at is None else None

    def live_leg(self) -> LegKey | None:
        """The key of a leg that is in the meeting and can be read through."""
        return next((key for key, leg in self.legs.items() if leg.is_in), None)


@lru_cache(maxsize=4096)
def seal_of(session_id: SessionId) -> str:
    """Return the short mark that stands for a session once its call is sealed."""
    return digest("session", session_id, characters=13)


def mark_of(session: Session) -> str:
    """Return a short mark of the person in a session; a session without an id is its own person."""
    return seal_of(SessionId(session.person.user_id or session.session_id))
