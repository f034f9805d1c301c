"""One callback, bounded work: whatever its body holds, a few writes and a few messages."""

import asyncio
import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from call_callback.handler import receive_notification
from call_callback.notification import LONGEST_BODY, MOST_ITEMS
from call_callback.plan import MOST_HANG_UPS
from shared.calls.history import LogEntry
from shared.meeting.meeting import Change, Stored
from shared.words.ids import LegKey, MeetingId, SessionId
from shared.words.observations import Unparsed
from tests.application.joined import Joined
from tests.application.world import BOT, envelope, roster, state
from tests.fakes.graph import participant
from tests.fakes.ledger import InMemoryLedger


class CountingLedger(InMemoryLedger):
    """Counts the commits that were tried.

    Those `held` back are never answered; one that names the session `refused` fits no row.
    """

    def __init__(self) -> None:
        super().__init__()
        self.held = False
        self.refused = ""

    async def commit(self, before: Stored | None, change: Change, *, now: datetime) -> Stored:
        """See `ports.Ledger.commit`."""
        if self.held:
            await asyncio.Event().wait()
        if any(call.holds(SessionId(self.refused)) for call in change.meeting.record.calls):
            raise ValueError("more than one row holds (as the test asked)")
        return await super().commit(before, change, now=now)


class Counted(Joined):
    """A world whose bot is in the meeting; what follows is counted."""

    counting: CountingLedger

    @classmethod
    async def start(cls) -> "Counted":
        """Let the bot join, and begin to count."""
        ledger = CountingLedger()
        world = cls(ledger=ledger)
        await world.begin()
        world.counting = ledger
        ledger.commits = 0
        world.fake_bus.sent.clear()
        world.delivered.clear()
        return world

    def hang_ups(self) -> list[str]:
        """Return the calls that are to be ended, as far as tend messages say."""
        bodies = [json.loads(sent.body) for sent in self.fake_bus.sent_to("tend-meeting")]
        return [body["hangUp"] for body in bodies if "hangUp" in body]

    def looks(self) -> int:
        """Return how many looks at the meeting were requested."""
        return len(self.fake_bus.sent_to("tend-meeting")) - len(self.hang_ups())

    async def newest(self) -> LogEntry:
        """Return the newest entry of the meeting's log."""
        return (await self.ledger.log(MeetingId(self.meeting_id)))[-1]


@pytest.fixture
async def world() -> Counted:
    """Return a world whose bot is in the meeting, alone."""
    return await Counted.start()


def item(call_id: str, data: Any, *, tail: str = "") -> dict[str, Any]:
    """Return one item about a call."""
    [one] = json.loads(envelope(call_id, tail, data))["value"]
    return dict(one)


def body(items: list[dict[str, Any]]) -> bytes:
    """Return the body that has these items."""
    return json.dumps({"value": items}).encode()


def crowd(*people: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of a roster: ourselves and these people."""
    return [participant("bot", kind="application", identity_id=BOT), *people]


async def test_ten_thousand_items_that_are_not_read_are_one_commit(world: Counted) -> None:
    """Those looked at are kept as one counted shape; for the others a read is requested."""
    items = [
        item(world.call_id, {"x": n}, tail=f"/contentSharingSessions/{n}") for n in range(10_000)
    ]

    status = await world.call(body(items))

    assert (status, world.counting.commits, world.looks()) == (202, 1, 1)
    shapes = [one.observation for one in (await world.newest()).heard]
    [shape] = [one for one in shapes if isinstance(one, Unparsed)]
    assert (shape.resource, shape.count, shape.members) == (
        "contentsharingsessions",
        MOST_ITEMS,
        ("x",),
    )


async def test_two_thousand_surplus_legs_are_a_few_hang_ups(world: Counted) -> None:
    """The others are sent away when they call back again, each for itself."""
    items = [item(f"{n:032x}", {"state": "established"}) for n in range(2_000)]

    status = await world.call(body(items))

    assert (status, world.counting.commits) == (202, 1)
    assert world.hang_ups() == [f"{n:032x}" for n in range(MOST_HANG_UPS)]
    assert all(len(sent.message_id) <= 128 for sent in world.fake_bus.sent_to("tend-meeting"))


async def test_surplus_legs_do_not_crowd_out_the_legs_own_news(world: Counted) -> None:
    """What is bounded is what they cost, not what is heard of the leg."""
    items = [item(f"{n:032x}", {"state": "established"}) for n in range(100)]
    own = json.loads(roster(world.call_id, "ada"))["value"]

    await world.call(body(items + own))

    assert [event["data"]["sessionId"] for event in world.events("participant.joined")] == ["p-ada"]


async def test_a_call_id_that_would_be_another_path_is_nobodys_leg(world: Counted) -> None:
    """Nothing is ended under it, and the item is kept as a shape."""
    status = await world.call(envelope("..", "", {"state": "established"}))

    assert (status, world.hang_ups()) == (202, [])
    [heard] = (await world.newest()).heard
    assert isinstance(heard.observation, Unparsed)


async def test_two_thousand_rosters_are_one_commit_and_a_read(world: Counted) -> None:
    """Those looked at are heard; what is left may say anything, so the room is read."""
    items = [
        json.loads(roster(world.call_id, *(["ada"] if n % 2 else ["bo"])))["value"][0]
        for n in range(2_000)
    ]

    status = await world.call(body(items))

    assert (status, world.counting.commits, world.looks()) == (202, 1, 1)
    joined = {event["data"]["sessionId"] for event in world.events("participant.joined")}
    assert joined == {"p-ada", "p-bo"}
    assert world.events("participant.left") == []


async def test_a_body_that_is_too_long_asks_for_a_read(world: Counted) -> None:
    """What it said is not known; who is there is found out, and nobody has left by it."""
    await world.see("ada")
    await world.pump()
    before = world.counting.commits

    status = await world.call(b'{"value": [' + b" " * LONGEST_BODY + b"]}")
    assert (status, world.counting.commits) == (202, before + 1)
    await world.pump()

    assert world.events("participant.left") == []
    assert world.fake_graph.calls[world.call_id] != []


async def test_a_name_of_a_megabyte_costs_nobody_anything(world: Counted) -> None:
    """It is cut where it is read: taken as often as it comes, with all who wait beside it."""
    name = Random(1).randbytes(500_000).hex()  # noqa: S311 - the same bytes every time
    named = participant("p-x", identity_id="x", display_name=name)
    large = envelope(world.call_id, "/participants", crowd(named))

    first = await world.call(large)
    statuses = await asyncio.gather(
        world.call(large), *(world.call(roster(world.call_id, f"n{n}")) for n in range(5))
    )

    assert [first, *statuses] == [202] * 7
    joined = world.events("participant.joined")
    assert {event["data"]["sessionId"] for event in joined} == {
        "p-x",
        *(f"p-n{n}" for n in range(5)),
    }
    assert max(len(event["data"]["participant"]["displayName"]) for event in joined) == 256


async def test_a_crowd_of_the_longest_texts_fits_its_row(world: Counted) -> None:
    """Who finds no room in the message is hidden, and a read is requested; in the head, counted."""
    random = Random(1)  # noqa: S311 - the same crowd every time
    people = [
        {
            "id": random.randbytes(64).hex(),
            "info": {
                "identity": {
                    "user": {
                        "id": random.randbytes(64).hex(),
                        "tenantId": random.randbytes(64).hex(),
                        "displayName": "".join(chr(random.randrange(33, 127)) for _ in range(256)),
                    }
                }
            },
        }
        for _ in range(2_000)
    ]

    status = await world.call(envelope(world.call_id, "/participants", crowd(*people)))

    assert (status, world.counting.commits, world.looks()) == (202, 1, 1)
    (call,) = (await world.meeting(world.meeting_id)).record.calls
    assert 900 < len(world.events("participant.joined")) < 1_000
    assert 1_200 < call.participant_count < 2_000


async def test_of_a_body_that_no_row_can_hold_the_room_is_read(world: Counted) -> None:
    """It costs no other, nobody comes or leaves by it, and Graph need not send it again."""
    world.counting.refused = "p-one-too-many"
    looks = world.looks()

    statuses = await asyncio.gather(
        *(world.call(roster(world.call_id, name)) for name in ("ada", "one-too-many", "bo"))
    )

    assert statuses == [202, 202, 202]
    joined = {event["data"]["sessionId"] for event in world.events("participant.joined")}
    assert joined == {"p-ada", "p-bo"}
    assert world.looks() > looks


async def test_what_a_body_says_of_the_leg_is_kept_where_the_rest_fits_no_row(
    world: Counted,
) -> None:
    """Its end is not lost with a roster."""
    world.counting.refused = "p-one-too-many"
    people = json.loads(roster(world.call_id, "one-too-many"))["value"]
    end = json.loads(state(world.call_id, "terminated"))["value"]

    assert await world.call(body([*people, *end])) == 202

    assert len(world.events("bot.left")) == 1


async def test_a_body_of_which_nothing_fits_is_answered_500(world: Counted) -> None:
    """Graph is to send it again: the meeting may have room then."""
    await world.see("ada")
    world.counting.refused = "p-ada"

    assert await world.call(roster(world.call_id, "ada", "bo")) == 500


async def test_a_read_that_no_row_can_hold_is_one_that_failed(world: Counted) -> None:
    """The message is done, and the next look comes later."""
    await world.see("ada")
    await world.pump()
    world.counting.refused = "p-one-too-many"
    world.people_in(world.call_id, "ada", "one-too-many")
    await world.call(roster(world.call_id, "bo"))

    await world.pump(until=timedelta(seconds=20))
    failures = (await world.meeting(world.meeting_id)).record.failures
    world.counting.refused = ""
    await world.pump()

    assert failures > 1
    joined = {event["data"]["sessionId"] for event in world.events("participant.joined")}
    assert joined == {"p-ada", "p-bo", "p-one-too-many"}


async def test_a_callback_that_cannot_be_recorded_in_time_is_to_come_again(world: Counted) -> None:
    """A store that does not answer must not keep Graph waiting."""
    world.counting.held = True

    answer = await receive_notification(
        meeting_id=world.meeting_id,
        leg_key=LegKey(world.leg_key),
        authorization=world.token(),
        body=roster(world.call_id, "ada"),
        services=world.services,
        recorded_within=0.01,
    )

    assert (answer.status, answer.retry_after) == (503, 5)
