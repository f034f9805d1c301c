"""A meeting as the ledger keeps it: what was asked, what Graph gave, our legs, and its record.

Core: frozen values. One `Meeting` is the whole state of one partition; `Change` is what one
transaction does to it.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from shared.calls.history import Heard
from shared.calls.record import Record, SessionPage, with_leg
from shared.legs.claim import Claim
from shared.legs.leg import Leaver, Leg
from shared.meeting.days import Days
from shared.words.answers import GivenMeeting
from shared.words.coordinates import JoinTarget, OnlineMeeting
from shared.words.errors import GraphTrace
from shared.words.ids import LegKey, MeetingId, guest_id_for
from shared.words.outgoing import Outgoing, Published, ReplyAddress

Join = Literal["never", "now", "atStart"]
"""When our bot joins a meeting that a request made."""
ANSWERED_KEPT = 16
"""How many answered messages a meeting remembers."""
ALIASES_KEPT = 16
"""How many aliases a meeting remembers beside those that follow from its coordinates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The request that made the meeting known. `members` is what it means, less its id.

    A repeat is compared with that. Members that are absent, or at their defaults, are not there;
    what defaults filled in is pinned beside them. The times, their zone (an IANA name; None: UTC)
    and `join` follow each change. `join_asked_at`: when a change said `join`; None: none did.
    `last_change`: a digest of what the newest change requested and its event does not show.
    """

    request_id: str
    members: dict[str, Any]
    organizer_id: str
    start_date_time: datetime
    end_date_time: datetime
    reply: ReplyAddress | None = None  # where what becomes of its join goes besides the topic
    time_zone: str | None = None
    join: Join = "never"
    join_asked_at: datetime | None = None
    last_change: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """What came of the last try of a request that made no meeting yet.

    `next_try_at` None: it was refused. `code` and `next_step` are of a refusal, one that may heal
    included; a component that did not answer has none.
    """

    attempt: int
    tried_at: datetime
    next_try_at: datetime | None
    message: str
    code: str | None = None
    next_step: str | None = None
    graph: GraphTrace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostClaim:
    """The right to POST a meeting that createOrGet cannot make.

    `given` is Graph's meeting once it is there, until it is published.
    """

    claim: Claim
    asked: Asked
    given: GivenMeeting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """From `asked_at` on no bot joins; at `done_at` Graph had no such meeting any more.

    `sequence` is the number of the event that says so.
    """

    asked_at: datetime
    done_at: datetime | None = None
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """How long the bot stays alone, as requests say.

    `watch`: until some time after the planned end. `alone_for`: instead of the setting.
    """

    watch: bool = False
    alone_for: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPage:
    """Of one leg, what leaves the head: all of it, or the oldest of the requests about it.

    `leg`, without those requests, is there when all of it leaves.
    """

    leg_key: LegKey
    leg: Leg | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    leaving: tuple[Leaver, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A look that is planned, and under way as a scheduled message of that generation."""

    generation: int
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tending:
    """When the meeting is looked at next. A tend message of another generation is stale.

    `soon` confirms, `later` is for what may wait, so that a question does not make the rest stale.
    `generation` is the newest. The ledger's index has the meeting due at `indexed` at the latest;
    None: it need not be there. `ahead`: how far the bus's clock was ahead of ours.
    """

    soon: Planned | None = None
    later: Planned | None = None
    generation: int = 0
    indexed: datetime | None = None
    ahead: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What leads to a meeting from outside its partition: aliases, and lists of days."""

    aliases: frozenset[str] = frozenset()
    days: frozenset[date] = frozenset()

    def __or__(self, other: "Traces") -> "Traces":
        """Return the traces of both."""
        return Traces(aliases=self.aliases | other.aliases, days=self.days | other.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """When the record of a meeting was purged, and what is still to be deleted.

    `left` are the traces that the old head knew. None: nothing is left, no other row either.
    """

    at: datetime
    left: Traces | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """All that is known of one meeting: what its head row holds."""

    # -- identity: decided before Graph is called
    meeting_id: MeetingId
    tenant_id: str
    correlation_id: str  # the request that made the meeting known
    traceparent: str | None = None  # the trace that request was part of; in every event
    context: dict[str, Any] | None = None  # the caller's own, echoed in every event

    # -- origin: a request of ours made it, or a link led to it
    asked: Asked | None = None  # the request that made it
    online: OnlineMeeting | None = None  # what Graph made of that
    target: JoinTarget | None = None  # how to join one that became known by a link
    same_as: MeetingId | None = None  # the other meeting of ours that a link led to after all
    aliases: tuple[str, ...] = ()  # what leads to it beside coordinates, target and requests
    trying: Trying | None = None  # of a request under its id, until one makes the meeting
    post_claim: PostClaim | None = None  # the right to POST it, until it is made
    made_at: datetime | None = None  # a meeting of ours did not exist before
    created: Published | None = None  # `meeting.created`
    updates: int = 0  # changes since then
    updated: Published | None = None  # the last `meeting.updated`
    cancellation: Cancellation | None = None

    # -- retention
    retention_days: int | None = None  # as requested; None: the setting counts
    purged: Purged | None = None  # a tombstone: only ids and counters are kept
    lives: int = 0  # how often a record under this id was purged

    # -- bot: beside its legs, which are in the record
    leg_pages: int = 0  # how many pages hold what left the head of them
    leave_asked: datetime | None = None  # joins requested before that are void
    stay: Stay = field(default_factory=Stay)  # how long it stays alone

    # -- calls: our legs, those that live and the newest, and what they heard
    record: Record = field(default_factory=Record)
    revisions: dict[int, int] = field(default_factory=dict)  # corrections published, by call
    warned: tuple[str, ...] = ()  # codes of the warnings that were published

    # -- bookkeeping
    version: int = 0  # counts commits
    sequence: int = 0  # counts events
    answered: tuple[str, ...] = ()  # messages that were answered, the newest
    tend: Tending = field(default_factory=Tending)  # which looks are planned
    days: Days = field(default_factory=Days)  # what the lists of days say

    @property
    def known(self) -> bool:
        """Whether there is a meeting: a claim to make one, or one that Graph refused, is none."""
        return self.asked is not None or self.target is not None

    @property
    def created_at(self) -> datetime | None:
        """When `meeting.created` was published; None for a meeting that a link made known."""
        return None if self.created is None else self.created.fact.at

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs that the head holds, in the order of their attempts."""
        return tuple(self.record.legs.values())

    @property
    def next_attempt(self) -> int:
        """The number of the leg that is claimed next. The newest leg never leaves the head."""
        return self.legs[-1].attempt + 1 if self.record.legs else 1

    def leg(self, leg_key: LegKey) -> Leg | None:
        """Return the leg of `leg_key`, if the head has it."""
        return self.record.legs.get(leg_key)

    def with_leg(self, leg: Leg) -> "Meeting":
        """Return the meeting with `leg` in place of what was known of it, or as its newest."""
        return replace(self, record=with_leg(self.record, leg))

    def having_answered(self, key: str) -> "Meeting":
        """Return the meeting that remembers `key`, which names a message, as answered."""
        if key in self.answered:
            return self
        return replace(self, answered=(*self.answered, key)[-ANSWERED_KEPT:])

    def found_by(self, alias: str) -> "Meeting":
        """Return the meeting that remembers that `alias` leads to it."""
        if alias in self.aliases:
            return self
        return replace(self, aliases=(*self.aliases, alias)[-ALIASES_KEPT:])

    def own_ids(self) -> frozenset[str]:
        """Return the ids by which rosters name legs of ours: as participants, and as guests.

        Of legs that left the head none is needed: they are over, and no roster lists them.
        """
        named = {leg.participant_id for leg in self.legs if leg.participant_id}
        return frozenset(named | {guest_id_for(leg.key) for leg in self.legs})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one transaction writes: the meeting as it now is, and what goes with it."""

    meeting: Meeting
    heard: tuple[Heard, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    pages: tuple[SessionPage, ...] = ()
    leg_pages: tuple[LegPage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """Messages committed together and not yet cleared. `key` is unique within the meeting."""

    key: str
    written_at: datetime
    messages: tuple[Outgoing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A meeting as it was loaded or just committed.

    `state` is the ledger's own: what its next commit builds on.
    """

    meeting: Meeting
    state: object
    outbox: tuple[OutboxRow, ...] = ()
