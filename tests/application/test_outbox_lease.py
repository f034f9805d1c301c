"""Messages in flight in one process are not sent by another one, until the lease of them is over.

The queues that callers name for their answers drop no duplicates.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from shared.journal.commits import Commits, Receipt
from shared.journal.journal import Journal
from shared.meeting.meeting import Change, Meeting
from shared.words.entities import EVENTS_TOPIC
from shared.words.errors import NotSent
from shared.words.ids import MeetingId
from shared.words.outgoing import Outgoing
from shared.words.rules import RecordingRules
from tests.application.world import T0, SettableClock
from tests.fakes.bus import InMemoryBus
from tests.fakes.ledger import InMemoryLedger
from tests.fixtures.tending import SETTLE, TENDING

MEETING = MeetingId("a" * 26)
ANSWERS = "replies"
GRACE = TENDING.grace.total_seconds()


class Failing(InMemoryBus):
    """A bus on which the queue for answers takes nothing in the first `failures` tries.

    `meanwhile` is awaited in each of these; `tries` has the moment of every try.
    """

    def __init__(self, clock: SettableClock, *, failures: int = 0) -> None:
        super().__init__()
        self._clock = clock
        self._failures = failures
        self.tries: list[datetime] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """See `ports.Bus.send`."""
        self.tries.append(self._clock.now())
        if len(self.tries) > self._failures:
            await super().send(messages)
            return
        if self.meanwhile is not None:
            await self.meanwhile()
        raise NotSent("taking nothing (as the test asked)", entities=frozenset({ANSWERS}))


class Stuck(InMemoryBus):
    """A bus whose process dies with its messages on their way."""

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """See `ports.Bus.send`."""
        raise asyncio.CancelledError


@pytest.fixture
def clock() -> SettableClock:
    """Return the clock of both processes."""
    return SettableClock()


@pytest.fixture
def ledger() -> InMemoryLedger:
    """Return the tables that both processes share."""
    return InMemoryLedger()


def process(ledger: InMemoryLedger, bus: InMemoryBus, clock: SettableClock) -> Commits:
    """Return the commits of one process, whose pauses are as long as they may be."""

    def jitter(most: float) -> float:
        clock.advance(most)
        return 0.0

    return Commits(
        ledger=ledger,
        bus=bus,
        clock=clock,
        recording=RecordingRules(settle=SETTLE),
        tending=TENDING,
        retention_days=90,
        jitter=jitter,
    )


async def answer(commits: Commits, *others: str) -> Receipt:
    """Commit an answer, which is then on its way, after messages to `others`."""

    def decide(known: Meeting | None, now: datetime) -> Change:
        meeting = known or Meeting(meeting_id=MEETING, tenant_id="t", correlation_id="c")
        sent = [Outgoing(entity=name, message_id="e-1", body="{}") for name in (*others, ANSWERS)]
        return Change(meeting=meeting, outgoing=tuple(sent))

    return await commits.change(MEETING, decide)


async def commit(commits: Commits) -> None:
    """Commit something else about the meeting."""

    def decide(known: Meeting | None, now: datetime) -> Change:
        assert known is not None
        return Change(meeting=replace(known, answered=(*known.answered, str(now))))

    await (await commits.change(MEETING, decide)).sent


async def mend(commits: Commits) -> None:
    """Let the backstop look at the meeting."""
    await (await Journal(commits).open(MEETING)).mend()


@pytest.mark.parametrize("by", [commit, mend])
async def test_an_answer_in_flight_is_sent_by_its_own_process_alone(
    ledger: InMemoryLedger, clock: SettableClock, by: Callable[[Commits], Awaitable[None]]
) -> None:
    """Its pauses last 7.5 s; the other process commits, or mends, in each of its tries."""
    bus, other = Failing(clock, failures=4), InMemoryBus()
    first, second = process(ledger, bus, clock), process(ledger, other, clock)
    bus.meanwhile = lambda: by(second)

    await answer(first)
    await first.settled()
    await second.settled()

    seconds = [(moment - T0).total_seconds() for moment in bus.tries]
    assert seconds == [0, 0.5, 1.5, 3.5, 7.5]
    assert len(bus.sent_to(ANSWERS)) == 1
    assert other.sent_to(ANSWERS) == []
    clock.advance(GRACE)
    await by(second)
    await second.settled()
    assert other.sent_to(ANSWERS) == []


@pytest.mark.parametrize("by", [commit, mend])
async def test_the_answer_of_a_process_that_died_is_sent_after_the_lease(
    ledger: InMemoryLedger, clock: SettableClock, by: Callable[[Commits], Awaitable[None]]
) -> None:
    """Once, by the process that handles the meeting next."""
    other = InMemoryBus()
    first, second = process(ledger, Stuck(), clock), process(ledger, other, clock)
    await answer(first)
    await first.settled()

    clock.advance(GRACE - 1)
    await by(second)
    await second.settled()
    assert other.sent_to(ANSWERS) == []
    clock.advance(1)
    await by(second)
    await by(second)
    await second.settled()

    assert len(other.sent_to(ANSWERS)) == 1


async def test_no_try_begins_late_in_the_lease(
    ledger: InMemoryLedger, clock: SettableClock
) -> None:
    """Tries that take long are fewer, so that the last one has ended when the lease has."""
    bus = Failing(clock, failures=99)

    async def take_long() -> None:
        clock.advance(GRACE / 5)

    bus.meanwhile = take_long
    commits = process(ledger, bus, clock)

    await answer(commits)
    await commits.settled()

    assert [moment - T0 <= TENDING.grace / 4 for moment in bus.tries] == [True, True]


async def test_an_answer_that_was_given_up_gets_one_try_each_time(
    ledger: InMemoryLedger, clock: SettableClock
) -> None:
    """Two processes may come upon it: no pause of one lets the other double it."""
    bus = Failing(clock, failures=99)
    commits = process(ledger, bus, clock)
    await answer(commits)
    await commits.settled()
    clock.advance(GRACE)
    bus.tries.clear()

    await commit(commits)
    await commits.settled()

    assert len(bus.tries) == 1


async def test_the_rest_of_what_was_sent_in_part_is_sent_when_the_lease_is_over(
    ledger: InMemoryLedger, clock: SettableClock
) -> None:
    """That it was written again gives it no new lease: nothing is sending it."""
    bus = InMemoryBus()
    bus.down.add(ANSWERS)
    first, second = process(ledger, bus, clock), process(ledger, bus, clock)
    await answer(first, EVENTS_TOPIC)
    await first.settled()
    bus.down.clear()

    clock.moment = T0 + TENDING.grace
    await mend(second)
    await second.settled()

    assert [one.entity for one in bus.sent] == [EVENTS_TOPIC, ANSWERS]


async def test_the_backstop_comes_when_the_lease_is_over(
    ledger: InMemoryLedger, clock: SettableClock
) -> None:
    """The index has the meeting due then: a walk before that could do nothing."""
    bus = Failing(clock, failures=99)
    commits = process(ledger, bus, clock)

    await answer(commits)
    await commits.settled()

    due = [entry.due_at async for entry in ledger.overdue(now=T0 + TENDING.grace)]
    assert due == [T0 + TENDING.grace]
