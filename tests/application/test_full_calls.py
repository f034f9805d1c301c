"""More people than a head row holds: they are counted, and nothing else of the record suffers."""

import asyncio
from datetime import datetime
from random import Random
from string import ascii_letters, digits
from typing import Any

import pytest

from shared.calls.weight import weight_of
from shared.ledger.rows import head_row
from shared.words.ids import MeetingId
from tests.application.joined import Joined
from tests.application.world import BOT, envelope, roster, state
from tests.fakes.graph import participant


class Small(Joined):
    """A world whose meetings have little room for people."""

    async def weight(self) -> int:
        """Return how much of its room the meeting takes."""
        record = (await self.meeting(self.meeting_id)).record
        return sum(weight_of(call) for call in record.calls)

    async def calls(self) -> list[dict[str, Any]]:
        """Return the calls as readers see them."""
        return list((await self.record("INC-1"))["calls"])

    def sessions(self, name: str) -> list[str]:
        """Return the sessions of the events of a name, in their order."""
        return [event["data"]["sessionId"] for event in self.events(name)]


async def test_twenty_waves_of_other_people_are_one_call() -> None:
    """Those who find no room are counted, and keep it open; its start and end are the true ones."""
    world = await Small(room=6_000).begin()
    began = world.clock.now()
    for wave in range(20):
        await world.see(*(f"w{wave}-{number}" for number in range(40)), after=90)
        await world.pump()
    await world.see()
    ended = world.clock.now()
    await world.pump()

    (call,) = await world.calls()
    started_at = datetime.fromisoformat(call["startedAt"])
    assert 0 <= (started_at - began).total_seconds() <= 91
    assert (datetime.fromisoformat(call["endedAt"]), call["endBasis"]) == (ended, "observed")
    assert 40 < len(call["participants"]) < call["participantCount"] <= 800
    assert call["participantsComplete"] is False
    assert sorted(world.sessions("participant.left")) == sorted(
        world.sessions("participant.joined")
    )
    (warning,) = world.events("meeting.warning")
    assert warning["data"]["code"] == "recording_limited"
    assert await world.weight() <= 6_000


@pytest.mark.long
async def test_two_hundred_and_fifty_calls_within_an_hour_find_room() -> None:
    """Those that are over leave the head early; each has its start, its end and its people."""
    world = await Small(room=3_000).begin()
    for number in range(250):
        await world.see(f"a{number}", f"b{number}", after=3)
        await world.pump()
        await world.see(after=3)
        await world.pump()

    calls = await world.calls()
    assert [call["callNumber"] for call in calls] == list(range(1, 251))
    assert {len(call["participants"]) for call in calls} == {2}
    assert all(call["endedAt"] and call["participantsComplete"] for call in calls)
    assert len(world.events("call.started")) == len(world.events("call.ended")) == 250
    assert world.events("meeting.warning", "call.corrected") == []
    assert await world.weight() <= 3_000


async def test_the_longest_names_fill_a_call_sooner() -> None:
    """And what is stored is far from what a row holds."""
    world = await Small(room=10_000).begin()
    people = [
        participant(f"p{n:03d}", identity_id=f"u{n}", display_name="é" * 256) for n in range(60)
    ]
    ourselves = participant("bot", kind="application", identity_id=BOT)
    world.fake_graph.fill_room(world.call_id, [ourselves, *people])
    status = await world.call(envelope(world.call_id, "/participants", [ourselves, *people]))
    await world.pump()

    (call,) = await world.calls()
    assert status == 202
    assert 10 < len(call["participants"]) < 20
    assert call["participantCount"] == 60
    row = head_row(await world.meeting(world.meeting_id), [])
    assert sum(len(value) for value in row.values() if isinstance(value, bytes)) < 10_000


async def test_a_push_of_known_and_uncounted_people_is_no_news() -> None:
    """It writes nothing, though most of whom it names are not known."""
    world = await Small(room=1_000).begin()
    names = [f"n{number}" for number in range(20)]
    await world.see(*names)
    await world.pump()
    before = (await world.meeting(world.meeting_id)).version

    await world.see(*names)
    await world.see(*names[:-1])
    after = (await world.meeting(world.meeting_id)).version

    assert after == before
    (call,) = await world.calls()
    assert (call["participantCount"], call["endedAt"]) == (20, None)


async def test_what_the_log_keeps_of_people_without_room_is_their_number() -> None:
    """Each further news of the call costs what it changes."""
    world = await Small(room=1_000).begin()
    names = [f"n{number}" for number in range(20)]
    await world.see(*names)
    await world.pump()

    await world.see(*names[1:])

    newest = (await world.ledger.log(MeetingId(world.meeting_id)))[-1].heard[-1]
    (call,) = await world.calls()
    without_room = 20 - len(call["participants"])
    assert (getattr(newest.observation, "people", None), newest.uncounted) == ((), without_room)


async def test_a_full_call_goes_on_after_a_gap() -> None:
    """Who is there now may be those who found no room; nobody there is the end of it."""
    world = await Small(room=1_000).begin()
    await world.see(*(f"n{number}" for number in range(20)))
    await world.pump()
    await world.call(state(world.call_id, "terminated", resultInfo={"code": 200, "subcode": 5000}))

    await world.rejoin("n18", "n19")
    (gone_on,) = await world.calls()
    await world.see()
    await world.pump()

    (call,) = await world.calls()
    assert (gone_on["endedAt"], gone_on["participantCount"]) == (None, 20)
    assert call["endedAt"] is not None


async def test_a_call_leaves_room_for_all_else_that_the_head_holds() -> None:
    """As many attendees as a request holds stand there as asked, as given, and as told twice."""
    noise = Random(1)  # noqa: S311 - the same people every time

    def text(length: int) -> str:
        return "".join(noise.choices(ascii_letters + digits + "!#$%&'*+-/=?^_`{|}~.", k=length))

    world = Small()
    for action in ("create", "update"):
        ask: dict[str, Any] = {"requestId": "INC-1", "subject": "down", "action": action}
        names = [f"{text(60)}@{text(60)}" for _ in range(980)]
        await world.drop("create-meeting", {**ask, "attendees": names})
    world.meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    await world.rejoin()
    people = [
        participant(text(128), identity_id=text(128), display_name=text(256)) for _ in range(1_500)
    ]
    ourselves = participant("bot", kind="application", identity_id=BOT)
    world.fake_graph.fill_room(world.call_id, [ourselves, *people])

    status = await world.call(envelope(world.call_id, "/participants", [ourselves, *people]))
    await world.pump()

    (call,) = await world.calls()
    assert status == 202
    assert 100 < len(call["participants"]) < call["participantCount"] == 1_500
    assert (await world.meeting(world.meeting_id)).record.failures == 0


@pytest.mark.parametrize("room", [0, 500, 2_000])
async def test_neighbours_in_a_transaction_and_other_meetings_are_untouched(room: int) -> None:
    """However full one call is, everybody is answered."""
    world = await Small(room=room).begin()
    crowd = [f"n{number}" for number in range(30)]
    await world.see(*crowd)
    await world.drop("create-meeting", {"requestId": "INC-2", "subject": "other"})

    statuses = await asyncio.gather(
        *(world.call(roster(world.call_id, *crowd, f"new-{number}")) for number in range(9)),
        world.call(state(world.call_id, "terminated", resultInfo={"code": 200, "subcode": 5002})),
    )
    await world.pump()

    assert set(statuses) == {202}
    (call,) = await world.calls()
    assert (call["endedAt"] is not None, call["participantCount"]) == (True, 31)
    assert (await world.record("INC-2"))["calls"] == []
    assert len(world.events("meeting.warning")) == 1
