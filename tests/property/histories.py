"""Made-up histories of one meeting: a true room, and what Rollcall hears of it. Time is a number.

The truth is the simulator's room log. A `Trouble` says how unkind the way from it to the fold is:
pushes late, doubled, lost, out of order; two writers with clocks apart; reads that are old or fail;
rosters cut; legs that die and return, whose participant ids may change.
"""

import heapq
import itertools
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from devstack.graph.room import Room
from shared.calls.fold import fold, next_read
from shared.calls.record import Commit, GroupCall, Record, Session, SessionPage, seal
from shared.calls.weight import relieved
from shared.words.ids import LegKey, SessionId
from shared.words.observations import (
    LegSeen,
    Observation,
    Person,
    Phase,
    Present,
    ReadFailed,
    RosterPushed,
    RosterRead,
)
from shared.words.rules import ROOM
from tests.fixtures.legs import claimed

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
SETTLE = 1.0
READ = 0.3
POLL = 300.0
OVER, REMOVED, FAULT = (200, 5002), (200, 5000), (500, 1005)


def moment(seconds: float) -> datetime:
    """Return the moment so many seconds into the history."""
    return T0 + timedelta(seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """How unkind a history is. Durations in seconds, the rest probabilities, but `cap` and `room`.

    `apart`: between two moves of people. `delay`, `lag`: of a push until it is received, and until
    it is committed. `clocks`: how far the writers' clocks differ. `old`: reads that show the room
    of up to SETTLE before. `arrive`: people are there before the bot.
    """

    apart: float = 4 * SETTLE
    delay: float = 0.9
    lag: float = 0.9
    late: float = 0.15
    clocks: float = 0.0
    old: float = 0.0
    lost: float = 0.0
    stray: float = 0.0
    failing: int = 0
    cap: int = 100
    gaps: int = 0
    changed: bool = False
    arrive: bool = False
    concurrent: float = 0.02
    room: int = ROOM


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """Who was in the room from a moment on, by true participant id."""

    since: float
    here: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One commit: the record before and after it, before anything of it was sealed."""

    at: float
    before: Record
    observation: Observation
    after: Record


START = claimed(*(f"leg{number}" for number in range(9)))
"""No history has more legs."""


@dataclass
class History:
    """One history, played to its end by `play`."""

    trouble: Trouble
    random: Random
    room: Room = field(init=False)
    people: dict[str, str | None] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=lambda: [Sighting(since=-1.0, here=())])
    legs: list[tuple[LegKey, float, float]] = field(default_factory=list)
    names: dict[tuple[LegKey, str], SessionId] = field(default_factory=dict)
    truly: dict[SessionId, str] = field(default_factory=dict)
    queue: list[tuple[float, int, Observation]] = field(default_factory=list)
    record: Record = START
    log: list[tuple[int, Observation]] = field(default_factory=list)
    steps: list["Step"] = field(default_factory=list)
    pages: list[SessionPage] = field(default_factory=list)
    reading_until: float = -1.0
    polled_at: float = 0.0
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    fails: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.room = Room(self.random)

    @property
    def version(self) -> int:
        """The meeting's version: one a commit."""
        return len(self.log)

    # -- the truth

    def move(self, at: float, person: int, identity: str | None, inside: dict[int, str]) -> None:
        """Let a person in, or out, at a moment."""
        if person in inside:
            self.room.leave(inside.pop(person), at=moment(at))
        else:
            inside[person] = self.room.join(user_id=f"p{person}", at=moment(at))
            self.people[inside[person]] = identity
        self.sightings.append(Sighting(since=at, here=tuple(inside.values())))

    def here(self, at: float) -> tuple[str, ...]:
        """Return who truly was there at a moment."""
        place = bisect_right(self.sightings, at, key=lambda one: one.since) - 1
        return self.sightings[max(place, 0)].here

    def leg_at(self, at: float) -> LegKey | None:
        """Return the leg that truly was in at a moment."""
        return next((key for key, since, until in self.legs if since <= at < until), None)

    # -- what is heard

    def shown(self, leg: LegKey, true_ids: tuple[str, ...]) -> tuple[Present, ...]:
        """Return people as a leg sees them: a later leg may see other ids."""
        return tuple(
            Present(
                session_id=self.name(leg, one),
                person=Person(kind="user", user_id=self.people[one]),
            )
            for one in true_ids
        )

    def name(self, leg: LegKey, true_id: str) -> SessionId:
        """Return the participant id of somebody through a leg."""
        changed = self.trouble.changed and leg != self.legs[0][0]
        name = SessionId(f"{true_id}@{leg}" if changed else true_id)
        self.truly[name] = true_id
        return name

    def cut(
        self, people: tuple[Present, ...], *, ourselves: bool
    ) -> tuple[tuple[Present, ...], bool, int]:
        """Return a roster of at most `cap` entries, any of them."""
        entries: list[Present | None] = [*people, *([None] if ourselves else [])]
        if len(entries) > self.trouble.cap:
            entries = self.random.sample(entries, self.trouble.cap)
        kept = tuple(one for one in entries if one is not None)
        return kept, None in entries, len(entries)

    def arrives(
        self, at: float, make: Callable[[datetime], Observation], *, sure: bool = False
    ) -> None:
        """Let a push of `at` arrive: late, perhaps twice, perhaps much later again, or never."""
        chance, trouble = self.random, self.trouble
        delays = [chance.uniform(0, trouble.delay) for _ in range(chance.choice((1, 1, 2)))]
        if chance.random() < trouble.late:
            delays.append(chance.uniform(1, 200))
        for delay in delays:
            if not sure and chance.random() < trouble.lost:
                continue
            received = at + delay
            clock = received + chance.choice((0.0, trouble.clocks))
            self.commits(received + chance.uniform(0, trouble.lag), make(moment(clock)))

    def commits(self, at: float, observation: Observation) -> None:
        """Let an observation be committed at a moment."""
        heapq.heappush(self.queue, (at, next(self.counter), observation))

    def push(self, at: float, leg: LegKey, *, people: bool = True, ourselves: bool = True) -> None:
        """Let Graph push the roster of a moment through a leg."""
        here = self.shown(leg, self.here(at)) if people else ()
        listed, own, entries = self.cut(here, ourselves=ourselves)
        self.arrives(
            at,
            lambda received: RosterPushed(
                at=received, leg_key=leg, people=listed, lists_ourselves=own, entries=entries
            ),
        )

    # -- the process

    def run_until(self, end: float) -> None:
        """Commit what arrives and read what is due, in the order of time."""
        now = 0.0
        while True:
            commit_at = self.queue[0][0] if self.queue else float("inf")
            offset = self.random.choice((0.0, self.trouble.clocks))
            due = next_read(self.record, settle=timedelta(seconds=SETTLE))
            wanted = (due - T0).total_seconds() - offset if due is not None else float("inf")
            if self.record.listening is not None:
                wanted = min(wanted, self.polled_at + POLL)
            if self.random.random() >= self.trouble.concurrent:
                wanted = max(wanted, self.reading_until)
            wanted = max(wanted, now)
            if min(wanted, commit_at) > end:
                return
            if wanted < commit_at:
                now = wanted
                self._ask(now, now + offset)
            else:
                now, _, observation = heapq.heappop(self.queue)
                self._commit(now, observation)

    def _ask(self, at: float, clock: float) -> None:
        chance, listening = self.random, self.record.listening
        if listening is None:
            return
        self.polled_at = at
        answered = at + chance.uniform(0, READ)
        age = chance.uniform(0, SETTLE) if chance.random() < self.trouble.old else 0.0
        shown_at = chance.uniform(at, answered) - age
        asked = max(moment(clock), self.record.moment or moment(clock))
        answer = max(moment(clock + answered - at), asked)
        leg, live = listening.key, self.leg_at(answered) == listening.key
        committed = answered + chance.uniform(0, self.trouble.lag)
        self.reading_until = committed
        if not live:
            self.commits(committed, ReadFailed(at=answer, leg_key=leg, status=404))
            return
        if any(since <= at < until for since, until in self.fails):
            kind = chance.random()
            empty = RosterRead(
                asked_at=asked, answered_at=answer, leg_key=leg, people=(), lists_ourselves=False
            )
            failed = ReadFailed(at=answer, leg_key=leg, status=503)
            self.commits(committed, replace(empty, version=self.version) if kind < 0.3 else failed)
            return
        since = next(start for key, start, _ in self.legs if key == leg)
        people, own, entries = self.cut(
            self.shown(leg, self.here(shown_at)), ourselves=shown_at >= since
        )
        self.commits(
            committed,
            RosterRead(
                asked_at=asked,
                answered_at=answer,
                leg_key=leg,
                people=people,
                lists_ourselves=own,
                entries=entries,
                version=self.version,
            ),
        )

    def _commit(self, at: float, observation: Observation) -> None:
        before, version = self.record, self.version + 1
        self.log.append((version, observation))
        after = fold(before, [observation], self.by(version))
        kept, pages = seal(after)
        self.record, early = relieved(kept, self.trouble.room)
        self.pages += (*pages, *early)
        self.steps.append(Step(at=at, before=before, observation=observation, after=after))

    @property
    def calls(self) -> list[GroupCall]:
        """The published calls, each with all its sessions."""
        sealed: dict[int, dict[SessionId, Session]] = {}
        early = [page.call for page in self.pages if page.call is not None]
        for page in self.pages:
            of_call = sealed.setdefault(page.call_number, {})
            of_call.update({one.session_id: one for one in page.sessions})
        return [
            replace(call, sessions={**sealed.get(call.number, {}), **call.sessions})
            for call in (*early, *self.record.known_calls)
        ]

    def by(self, version: int) -> Commit:
        """Return what the observations of one commit are folded by."""
        return Commit(
            version=version,
            settle=timedelta(seconds=SETTLE),
            roster_cap=self.trouble.cap,
            room=self.trouble.room,
        )


def play(trouble: Trouble, seed: int) -> History:
    """Return a history with that trouble, played until long after everybody left."""
    history = History(trouble=trouble, random=Random(seed))  # noqa: S311 - repeatable
    chance = history.random
    inside: dict[int, str] = {}
    count = chance.randint(1, 6)
    shared = chance.random() < 0.3
    identities = [
        None if chance.random() < 0.15 else f"u{0 if shared else person}" for person in range(count)
    ]
    at = 0.0
    moves: list[tuple[float, int]] = []
    for _ in range(chance.randint(1, 10)):
        at += trouble.apart * (1 + chance.random() * (4 if chance.random() < 0.2 else 1))
        moves.append((at, chance.randrange(count)))
    begin = moves[len(moves) // 2][0] + 0.37 if trouble.arrive else 0.3
    truth: dict[int, bool] = {}
    for _, person in moves:
        truth[person] = not truth.get(person, False)
    for person in [one for one, there in truth.items() if there]:
        at += trouble.apart * (1 + chance.random())
        moves.append((at, person))
    ends = _legs(history, begin, at)
    for when, person in moves:
        history.move(when, person, identities[person], inside)
    for start in sorted(chance.uniform(begin, at) for _ in range(trouble.failing)):
        history.fails.append((start, start + chance.uniform(1, 40)))
    _tell(history, [when for when, _ in moves], ends, at)
    history.run_until(at + 700)
    return history


def _legs(history: History, begin: float, last: float) -> list[tuple[int, int] | None]:
    """Lay out the legs; return the code with which each but the last ends."""
    chance, start = history.random, begin
    ends: list[tuple[int, int] | None] = []
    for number in range(1 + history.trouble.gaps):
        key = LegKey(f"leg{number}")
        if number == history.trouble.gaps or start >= last:
            history.legs.append((key, start, float("inf")))
            break
        until = chance.uniform(start + 0.5, max(last, start + 1))
        history.legs.append((key, start, until))
        ends.append(chance.choice((REMOVED, FAULT, None)))
        start = until + chance.uniform(3, 40)
    return ends


def _tell(
    history: History, moves: list[float], ends: list[tuple[int, int] | None], last: float
) -> None:
    chance = history.random
    for number, (key, since, until) in enumerate(history.legs):
        history.arrives(since, _seen(key, "joining"), sure=True)
        history.arrives(since, _seen(key, "in"), sure=True)
        history.push(since, key)
        noise = sorted(chance.uniform(since, min(until, last + 20)) for _ in range(3))
        for when in sorted([*moves, *noise]):
            if since <= when < until:
                history.push(when, key)
                if chance.random() < history.trouble.stray:
                    history.push(when + 1.3, key, people=False, ourselves=chance.random() < 0.5)
        # One end in ten is never heard of.
        if until != float("inf") and chance.random() >= 0.1:
            history.arrives(until, _seen(key, "gone", *(ends[number] or (None, None))), sure=True)


def _seen(
    key: LegKey, phase: Phase, code: int | None = None, subcode: int | None = None
) -> Callable[[datetime], Observation]:
    return lambda at: LegSeen(at=at, leg_key=key, phase=phase, code=code, subcode=subcode)
