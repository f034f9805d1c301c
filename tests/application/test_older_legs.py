"""Legs that are over leave the head of their meeting, and no request notices that they did."""

from typing import Any

import pytest

from shared.ledger.rows import head_row, leg_rows
from shared.meeting.meeting import Change, Stored
from shared.meeting.older_legs import Kept
from shared.words.ids import CallId, LegKey, MeetingId
from tests.application.links import CLASSIC
from tests.application.world import World, leg_of, state
from tests.fakes.ledger import InMemoryLedger
from tests.fixtures.legs import a_leg

LEAVE = {"joinWebUrl": CLASSIC, "action": "leave"}
BYE = {"resultInfo": {"code": 200, "subcode": 7000}}
ADMISSION_DENIED = {"resultInfo": {"code": 403, "subcode": 5854}}


class WeighingLedger(InMemoryLedger):
    """Weighs what each commit writes of the meeting and its legs, without messages and log."""

    def __init__(self) -> None:
        super().__init__()
        self.head = 0
        self.written = 0

    async def commit(self, before: Stored | None, change: Change, **options: Any) -> Stored:
        """See `ports.Ledger.commit`."""
        stored = await super().commit(before, change, **options)
        meeting = stored.meeting
        self.head = weight(head_row(meeting, []))
        legs = leg_rows(meeting.meeting_id, version=meeting.version, pages=change.leg_pages)
        self.written += self.head + sum(weight(row) for row in legs)
        return stored


def weight(row: dict[str, Any]) -> int:
    """Return how many packed bytes a row has."""
    return sum(len(value) for value in row.values() if isinstance(value, bytes))


class Busy(World):
    """A world whose bot joins and leaves one meeting."""

    meeting_id: str
    leg_key: LegKey
    call_id: CallId

    async def join(self, request_id: str, **properties: Any) -> None:
        """Let a request join, and the bot it sends, if it sends one, get in."""
        sent = len(self.fake_graph.bodies)
        ask = {"joinWebUrl": CLASSIC, "requestId": request_id}
        await self.drop("join-meeting", ask, **properties)
        if len(self.fake_graph.bodies) > sent:
            self.meeting_id = str(self.fake_graph.bodies[-1]["callbackUri"]).split("/")[-2]
            self.leg_key, self.call_id = leg_of(await self.meeting(self.meeting_id))
            await self.call(state(self.call_id, "established"))

    async def leave(self, request_id: str, **properties: Any) -> None:
        """Let a request make the bot leave, and Graph notify us of its end."""
        await self.drop("join-meeting", LEAVE | {"requestId": request_id}, **properties)
        await self.end()

    async def end(self, **result: Any) -> None:
        """Let Graph end the leg, and notify us."""
        self.fake_graph.drop(self.call_id)
        await self.call(state(self.call_id, "terminated", **(result or BYE)))
        self.clock.advance(20)

    async def call(self, body: bytes) -> int:
        """Let Graph call back about the newest leg."""
        return await self.callback(self.meeting_id, self.leg_key, body)

    async def cycles(self, count: int) -> None:
        """Let the bot join and leave `count` times, each under ids of its own."""
        for number in range(count):
            await self.join(f"J-{number}")
            await self.leave(f"L-{number}")


@pytest.mark.long
async def test_four_hundred_joins_and_leaves_cost_as_much_as_twenty() -> None:
    """In bytes of the head and of the rows of legs, messages and log excluded."""
    ledger = WeighingLedger()
    world = Busy(ledger=ledger)
    joins = []
    for number in range(400):
        before = ledger.written
        await world.join(f"J-{number}", reply_to="replies")
        joins.append(ledger.written - before)
        await world.leave(f"L-{number}", reply_to="replies")

    meeting = await world.meeting(world.meeting_id)
    assert ledger.head <= 20_000
    assert joins[399] <= 1.05 * joins[19]
    assert len(meeting.legs) == 8
    assert len((await world.record_of(world.meeting_id))["bot"]["legs"]) == 400


@pytest.mark.long
async def test_hundreds_of_requests_about_one_leg_do_not_stay_in_the_head() -> None:
    """Neither to join, answered with it, nor to leave while Graph does not end it."""
    ledger = WeighingLedger()
    world = Busy(ledger=ledger)
    for number in range(300):
        await world.join(f"J-{number}", reply_to="joiners")
    for number in range(300):
        leave = LEAVE | {"requestId": f"L-{number}"}
        await world.drop("join-meeting", leave, reply_to="leavers", correlation_id=f"c-{number}")
    assert ledger.head <= 20_000

    await world.end()
    await world.pump()

    joining = [one for one in world.replies("joiners") if one["type"] == "rollcall.bot.joining.v1"]
    assert len(joining) == 300
    told = [sent.correlation_id for sent in world.fake_bus.sent_to("leavers")]
    assert sorted(map(str, told)) == sorted(f"c-{number}" for number in range(300))
    assert {one["type"] for one in world.replies("leavers")} == {"rollcall.bot.left.v1"}
    assert len({one["id"] for one in world.replies("leavers")}) == 1


async def test_a_request_is_known_again_however_old_its_leg_is() -> None:
    """The same is answered with the same leg, another under its id is refused."""
    world = Busy()
    await world.join("J-first", reply_to="first")
    await world.leave("L-first", reply_to="first")
    await world.cycles(20)
    sent = len(world.fake_graph.bodies)

    await world.join("J-first", reply_to="again")
    await world.drop("join-meeting", LEAVE | {"requestId": "L-first"}, reply_to="again")
    other = {"joinWebUrl": CLASSIC, "requestId": "J-first", "guestName": "Scribe"}
    await world.drop("join-meeting", other, reply_to="other")

    joining, _, left = world.replies("first")
    again = world.replies("again")
    assert (joining["data"].pop("state"), again[0]["data"].pop("state")) == ("joining", "gone")
    for answer in (joining, left, *again):
        answer["data"].pop("recordedAt")
    # With the state of now it is another event.
    assert joining.pop("id") != again[0].pop("id")
    assert [joining, left] == again
    assert world.replies("other")[0]["data"]["code"] == "request_conflict"
    assert len(world.fake_graph.bodies) == sent


@pytest.mark.parametrize("request_id", ["J-0", "J-29"])
async def test_a_request_that_left_the_head_of_its_living_leg_is_known_again(
    request_id: str,
) -> None:
    """Thirty requests found the bot there; the oldest of them left the head."""
    world = Busy()
    for number in range(30):
        await world.join(f"J-{number}", reply_to="first")
    (leg,) = (await world.meeting(world.meeting_id)).legs
    assert len(leg.asked) <= 16

    other = {"joinWebUrl": CLASSIC, "requestId": request_id, "guestName": "Scribe"}
    await world.drop("join-meeting", other, reply_to="other")
    await world.end()
    await world.join(request_id, reply_to="again")

    assert world.replies("other")[0]["data"]["code"] == "request_conflict"
    (again,) = world.replies("again")
    assert (again["type"], again["data"]["legKey"]) == ("rollcall.bot.joining.v1", leg.key)
    assert len(world.fake_graph.bodies) == 1


async def test_a_repeat_meets_its_leg_while_that_leaves_the_head() -> None:
    """The leg moves between what the handler reads and what it decides on."""

    class Moving(InMemoryLedger):
        """Lets something happen after the next load, before it returns."""

        then: Any = None

        async def load(self, meeting_id: MeetingId, **options: Any) -> Stored | None:
            stored = await super().load(meeting_id, **options)
            then, self.then = self.then, None
            if then is not None:
                await then()
            return stored

    ledger = Moving()
    world = Busy(ledger=ledger, kept=Kept(legs=2, requests=1))
    await world.cycles(2)

    async def further() -> None:
        for _ in range(2):
            await world.join(f"J-{len(world.fake_graph.bodies)}")
            await world.end()

    ledger.then = further
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-0"}, reply_to="again")
    ledger.then = further
    await world.drop("join-meeting", LEAVE | {"requestId": "L-0"}, reply_to="again")

    joining, left = world.replies("again")
    first = world.events("bot.joining")[0]["data"]["legKey"]
    assert (joining["data"]["legKey"], left["data"]["legKey"]) == (first, first)
    assert len(world.fake_graph.bodies) == 2 + 4


async def test_a_join_that_came_to_nothing_long_ago_may_be_asked_for_again() -> None:
    """Its id was granted nothing, in whichever rows that stands."""
    world = Busy()
    await world.join("J-denied")
    leg = world.leg_key
    meeting = await world.meeting(world.meeting_id)
    assert meeting.record.legs[leg].is_in
    await world.end()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-lobby"})
    world.leg_key, world.call_id = leg_of(await world.meeting(world.meeting_id))
    await world.end(**ADMISSION_DENIED)
    await world.cycles(10)
    sent = len(world.fake_graph.bodies)

    await world.join("J-lobby")

    assert len(world.fake_graph.bodies) == sent + 1


async def test_what_comes_for_a_leg_that_left_the_head_is_taken_and_not_kept() -> None:
    """It is answered as that of a leg that was never claimed."""
    world = Busy()
    await world.join("J-first")
    leg_key, call_id = world.leg_key, world.call_id
    await world.leave("L-first")
    await world.cycles(8)
    before = await world.meeting(world.meeting_id)
    assert before.leg(leg_key) is None

    status = await world.callback(world.meeting_id, leg_key, state(call_id, "established"))

    assert status == 202
    assert await world.meeting(world.meeting_id) == before


async def test_a_leg_that_lives_stays_however_many_came_after_it() -> None:
    """And leaves the head with the commit that records its end, which is told."""
    world = Busy(kept=Kept(legs=2, requests=1))
    await world.join("J-first")
    leg_key, call_id = world.leg_key, world.call_id
    meeting = await world.meeting(world.meeting_id)
    crowded = meeting
    for number in (2, 3, 4):
        crowded = crowded.with_leg(a_leg(chr(ord("a") + number) * 16, number, state="unsent"))
    stored = await world.ledger.load(MeetingId(world.meeting_id))
    assert stored is not None
    await world.ledger.commit(stored, Change(meeting=crowded), now=world.clock.now())
    await world.callback(world.meeting_id, leg_key, state(call_id, "inLobby"))
    assert (await world.meeting(world.meeting_id)).leg(leg_key) is not None

    assert await world.callback(world.meeting_id, leg_key, state(call_id, "terminated")) == 202

    meeting = await world.meeting(world.meeting_id)
    assert [leg.attempt for leg in meeting.legs] == [3, 4]
    assert world.names().count("bot.left") == 1
    assert meeting.next_attempt == 5


async def test_a_page_is_written_once_and_only_for_what_is_new() -> None:
    """Repeats of requests whose legs left the head write no further rows of legs."""
    world = Busy()
    await world.cycles(20)
    before = await world.ledger.older_legs(MeetingId(world.meeting_id))

    for number in range(20):
        await world.join(f"J-{number}", reply_to="again")
        await world.drop("join-meeting", LEAVE | {"requestId": f"L-{number}"}, reply_to="again")

    after = await world.ledger.older_legs(MeetingId(world.meeting_id))
    assert after == before
    assert len({page.leg_key for page in after}) == len(after) == 12
    assert all(page.leg is not None for page in after)
