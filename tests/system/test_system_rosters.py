"""Rosters are cut, stray, late or name the bot oddly, a read is slow: the calls are the true ones.

How the simulator pushes is one setting for all its meetings, so each test here puts it back.
"""

import asyncio

import pytest

from tests.system.client import Client
from tests.system.conftest import ROSTER_CAP
from tests.system.lab import Lab, eventually
from tests.system.truth import same_bounds, same_calls
from tests.system.watched import ADA, BO, Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

CY = "c0000000-0000-4000-8000-00000000000c"
CROWD = [f"d0000000-0000-4000-8000-{number:012}" for number in range(30)]
MUTED = 10
LATE_SECONDS = 2
UNTIL_BO_LEFT = 20.0


async def test_nobody_leaves_by_a_roster_that_was_cut(
    client: Client, trouble: Lab, subject: str
) -> None:
    """Thirty people, twenty entries: one call, and nobody is published as out who is there."""
    await trouble.delivery(rosterCap=ROSTER_CAP)
    meeting = await Watched.begin(client, subject)

    crowd = [await meeting.come(person) for person in CROWD]
    for muted in (True, False):
        for participant in crowd[:MUTED]:
            await trouble.mute(participant, muted=muted)
    await meeting.joined(len(crowd))
    published = await meeting.kinds()
    [open_call] = (await meeting.record())["calls"]
    for participant in crowd:
        await trouble.leave(participant)
    ended = await meeting.told("call.ended")

    assert published == ["call.started", *["participant.joined"] * len(crowd)]
    assert (open_call["endedAt"], open_call["participantsComplete"]) == (None, False)
    assert ended.data["participantsComplete"] is False
    assert ended.data["participantCount"] == len(CROWD)
    record, truth = await meeting.record(), await meeting.truth()
    [call] = record["calls"]
    assert sorted(one["participant"]["userId"] for one in call["participants"]) == CROWD
    same_bounds(record, truth)
    kinds = await meeting.kinds()
    assert kinds.count("participant.joined") == kinds.count("participant.left") == len(CROWD)
    assert kinds.count("call.ended") == len(truth["calls"]) == 1


@pytest.mark.parametrize(
    "manner",
    [{"emptyRosters": 1}, {"botId": "b07b07b0-0000-4000-8000-000000000b07"}],
    ids=["stray empty rosters", "another id of the bot"],
)
async def test_strange_rosters_change_no_call(
    client: Client, trouble: Lab, subject: str, manner: dict[str, int | str]
) -> None:
    """Every push comes with one that lists no people, or the bot is listed under another id."""
    await trouble.delivery(**manner)
    meeting = await Watched.begin(client, subject)

    ada = await meeting.come(ADA)
    bo = await meeting.come(BO)
    await meeting.joined(2)
    await trouble.leave(ada)
    await meeting.told("participant.left")
    await trouble.leave(bo)
    await meeting.told("call.ended", callNumber=1)

    record, truth = await meeting.record(), await meeting.truth()
    same_calls(record, truth)
    same_bounds(record, truth)
    assert await meeting.kinds() == [
        *("call.started", "participant.joined", "participant.joined"),
        *("participant.left", "participant.left", "call.ended"),
    ]


async def test_rosters_that_come_again_late_invent_nothing(
    client: Client, trouble: Lab, subject: str
) -> None:
    """Two calls; the copies of their rosters come during and after them, and make no other."""
    await trouble.delivery(late=1, lateSeconds=LATE_SECONDS)
    meeting, last = await asyncio.gather(
        Watched.begin(client, subject), Watched.begin(client, f"last {subject}")
    )

    for number in (1, 2):
        ada = await meeting.come(ADA)
        bo = await meeting.come(BO)
        await meeting.joined(2 * number)
        await trouble.leave(ada)
        await meeting.told("participant.left", callNumber=number)
        await trouble.leave(bo)
        await meeting.told("call.ended", callNumber=number)
    # Only a late copy tells of Cy: when it has come, so have those of all rosters before it.
    await trouble.delivery(drop=1, late=1, lateSeconds=LATE_SECONDS)
    cy = await last.come(CY)
    await last.told("call.started")
    # And when the end of her call was read, the reads that late copies asked for are over.
    await trouble.delivery()
    await trouble.leave(cy)
    await last.told("call.ended")

    record, truth = await meeting.record(), await meeting.truth()
    same_calls(record, truth)
    same_bounds(record, truth)
    assert await meeting.kinds() == 2 * [
        *("call.started", "participant.joined", "participant.joined"),
        *("participant.left", "participant.left", "call.ended"),
    ]


async def test_a_call_ends_whose_last_person_left_during_a_read(
    client: Client, trouble: Lab, subject: str
) -> None:
    """The answer shows the room of the question, and leaves open what happened after it."""
    meeting = await Watched.begin(client, subject)
    ada = await meeting.come(ADA)
    bo = await meeting.come(BO)
    await meeting.joined(2)
    # Of this call alone: a read of another test's meeting would use the fault up.
    path = f"/calls/{meeting.call_id}/participants$"
    await trouble.fault(method="GET", path=path, delaySeconds=UNTIL_BO_LEFT)
    await trouble.leave(ada)

    await eventually(lambda: _held_read(trouble, meeting), "a read waits for its answer")
    await trouble.leave(bo)
    await trouble.no_faults()
    await meeting.told("call.ended", callNumber=1)

    record, truth = await meeting.record(), await meeting.truth()
    same_calls(record, truth)
    same_bounds(record, truth)


async def _held_read(lab: Lab, meeting: Watched) -> bool | None:
    reads = await lab.requests("GET", f"/calls/{meeting.call_id}/participants$")
    return True if any(read["status"] is None for read in reads) else None
