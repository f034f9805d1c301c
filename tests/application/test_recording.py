"""Callbacks and tending, through the handlers, on fakes: what is recorded and told."""

import asyncio
import json
from typing import Any

from shared.words.answers import Call
from shared.words.ids import utc_text
from tests.application.joined import ASK, Joined
from tests.application.world import TENANT, World, envelope, leg_of, roster, state
from tests.fakes.graph import FakeGraph


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
            """See `graph_port.Graph.create_call`."""
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
    """It raises the question again, for a read that is on its way may be older."""
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
