"""The error tree. The type of an exception is its verdict on the message that raised it.

    RollcallError
    ├── Rejected           can never succeed: answered, kept in rejected-requests, completed
    ├── Transient          may succeed later: a scheduled copy is sent, this one completed
    │   └── Unavailable    a component we depend on (tables, Graph, signing keys) did not answer
    │       ├── Unreadable this version cannot read the stored record of a meeting
    │       ├── NotAsked   the component did nothing: there was no token, or no time, to ask it
    │       └── NotSent    Service Bus did not take the messages for some entities
    └── LostRace           another commit changed the meeting first: gather again

Any other exception is a bug: Service Bus redelivers the message and finally dead-letters it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.words.outgoing import Outgoing, Undelivered

MESSAGE_ID = "message_id"
"""The param by which the problem of a message that cannot be sent names it."""


class RollcallError(Exception):
    """Base of the errors that Rollcall raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a request; kinds.py makes them.

    `member` is a JSON Pointer, "" for the whole request. `code` is the word of its kind, and
    `params`, which are JSON, are what its message was filled with: so clients can translate it.
    """

    member: str
    code: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


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
    """One try that failed: when, the message of its failure, and Graph's id of its answer."""

    at: datetime
    said: str
    request_id: str | None = None


@dataclass(eq=False)
class Rejected(RollcallError):
    """The request can never succeed as it is, or did not succeed in the time it had.

    `code` is stable and machine-readable. `message` says what it means, `next_step` what to do.
    problems.py has all of them. `history`: the tries before this one. `undelivered`: why the
    refusal reaches the topic alone.
    """

    code: str
    message: str
    next_step: str
    problems: tuple[Problem, ...] = ()
    graph: GraphTrace | None = None
    history: tuple[Attempt, ...] = ()
    undelivered: Undelivered | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass(eq=False)
class Transient(RollcallError):
    """The request may succeed later; `retry_after` is the wait that the component requested."""

    message: str
    retry_after: timedelta | None = None
    graph: GraphTrace | None = field(default=None)

    def __str__(self) -> str:
        return self.message


class Unavailable(Transient):
    """A component we depend on did not answer."""


@dataclass(eq=False)
class Unreadable(Unavailable):
    """This version of Rollcall cannot read the stored record of a meeting."""

    meeting_id: str = ""


class NotAsked(Unavailable):
    """The request was not sent to the component we depend on, so it did nothing."""


@dataclass(eq=False)
class NotSent(Unavailable):
    """Service Bus took the messages for other entities, but none for `entities`.

    `problems` are of messages for the other entities that can never be sent.
    """

    entities: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


class LostRace(RollcallError):
    """Another commit changed the meeting since it was loaded; nothing was written."""


def refusal_in(error: Rejected | NotSent, message: Outgoing) -> Problem | None:
    """Return why a message can never be sent, as the bus says; None where it says nothing of it.

    A problem that names no message is one of the entity, and so of all messages for it.
    """
    for one in error.problems:
        if one.member == message.entity:
            named = one.params.get(MESSAGE_ID)
            if named is None or named == message.message_id:
                return one
    return None
