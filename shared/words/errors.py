"""The error tree. The type of an exception is its verdict on the message that raised it.

    RollcallError
    ├── Rejected           can never succeed: answered, kept in rejected-requests, completed
    ├── Transient          may succeed later: a scheduled copy is sent, this one completed
    │   └── Unavailable    a part we depend on (tables, Graph, signing keys) did not answer
    │       ├── Unreadable the stored record of a meeting is none that this version can read
    │       ├── NotAsked   nothing was sent to it: there was no token to ask with
    │       └── NotSent    Service Bus did not take what was for some entities
    └── LostRace           somebody else changed the meeting first: gather again

Anything else is a bug: it is raised, Service Bus redelivers and finally dead-letters.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


class RollcallError(Exception):
    """Base of everything Rollcall raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a request: the member it is about (`""`: the whole) and what it is."""

    member: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphTrace:
    """What identifies one answer of Graph to Microsoft's support."""

    status: int
    code: str
    request_id: str | None = None
    client_request_id: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try that failed: when, what was said, and Graph's id of its answer."""

    at: datetime
    said: str
    request_id: str | None = None


@dataclass(eq=False)
class Rejected(RollcallError):
    """The request can never succeed as it is, or did not in all the time it was given.

    `code` is stable and machine-readable, `message` says what it means, `next_step` what to do;
    problems.py has them all. `history`: the tries before, where there were any.
    """

    code: str
    message: str
    next_step: str
    problems: tuple[Problem, ...] = ()
    graph: GraphTrace | None = None
    history: tuple[Attempt, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass(eq=False)
class Transient(RollcallError):
    """The request may succeed later; `retry_after` is how long the other side asked us to wait."""

    message: str
    retry_after: timedelta | None = None
    graph: GraphTrace | None = field(default=None)

    def __str__(self) -> str:
        return self.message


class Unavailable(Transient):
    """A part we depend on did not answer."""


@dataclass(eq=False)
class Unreadable(Unavailable):
    """The stored record of a meeting is none that this version of Rollcall can read."""

    meeting_id: str = ""


class NotAsked(Unavailable):
    """Nothing was sent to the part we depend on, so that nothing was done there."""


@dataclass(eq=False)
class NotSent(Unavailable):
    """Service Bus took what was for other entities, and nothing for `entities`."""

    entities: frozenset[str] = frozenset()


class LostRace(RollcallError):
    """The meeting was changed by somebody else since it was loaded; nothing was written."""
