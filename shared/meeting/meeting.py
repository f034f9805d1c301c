"""A meeting as the ledger keeps it: what was asked, what Graph gave, our legs, and its record.

Core: frozen values. One `Meeting` is the whole state of one partition; `Change` is what one
transaction does to it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.calls.history import Heard
from shared.calls.record import Leg, Record, SessionPage
from shared.meeting.days import Days
from shared.words.answers import GivenMeeting
from shared.words.coordinates import JoinTarget, OnlineMeeting
from shared.words.ids import CallId, LegKey, MeetingId, guest_id_for
from shared.words.outgoing import Outgoing, ReplyAddress

ClaimState = Literal["claimed", "bound", "failed"]
"""`bound`: to the first call that was seen under its key."""
ANSWERED_KEPT = 16
"""How many answered messages a meeting remembers."""


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
class PostClaim:
    """The right to POST a meeting that createOrGet cannot make, taken before Graph is asked.

    From the second `attempt` on, Graph is asked first what an earlier one left behind. `given` is
    Graph's meeting once it is there, until it is told.
    """

    attempt: int
    asked: Asked
    first_claimed_at: datetime
    lease_until: datetime
    given: GivenMeeting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """From `asked_at` on no bot joins; at `done_at` Graph had no such meeting any more.

    `sequence` is the number of the event that says so.
    """

    asked_at: datetime
    done_at: datetime | None = None
    sequence: int = 0


Why = Literal["requested", "anotherLegStays", "meetingMoved", "meetingCancelled"]
"""Why a leg has to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """What makes a leg leave: a request, or what became of the meeting or of its other legs.

    `request_id` is the request's, else its message's, and `origin_id` the message's identity: it is
    answered at `reply` once the leg's end is published. All three are of requests alone.
    """

    why: Why = "requested"
    request_id: str = ""
    origin_id: str = ""
    reply: ReplyAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegClaim:
    """The right to put one bot into the meeting, taken before Graph is asked.

    Until `lease_until` the holder may be waiting for Graph's answer; `call_id` is bound to the
    first call seen under the key and never changes. `participant_id` is who the leg is in rosters,
    as Graph's call says; empty where it does not. `chain_ids` are the conferences (`callChainId`)
    that Graph's call named. `told`: `bot.joining` was told of it, as event `told_sequence` of the
    moment `told_at`; its end as event `over_sequence`, which was `over`. `asked`: the request ids
    that were answered with this leg, and a digest of each member they asked with. `asked_at`: when
    the join that sent it came into the queue. `leaving`: who asked it to leave; with anybody, it
    must not stay, and at `hang_up_at` we last set about hanging it up. Of `asked` and `leaving` the
    oldest may have left the head; `more_leaving`: some of the latter await the leg's end.
    """

    leg_key: LegKey
    attempt: int
    request_id: str
    claimed_at: datetime
    lease_until: datetime
    state: ClaimState = "claimed"
    call_id: CallId | None = None
    told: bool = False
    told_sequence: int = 0
    told_at: datetime | None = None
    over_sequence: int = 0
    over: "Told | None" = None
    participant_id: str | None = None
    chain_ids: tuple[str, ...] = ()
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    asked_at: datetime | None = None
    leaving: tuple[Leaver, ...] = ()
    hang_up_at: datetime | None = None
    more_leaving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPage:
    """Of one leg, what leaves the head: all of it, or the oldest of the requests about it.

    `claim`, without those requests, and `leg` leave with the leg itself. `asked` and `leaving` are
    as in `LegClaim`.
    """

    leg_key: LegKey
    claim: LegClaim | None = None
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
class Told:
    """An event that was published, kept for requests that repeat the one it answered.

    `sequence` is its number among the meeting's events; `key` tells it from others of its name.
    """

    at: datetime
    sequence: int
    key: str
    data: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """All that is known of one meeting: what its head row holds."""

    # -- identity: decided before Graph is called
    meeting_id: MeetingId
    tenant_id: str
    correlation_id: str  # the request that made the meeting known
    context: dict[str, Any] | None = None  # the caller's own, echoed in every event

    # -- origin: a request of ours made it, or a link led to it
    asked: Asked | None = None  # the request that made it
    online: OnlineMeeting | None = None  # what Graph made of that
    target: JoinTarget | None = None  # how to join one that became known by a link
    same_as: MeetingId | None = None  # the other meeting of ours that a link led to after all
    post_claim: PostClaim | None = None  # the right to POST it, until it is made
    made_at: datetime | None = None  # a meeting of ours did not exist before
    created_at: datetime | None = None  # when `meeting.created` was published,
    created_sequence: int = 0  # under which number,
    answer: dict[str, Any] | None = field(default=None, repr=False)  # and what it said
    updates: int = 0  # changes since then
    updated: Told | None = None  # the last `meeting.updated`
    cancellation: Cancellation | None = None

    # -- bot: the legs of ours in it
    claims: tuple[LegClaim, ...] = ()  # those that live and the newest, by attempt
    leg_pages: int = 0  # how many pages hold what left the head
    leave_asked: datetime | None = None  # joins requested before that are void

    # -- calls: what the legs heard
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
    def next_attempt(self) -> int:
        """The number of the leg that is claimed next. The newest claim never leaves the head."""
        return self.claims[-1].attempt + 1 if self.claims else 1

    def claim(self, leg_key: LegKey) -> LegClaim | None:
        """Return the claim under `leg_key`, if the head has it."""
        return next((claim for claim in self.claims if claim.leg_key == leg_key), None)

    def having_answered(self, key: str) -> "Meeting":
        """Return the meeting that remembers `key`, which names a message, as answered."""
        if key in self.answered:
            return self
        return replace(self, answered=(*self.answered, key)[-ANSWERED_KEPT:])

    def own_ids(self) -> frozenset[str]:
        """Return the ids by which rosters name legs of ours: as participants, and as guests.

        Of legs that left the head none is needed: they are over, and no roster lists them.
        """
        named = {claim.participant_id for claim in self.claims if claim.participant_id}
        return frozenset(named | {guest_id_for(claim.leg_key) for claim in self.claims})


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
