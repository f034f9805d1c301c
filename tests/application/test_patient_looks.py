"""Looks of legs that Graph answers badly, or not at all: asked again with patience, none forgotten.

Each test is of one mistake that was made once.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.words.entities import TEND_QUEUE
from shared.words.errors import GraphTrace, Unavailable
from shared.words.problems import rejected
from tests.application.world import roster
from tests.fixtures.afternoon import Afternoon
from tests.fixtures.tending import TENDING

BUSY = Unavailable("busy", graph=GraphTrace(status=503, code=""))
REFUSED = rejected("graph_refused", graph=GraphTrace(status=403, code=""), what="no")


def messages(day: Afternoon) -> int:
    """Return how many messages of looks were sent so far."""
    return len(day.app.fake_bus.sent_to(TEND_QUEUE))


def reasons(day: Afternoon) -> list[str]:
    """Return why the bot left, each time."""
    return [one["data"]["reason"] for one in day.app.events("bot.left", "bot.failed")]


@pytest.mark.parametrize("lost", [False, True])
async def test_a_keep_alive_that_fails_is_tried_with_pauses_though_reads_succeed(
    lost: bool,
) -> None:
    """A roster that lists the bot, or a call that is established, is no keepAlive."""
    day = await Afternoon(lost=lambda _: lost).begin()
    day.come("ada")
    await day.run(minutes=11)
    day.graph.failing = {"keepAlive": REFUSED}
    before = messages(day)

    await day.run(minutes=30)

    assert len(day.living) == 1
    assert messages(day) - before <= 20


async def test_a_call_that_graph_does_not_show_puts_no_keep_alive_off() -> None:
    """It is asked for with every poll while callbacks are lost."""
    rules = replace(TENDING, poll=timedelta(minutes=1))
    day = await Afternoon(lost=lambda _: True, rules=rules).begin()
    day.come("ada")
    await day.run(minutes=5)
    day.graph.failing = {"call": REFUSED}

    await day.run(hours=2)

    assert len(day.living) == len(day.venue.legs) == 1


async def test_a_bot_that_was_just_read_leaves_no_sooner_than_it_may_be_read_again() -> None:
    """A read within SETTLE of the last one is not recorded: it would be asked for ever."""
    rules = replace(TENDING, leave_when_alone=timedelta(seconds=301.5))
    day = await Afternoon(rules=rules).begin()
    day.come("ada")
    await day.run(minutes=2)
    day.go("ada")
    before = messages(day)

    await day.run(minutes=6)

    assert reasons(day) == ["alone"]
    assert messages(day) - before <= 8


async def test_a_bus_whose_clock_is_ahead_costs_a_few_messages_once() -> None:
    """Each message comes early until the next is sent for as much later."""
    day = await Afternoon(bus_ahead=timedelta(seconds=20)).begin()
    day.come("ada")
    await day.run(minutes=20)
    before = messages(day)

    await day.run(hours=1)

    assert messages(day) - before <= 20
    assert len(day.living) == len(day.venue.legs) == 1


async def test_a_bot_comes_back_though_a_surplus_leg_was_the_last_to_be_sent() -> None:
    """How that one ended says nothing of the bot."""
    day = Afternoon(lost=lambda _: True)

    async def lose_the_answer() -> None:
        raise BUSY

    day.graph.before_answering = lose_the_answer
    await day.begin()
    day.come("ada")
    await day.run(seconds=90)
    assert len(day.living) == 2
    day.graph.before_answering = None
    day.lost = lambda _: False
    day.graph.world.push_rosters(day.venue)
    await day.run(minutes=2)
    assert [leg.state for leg in day.venue.legs] == ["established", "terminated"]

    day.fall()
    await day.run(minutes=1)

    assert len(day.living) == 1


async def test_a_bot_comes_back_once_graph_takes_calls_again() -> None:
    """Where the request to come back was given up: it is sent again after half an hour."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=5)
    day.graph.failing = {"create": BUSY}
    day.fall()
    await day.run(minutes=40)
    day.graph.failing = {}

    await day.run(minutes=45)

    assert len(day.living) == 1
    [call] = (await day.record())["calls"]
    assert (call["endedAt"], "unwatchedSince" in call) == (None, False)


async def test_a_bot_that_graph_refuses_does_not_come_back() -> None:
    """That is said once."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=5)
    day.graph.failing = {"create": REFUSED}
    day.fall()

    await day.run(hours=3)

    assert reasons(day) == ["serviceFault", "graph_refused"]


async def a_guest(**members: object) -> Afternoon:
    """Return the afternoon of a bot that is a guest, and waits in the lobby."""
    day = await Afternoon().begin(join="never")
    guest = {"meetingId": day.meeting_id, "guestName": "Scribe", **members}
    await day.app.drop("join-meeting", guest)
    await day.run(seconds=30)
    return day


async def test_a_bot_whose_admission_was_not_told_is_found_to_be_in() -> None:
    """And is not hung up for having waited too long."""
    day = await a_guest()
    assert (await day.record())["bot"]["state"] == "lobby"
    day.lost = lambda _: True
    day.come("ada")
    day.graph.world.admit(day.living[0].call_id)

    await day.run(minutes=6)
    assert (await day.record())["bot"]["state"] == "in"
    await day.run(hours=1)

    assert len(day.living) == 1


async def test_a_guest_that_a_fault_threw_out_comes_back_as_it_came() -> None:
    """With its name, and with what was said about the host."""
    day = await a_guest(allowConversationWithoutHost=False)
    day.come("ada")
    day.graph.world.admit(day.living[0].call_id)
    await day.run(minutes=1)

    day.fall()
    await day.run(minutes=1)

    first, second = day.graph.bodies
    assert first["meetingInfo"] == second["meetingInfo"]
    name = {"guest": first["source"]["identity"]["guest"]["displayName"]}
    assert name == {"guest": second["source"]["identity"]["guest"]["displayName"]}
    assert (await day.record())["bot"]["state"] == "lobby"


async def test_a_call_that_a_read_took_back_changes_nothing_of_how_long_the_bot_stays() -> None:
    """It was none: people were in the call before it."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=40)
    day.go("ada")
    await day.run(minutes=2)
    [leg] = day.living
    meeting_id, leg_key = leg.callback_uri.split("/")[-2:]

    await day.app.callback(meeting_id, leg_key, roster(leg.call_id, "bo"))
    await day.run(minutes=2, seconds=50)
    assert len(day.living) == 1
    await day.run(seconds=20)

    assert reasons(day) == ["alone"]
    assert len((await day.record())["calls"]) == 1


async def test_looks_that_come_again_do_nothing() -> None:
    """As copies, and with the count of a message that was delivered before."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=31)
    done = (messages(day), day.ledger.commits, len(day.graph.kept_alive))

    for sent in day.app.fake_bus.sent_to(TEND_QUEUE):
        if sent.due is not None and sent.due <= day.clock.now():
            message = day.app.message(TEND_QUEUE, str(sent.body).encode())
            await day.app.deliver(message)
            await day.app.deliver(replace(message, delivery_count=3))

    assert (messages(day), day.ledger.commits, len(day.graph.kept_alive)) == done


@pytest.mark.parametrize("seconds", [5, 10])
async def test_a_bot_that_is_to_leave_does_not_come_back(seconds: float) -> None:
    """Also where the request to come back is on its way."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=5)
    day.fall()
    await day.run(seconds=seconds)
    await day.app.drop("join-meeting", {"meetingId": day.meeting_id, "action": "leave"})

    await day.run(hours=1)

    assert day.living == []
    assert len(day.graph.bodies) <= 2


async def test_a_bot_stays_as_long_as_requests_say_by_now() -> None:
    """A later join lets it watch; updates move the start, and the end till which it watches."""
    day = Afternoon()
    start = day.clock.now()

    async def updated(minutes: float, length: float) -> None:
        begin = start + timedelta(minutes=minutes)
        end = begin + timedelta(minutes=length)
        times = {"startDateTime": begin.isoformat(), "endDateTime": end.isoformat()}
        body = {"requestId": "INC-1", "action": "update", **times}
        await day.app.drop("create-meeting", body)

    await day.begin(startDateTime=start.isoformat())
    await updated(60, 60)
    await day.run(minutes=80)
    assert len(day.living) == 1

    await day.app.drop("join-meeting", {"meetingId": day.meeting_id, "watch": True})
    await day.run(minutes=40)
    assert len(day.living) == 1

    await updated(60, 120)
    await day.run(minutes=60)
    assert len(day.living) == 1
    await updated(60, 90)
    await day.run(minutes=10)

    assert reasons(day) == ["nobodyCame"]
