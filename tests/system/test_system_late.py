"""Late is not new: rosters of calls that are long over come to two hosts that have much to do."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.system.conftest import with_short_locks
from tests.system.lab import Json
from tests.system.site import Site, site
from tests.system.watched import Watched

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

SETTLE = 0.4
DELAY = 4 * SETTLE
LATE = 20.0
"""Seconds after which every roster comes once more: then most calls are over."""
MEETINGS, CALLS, PEOPLE = 25, 3, 3
SLACK = timedelta(seconds=DELAY + SETTLE)
"""How long after its end the first push that speaks of a call may be committed."""
LAST = "b0000000-0000-4000-8000-00000000000b"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Return two hosts that look for what was lost soon."""
    folder: Path = tmp_path_factory.mktemp("late")
    settings = {
        "DEVSTACK_BUS_CONFIG": str(with_short_locks(folder)),
        "DEVSTACK_FLEX": "0",
        "DEVSTACK_WORLD": "documented",
        "SETTLE_SECONDS": str(SETTLE),
        "POLL_SECONDS": "5",
    }
    async with site(folder, settings) as here:
        yield here


async def test_no_call_is_invented(here: Site) -> None:
    """With each push up to 4 SETTLE late, some doubled, and all of them again when it is over."""
    await here.lab.delivery(
        shuffle=True, delaySeconds=DELAY, duplicate=0.3, late=1, lateSeconds=LATE
    )
    run = uuid4().hex[:8]
    meetings = await asyncio.gather(
        *(Watched.begin(here.client, f"late {number} {run}") for number in range(MEETINGS))
    )
    await asyncio.gather(*(_calls(one, Random(place)) for place, one in enumerate(meetings)))  # noqa: S311 - luck, not secrets
    await asyncio.sleep(LATE + DELAY)
    notified = len(await here.lab.notifications())
    await here.lab.delivery()
    # A person who comes now and leaves again makes every host look once more.
    await asyncio.gather(*(_last(one) for one in meetings))

    found = [(one, await one.record(), await one.truth()) for one in meetings]
    invented = [
        (one.subject, call) for one, record, truth in found for call in _of_nobody(record, truth)
    ]
    split = [(one.subject, call) for one, record, truth in found for call in _in_two(record, truth)]
    true = sum(len(truth["calls"]) for _, _, truth in found)
    logging.getLogger(__name__).info(
        "%d notifications without their copies, %d true calls, %d invented, %d shown as two",
        *(notified, true, len(invented), len(split)),
    )
    assert invented == []
    assert split == []


async def _calls(meeting: Watched, luck: Random) -> None:
    """Hold calls in one meeting, one after another; each ends before the next one begins."""
    for number in range(1, CALLS + 1):
        there = []
        for person in range(PEOPLE):
            there.append(await meeting.come(f"a0000000-0000-4000-8000-00000000000{person}"))
            await asyncio.sleep(luck.uniform(0, DELAY))
        # A call that is over before its first push comes is left to the sources.
        await meeting.told("call.started", callNumber=number)
        for one in there:
            await meeting.client.lab.leave(one)
            await asyncio.sleep(luck.uniform(0, DELAY))
        await meeting.told("call.ended", callNumber=number)


async def _last(meeting: Watched) -> None:
    """Hold one more call, by whatever number."""
    one = await meeting.come(LAST)
    joined = await meeting.client.events.first(
        lambda event: (
            event.kind == "participant.joined"
            and event.session_id == meeting.meeting_id
            and event.data["participant"].get("userId") == LAST
        )
    )
    await meeting.client.lab.leave(one)
    await meeting.told("call.ended", callNumber=joined.data["callNumber"])


def _of_nobody(record: Json, truth: Json) -> list[Json]:
    """Return the recorded calls at whose time none of their sessions was in a true one."""
    return [call for call in record["calls"] if not any(_same(call, *one) for one in _true(truth))]


def _in_two(record: Json, truth: Json) -> list[Json]:
    """Return the true calls that the record shows as several."""
    return [
        true
        for true, sessions in _true(truth)
        if sum(_same(call, true, sessions) for call in record["calls"]) > 1
    ]


def _true(truth: Json) -> Iterator[tuple[Json, set[str]]]:
    """Yield each true call with the ids of its sessions."""
    for true in truth["calls"]:
        first, last = _at(true["startedAt"]), _at(true["endedAt"])
        yield (
            true,
            {
                _plain(one["participantId"])
                for one in truth["sessions"]
                if first <= _at(one["joinedAt"]) <= last
            },
        )


def _same(call: Json, true: Json, sessions: set[str]) -> bool:
    """Say whether a recorded call shows this true one, not one that comes long after it."""
    return (
        any(_plain(one["sessionId"]) in sessions for one in call["participants"])
        and _at(call["startedAt"]) <= _at(true["endedAt"]) + SLACK
    )


def _plain(guid: str) -> str:
    return guid.replace("-", "").lower()


def _at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)
