"""A meeting as the ledger keeps it: what was asked, what Graph gave, our legs, and its history.

Core: frozen values. One `Meeting` is the whole state of one partition; `Change` is what one
transaction does to it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shared.coordinates import OnlineMeeting
from shared.domain import CallId, LegKey, MeetingId, Observation
from shared.history import History, SessionPage

ClaimState = Literal["claimed", "joined", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The request that made the meeting known. `members` is the message's own object, less its id.

    Members that were absent stay absent, so that a repeat is compared with what was asked; what
    defaults filled in is pinned beside them.
    """

    request_id: str
    members: dict[str, Any]
    organizer_id: str
    start_date_time: datetime
    end_date_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LegClaim:
    """The right to put one bot into the meeting, taken before Graph is asked.

    Until `lease_until` the holder may be waiting for Graph's answer; `call_id` is bound to the
    first call seen under the key and never changes. `told`: `bot.joining` was told of it.
    """

    leg_key: LegKey
    attempt: int
    request_id: str
    claimed_at: datetime
    lease_until: datetime
    state: ClaimState = "claimed"
    call_id: CallId | None = None
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One Service Bus message on its way out. `due` schedules it.

    `body` is text in everything the outbox holds; bytes only in copies of what somebody sent us.
    """

    entity: str
    message_id: str
    body: str | bytes
    content_type: str = "application/json"
    subject: str | None = None
    correlation_id: str | None = None
    session_id: str | None = None
    reply_to: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TendPlan:
    """When the meeting is looked at next. A tend message of another generation is stale."""

    generation: int = 0
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """All that is known of one meeting. `sequence` counts its events, `version` its commits."""

    meeting_id: MeetingId
    tenant_id: str
    correlation_id: str
    context: dict[str, Any] | None = None
    asked: Asked | None = None
    online: OnlineMeeting | None = None
    created_at: datetime | None = None
    created_sequence: int = 0
    claims: tuple[LegClaim, ...] = ()
    answered: tuple[str, ...] = ()
    history: History = field(default_factory=History)
    sequence: int = 0
    version: int = 0
    revisions: dict[int, int] = field(default_factory=dict)
    tend: TendPlan = field(default_factory=TendPlan)

    def claim(self, leg_key: LegKey) -> LegClaim | None:
        """Return the claim under `leg_key`, if the meeting has it."""
        return next((claim for claim in self.claims if claim.leg_key == leg_key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one transaction writes: the meeting as it now is, and what goes with it.

    `rebuilt`: the pages written before no longer count and are replaced by `pages`.
    """

    meeting: Meeting
    observations: tuple[Observation, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    pages: tuple[SessionPage, ...] = ()
    rebuilt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """Messages committed together and not yet cleared. `key` is unique within the meeting."""

    key: str
    written_at: datetime
    messages: tuple[Outgoing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A meeting as it was loaded or just committed; `etag` is what the next commit builds on."""

    meeting: Meeting
    etag: str
    outbox: tuple[OutboxRow, ...] = ()
