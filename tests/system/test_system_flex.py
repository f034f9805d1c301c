"""A process for each group of functions, as Flex Consumption runs them: all on one meeting at once.

Between processes there is only the ledger: no lock, no queue in memory.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.system import processes
from tests.system.client import JOIN, Client
from tests.system.mailbox import Delivered
from tests.system.stack import Up
from tests.system.watched import ADA, BO, Watched

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

GROUPS = 5
"""HTTP, three queues, the timer."""
MOVES, REQUESTS = 12, 20


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def spread(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    """Return a stack whose app runs in five processes; the timer's walks all the time."""
    settings = {
        "DEVSTACK_FLEX": "1",
        "SETTLE_SECONDS": "0.4",
        "POLL_SECONDS": "1",
        "KEEP_ALIVE_SECONDS": "2",
        "BACKSTOP_SECONDS": "1",
    }
    async with Up.serving(tmp_path_factory.mktemp("spread"), settings) as up:
        yield up


async def test_nothing_is_doubled_and_nobody_waits_for_ever(spread: Up, subject: str) -> None:
    """People come and go, joins are requested, looks and walks happen, side by side."""
    hosts = [one for one in processes.marked(spread.mark).values() if "devstack.functions" in one]
    assert len(hosts) == GROUPS
    async with Client(await spread.ready()) as client:
        meeting = await Watched.begin(client, subject)

        async def move(person: str) -> None:
            for _ in range(MOVES):
                await client.lab.leave(await meeting.come(person))

        def ours(answer: Delivered) -> bool:
            return str(answer.correlation_id).startswith(f"{subject} ")

        async def request(number: int) -> None:
            name = f"{subject} {number}"
            body = {"requestId": name, "meetingId": meeting.meeting_id}
            await client.drop(body, message_id=name, queue=JOIN)

        await asyncio.gather(move(ADA), move(BO), *map(request, range(REQUESTS)))
        last = await meeting.come(ADA)
        await meeting.joined(2 * MOVES + 1)
        await client.replies.some(REQUESTS, ours)
        await client.lab.leave(last)
        await client.events.some(
            2 * MOVES + 1,
            lambda one: one.kind == "participant.left" and one.session_id == meeting.meeting_id,
        )
        story = await client.whole_story(meeting.meeting_id)
        await client.quiet(f"sentinel of {subject}")

        answers = Counter(one.correlation_id for one in client.replies.where(ours))
        assert len(answers) == answers.total() == REQUESTS
        numbers = [int(one.event["sequence"]) for one in story]
        assert numbers == list(range(1, len(numbers) + 1))
        [true] = await client.lab.meetings(subject)
        assert len(true["legs"]) == 1
