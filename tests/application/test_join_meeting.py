"""A join-meeting message, through the handler, on fakes: one bot a meeting, whatever happens."""

import asyncio
import gzip
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.meeting.meeting import Change, Stored
from shared.words.errors import GraphTrace, NotAsked, Rejected, Unavailable
from shared.words.ids import CallId, LegKey, leg_key_for
from shared.words.problems import rejected
from tests.application.links import CLASSIC
from tests.application.world import (
    BOT,
    LEASE,
    SettableClock,
    World,
    envelope,
    leg_of,
    roster,
    state,
)
from tests.fakes.graph import participant
from tests.fakes.ledger import InMemoryLedger

ASK: dict[str, Any] = {"requestId": "INC-1", "subject": "down"}


async def created(world: World) -> str:
    await world.drop("create-meeting", ASK)
    meeting_id: str = world.events("meeting.created")[0]["data"]["meetingId"]
    return meeting_id


async def joining(world: World) -> tuple[str, LegKey, CallId]:
    """Create a meeting, and send the bot into it; return meeting, leg and call."""
    meeting_id = await created(world)
    await world.drop("join-meeting", {"meetingId": meeting_id})
    return meeting_id, *leg_of(await world.meeting(meeting_id))


async def test_the_bot_is_sent_once_and_the_caller_told() -> None:
    """The callback URI carries our ids, the tenant stands at the top, media is Graph's."""
    world = World()
    meeting_id = await created(world)

    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    (body,) = world.fake_graph.bodies
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    assert body["callbackUri"] == f"https://rollcall.example/api/calls/{meeting_id}/{leg_key}"
    assert body["tenantId"]
    assert body["mediaConfig"]["@odata.type"] == "#microsoft.graph.serviceHostedMediaConfig"
    assert world.names() == ["meeting.created", "bot.joining"]
    assert (
        world.replies()[0]["data"] | {"callId": call_id, "legKey": leg_key}
        == (world.replies()[0]["data"])
    )


async def test_a_second_request_adopts_the_leg_that_is_there() -> None:
    """It is answered with it; Graph is not asked again."""
    world = World()
    meeting_id = await created(world)
    await world.drop("join-meeting", {"meetingId": meeting_id})

    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    assert len(world.fake_graph.bodies) == 1
    assert world.replies()[0]["type"] == "rollcall.bot.joining.v1"
    assert world.names().count("bot.joining") == 1


async def test_two_processes_asked_at_once_send_one_bot() -> None:
    """As Flex Consumption scales: the claim is won once, the other waits and adopts."""
    world = World()
    meeting_id = await created(world)
    other = world.beside()

    await asyncio.gather(
        world.drop("join-meeting", {"meetingId": meeting_id}),
        other.drop("join-meeting", {"meetingId": meeting_id}),
    )
    await world.pump()

    assert len(world.fake_graph.bodies) == 1
    assert world.names().count("bot.joining") == 1


async def test_an_answer_that_was_lost_is_healed_by_the_callback() -> None:
    """The POST did its work, the process died; the callback carries our ids and binds the leg."""
    world = World()
    meeting_id = await created(world)
    lost = Unavailable("gone", graph=GraphTrace(status=504, code=""))
    world.fake_graph.fail_next(lost, done=True)
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")
    (call_id,) = world.fake_graph.calls
    key = leg_key_for(meeting_id=(await world.meeting(meeting_id)).meeting_id, attempt=1)

    assert await world.callback(meeting_id, key, state(call_id, "established")) == 202
    await world.pump()

    assert len(world.fake_graph.bodies) == 1
    assert world.names().count("bot.joining") == 1
    joining, joined = world.replies()
    assert joined["type"] == "rollcall.bot.joined.v1"
    assert (joining["type"], joining["data"]["state"]) == ("rollcall.bot.joining.v1", "in")


async def test_without_a_callback_another_bot_is_sent_only_after_the_lease() -> None:
    """By then Graph never took the first."""
    world = World()
    meeting_id = await created(world)
    world.fake_graph.fail_next(Unavailable("gone", graph=GraphTrace(status=504, code="")))
    asked_at = world.clock.now()
    await world.drop("join-meeting", {"meetingId": meeting_id})

    await world.pump()

    meeting = await world.meeting(meeting_id)
    assert len(world.fake_graph.bodies) == 1
    assert leg_of(meeting)[0] != meeting.legs[0].key
    assert world.clock.now() >= asked_at + LEASE


async def test_throttling_gives_the_claim_back_at_once() -> None:
    """429 is refused before anything was done: nobody waits for the lease."""
    world = World()
    meeting_id = await created(world)
    throttled = Unavailable(
        "busy", retry_after=timedelta(seconds=3), graph=GraphTrace(status=429, code="")
    )
    world.fake_graph.fail_next(throttled)
    asked_at = world.clock.now()
    await world.drop("join-meeting", {"meetingId": meeting_id})

    await world.pump(until=timedelta(seconds=10))

    assert len(world.fake_graph.bodies) == 1
    assert world.clock.now() - asked_at < LEASE


async def test_without_a_token_the_claim_is_given_back_at_once() -> None:
    """Nothing was sent: nobody waits for the lease."""
    world = World()
    meeting_id = await created(world)
    world.fake_graph.fail_next(NotAsked("no token for Graph"))
    await world.drop("join-meeting", {"meetingId": meeting_id})

    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    assert [one["type"] for one in world.replies()] == ["rollcall.bot.joining.v1"]
    assert len(world.fake_graph.bodies) == 1


async def test_a_bot_that_comes_after_another_took_its_place_is_sent_away() -> None:
    """The first leg's callbacks arrive when the second is in already: nothing of it is told."""
    world = World()
    meeting_id = await created(world)
    lost = Unavailable("gone", graph=GraphTrace(status=504, code=""))
    world.fake_graph.fail_next(lost, done=True)
    await world.drop("join-meeting", {"meetingId": meeting_id})
    (first,) = world.fake_graph.calls
    await world.pump()
    meeting = await world.meeting(meeting_id)
    second_key, second = leg_of(meeting)
    await world.callback(meeting_id, second_key, state(second, "established"))

    await world.callback(meeting_id, meeting.legs[0].key, state(first, "established"))
    await world.pump()

    assert world.fake_graph.ended == [first]
    assert second in world.fake_graph.calls
    assert world.names() == ["meeting.created", "bot.joining", "bot.joined"]
    assert {event["data"]["callId"] for event in world.events("bot.joining", "bot.joined")} == {
        (await world.meeting(meeting_id)).legs[1].call_id
    }


async def test_a_second_call_under_one_key_is_sent_away_and_never_recorded() -> None:
    """A leg's key is bound to the first call seen under it."""
    world = World()
    meeting_id, leg_key, call_id = await joining(world)
    world.fake_graph.double(call_id, "aaaaaaaa")

    await world.callback(meeting_id, leg_key, state("aaaaaaaa", "established"))
    await world.callback(meeting_id, leg_key, roster("aaaaaaaa", "eve"))
    await world.pump()

    assert set(world.fake_graph.ended) == {"aaaaaaaa"}
    assert (await world.record("INC-1"))["calls"] == []


async def test_a_refusal_of_graphs_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """As every refusal is, though the event is told of the meeting."""
    caplog.set_level(logging.INFO)
    world = World()
    meeting_id = await created(world)
    world.fake_graph.fail_next(rejected("source_identity_invalid", app="a"))

    await world.drop("join-meeting", {"meetingId": meeting_id})

    (line,) = (one for one in caplog.messages if one.startswith("message.rejected"))
    assert {
        "queue=join-meeting",
        f"meetingId={meeting_id}",
        "code=source_identity_invalid",
    } < set(line.split())


async def test_a_refusal_is_told_and_the_claim_ended() -> None:
    """A later request may try again."""
    world = World()
    meeting_id = await created(world)
    world.fake_graph.fail_next(
        Rejected(code="consent_missing", message="No.", next_step="Consent to it.")
    )
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    failed, joining = world.replies()
    assert (failed["type"], failed["data"]["code"]) == (
        "rollcall.bot.failed.v1",
        "consent_missing",
    )
    assert failed["data"]["nextStep"] == "Consent to it."
    assert joining["type"] == "rollcall.bot.joining.v1"
    assert len(world.fake_bus.sent_to("rejected-requests")) == 1


@pytest.mark.parametrize("encoded", [gzip.compress, lambda body: body.decode().encode("utf-16")])
async def test_a_refusal_keeps_a_body_that_is_no_utf_8(encoded: Callable[[bytes], bytes]) -> None:
    """As the text that was read of it."""
    world = World()
    text = json.dumps({"meetingId": await created(world)})
    world.fake_graph.fail_next(rejected("source_identity_invalid", app="a"))

    await world.drop("join-meeting", encoded(text.encode()))

    (kept,) = world.fake_bus.sent_to("rejected-requests")
    assert kept.body == text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"meetingId": "a" * 26}, "meeting_not_found"),
        ({"meetingId": "short"}, "invalid_request"),
        ({"joinWebUrl": "https://teams.microsoft.com/x"}, "link_not_understood"),
        (b"junk", "invalid_request"),
    ],
)
async def test_a_request_for_no_meeting_is_refused(body: Any, code: str) -> None:
    """Published as `bot.failed`, with the reason."""
    world = World()

    await world.drop("join-meeting", body, reply_to="replies")

    (failed,) = world.replies()
    assert (failed["type"], failed["data"]["code"]) == ("rollcall.bot.failed.v1", code)


async def test_a_join_at_the_start_waits_when_it_comes_too_early() -> None:
    """The start is read again from the ledger when the message is due."""
    world = World()
    start = {"startDateTime": "2026-09-14T09:00:00Z", "endDateTime": "2026-09-14T10:00:00Z"}
    await world.drop("create-meeting", {**ASK, **start, "join": "atStart"})
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    early = {"rollcall-at-start": "true"}

    await world.drop("join-meeting", {"meetingId": meeting_id}, properties=early)
    waiting = len(world.fake_graph.bodies)
    await world.pump(until=timedelta(hours=2))

    assert (waiting, len(world.fake_graph.bodies)) == (0, 1)
    assert world.clock.now().isoformat() == "2026-09-14T09:00:00+00:00"


async def test_a_redelivered_join_is_told_once() -> None:
    """The process died after the commit, before the message was completed."""
    world = World()
    meeting_id = await created(world)
    message = await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    await world.deliver(replace(message, delivery_count=2))

    assert len(world.fake_graph.bodies) == 1
    assert len(world.replies()) == 1


def test_leg_keys_differ_by_attempt() -> None:
    """Callbacks of an abandoned attempt must not be taken for the next one's."""
    meeting_id = World().message("x", {}).queue

    keys: set[LegKey] = {
        leg_key_for(meeting_id=meeting_id, attempt=attempt)  # type: ignore[arg-type]  # any text
        for attempt in (1, 2, 3)
    }

    assert len(keys) == 3


async def test_a_leg_whose_end_was_never_told_is_not_adopted() -> None:
    """Graph does not know the leg any more: its end is recorded, and the bot is sent again."""
    world = World()
    meeting_id, leg_key, call_id = await joining(world)
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    world.fake_graph.drop(call_id)

    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    assert len(world.fake_graph.bodies) == 2
    assert world.names() == [
        *("meeting.created", "bot.joining", "bot.joined"),
        *("bot.left", "bot.joining"),
    ]
    second_key, second_call = leg_of(await world.meeting(meeting_id))
    assert second_key != leg_key
    assert world.replies()[0]["data"]["callId"] == second_call


@pytest.mark.parametrize("seen", ["nothing", "lobby", "in"])
@pytest.mark.parametrize("over", ["unknown", "terminated"])
async def test_a_dead_leg_is_not_adopted_however_far_it_came(seen: str, over: str) -> None:
    """Its callbacks never came, or it was forgotten in the lobby: days later Graph is asked."""
    world = World()
    meeting_id, leg_key, call_id = await joining(world)
    if seen == "lobby":
        waiting = participant("bot", kind="application", identity_id=BOT, in_lobby=True)
        await world.callback(meeting_id, leg_key, envelope(call_id, "/participants", [waiting]))
    if seen == "in":
        await world.callback(meeting_id, leg_key, state(call_id, "established"))
    if over == "unknown":
        world.fake_graph.drop(call_id)
    world.fake_graph.posted[call_id]["state"] = "Terminated"
    world.clock.advance(46 * 60)

    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    assert len(world.fake_graph.bodies) == 2
    end = "bot.left" if seen == "in" else "bot.failed"
    assert world.names()[-2:] == [end, "bot.joining"]
    _, second_call = leg_of(await world.meeting(meeting_id))
    assert world.replies()[0]["data"]["callId"] == second_call != call_id


async def test_a_leg_on_its_way_in_is_taken_on_trust() -> None:
    """Graph is not asked within the claim's lease."""
    world = World()
    meeting_id, _, call_id = await joining(world)
    world.fake_graph.drop(call_id)
    world.clock.advance(LEASE.total_seconds() - 1)

    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    assert len(world.fake_graph.bodies) == 1
    assert world.replies()[0]["data"]["callId"] == call_id


async def test_a_leg_that_graph_still_knows_is_adopted() -> None:
    """It came in and is there: nobody else is sent."""
    world = World()
    meeting_id, leg_key, call_id = await joining(world)
    await world.callback(meeting_id, leg_key, state(call_id, "established"))

    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    assert len(world.fake_graph.bodies) == 1
    assert world.replies()[0]["data"]["callId"] == call_id


async def test_a_leg_of_which_graph_says_nothing_now_is_adopted() -> None:
    """Graph is throttled: that is no sign that the bot has left."""
    world = World()
    meeting_id, leg_key, call_id = await joining(world)
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    world.fake_graph.drop(call_id)
    world.fake_graph.fail_next()

    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    assert len(world.fake_graph.bodies) == 1
    assert world.replies()[0]["data"]["callId"] == call_id


async def test_the_same_request_is_answered_with_its_leg_though_that_has_left() -> None:
    """A repeat of a request that was granted gets the same answer, not another bot."""
    world = World()
    meeting_id = await created(world)
    ask = {"requestId": "JOIN-1", "meetingId": meeting_id}
    await world.drop("join-meeting", ask, reply_to="replies")
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    world.fake_graph.drop(call_id)

    await world.drop("join-meeting", ask, reply_to="replies")

    assert len(world.fake_graph.bodies) == 1
    assert [reply["data"]["callId"] for reply in world.replies()] == [call_id] * 3
    assert [reply["data"].get("state") for reply in world.replies()] == ["joining", None, "in"]


class SlowLedger(InMemoryLedger):
    """One whose next commits take so many seconds."""

    clock: SettableClock
    seconds: list[float]

    async def commit(self, before: Stored | None, change: Change, *, now: datetime) -> Stored:
        """See `ports.Ledger.commit`."""
        stored = await super().commit(before, change, now=now)
        self.clock.advance(self.seconds.pop(0) if self.seconds else 0)
        return stored


async def test_a_claim_whose_commit_took_too_long_sends_no_bot() -> None:
    """Its lease might be over before Graph's answer: it is given back, and the request repeated."""
    ledger = SlowLedger()
    world = World(ledger=ledger)
    ledger.clock, ledger.seconds = world.clock, [LEASE.total_seconds() / 2]

    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    assert world.fake_graph.bodies == []
    await world.pump(until=timedelta(seconds=30))

    assert len(world.fake_graph.bodies) == 1
