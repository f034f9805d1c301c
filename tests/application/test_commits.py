"""What waits for one meeting together: one change that no transaction holds costs no other."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from random import Random

import pytest

from shared.calls.history import Heard
from shared.journal.commits import Commits, Receipt
from shared.journal.together import ENOUGH_HEARD
from shared.meeting.meeting import Change, Meeting, Stored
from shared.words.errors import Unavailable
from shared.words.ids import LegKey, MeetingId
from shared.words.observations import Unparsed
from shared.words.outgoing import Outgoing
from shared.words.rules import RecordingRules
from tests.application.world import T0, SettableClock
from tests.fakes.bus import InMemoryBus
from tests.fakes.ledger import InMemoryLedger
from tests.fixtures.tending import SETTLE, TENDING

MEETING = MeetingId("a" * 26)
HUGE = Random(1).randbytes(1_000_000).hex()  # noqa: S311 - the same bytes every time
"""No row holds it, compressed or not."""


class CountingLedger(InMemoryLedger):
    """Counts the commits that were tried."""

    def __init__(self) -> None:
        super().__init__()
        self.tried = 0

    async def commit(self, before: Stored | None, change: Change, *, now: datetime) -> Stored:
        """See `ports.Ledger.commit`."""
        self.tried += 1
        return await super().commit(before, change, now=now)


@pytest.fixture
def ledger() -> CountingLedger:
    """Return an empty ledger."""
    return CountingLedger()


@pytest.fixture
def commits(ledger: CountingLedger) -> Commits:
    """Return what changes meetings in the ledger."""
    return commits_over(ledger)


def commits_over(ledger: CountingLedger) -> Commits:
    """Return what sends into memory."""
    return Commits(
        ledger=ledger,
        bus=InMemoryBus(),
        clock=SettableClock(),
        recording=RecordingRules(settle=SETTLE),
        tending=TENDING,
        retention_days=90,
        jitter=lambda most: 0.0,
    )


def noting(
    word: str, *, body: str = "", heard: int = 0
) -> Callable[[Meeting | None, datetime], Change]:
    """Return a decision that notes `word` in the meeting, sends `body`, and heard so much."""
    shape = Unparsed(
        at=T0, leg_key=LegKey("l"), resource="call", change_type="", members=(), size=0
    )

    def decide(known: Meeting | None, now: datetime) -> Change:
        known = known or Meeting(meeting_id=MEETING, tenant_id="t", correlation_id="c")
        message = Outgoing(entity="tend-meeting", message_id=word, body=body)
        return Change(
            meeting=replace(known, answered=(*known.answered, word)),
            heard=(Heard(observation=shape),) * heard,
            outgoing=(message,) if body else (),
        )

    return decide


async def together(
    commits: Commits, decisions: Iterable[Callable[[Meeting | None, datetime], Change]]
) -> list[Receipt | BaseException]:
    """Let all decisions wait at once; return what became of each."""
    changes = (commits.change(MEETING, decide) for decide in decisions)
    found = await asyncio.gather(*changes, return_exceptions=True)
    await commits.settled()
    return found


@pytest.mark.parametrize("place", [0, 3, 7])
async def test_a_change_that_no_transaction_holds_fails_alone(
    commits: Commits, ledger: CountingLedger, place: int
) -> None:
    """Those that waited with it are served, in their order, at whatever place it stood."""
    words = [f"w{number}" for number in range(8)]
    bodies = [HUGE if number == place else "" for number in range(8)]

    found = await together(
        commits, (noting(word, body=body) for word, body in zip(words, bodies, strict=True))
    )

    failed = [number for number, one in enumerate(found) if isinstance(one, BaseException)]
    assert failed == [place]
    assert isinstance(found[place], ValueError)
    [meeting] = ledger.meetings()
    assert list(meeting.answered) == words[:place] + words[place + 1 :]
    assert ledger.tried <= 8


async def test_changes_that_fit_one_by_one_are_all_served(
    commits: Commits, ledger: CountingLedger
) -> None:
    """Together they are more than a transaction holds; none of them is at fault."""
    body = HUGE[:1_200_000]

    found = await together(commits, (noting(f"w{number}", body=body) for number in range(8)))

    assert not [one for one in found if isinstance(one, BaseException)]
    [meeting] = ledger.meetings()
    assert len(meeting.answered) == 8


async def test_what_came_too_late_for_a_refused_transaction_is_served_by_the_next(
    commits: Commits, ledger: CountingLedger
) -> None:
    """It was no part of what was refused."""
    decisions = [noting("huge", body=HUGE, heard=ENOUGH_HEARD), noting("late")]

    refused, late = await together(commits, decisions)

    assert isinstance(refused, ValueError)
    assert isinstance(late, Receipt)
    assert [meeting.answered for meeting in ledger.meetings()] == [("late",)]


async def test_a_store_that_is_down_for_one_half_fails_only_those_in_it() -> None:
    """Each half stands by itself, also where something else goes wrong."""

    class DownOnce(CountingLedger):
        """Does not answer the load after the commit that it refused."""

        async def commit(self, before: Stored | None, change: Change, *, now: datetime) -> Stored:
            """See `ports.Ledger.commit`."""
            if self.tried == 0:
                self.fail_next()
            return await super().commit(before, change, now=now)

    ledger = DownOnce()
    decisions = [noting("a", body=HUGE), noting("b"), noting("c"), noting("d")]

    found = await together(commits_over(ledger), decisions)

    assert [type(one) for one in found] == [Unavailable, Unavailable, Receipt, Receipt]
    assert [meeting.answered for meeting in ledger.meetings()] == [("c", "d")]
