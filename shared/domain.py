"""The words of Rollcall as values: ids, people, observations.

Core: no I/O, no clock, no environment. Everything here is frozen and compares by value.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NewType
from uuid import NAMESPACE_URL, uuid5

MeetingId = NewType("MeetingId", str)
LegKey = NewType("LegKey", str)
CallId = NewType("CallId", str)
SessionId = NewType("SessionId", str)

MEETING_ID = re.compile(r"[a-z2-7]{26}")
LEG_KEY = re.compile(r"[a-z2-7]{16}")

Basis = Literal["attendanceReport", "graphEvent", "observed", "polled", "assumed"]
"""How a time is known, from the best source to the worst."""

Phase = Literal["joining", "lobby", "in", "gone"]
"""How far a leg has come. A later phase is never taken back by an earlier one."""


def digest(*parts: str, characters: int) -> str:
    """Return `characters` lower-case base32 characters that identify `parts`, in this order."""
    hasher = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        hasher.update(len(encoded).to_bytes(4))
        hasher.update(encoded)
    return base64.b32encode(hasher.digest()).decode().lower()[:characters]


def meeting_id_for(*, tenant_id: str, request_id: str) -> MeetingId:
    """Return the id a request's meeting has before Graph was ever called."""
    return MeetingId(digest("meeting", tenant_id.lower(), request_id, characters=26))


def linked_meeting_id_for(*, tenant_id: str, alias: str) -> MeetingId:
    """Return the id of a meeting that became known by `alias`, unless that leads elsewhere already.

    `alias` is `coordinates.alias_of` what was given; no request's meeting can have the same id.
    """
    return MeetingId(digest("linked meeting", tenant_id.lower(), alias, characters=26))


def join_request_alias(request_id: str, number: int = 1) -> str:
    """Return the alias by which a request to join, under an id of its own, finds its meeting.

    `number`: the how manieth meeting, where it failed for those before.
    """
    return f"join request {request_id}" if number == 1 else f"join {number} of {request_id}"


def leg_key_for(*, meeting_id: MeetingId, attempt: int) -> LegKey:
    """Return the key of the bot's `attempt`-th leg (1, 2, …) in a meeting."""
    return LegKey(digest("leg", meeting_id, str(attempt), characters=16))


def guest_id_for(leg_key: LegKey) -> str:
    """Return the GUID under which a leg that joins as a guest is known in its meeting."""
    return str(uuid5(NAMESPACE_URL, f"rollcall/legs/{leg_key}"))


def same_id(graph_id: str) -> str:
    """Return one spelling for an id that Graph writes in either case, with and without dashes."""
    lowered = graph_id.lower()
    bare = lowered.replace("-", "")
    return bare if re.fullmatch(r"[0-9a-f]{32}", bare) else lowered


def utc_text(moment: datetime) -> str:
    """Return `moment` as ISO 8601 in UTC with a `Z`, in milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody in a meeting is, as far as Graph says.

    `kind` is the member of Graph's identity set that named them (`user`, `guest`, `phone`, …).
    """

    kind: str
    user_id: str | None = None
    display_name: str | None = None
    tenant_id: str | None = None


UNCOUNTED = "uncounted"
"""The kind of a person of whom the log keeps only that there was one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """One person in a roster, under the id of their participant session."""

    session_id: SessionId
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSeen:
    """A leg of ours was seen in a phase; `code` and `subcode` may come with its end."""

    at: datetime
    leg_key: LegKey
    phase: Phase
    code: int | None = None
    subcode: int | None = None
    kind: Literal["leg"] = "leg"


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPushed:
    """Graph sent a full roster. It carries no time and no order: it proves presence only.

    `entries` counts the whole list, bots and the lobby included; `unread` its entries without an
    id and an identity that can be kept, and `hidden` those of them that may be people.
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
    """A read got no usable answer: `status` as Graph gave it, 0 for none; 404: the leg is gone."""

    at: datetime
    leg_key: LegKey
    status: int
    kind: Literal["readFailed"] = "readFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed:
    """A notification of a kind Rollcall does not read: its shape is kept, never its values.

    `count` of this resource and change came in one message: `members` are the first of each, and
    `size` is that of all.
    """

    at: datetime
    leg_key: LegKey
    resource: str
    change_type: str
    members: tuple[str, ...]
    size: int
    count: int = 1
    kind: Literal["unparsed"] = "unparsed"


type Observation = LegSeen | RosterPushed | RosterRead | ReadFailed | Unparsed
