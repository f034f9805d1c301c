"""One leg: a bot of ours in a meeting, from the right to send it to the end of its Graph call.

Core. All that moves a leg from one state to another is in `NEXT`. What the end of a leg says of
the group call is not decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from shared.legs.claim import Claim
from shared.words.answers import Call
from shared.words.ids import CallId, LegKey
from shared.words.observations import PHASES, Phase
from shared.words.outgoing import Published, ReplyAddress

type LegState = Literal["claimed", "unsent", "refused", "bound", Phase]
"""`claimed`: the POST may be under way. `unsent`: it did nothing. `refused`: Graph refused it
for good. `bound`: a Graph call is known to be this leg. The others: how far that call came."""

type Happening = Literal["unsent", "refused", "bound", Phase]
"""What is learned of a leg: what came of its POST, which call it is, how far the call came."""

type BotState = Literal["never", "scheduled", "waiting", "joining", "lobby", "in", "gone", "failed"]
"""The state of the bot as events and records show it. `scheduled`: it joins at the start of its
meeting. `waiting`: for the planned time of another try."""

SHOWN_AS: Mapping[LegState, BotState] = {
    "claimed": "joining",
    "unsent": "waiting",
    "refused": "failed",
    "bound": "joining",
    "joining": "joining",
    "lobby": "lobby",
    "in": "in",
    "gone": "gone",
}

HAPPENINGS: tuple[Happening, ...] = (
    "unsent",
    "refused",
    "bound",
    *PHASES,
)


def _row(*states: LegState) -> dict[Happening, LegState]:
    return dict(zip(HAPPENINGS, states, strict=True))


# A call that was seen outweighs what the answer to the POST said, and an end is final. Callbacks
# come in any order, so an earlier phase never takes back a later one.
NEXT: Mapping[LegState, Mapping[Happening, LegState]] = {
    #                unsent     refused    bound      joining    lobby    in     gone
    "claimed": _row("unsent", "refused", "bound", "joining", "lobby", "in", "gone"),
    "unsent": _row("unsent", "refused", "bound", "joining", "lobby", "in", "gone"),
    "refused": _row("refused", "refused", "bound", "joining", "lobby", "in", "gone"),
    "bound": _row("bound", "bound", "bound", "joining", "lobby", "in", "gone"),
    "joining": _row("joining", "joining", "joining", "joining", "lobby", "in", "gone"),
    "lobby": _row("lobby", "lobby", "lobby", "lobby", "lobby", "in", "gone"),
    "in": _row("in", "in", "in", "in", "in", "in", "gone"),
    "gone": _row("gone", "gone", "gone", "gone", "gone", "gone", "gone"),
}

type Why = Literal[
    "requested",
    "meetingMoved",
    "meetingCancelled",
    "alone",
    "nobodyCame",
    "lobbyTimeout",
    "maxDuration",
]
"""Why a leg has to go."""

type Place = Literal["here", "unknown", "surplus"]
"""Whether a leg is the bot of its meeting. `unknown`: a join id led it, and Graph has not named the
thread behind that yet. `surplus`: the bot is in that meeting by another leg. Only of a leg that is
here anything is published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """What makes a leg leave: a request, or what became of the meeting, its legs or its people.

    `request_id` is the request's, else its message's, and `origin_id` the message's identity: it is
    answered at `reply` once the leg's end is published. All three are of requests alone.
    """

    why: Why = "requested"
    request_id: str = ""
    origin_id: str = ""
    reply: ReplyAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """All that is known of one leg."""

    key: LegKey
    claim: Claim  # the right to POST it
    state: LegState = "claimed"

    # -- its Graph call
    call_id: CallId | None = None  # the first that was seen under the key; never another
    participant_id: str | None = None  # who it is in rosters; empty where Graph does not say
    chain_ids: tuple[str, ...] = ()  # the conferences (`callChainId`) that Graph's call named
    place: Place = "here"

    # -- what was seen of it; while its place is unknown, kept without any state but `bound`
    phases: Mapping[Phase, datetime] = field(default_factory=dict)  # when each was first seen
    code: int | None = None  # why it ended, as Graph says
    subcode: int | None = None
    last_sign: datetime | None = None  # its last callback, or answer of Graph's about it
    kept_alive_at: datetime | None = None  # the last keepAlive that Graph took
    failures: int = 0  # keepAlives and GET calls since the last answer that gave nothing,
    failed_at: datetime | None = None  # the last of them at this moment
    pushed_at: datetime | None = None  # when a roster was pushed through it last
    silent_since: datetime | None = None  # a read found people, and no roster was pushed since
    listened: bool = False  # a roster came through it and was folded
    call_number: int | None = None  # the group call whose people it listed last

    # -- how it joins, should it have to come back
    guest_name: str | None = None
    without_host: bool = True
    rejoin_at: datetime | None = None  # when another leg in its place was last requested

    # -- requests: of both kinds the oldest may have left the head
    asked_at: datetime | None = None  # when the join that sent it came into the queue
    asked: dict[str, dict[str, str]] = field(default_factory=dict)  # joins answered with it: ids,
    # and a digest of each member
    callers: tuple[ReplyAddress, ...] = ()  # of joins that wait for what becomes of it
    held: Published | None = None  # what they hear after `bot.joining`: it was published before
    leaving: tuple[Leaver, ...] = ()  # why it has to go; with any, it must not stay
    more_leaving: bool = False  # requests that left the head await its end
    hang_up_at: datetime | None = None  # when we last set about hanging it up

    # -- published
    joining: Published | None = None  # `bot.joining`
    over: Published | None = None  # `bot.left` or `bot.failed`

    @property
    def attempt(self) -> int:
        """Which leg of the meeting this is, counting from 1."""
        return self.claim.attempt

    @property
    def alive(self) -> bool:
        """Whether it is in the meeting, or may be on its way there."""
        return self.state not in ("unsent", "refused", "gone")

    @property
    def has_call(self) -> bool:
        """Whether its call is at Graph, as far as is known: on its way, in the lobby, or in."""
        return self.alive and self.call_id is not None

    @property
    def stays(self) -> bool:
        """Whether it has a call, and nothing is known by which it must not stay."""
        return self.has_call and self.place == "here" and not self.leaving

    @property
    def is_published(self) -> bool:
        """Whether an event said that it is on its way, or there."""
        return self.joining is not None or self.state in ("lobby", "in")

    @property
    def is_in(self) -> bool:
        """Whether it is in the meeting."""
        return self.state == "in"

    @property
    def is_gone(self) -> bool:
        """Whether its call is over."""
        return self.state == "gone"

    @property
    def gone_at(self) -> datetime | None:
        """When its call was known to be over; None before that."""
        return self.phases.get("gone")

    @property
    def passed(self) -> list[tuple[Phase, datetime]]:
        """The phases it was seen in, by time; of one moment, in the order a leg goes through them.

        All that one callback says has one moment, and stands in it in any order.
        """
        return sorted(self.phases.items(), key=lambda one: (one[1], PHASES.index(one[0])))

    @property
    def came_in(self) -> bool:
        """Whether it was in the meeting at any time."""
        return "in" in self.phases

    @property
    def came_to_nothing(self) -> bool:
        """Whether it ended, or was refused, before it came in."""
        return self.state == "refused" or (self.is_gone and not self.came_in)

    @property
    def shown_as(self) -> BotState:
        """The state of the bot, as far as this leg is it: `failed` where it never came in.

        A leg that had to go is `gone` all the same; one that the lobby kept out has failed.
        """
        wanted = any(one.why != "lobbyTimeout" for one in self.leaving)
        return "failed" if self.is_gone and not (self.came_in or wanted) else SHOWN_AS[self.state]

    @property
    def failed_as(self) -> str | None:
        """The code under which the leg is published as failed; None where it did not fail."""
        if self.over is None or self.shown_as != "failed":
            return None
        return str(self.over.fact.data.get("code", "leg_ended"))

    def heard_by(self, callers: tuple[ReplyAddress, ...]) -> "Leg":
        """Return the leg for whose outcome these callers wait."""
        return replace(self, callers=callers, held=self.held if callers else None)

    def now(self, happening: Happening) -> "Leg":
        """Return the leg after `happening`."""
        state = NEXT[self.state][happening]
        return self if state == self.state else replace(self, state=state)

    def seen(self, phase: Phase, at: datetime) -> "Leg":
        """Return the leg that was seen in `phase` at `at`; what was seen first stays."""
        leg = self.now(phase)
        return leg if phase in leg.phases else replace(leg, phases={**leg.phases, phase: at})

    def surplus(self) -> "Leg":
        """Return the leg as one that must go in silence; its requests are answered by another."""
        leaving = tuple(replace(one, reply=None) for one in self.leaving)
        leg = replace(self, place="surplus", leaving=leaving).heard_by(())
        return leg.now("gone") if "gone" in leg.phases else leg

    def bound(self, call_id: CallId) -> "Leg | None":
        """Return the leg that is this Graph call; None where another call is bound to it.

        The first call seen under a key is the leg, whether Graph's answer or a callback names it.
        """
        if self.call_id is None:
            return replace(self.now("bound"), call_id=call_id)
        return self.now("bound") if self.call_id == call_id else None

    def learned(self, call: Call) -> "Leg":
        """Return the leg with what Graph's `call` says of it: who it is, and in which chain."""
        leg = replace(self, participant_id=call.participant_id or self.participant_id or "")
        if call.chain_id is not None and call.chain_id not in leg.chain_ids:
            leg = replace(leg, chain_ids=(*leg.chain_ids, call.chain_id))
        return leg
