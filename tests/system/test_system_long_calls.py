"""Legs that Graph ends unless they are kept alive, on a stack whose hours are seconds."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.system.client import Client
from tests.system.lab import eventually
from tests.system.stack import Up
from tests.system.watched import ADA, BO, Watched

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

LAPSE = 4.0
"""How long Graph keeps a leg without keepAlive, in seconds."""
HURRY = {
    "SETTLE_SECONDS": "0.4",
    "POLL_SECONDS": "1.5",
    "KEEP_ALIVE_SECONDS": "2",
    "LEAVE_WHEN_ALONE_SECONDS": "2",
    "SILENT_SECONDS": "1",
    "LAPSE_SECONDS": "6",
    "REJOIN_SECONDS": "1,1,1,1",
    "BACKSTOP_SECONDS": "5",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hurried(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """Return a client of a stack of its own."""
    async with (
        Up.serving(tmp_path_factory.mktemp("hurried"), HURRY) as up,
        Client(await up.ready()) as client,
    ):
        await client.lab.sources(keepAliveLapseSeconds=LAPSE)
        yield client


async def test_a_call_of_many_lapses_is_one_call_with_one_leg(
    hurried: Client, subject: str
) -> None:
    """Then everybody leaves, and so does the bot."""
    meeting = await Watched.begin(hurried, subject)
    ada = await meeting.come(ADA)
    await meeting.joined(1)

    await asyncio.sleep(4 * LAPSE)  # the length of the call is what is tested
    bo = await meeting.come(BO)
    await meeting.joined(2)
    for one in (ada, bo):
        await hurried.lab.leave(one)
    await meeting.told("call.ended", callNumber=1)
    await meeting.told("bot.left", reason="alone")

    truth = await meeting.truth()
    assert len(truth["legs"]) == 1
    [call] = (await meeting.record())["calls"]
    assert len(call["participants"]) == 2


async def test_without_one_callback_the_calls_are_the_true_ones(
    hurried: Client, subject: str
) -> None:
    """The bot is found to be in, people and the end by reads; the bot leaves by itself."""
    await hurried.lab.delivery(drop=1)
    try:
        await hurried.drop({"requestId": subject, "subject": subject, "join": "now"})
        created = await hurried.created(subject)
        meeting_id = created.data["meetingId"]
        await hurried.told(meeting_id, "bot.joining")
        url = created.data["coordinates"]["joinWebUrl"]
        ada = await hurried.lab.join(url, ADA)
        await hurried.told(meeting_id, "participant.joined")
        await hurried.lab.leave(ada)
        ended = await hurried.told(meeting_id, "call.ended")
        await hurried.told(meeting_id, "bot.left", reason="alone")
    finally:
        await hurried.lab.delivery()

    assert ended.data["endBasis"] == "polled"


async def test_a_leg_that_dies_while_people_talk_is_replaced(hurried: Client, subject: str) -> None:
    """And the call goes on as the same one."""
    meeting = await Watched.begin(hurried, subject)
    ada = await meeting.come(ADA)
    await meeting.joined(1)
    await hurried.lab.end_leg(meeting.call_id, 500, 1999)
    await meeting.told("call.unwatched", reason="serviceFault")

    async def back() -> bool | None:
        legs = (await meeting.truth())["legs"]
        return True if [one["state"] for one in legs].count("established") == 1 else None

    await eventually(back, "another leg is in")
    await hurried.lab.leave(ada)
    await meeting.told("call.ended", callNumber=1)

    [call] = (await meeting.record())["calls"]
    assert call["reason"] == "everyoneLeft"
