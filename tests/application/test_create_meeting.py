"""A create-meeting message, through the handler, on fakes."""

import asyncio
import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from shared.words.errors import GraphTrace, Rejected
from tests.application.world import HANDLERS, ORGANIZER, World
from tests.fakes.bus import InMemoryBus
from tests.fixtures.bodies import SENT
from tests.fixtures.tending import TENDING

ASK: dict[str, Any] = {"requestId": "INC-1", "subject": "down", "context": {"team": "shop"}}


async def test_a_request_becomes_a_meeting_and_an_answer() -> None:
    """One meeting at Graph, one event on the topic, the same body on the caller's own queue."""
    world = World()

    await world.drop("create-meeting", ASK, reply_to="replies", correlation_id="c-1")

    (event,) = world.events("meeting.created")
    assert event["data"]["requestId"] == "INC-1"
    assert event["data"]["organizerId"] == ORGANIZER
    assert event["data"]["context"] == {"team": "shop"}
    assert event["data"]["coordinates"]["joinWebUrl"]
    assert (event["sequence"], event["correlationid"]) == ("1", "INC-1")
    assert world.replies() == [event]
    assert world.fake_bus.sent_to("replies")[0].correlation_id == "c-1"
    assert list(world.fake_graph.meetings) == [(ORGANIZER, "INC-1")]


async def test_the_answer_correlates_by_message_id_where_there_is_no_correlation_id() -> None:
    """As design's contract says."""
    world = World()

    await world.drop("create-meeting", ASK, reply_to="replies", message_id="m-7")

    assert world.fake_bus.sent_to("replies")[0].correlation_id == "m-7"


async def test_a_redelivered_message_is_answered_once() -> None:
    """The lock ran out after everything was done."""
    world = World()
    message = await world.drop("create-meeting", ASK, reply_to="replies")

    await world.redeliver(message)

    assert world.names() == ["meeting.created"]
    assert len(world.replies()) == 1


async def test_a_request_is_the_same_however_its_body_is_sent() -> None:
    """By every library, with null for what is not set: one meeting, and the same answer again."""
    world = World()
    body = json.dumps({**ASK, "endDateTime": None, "join": None}).encode()
    await world.drop("create-meeting", ASK, reply_to="replies")

    for sent in SENT.values():
        await world.drop("create-meeting", sent(body), reply_to="replies")

    assert world.names() == ["meeting.created"]
    assert {reply["type"] for reply in world.replies()} == {"rollcall.meeting.created.v1"}
    assert len(world.replies()) == len(SENT) + 1


async def test_a_refused_body_is_kept_as_it_was_sent() -> None:
    """Compressed as it was; the refusal has the request's own id all the same."""
    world = World()
    body = gzip.compress(b'{"requestId": "K-4", "subject": "disk\\u0000full"}')

    await world.drop("create-meeting", body, reply_to="replies")

    (answer,) = world.replies()
    assert answer["data"]["requestId"] == "K-4"
    assert [one["member"] for one in answer["data"]["problems"]] == ["/subject"]
    (kept,) = world.fake_bus.sent_to("rejected-requests")
    assert kept.body == body


async def test_each_message_of_one_message_id_is_answered() -> None:
    """A caller's own key as `message_id`, and nothing else to go by: repeated, and redelivered."""
    world = World()
    ask = {"subject": "down"}
    first = await world.drop("create-meeting", ask, reply_to="replies", message_id="INC-1")
    again = await world.drop("create-meeting", ask, reply_to="replies", message_id="INC-1")
    await world.redeliver(first)
    await world.redeliver(again)

    assert [reply["data"]["requestId"] for reply in world.replies()] == ["INC-1", "INC-1"]
    assert world.names() == ["meeting.created"]


async def test_a_repeated_request_gets_the_same_answer_and_asks_graph_no_more() -> None:
    """Another message, another reply queue, the same bytes."""
    world = World()
    await world.drop("create-meeting", ASK, reply_to="replies")
    world.clock.advance(3600)
    world.fake_graph.fail_next(Rejected(code="x", message="not asked", next_step=""))

    await world.drop("create-meeting", ASK, reply_to="others")

    (first,), (again,) = world.replies("replies"), world.replies("others")
    assert again == first
    assert len(world.fake_bus.sent_to("meeting-events")) == 1


async def test_the_same_id_with_other_content_is_refused_by_name() -> None:
    """Its sender must know which members differ."""
    world = World()
    await world.drop("create-meeting", ASK)

    other = {"requestId": "INC-1", "subject": "up", "join": "now"}
    await world.drop("create-meeting", other, reply_to="replies")

    (refusal,) = world.replies()
    assert refusal["data"]["code"] == "request_conflict"
    assert [one["member"] for one in refusal["data"]["problems"]] == [
        "/context",
        "/join",
        "/subject",
    ]
    assert len(world.fake_graph.meetings) == 1


async def test_requests_that_race_under_one_id_make_one_meeting() -> None:
    """Ten handlers at once, in two processes: one creation told, everybody answered."""
    world = World()
    other = World(
        clock=world.clock,
        ledger=world.ledger,
        fake_bus=world.fake_bus,
        fake_graph=world.fake_graph,
    )
    messages = [world.message("create-meeting", ASK, reply_to=f"r{n}") for n in range(10)]

    await asyncio.gather(
        *((world, other)[n % 2].deliver(message) for n, message in enumerate(messages))
    )

    assert world.names() == ["meeting.created"]
    bodies = [world.replies(f"r{n}") for n in range(10)]
    assert all(len(one) == 1 for one in bodies)
    assert len(world.fake_graph.meetings) == 1


async def test_a_message_without_any_id_has_one_identity() -> None:
    """Its sequence number in the queue is the same at every delivery."""
    world = World()
    message = world.message("create-meeting", {"subject": "x"}, message_id=None)
    await world.deliver(message)

    await world.redeliver(message)

    assert len(world.fake_graph.meetings) == 1
    assert world.names() == ["meeting.created"]


async def test_an_invalid_request_is_answered_and_kept() -> None:
    """Refused with every problem, a copy in rejected-requests, the message completed."""
    world = World()

    await world.drop("create-meeting", {"requestId": "INC-2", "subjekt": "x"}, reply_to="replies")

    (refusal,) = world.replies()
    assert refusal["type"] == "rollcall.meeting.rejected.v1"
    assert refusal["subject"] == "requests/INC-2"
    assert {one["member"] for one in refusal["data"]["problems"]} == {"/subject", "/subjekt"}
    (kept,) = world.fake_bus.sent_to("rejected-requests")
    assert kept.subject == "invalid_request"


async def test_a_refusal_of_graphs_reaches_the_caller_with_its_next_step() -> None:
    """And does not pin the id: once it is put right, the same request is tried again."""
    world = World()
    world.fake_graph.fail_next(
        Rejected(
            code="organizer_not_allowed",
            message="No policy.",
            next_step="Grant-CsApplicationAccessPolicy …",
            graph=GraphTrace(status=403, code="Forbidden", request_id="r-1"),
        )
    )
    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.drop("create-meeting", {**ASK, "organizerId": ORGANIZER}, reply_to="replies")

    refused, created = world.replies()
    assert refused["data"]["graph"]["requestId"] == "r-1"
    assert created["type"] == "rollcall.meeting.created.v1"


async def test_graph_throttling_is_waited_out_by_a_scheduled_copy() -> None:
    """Not by sleeping, not by abandoning."""
    world = World()
    world.fake_graph.fail_next(times=2)

    first = await world.drop("create-meeting", ASK, reply_to="replies", message_id="m-1")
    await world.pump()

    copies = world.fake_bus.sent_to("create-meeting")
    assert [copy.message_id for copy in copies] == [f"m-1#{first.delivery_id}#{n}" for n in (2, 3)]
    assert world.names() == ["meeting.created"]
    assert len(world.replies()) == 1


async def test_what_never_succeeds_is_given_up_with_its_history() -> None:
    """Bounded in attempts; the caller is told, a copy is kept."""
    world = World()
    world.fake_graph.fail_next(times=99)

    await world.drop("create-meeting", ASK, reply_to="replies")
    await world.pump()

    (refusal,) = world.replies()
    assert refusal["data"]["code"] == "gave_up"
    assert "5 times" in refusal["data"]["message"]
    assert len(world.fake_bus.sent_to("rejected-requests")) == 1


async def test_a_bus_that_fails_for_a_moment_delays_the_answer_only() -> None:
    """Everything is committed; the same delivery sends it when the bus is back."""
    world = World()
    world.fake_bus.fail_next(3)

    await world.drop("create-meeting", ASK, reply_to="replies")

    assert world.names() == ["meeting.created"]
    assert len(world.replies()) == 1


async def test_a_bus_that_stays_down_is_waited_for_by_the_backstop() -> None:
    """The message is done; what it committed is kept, and told once when the bus is back."""
    world = World()
    world.fake_bus.fail_next(99)
    await world.drop("create-meeting", ASK, reply_to="replies")
    told = world.names()
    world.fake_bus.fail_next(0)

    world.clock.advance(300)
    await world.mend()

    assert told == []
    assert world.names() == ["meeting.created"]
    assert len(world.replies()) == 1
    assert len(world.fake_graph.meetings) == 1


@pytest.mark.parametrize("seconds", [0, 4, 6])
async def test_a_walk_that_comes_early_forgets_nothing_unsent(seconds: float) -> None:
    """What is so young is left to its sender; no other process comes for it later."""
    world = World()
    world.fake_bus.down = {"replies", "meeting-events"}
    await world.drop("create-meeting", {**ASK, "join": "never"}, reply_to="replies")
    world.fake_bus.down = set()

    world.clock.advance(seconds)
    for _ in range(4):
        await world.mend()
        world.clock.advance(130)

    assert world.names() == ["meeting.created"]
    assert len(world.replies()) == 1
    assert [one async for one in world.ledger.overdue(now=world.clock.now())] == []


async def test_a_full_reply_queue_keeps_no_invocation() -> None:
    """One try; what is left is the backstop's, should this process die before the others."""
    world = World()
    world.fake_bus.down = {"replies"}
    message = world.message("create-meeting", ASK, reply_to="replies")

    await HANDLERS["create-meeting"](message, world.services)

    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    later = world.clock.now() + TENDING.grace
    unfinished = [one.meeting_id async for one in world.ledger.overdue(now=later)]
    assert (unfinished, world.replies()) == ([meeting_id], [])
    world.fake_bus.down = set()
    await world.services.journal.settled()
    assert len(world.replies()) == 1
    assert world.names() == ["meeting.created"]


async def test_one_full_queue_does_not_hold_up_or_repeat_the_others() -> None:
    """The caller's reply queue takes nothing for an hour; topic and join are sent once."""
    world = World()
    world.fake_bus.down.add("replies")

    await world.drop("create-meeting", {**ASK, "join": "now"}, reply_to="replies")
    for _ in range(12):
        await world.pump(until=timedelta(minutes=5))
        world.clock.advance(300)
        await world.mend()
    sent = [sent.message_id for sent in world.fake_bus.sent if sent.entity != "tend-meeting"]
    world.fake_bus.down.clear()
    world.clock.advance(300)
    await world.mend()

    assert len(sent) == len(set(sent))
    assert len(world.fake_graph.bodies) == 1
    assert [one["type"] for one in world.replies()] == [
        "rollcall.meeting.created.v1",
        "rollcall.bot.joining.v1",
    ]


async def test_a_reply_queue_that_does_not_exist_harms_nobody() -> None:
    """The topic is told, the message is done, nothing is sent for ever."""
    world = World(fake_bus=InMemoryBus(unknown=["nowhere"]))

    await world.drop("create-meeting", ASK, reply_to="nowhere")
    await world.drop("create-meeting", b"junk", reply_to="nowhere")

    assert world.names() == ["meeting.rejected", "meeting.created", "meeting.warning"]
    stored = await world.ledger.load(world.events("meeting.created")[0]["data"]["meetingId"])
    assert stored is not None
    assert stored.outbox == ()


async def test_the_bot_is_asked_for_at_the_start() -> None:
    """A scheduled join; should the meeting start later after all, it waits on."""
    world = World()
    start = {"startDateTime": "2026-09-14T09:00:00Z", "endDateTime": "2026-09-14T10:00:00Z"}

    await world.drop("create-meeting", {**ASK, **start, "join": "atStart"})

    (join,) = world.fake_bus.sent_to("join-meeting")
    assert join.due is not None
    assert join.due.isoformat() == "2026-09-14T09:00:00+00:00"


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "dropped by Graph"])
async def test_the_largest_meeting_fits_into_an_event(taken: bool) -> None:
    """A thousand people with names as long as the message allows; Service Bus takes 256 KB."""
    world = World()
    names = [f"{number:-<100}@example.com" for number in range(1000)]
    world.fake_graph.unknown = set() if taken else set(names)
    body = {"requestId": "INC-1", "subject": "s" * 512, "attendees": names}

    await world.drop("create-meeting", body, reply_to="replies")

    (event,) = world.events("meeting.created")
    assert len(event["data"]["attendees"]) == (1000 if taken else 0)
    assert max(len(sent.body) for sent in world.fake_bus.sent) < 230_000


async def test_more_people_than_a_meeting_holds_are_refused() -> None:
    """With the number there is, and the number there may be."""
    world = World()
    body = {"requestId": "INC-1", "subject": "s", "attendees": ["ada@example.com"] * 1001}

    await world.drop("create-meeting", body, reply_to="replies")

    (refused,) = world.replies()
    assert refused["data"]["problems"] == [
        {
            "member": "/attendees",
            "code": "too_many",
            "message": "has 1001 entries; at most 1000 are allowed",
            "params": {"count": 1001, "most": 1000},
        }
    ]


@pytest.mark.parametrize("other", [True, 1.0, "1", None])
async def test_values_that_only_python_holds_for_equal_are_another_request(other: Any) -> None:
    """What comes back in every event is what was sent, to the letter."""
    world = World()
    await world.drop("create-meeting", {**ASK, "context": {"a": 1, "b": 2}})

    await world.drop("create-meeting", {**ASK, "context": {"b": 2, "a": 1}}, reply_to="same")
    await world.drop("create-meeting", {**ASK, "context": {"a": other, "b": 2}}, reply_to="other")

    assert world.replies("same")[0]["type"] == "rollcall.meeting.created.v1"
    assert world.replies("other")[0]["data"]["code"] == "request_conflict"
