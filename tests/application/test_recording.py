"""Callbacks and tending, through the handlers, on fakes: what is recorded and told."""

import asyncio
import json
from datetime import timedelta
from typing import Any

from shared.words.answers import Call
from shared.words.errors import GraphTrace, Unavailable
from shared.words.ids import MeetingId, utc_text
from tests.application.joined import ASK, Joined
from tests.application.world import TENANT, World, envelope, leg_of, roster, state
from tests.fakes.graph import FakeGraph
from tests.fakes.ledger import InMemoryLedger


async def test_two_group_calls_are_recorded_and_told() -> None:
    """People come, leave and come back; every step is told once, in order."""
    world = await Joined().begin()

    await world.see("ada")
    await world.see("ada", "bo")
    await world.see("bo")
    await world.pump()
    await world.see()
    await world.pump()
    await world.see("ada2")
    await world.pump()
    await world.see()
    await world.pump()

    assert world.names() == [
        "meeting.created",
        "bot.joining",
        "bot.joined",
        "call.started",
        "participant.joined",
        "participant.joined",
        "participant.left",
        "participant.left",
        "call.ended",
        "call.started",
        "participant.joined",
        "participant.left",
        "call.ended",
    ]
    sequences = [int(event["sequence"]) for event in world.events()]
    assert sequences == list(range(1, len(sequences) + 1))
    record = await world.record("INC-1")
    assert [
        (call["callNumber"], call["participantCount"], call["endBasis"], call["reason"])
        for call in record["calls"]
    ] == [(1, 2, "observed", "everyoneLeft"), (2, 1, "observed", "everyoneLeft")]
    assert record["bot"]["state"] == "in"


async def test_a_callback_that_outruns_graphs_answer_finds_its_home() -> None:
    """The leg was claimed, its POST is not yet answered, and it is in already."""

    class Hasty(FakeGraph):
        """A Graph whose callback is answered before its own answer is sent."""

        async def create_call(self, body: dict[str, Any]) -> Call:
            """See `ports.Graph.create_call`."""
            call = await super().create_call(body)
            meeting_id, leg_key = str(body["callbackUri"]).split("/")[-2:]
            statuses.append(
                await world.callback(meeting_id, leg_key, state(call.call_id, "established"))
            )
            return call

    statuses: list[int] = []
    world = World(fake_graph=Hasty(tenant_id=TENANT))

    await world.drop("create-meeting", ASK)
    await world.pump()

    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    (call_id,) = world.fake_graph.calls
    assert statuses == [202]
    assert sorted(world.names()) == ["bot.joined", "bot.joining", "meeting.created"]
    assert leg_of(await world.meeting(meeting_id))[1] == call_id


async def test_an_end_is_published_when_a_read_confirms_it() -> None:
    """The read fails; it is made again with growing pauses; the end has the time of its answer."""
    world = await Joined().begin()
    await world.see("ada")
    await world.pump()
    await world.see()
    ended_at = world.clock.now()
    world.fake_graph.fail_next(times=4)

    await world.pump()

    (ended,) = world.events("call.ended")
    assert (world.clock.now() - ended_at).total_seconds() >= 1 + 2 + 4 + 8
    assert ended["data"]["endBasis"] == "polled"
    assert ended["time"] == ended["data"]["notAfter"] > utc_text(ended_at)
    assert ended["data"]["notBefore"] < utc_text(ended_at)


async def test_a_leg_that_is_gone_at_the_read_leaves_the_call_open() -> None:
    """404: nobody can say what became of the people."""
    world = await Joined().begin()
    await world.see("ada")
    await world.see()
    world.fake_graph.drop(world.call_id)

    await world.pump()

    (call,) = (await world.record("INC-1"))["calls"]
    assert call["endedAt"] is None
    assert world.names()[-1] == "bot.left"


async def test_the_end_of_the_leg_ends_the_call_where_its_code_says_so() -> None:
    """And tells both."""
    world = await Joined().begin()
    await world.see("ada")

    await world.call(state(world.call_id, "terminated", resultInfo={"code": 200, "subcode": 5002}))

    assert world.names()[-3:] == ["participant.left", "call.ended", "bot.left"]
    (left,) = world.events("bot.left")
    assert left["data"]["result"]["meaning"]


async def test_a_forged_callback_is_401_and_nothing_is_stored() -> None:
    """Also when it is about a leg that exists."""
    world = await Joined().begin()
    before = await world.meeting(world.meeting_id)
    genuine = roster(world.call_id, "eve")

    for token in ("", "Bearer x", world.token(aud="other"), world.token(tid="other")):
        status = await world.callback(
            world.meeting_id, world.leg_key, genuine, authorization=token or "None"
        )
        assert status == 401

    assert await world.meeting(world.meeting_id) == before


async def test_a_body_that_is_not_json_is_400() -> None:
    """From a caller who is genuine."""
    world = await Joined().begin()

    assert await world.call(b"nope") == 400


async def test_a_leg_we_do_not_know_is_202_and_nothing_is_stored() -> None:
    """A meeting that was never ours, a leg that nobody claimed, ids that are none."""
    world = await Joined().begin()
    before = await world.meeting(world.meeting_id)

    statuses = [
        await world.callback("a" * 26, world.leg_key, roster(world.call_id, "eve")),
        await world.callback(world.meeting_id, "a" * 16, roster(world.call_id, "eve")),
        await world.callback("../..", "x", roster(world.call_id, "eve")),
    ]

    assert statuses == [202, 202, 202]
    assert await world.meeting(world.meeting_id) == before


async def test_a_store_that_is_down_is_503() -> None:
    """So that Graph sends it again."""
    ledger = InMemoryLedger()
    world = await Joined(ledger=ledger).begin()
    ledger.fail_next(1)

    assert await world.call(roster(world.call_id, "ada")) == 503


async def test_a_bus_that_is_down_does_not_fail_the_callback() -> None:
    """What was committed is sent by whoever handles the meeting next."""
    world = await Joined().begin()
    world.fake_bus.fail_next(99)

    assert await world.call(roster(world.call_id, "ada")) == 202
    assert "call.started" not in world.names()
    world.fake_bus.fail_next(0)
    world.clock.advance(6)
    await world.call(roster(world.call_id, "ada"))

    assert world.names().count("call.started") == 1


async def test_kinds_nobody_reads_are_kept_as_shapes() -> None:
    """202, no event, and no value of theirs in the ledger."""
    world = await Joined().begin()
    told = world.names()

    status = await world.call(
        envelope(world.call_id, "/operations/7", {"status": "secret"}, change="deleted")
    )

    log = await world.ledger.log((await world.meeting(world.meeting_id)).meeting_id)
    observations = [one.observation for entry in log for one in entry.heard]
    kept = [one for one in observations if one.kind == "unparsed"]
    assert (status, world.names(), len(kept)) == (202, told, 1)
    assert "secret" not in repr(kept)


async def test_three_hundred_people_in_the_first_roster_are_all_told() -> None:
    """In one transaction: no part of it can be half done."""
    world = await Joined().begin()

    await world.see(*(f"person-{n}" for n in range(300)))

    assert len(world.events("participant.joined")) == 300
    (call,) = (await world.record("INC-1"))["calls"]
    assert call["participantCount"] == 300


async def test_a_storm_on_one_meeting_is_committed_together() -> None:
    """Sixty callbacks at once need far fewer transactions, and none is lost."""
    world = await Joined().begin()
    before = (await world.meeting(world.meeting_id)).version

    statuses = await asyncio.gather(
        *(world.call(roster(world.call_id, *(f"p{m}" for m in range(n + 1)))) for n in range(60))
    )

    meeting = await world.meeting(world.meeting_id)
    assert statuses == [202] * 60
    assert meeting.version - before < 10
    assert len(world.events("participant.joined")) == 60


async def test_a_lost_tend_message_is_mended_by_the_backstop() -> None:
    """The chain starts again, and the call gets its end."""
    world = await Joined().begin()
    await world.see("ada")
    await world.pump()
    await world.see()
    world.delivered |= set(range(len(world.fake_bus.sent)))

    world.clock.advance(300)
    await world.mend()
    await world.pump()

    assert world.names()[-1] == "call.ended"


async def test_the_backstop_sends_what_a_crash_left_unsent() -> None:
    """Committed, and the process died before it could send."""
    world = await Joined().begin()
    world.fake_bus.fail_next(99)
    await world.call(roster(world.call_id, "ada"))
    world.fake_bus.fail_next(0)
    world.clock.advance(300)

    world.restart()
    await world.mend()

    assert world.names().count("call.started") == 1


async def test_a_finished_meeting_leaves_the_backstops_list() -> None:
    """So that walking it does not grow with history."""
    world = await Joined().begin()
    await world.call(state(world.call_id, "terminated", resultInfo={"code": 200, "subcode": 7000}))
    world.clock.advance(300)

    await world.mend()

    left = [one async for one in world.ledger.overdue(now=world.clock.now() + timedelta(days=1))]
    assert left == []


async def test_a_stale_tend_message_does_nothing() -> None:
    """Its generation was overtaken."""
    world = await Joined().begin()
    await world.see("ada")
    version = (await world.meeting(world.meeting_id)).version

    await world.drop("tend-meeting", {"meetingId": world.meeting_id, "generation": 999})

    assert (await world.meeting(world.meeting_id)).version == version


async def test_the_health_report_says_what_is_wrong() -> None:
    """Part by part."""
    from meeting_record.handler import health  # noqa: PLC0415 - read beside what it is about

    world = World()
    world.fake_graph.fail_next(Unavailable("no token", graph=GraphTrace(status=0, code="")))

    report = await health(world.services)

    assert report == {"tables": "ok", "serviceBus": "ok", "graphToken": "no token"}


async def test_a_read_that_nobody_can_read_ends_nothing() -> None:
    """Entries without an identity may be people."""
    world = await Joined().begin()
    await world.see("ada")
    await world.see()
    world.fake_graph.fill_room(world.call_id, [{"id": "x"}])

    await world.pump(until=timedelta(seconds=30))

    assert "call.ended" not in world.names()


async def test_two_hundred_callbacks_that_piled_up_are_all_recorded() -> None:
    """However many wait, each transaction holds what it can."""
    world = await Joined().begin()

    statuses = await asyncio.gather(
        *(world.call(roster(world.call_id, f"p{n}")) for n in range(200))
    )

    assert set(statuses) == {202}
    assert len(world.events("participant.joined")) == 200


async def test_an_envelope_of_very_many_items_is_recorded_whole() -> None:
    """Graph promises a collection, and no bound for it."""
    world = await Joined().begin()
    items = [json.loads(roster(world.call_id, f"p{n}"))["value"][0] for n in range(250)]

    status = await world.call(json.dumps({"value": items}).encode())

    assert status == 202
    assert len(world.events("participant.joined")) == 250


async def test_a_push_without_news_writes_nothing() -> None:
    """A microphone: everybody held as there, nobody else, no question of any kind."""
    world = await Joined().begin()
    await world.see("ada", "bo")
    await world.pump()
    before = await world.meeting(world.meeting_id)

    for names in (("ada", "bo"), ("bo", "ada")):
        assert await world.call(roster(world.call_id, *names)) == 202

    assert await world.meeting(world.meeting_id) == before


async def test_an_exact_copy_of_a_shorter_roster_is_news() -> None:
    """It raises the question anew, for a read that is on its way may be older."""
    world = await Joined().begin()
    await world.see("ada", "bo")
    await world.pump()
    await world.see("ada")
    first = await world.meeting(world.meeting_id)

    await world.see("ada", after=0.5)

    second = await world.meeting(world.meeting_id)
    assert second.version == first.version + 1
    assert first.record.question is not None
    assert second.record.question is not None
    assert second.record.question.last > first.record.question.last


async def test_the_log_keeps_changes_and_what_was_published_with_them() -> None:
    """Forty people are named once, however many rosters list them."""
    names = [f"person-{n}" for n in range(40)]
    world = await Joined().begin()
    await world.see(*names)
    await world.pump()
    await world.see(*names, "ada")
    await world.pump()

    log = await world.ledger.log((await world.meeting(world.meeting_id)).meeting_id)
    named = [
        present.session_id
        for entry in log
        for one in entry.heard
        for present in getattr(one.observation, "people", ())
    ]
    published = [one for entry in log for one in entry.published]
    assert len(named) == len(set(named)) == 41
    assert [one.sequence for one in published] == sorted(one.sequence for one in published)
    assert [one.type for one in published].count("rollcall.participant.joined.v1") == 41


async def test_a_roster_that_cannot_be_read_is_warned_of_once() -> None:
    """Five reads in a row list neither people nor the bot, and Graph says that the bot is in."""
    world = await Joined().begin()
    await world.see("ada")
    await world.pump()
    world.fake_graph.posted[world.call_id]["state"] = "established"
    world.fake_graph.calls[world.call_id] = []
    await world.call(roster(world.call_id))

    await world.pump(until=timedelta(minutes=30))

    (warning,) = world.events("meeting.warning")
    assert warning["data"]["code"] == "roster_unreadable"
    assert "call.ended" not in world.names()


async def test_a_roster_that_cannot_be_read_for_a_leg_that_is_gone_is_its_end() -> None:
    """No warning: the read's 404 says why."""
    world = await Joined().begin()
    await world.see("ada")
    await world.pump()
    world.fake_graph.fail_next(times=6)
    await world.call(roster(world.call_id))
    await world.pump(until=timedelta(seconds=20))
    world.fake_graph.drop(world.call_id)

    await world.pump(until=timedelta(minutes=30))

    assert world.names()[-2:] == ["call.unwatched", "bot.left"]
    assert "meeting.warning" not in world.names()


async def test_a_record_that_cannot_be_read_is_said_to_be_so() -> None:
    """The callback is 503, and a request gives up with the reason instead of dying in silence."""
    ledger = InMemoryLedger()
    world = await Joined(ledger=ledger).begin()
    ledger.spoil(MeetingId(world.meeting_id))

    status = await world.call(roster(world.call_id, "ada"))
    await world.drop("join-meeting", {"meetingId": world.meeting_id}, reply_to="replies")
    await world.pump()

    (refused,) = world.replies()
    assert status == 503
    assert refused["data"]["code"] == "record_unreadable"
    assert "cannot be read" in repr(refused["data"]["history"])


async def test_a_look_at_a_record_that_cannot_be_read_ends_with_a_warning() -> None:
    """The message is kept like any that was given up, and the topic says what is wrong."""
    ledger = InMemoryLedger()
    world = await Joined(ledger=ledger).begin()
    await world.see("ada")
    ledger.spoil(MeetingId(world.meeting_id))

    await world.pump()

    (warning,) = world.events("meeting.warning")
    assert warning["subject"] == f"meetings/{world.meeting_id}"
    assert warning["data"]["code"] == "record_unreadable"
    assert "sequence" not in warning
    (kept,) = world.fake_bus.sent_to("rejected-requests")
    assert json.loads(kept.body)["meetingId"] == world.meeting_id
