"""Hours in simulated time: legs live, lost pushes are found, and no call stays open for ever."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.words.errors import GraphTrace, Unavailable
from tests.fixtures.afternoon import Afternoon
from tests.fixtures.tending import TENDING

REMOVED, FAULT, EVERYONE_LEFT = (200, 5000), (500, 1999), (200, 5002)


async def calls_of(day: Afternoon) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = (await day.record())["calls"]
    return calls


def ends_of(day: Afternoon) -> list[str]:
    """Return why the bot left, each time."""
    return [one["data"]["reason"] for one in day.app.events("bot.left", "bot.failed")]


async def test_a_call_of_nine_hours_is_one_call_with_one_leg() -> None:
    """A look is one message, one load, one commit; keepAlive and read come with one."""
    day = await Afternoon(walks=False).begin()
    day.come("ada")
    day.come("bo")
    await day.run(minutes=1)
    before = (day.ledger.loads, day.ledger.commits, day.tended, len(day.graph.kept_alive))

    await day.run(hours=9)

    after = (day.ledger.loads, day.ledger.commits, day.tended, len(day.graph.kept_alive))
    loads, commits, tended, kept = (now - then for now, then in zip(after, before, strict=True))
    assert len(day.venue.legs) == len(day.living) == 1
    [call] = await calls_of(day)
    assert (call["endedAt"], len(call["participants"])) == (None, 2)
    assert 36 <= kept <= 42
    assert max(loads, commits, tended) <= 9 * 13
    assert max(loads, commits, tended) - min(loads, commits, tended) <= 1  # one is under way


@pytest.mark.parametrize("status", [429, 503])
async def test_a_keep_alive_that_graph_refuses_for_now_is_tried_well_within_its_time(
    status: int,
) -> None:
    """Twenty minutes of it cost nobody anything."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=11)
    busy = Unavailable("busy", graph=GraphTrace(status=status, code=""))
    day.graph.fail_next(busy, times=10_000)
    await day.run(minutes=20)
    day.graph.heal()
    await day.run(hours=2)

    assert len(day.living) == len(day.venue.legs) == 1
    [call] = await calls_of(day)
    assert call["endedAt"] is None


async def test_the_bot_leaves_when_everybody_has_left() -> None:
    """Five minutes after the last one, once a read has confirmed that nobody is there."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=20)
    day.go("ada")

    await day.run(minutes=4, seconds=50)
    assert len(day.living) == 1
    await day.run(seconds=20)

    assert day.living == []
    assert ends_of(day) == ["alone"]
    [call] = await calls_of(day)
    assert (call["endBasis"], call["reason"]) == ("observed", "everyoneLeft")


async def test_somebody_who_comes_back_in_time_keeps_the_bot() -> None:
    """Each departure starts the wait again."""
    day = await Afternoon().begin()
    for name in ("ada", "bo", "cy"):
        day.come(name)
        await day.run(minutes=3)
        day.go(name)
        await day.run(minutes=4)

    assert len(day.living) == 1
    assert len(await calls_of(day)) == 3


async def test_the_bot_waits_for_the_first_person_until_half_an_hour_after_the_start() -> None:
    """Not after it joined, where that was before."""
    day = Afternoon()
    start = day.clock.now() + timedelta(hours=1)
    await day.begin(
        startDateTime=start.isoformat(), endDateTime=(start + timedelta(hours=1)).isoformat()
    )

    await day.run(minutes=89)
    assert len(day.living) == 1
    await day.run(minutes=2)

    assert day.living == []
    assert ends_of(day) == ["nobodyCame"]


async def test_a_bot_that_watches_stays_till_a_quarter_of_an_hour_after_the_end() -> None:
    """Also alone; people who come back make the next call live."""
    day = Afternoon()
    end = day.clock.now() + timedelta(hours=3)
    await day.begin(
        watch=True, startDateTime=day.clock.now().isoformat(), endDateTime=end.isoformat()
    )
    day.come("ada")
    await day.run(minutes=10)
    day.go("ada")
    await day.run(hours=2)
    day.come("bo")
    await day.run(minutes=10)
    day.go("bo")

    await day.run(seconds=(end - day.clock.now()).total_seconds() + 14 * 60)
    assert len(day.living) == 1
    await day.run(minutes=2)

    assert day.living == []
    first, second = await calls_of(day)
    assert first["startBasis"] == second["startBasis"] == "observed"


async def test_a_bot_that_may_stay_alone_for_two_hours_does() -> None:
    """Though a call that is over leaves the head after one."""
    day = await Afternoon().begin(leaveWhenAloneSeconds=7200)
    day.come("ada")
    await day.run(minutes=1)
    day.go("ada")

    await day.run(minutes=119)
    assert len(day.living) == 1
    await day.run(minutes=2)

    assert ends_of(day) == ["alone"]


@pytest.mark.parametrize("queue", ["create-meeting", "join-meeting"])
async def test_a_request_may_say_how_long_the_bot_stays_alone(queue: str) -> None:
    """On either queue; a join of its own counts for the leg that is there."""
    day = Afternoon()
    if queue == "create-meeting":
        await day.begin(leaveWhenAloneSeconds=1200)
    else:
        await day.begin()
        body = {"meetingId": day.meeting_id, "leaveWhenAloneSeconds": 1200}
        await day.app.drop("join-meeting", body)
    day.come("ada")
    await day.run(minutes=1)
    day.go("ada")

    await day.run(minutes=19)
    assert len(day.living) == 1
    await day.run(minutes=2)

    assert day.living == []


async def test_the_bot_stays_for_a_day_at_most() -> None:
    """With people there; the call goes on unheard, and the bot does not come back."""
    day = await Afternoon(rules=replace(TENDING, max_duration=timedelta(hours=6))).begin()
    day.come("ada")

    await day.run(hours=6, minutes=1)

    assert ends_of(day) == ["maxDuration"]
    assert day.app.names().count("bot.joining") == 1
    [call] = await calls_of(day)
    assert (call["endedAt"], "unwatchedSince" in call) == (None, True)


async def test_a_bot_that_nobody_admits_gives_up_and_says_what_would_help() -> None:
    """It is kept alive in the lobby meanwhile."""
    day = await Afternoon().begin(guest="Scribe")
    day.come("ada")

    await day.run(minutes=29)
    assert len(day.living) == 1
    await day.run(minutes=2)

    [waiting] = day.app.events("bot.waiting")
    assert waiting["data"]["since"] == waiting["time"]
    assert day.living == []
    assert len(day.graph.kept_alive) == 2
    [failed] = day.app.events("bot.failed")
    assert failed["data"]["reason"] == "lobbyTimeout"
    assert "lobbyBypassSettings" in failed["data"]["nextStep"]


async def test_a_bot_that_is_admitted_late_records_the_call() -> None:
    """Twenty minutes in the lobby are no reason to give up."""
    day = await Afternoon().begin(guest="Scribe")
    day.come("ada")
    await day.run(minutes=20)
    [leg] = day.living
    day.graph.world.admit(leg.call_id)
    await day.run(hours=2)

    assert day.app.names().count("bot.joined") == 1
    assert len(day.living) == 1
    [call] = await calls_of(day)
    assert call["endedAt"] is None


async def test_a_guest_comes_back_as_the_guest_that_it_was() -> None:
    """Under its name; the call that it makes is the one that the first request described."""
    day = await Afternoon().begin(guest="Scribe")
    [leg] = day.living
    day.graph.world.admit(leg.call_id)
    day.come("ada")
    await day.run(minutes=5)
    day.fall(*FAULT)

    await day.run(minutes=1)

    first, again = (body["source"] for body in day.graph.bodies)
    assert first["identity"]["guest"]["displayName"] == "Scribe"
    assert again["identity"]["guest"]["displayName"] == "Scribe"


async def test_one_lost_push_of_the_last_leaving_costs_one_poll() -> None:
    """The call ends at the read that found nobody."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=7)
    lost = day.callbacks
    day.lost = lambda number: number >= lost
    day.go("ada")
    left = day.clock.now()

    await day.run(minutes=6)

    [call] = await calls_of(day)
    assert call["endBasis"] == "polled"
    assert call["notBefore"] <= left.isoformat() <= call["notAfter"]


async def test_without_any_callback_the_record_is_what_reads_say() -> None:
    """The bot is found to be in, people are found by polls, and it is said, once, that it is so."""
    day = await Afternoon(lost=lambda _: True).begin()
    day.come("ada")

    await day.run(minutes=30)
    day.go("ada")
    await day.run(minutes=30)

    assert day.app.names()[:5] == [
        *("meeting.created", "bot.joining", "bot.joined", "call.started", "participant.joined"),
    ]
    assert [one["data"]["code"] for one in day.app.events("meeting.warning")] == ["callback_silent"]
    [call] = await calls_of(day)
    assert (call["startBasis"], call["endBasis"]) == ("polled", "polled")
    assert day.living == []
    assert (await day.record())["bot"]["state"] == "gone"


async def test_a_repeated_join_meets_the_leg_of_which_no_callback_spoke() -> None:
    """It is answered with it, and the record says that it is in."""
    day = await Afternoon(lost=lambda _: True).begin()
    await day.run(minutes=2)

    await day.app.drop("join-meeting", {"meetingId": day.meeting_id, "requestId": "again"})

    assert (await day.record())["bot"]["state"] == "in"
    assert len(day.graph.bodies) == 1


async def test_a_bot_that_a_fault_threw_out_comes_back_to_the_same_call() -> None:
    """Ten seconds later; who was there is still there, who came meanwhile is found."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=5)
    day.fall(*FAULT)
    await day.run(seconds=5)
    day.come("bo")

    await day.run(minutes=1)

    assert len(day.living) == 1
    assert len(day.venue.legs) == 2
    [call] = await calls_of(day)
    assert "unwatchedSince" not in call
    assert sorted(one["participant"]["userId"] for one in call["participants"]) == ["ada", "bo"]


async def test_a_bot_that_comes_back_to_an_empty_room_leaves_as_one_that_was_left_alone() -> None:
    """People were in the call whose end it found: it does not wait for the first one."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=5)
    day.fall(*FAULT)
    day.go("ada")

    await day.run(minutes=7)

    assert day.living == []
    assert ends_of(day) == ["serviceFault", "alone"]
    [call] = await calls_of(day)
    assert call["endBasis"] == "polled"


@pytest.mark.parametrize(
    "circumstance", ["removed", "everybody gone", "requested", "cancelled", "nobody there"]
)
async def test_the_bot_does_not_come_back_where_it_is_not_wanted(circumstance: str) -> None:
    """Nor where there is nothing to hear."""
    day = await Afternoon().begin()
    if circumstance != "nobody there":
        day.come("ada")
    await day.run(minutes=5)
    match circumstance:
        case "removed":
            day.fall(*REMOVED)
        case "everybody gone":
            day.go("ada")
            day.fall(*EVERYONE_LEFT)
        case "requested":
            leave = {"meetingId": day.meeting_id, "action": "leave"}
            await day.app.drop("join-meeting", leave)
            day.fall(*FAULT)
        case "cancelled":
            await day.app.drop("create-meeting", {"requestId": "INC-1", "action": "cancel"})
            day.fall(*FAULT)
        case _:
            day.fall(*FAULT)

    await day.run(hours=1)

    assert len(day.graph.bodies) == 1


async def test_a_leg_that_dies_at_once_makes_four_joins_an_hour() -> None:
    """After 10 seconds, 1 and 5 minutes, and not more than four in any hour, the first included."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=5)

    began = day.clock.now()
    fallen: list[float] = []
    while day.clock.now() - began < timedelta(hours=3):
        if day.living:
            day.fall(*FAULT)
            fallen.append((day.clock.now() - began).total_seconds())
        await day.run(seconds=5)

    assert [round(one / 60) for one in fallen[1:4]] == [0, 1, 6]
    starts = [leg.placed_at for leg in day.venue.legs]
    assert len(starts) > 8
    for start in starts:
        assert sum(start <= other < start + timedelta(hours=1) for other in starts) <= 4


async def test_a_call_that_no_leg_hears_is_over_in_the_end() -> None:
    """Four hours later, when it was last seen; nothing proves it, so it has no upper bound."""
    day = await Afternoon().begin()
    day.come("ada")
    await day.run(minutes=7)
    day.fall(*REMOVED)

    await day.run(hours=3, minutes=59)
    assert day.app.events("call.ended") == []
    await day.run(minutes=10)

    [ended] = day.app.events("call.ended")
    assert (ended["data"]["endBasis"], ended["data"]["reason"]) == ("assumed", "unwatched")
    assert ended["data"]["notAfter"] is None
    assert ended["data"]["startedAt"] <= ended["data"]["endedAt"]
    assert (await calls_of(day))[0]["participants"][0]["leftAt"] is not None


async def test_a_leg_of_which_nothing_is_heard_is_over() -> None:
    """Graph ends it after 45 minutes without keepAlive, though Graph cannot be asked."""
    day = await Afternoon(rules=replace(TENDING, rejoin=(timedelta(days=9),))).begin()
    day.come("ada")
    await day.run(minutes=7)
    day.lost = lambda _: True
    down = Unavailable("down", graph=GraphTrace(status=503, code=""))
    day.graph.fail_next(down, times=100_000)

    await day.run(minutes=60)

    assert (await day.record())["bot"]["state"] == "gone"
    [call] = await calls_of(day)
    assert "unwatchedSince" in call


async def passed_by_a_callback(day: Afternoon) -> None:
    """Let Graph push once more what is known."""
    world = day.graph.world
    world.push_rosters(day.venue)
    await day.run(seconds=1)


async def passed_by_a_reader(day: Afternoon) -> None:
    """Let somebody read the record."""
    await day.record()


@pytest.mark.parametrize("passing", [passed_by_a_callback, passed_by_a_reader])
async def test_whoever_meets_an_overdue_meeting_mends_it(
    passing: Callable[[Afternoon], Any],
) -> None:
    """Also where the backstop's timer stands still, and nothing is new."""
    day = await Afternoon(walks=False).begin()
    day.come("ada")
    await day.run(minutes=2)
    day.broken = lambda _: True
    await day.app.drop("join-meeting", {"meetingId": day.meeting_id})
    await day.run(minutes=30)
    day.broken = lambda _: False
    kept = len(day.graph.kept_alive)

    await passing(day)
    await day.run(hours=2)

    assert len(day.graph.kept_alive) > kept
    assert len(day.living) == len(day.venue.legs) == 1


async def test_a_queue_that_is_late_for_minutes_keeps_no_leg_from_its_keep_alive() -> None:
    """Each look is planned again before its message comes: the late one does it."""
    day = await Afternoon(bus_ahead=-timedelta(minutes=5)).begin()
    day.come("ada")

    await day.run(hours=2)

    assert len(day.living) == len(day.venue.legs) == 1
    [call] = await calls_of(day)
    assert call["endedAt"] is None


@pytest.mark.parametrize("every", [1, 2, 3])
async def test_the_backstop_mends_broken_chains(every: int) -> None:
    """Each look's message may be lost: the walk after it plans it again."""
    day = await Afternoon(broken=lambda number: number % every == 0).begin()
    day.come("ada")

    await day.run(minutes=35)
    day.broken = lambda _: False
    await day.run(hours=2)

    assert len(day.living) == len(day.venue.legs) == 1
    [call] = await calls_of(day)
    assert call["endedAt"] is None
