"""What reaches Rollcall about a meeting: who is there, and how far our legs are. Core: values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from shared.words.ids import LegKey, SessionId

Basis = Literal["attendanceReport", "callRecord", "graphEvent", "observed", "polled", "assumed"]
"""How a time is known, from the best source to the worst."""

Phase = Literal["joining", "lobby", "in", "gone"]
"""How far a leg has come. A later phase is never taken back by an earlier one."""
PHASES: tuple[Phase, ...] = get_args(Phase)
"""In the order in which a leg goes through them."""

GONE = 404
"""Graph's status for a call that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who a person in a meeting is, as far as Graph says.

    `kind` is the member of Graph's identity set that named them (`user`, `guest`, `phone`, …).
    `user_id` and `tenant_id` are in the one spelling of `directory_id`.
    """

    kind: str
    user_id: str | None = None
    display_name: str | None = None
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """One person in a roster, under the id of their participant session."""

    session_id: SessionId
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSeen:
    """A leg of ours was seen in a phase. `code` and `subcode` may come with its end."""

    at: datetime
    leg_key: LegKey
    phase: Phase
    code: int | None = None
    subcode: int | None = None
    kind: Literal["leg"] = "leg"


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPushed:
    """Graph sent a full roster. It carries no time and no order: it proves presence only.

    `entries` counts the whole list, bots and the lobby included. `unread` counts its entries
    without an id and an identity that can be kept, and `hidden` those of them that may be people.
    """

    at: datetime
    leg_key: LegKey
    people: tuple[Present, ...]
    lists_ourselves: bool
    entries: int = 0
    unread: int = 0
    hidden: int = 0
    kind: Literal["roster"] = "roster"


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRead:
    """Graph answered who is there. `entries` and `hidden` as in `RosterPushed`.

    The answer may show the room of up to SETTLE before `asked_at`. `version` is that of the meeting
    the read was made for: it decides nothing about what was committed later.
    """

    asked_at: datetime
    answered_at: datetime
    leg_key: LegKey
    people: tuple[Present, ...]
    lists_ourselves: bool
    entries: int = 0
    hidden: int = 0
    version: int = 0
    kind: Literal["read"] = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFailed:
    """A read got no usable answer. `status` is Graph's, 0 without one; 404: the leg is gone."""

    at: datetime
    leg_key: LegKey
    status: int
    kind: Literal["readFailed"] = "readFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed:
    """A notification of a kind that Rollcall does not read: its shape is kept, never its values.

    `count` of this resource and change came in one message. `members` are the names of their
    members, up to a bound, and `size` is the size of all.
    """

    at: datetime
    leg_key: LegKey
    resource: str
    change_type: str
    members: tuple[str, ...]
    size: int
    count: int = 1
    kind: Literal["unparsed"] = "unparsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAlive:
    """Graph took a keepAlive: the leg lives for another 45 minutes."""

    at: datetime
    leg_key: LegKey
    kind: Literal["keptAlive"] = "keptAlive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A keepAlive, or GET call, got no usable answer: `status` as in `ReadFailed`."""

    at: datetime
    leg_key: LegKey
    status: int
    kind: Literal["unanswered"] = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """No leg heard the open call for so long that it is taken for over. `leg_key`: the newest."""

    at: datetime
    leg_key: LegKey
    kind: Literal["givenUp"] = "givenUp"


type Observation = (
    LegSeen | RosterPushed | RosterRead | ReadFailed | KeptAlive | Unanswered | GivenUp | Unparsed
)
