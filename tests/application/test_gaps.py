"""A bot that is thrown out and comes back, through the handlers: what is recorded and published."""

from typing import Any

import pytest

from shared.words.answers import Call, Roster
from shared.words.ids import CallId, utc_text
from tests.application.joined import Joined
from tests.application.links import CLASSIC
from tests.application.world import TENANT, World, envelope, roster, state
from tests.fakes.graph import FakeGraph, participant
from tests.fakes.graph_shapes import lost

REMOVED = {"resultInfo": {"code": 200, "subcode": 5000}}
LEFT = {"resultInfo": {"code": 200, "subcode": 7000}}


async def talking(*names: str, **members: Any) -> Joined:
    """Return a world in which a call of these people is going on."""
    world = await Joined(**members).begin()
    await world.see(*names)
    await world.pump()
    return world


@pytest.mark.parametrize(("result", "reason"), [(REMOVED, "removed"), (LEFT, "left")])
async def test_a_call_that_no_bot_hears_is_published_as_unwatched(
    result: dict[str, Any], reason: str
) -> None:
    """Also where we asked the bot to leave: the people talk on."""
    world = await talking("ada")
    world.clock.advance(60)

    await world.call(state(world.call_id, "terminated", **result))

    (unwatched,) = world.events("call.unwatched")
    (call,) = (await world.record("INC-1"))["calls"]
    assert unwatched["data"]["reason"] == reason
    assert unwatched["data"]["since"] == call["unwatchedSince"] == utc_text(world.clock.now())
    assert (call["endedAt"], call["lastEvidenceAt"] < call["unwatchedSince"]) == (None, True)


async def test_an_end_in_a_gap_is_polled_and_bounded() -> None:
    """Ada left half a second after the bot was removed; it came back 25 seconds later."""
    world = await talking("ada")
    await world.call(state(world.call_id, "terminated", **REMOVED))

    await world.rejoin()

    (ended,) = (event["data"] for event in world.events("call.ended"))
    (left,) = (event["data"] for event in world.events("participant.left"))
    assert ended["endBasis"] == "polled"
    assert ended["endedAt"] == ended["notAfter"] > ended["notBefore"] >= ended["startedAt"]
    assert (left["notBefore"], left["notAfter"]) == (ended["notBefore"], ended["notAfter"])


async def test_people_who_talked_on_are_one_call() -> None:
    """Ada is there before the gap and after it."""
    world = await talking("ada", "bo")
    await world.call(state(world.call_id, "terminated", **REMOVED))

    await world.rejoin("ada")

    (call,) = (await world.record("INC-1"))["calls"]
    assert (call["endedAt"], "unwatchedSince" in call) == (None, False)
    assert world.names().count("participant.left") == 1


async def test_others_after_a_gap_are_another_call() -> None:
    """Whether they met the first ones in the gap, nobody heard: the bounds say so."""
    world = await talking("ada")
    await world.call(state(world.call_id, "terminated", **REMOVED))

    await world.rejoin("bo")

    first, second = (await world.record("INC-1"))["calls"]
    assert (first["endBasis"], first["notAfter"]) == ("polled", None)
    assert (second["startBasis"], second["startNotBefore"]) == ("polled", first["startNotBefore"])
    assert world.names()[-4:] == [
        "participant.left",
        "call.ended",
        "call.started",
        "participant.joined",
    ]


async def test_a_result_that_comes_later_is_published_later() -> None:
    """`terminated` without one, then the deletion of the call with one; the record agrees."""
    world = await talking("ada")
    await world.call(envelope(world.call_id, "", {"state": "terminated"}))

    await world.call(state(world.call_id, "terminated", **REMOVED))
    await world.call(state(world.call_id, "terminated", **REMOVED))

    first, second = (event["data"] for event in world.events("bot.left"))
    record = await world.record("INC-1")
    assert (first["reason"], "result" in first) == ("unknown", False)
    assert (second["reason"], second["result"]["subcode"]) == ("removed", 5000)
    assert (record["bot"]["reason"], record["bot"]["result"]) == ("removed", second["result"])


async def test_a_later_call_that_no_read_saw_is_never_published() -> None:
    """An old copy of a roster whose first delivery was lost."""
    world = await talking("ada")
    await world.see()
    await world.pump()
    published = world.names()
    world.clock.advance(60)

    await world.call(roster(world.call_id, "bo"))
    hidden = await world.record("INC-1")
    await world.pump()

    assert world.names() == published
    assert len(hidden["calls"]) == len((await world.record("INC-1"))["calls"]) == 1


async def test_somebody_whom_a_read_finds_again_has_returned() -> None:
    """One read missed them."""
    world = await talking("ada", "bo")
    await world.see("ada")
    await world.pump()

    world.people_in(world.call_id, "ada", "bo")
    await world.call(roster(world.call_id, "ada", "bo"))
    await world.pump()

    again = world.events("participant.joined")[-1]["data"]
    assert (again["returned"], again["sessionId"]) == (True, "p-bo")


async def test_names_that_are_not_shown_are_not_stored() -> None:
    """Neither in the observations nor in the record."""
    world = await talking("ada", show_names=False)

    meeting = await world.meeting(world.meeting_id)
    log = await world.ledger.log(meeting.meeting_id)

    assert "display_name='ada'" not in repr((meeting, log))
    assert "displayName" not in repr(await world.record("INC-1"))


async def test_a_bot_that_rosters_name_by_another_id_is_known_by_its_participant_id() -> None:
    """Seen in the wild. Where a callback brought the leg, Graph is asked once who it is."""
    world = World()
    world.fake_graph.fail_next(lost(), done=True)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    meeting_id, leg_key = str(world.fake_graph.bodies[0]["callbackUri"]).split("/")[-2:]
    (call_id,) = world.fake_graph.calls
    mine = world.fake_graph.posted[call_id]["myParticipantId"]
    other = participant(mine, kind="application", identity_id="somebody-else")
    ada = participant("p-ada", identity_id="ada")
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    world.fake_graph.fill_room(call_id, [other, ada])
    await world.callback(meeting_id, leg_key, envelope(call_id, "/participants", [other, ada]))
    await world.pump()
    leg = (await world.meeting(meeting_id)).legs[0]

    world.clock.advance(10)
    world.fake_graph.fill_room(call_id, [other])
    await world.callback(meeting_id, leg_key, envelope(call_id, "/participants", [other]))
    await world.pump()

    (ended,) = world.events("call.ended")
    assert ended["data"]["endBasis"] == "observed"
    assert leg.chain_ids == (world.fake_graph.posted[call_id]["callChainId"],)


async def test_the_conference_of_each_leg_is_kept_with_it() -> None:
    """Graph's answer to the POST names it: the way to the call record."""
    world = await Joined().begin()

    leg = (await world.meeting(world.meeting_id)).legs[0]

    assert leg.chain_ids == (world.fake_graph.posted[world.call_id]["callChainId"],)


@pytest.mark.parametrize("state", ["terminated", None])
async def test_what_graph_says_of_the_call_is_evidence_when_reads_keep_failing(
    state: str | None,
) -> None:
    """The roster answers 503 for ever; the call is over, or Graph does not know it any more."""

    class Unreadable(FakeGraph):
        """A Graph whose rosters cannot be read."""

        broken = False

        async def read_participants(self, call_id: CallId, **asked: Any) -> Roster | None:
            """See `graph_port.Graph.read_participants`."""
            if self.broken:
                raise lost(503)
            return await super().read_participants(call_id, **asked)

        async def read_call(self, call_id: CallId) -> Call | None:
            """See `graph_port.Graph.read_call`."""
            return await super().read_call(call_id) if state is not None else None

    graph = Unreadable(tenant_id=TENANT)
    world = await talking("ada", fake_graph=graph)
    graph.broken = True
    graph.posted[world.call_id] |= {
        "state": state,
        "resultInfo": {"code": 200, "subcode": 5002},
    }

    await world.see()
    await world.pump()

    (call,) = (await world.record("INC-1"))["calls"]
    assert (call["endedAt"] is not None) == (state == "terminated")
    assert ("unwatchedSince" in call) == (state is None)
    assert world.names()[-1] == "bot.left"


@pytest.mark.parametrize("guest_id", ["", None])
async def test_a_guest_without_an_id_is_somebody(guest_id: str | None) -> None:
    """Not the bot: the call does not end while the guest is there."""
    world = await Joined().begin()
    guest = participant("p-guest", kind="guest", display_name="Visitor")
    guest["info"]["identity"]["guest"]["id"] = guest_id
    world.clock.advance(10)
    world.fake_graph.fill_room(world.call_id, [guest])
    ourselves = world.fake_graph.calls[world.call_id][0]

    await world.call(envelope(world.call_id, "/participants", [ourselves, guest]))
    await world.pump()

    (call,) = (await world.record("INC-1"))["calls"]
    assert (call["endedAt"], call["participantCount"]) == (None, 1)


async def test_a_tend_message_that_comes_early_is_not_asked_for_again_at_once() -> None:
    """The clock of the bus is ahead: the next message allows for as much."""
    world = await talking("ada")
    await world.see()
    meeting = await world.meeting(world.meeting_id)
    planned = len(world.fake_bus.sent_to("tend-meeting"))

    planned_look = meeting.tend.soon
    assert planned_look is not None

    await world.drop(
        "tend-meeting",
        {"meetingId": meeting.meeting_id, "generation": planned_look.generation},
    )

    (again,) = world.fake_bus.sent_to("tend-meeting")[planned:]
    assert again.due == planned_look.due + (planned_look.due - world.clock.now())
