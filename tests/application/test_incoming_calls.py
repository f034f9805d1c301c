"""Calls to the bot itself: turned down, and nothing of them is kept."""

import asyncio
import json
from collections.abc import Iterable

import pytest

from call_callback.handler import receive_incoming
from call_callback.incoming import MOST_REJECTIONS
from shared.words.errors import NotAsked, RollcallError
from shared.words.ids import CallId
from tests.application.joined import Joined
from tests.application.world import TENANT, World, envelope
from tests.fakes.graph import FakeGraph
from tests.fixtures.figures import figures

CALL = CallId("57dab8b1894c409ab240bd8beae78896")
LEGACY = b'{"id": "1", "participants": [], "callState": "incoming"}'


def ringing(call_id: str = CALL) -> bytes:
    """Return the notification of a call to the bot."""
    return envelope(call_id, "", {"state": "incoming", "direction": "incoming"}, change="created")


def all_ringing(call_ids: Iterable[str]) -> bytes:
    """Return one notification of several calls to the bot."""
    items = [item for one in call_ids for item in json.loads(ringing(one))["value"]]
    return json.dumps({"value": items}).encode()


async def told(world: World, body: bytes, *, authorization: str | None = None) -> int:
    """Let Graph tell the bot's webhook something; return the status it is answered with."""
    answer = await receive_incoming(
        authorization=authorization or world.token(), body=body, services=world.services
    )
    return answer.status


async def test_a_call_that_comes_in_is_rejected() -> None:
    """A copy of the notification finds the call gone, which is no error."""
    world, before = World(), figures()
    world.fake_graph.ringing = {CALL}

    statuses = [await told(world, ringing()), await told(world, ringing())]

    assert statuses == [202, 202]
    assert world.fake_graph.rejected == [CALL]
    assert figures() - before == {("rollcall.incoming", "rejected"): 2}


async def test_a_forged_call_is_401_and_nothing_is_rejected() -> None:
    """Also in Skype's format: the redelivery would be asked for in our name."""
    world, before = World(), figures()
    world.fake_graph.ringing = {CALL}

    statuses = [
        await told(world, body, authorization=token)
        for body in (ringing(), LEGACY)
        for token in ("None", "Bearer x", world.token(aud="other"), world.token(tid="other"))
    ]

    assert set(statuses) == {401}
    assert world.fake_graph.ringing == {CALL}
    assert not figures() - before


async def test_skypes_format_is_asked_for_in_graphs() -> None:
    """204 means: send it again, as Graph does."""
    world, before = World(), figures()

    assert await told(world, LEGACY) == 204
    assert figures() - before == {("rollcall.incoming", "legacy"): 1}


@pytest.mark.parametrize(
    "body", [b"", b"nope", envelope(CALL, "", {"state": "terminated"}, change="deleted")]
)
async def test_anything_else_is_accepted_and_counted(body: bytes) -> None:
    """The end of a rejected call comes here; to send it again would help nobody."""
    world, before = World(), figures()

    assert await told(world, body) == 202
    assert figures() - before == {("rollcall.incoming", "other"): 1}


async def test_one_body_rejects_a_few_calls() -> None:
    """The others ring until they time out."""
    world, before = World(), figures()
    calls = [CallId(f"call-{number}") for number in range(MOST_REJECTIONS + 3)]
    world.fake_graph.ringing = set(calls)

    assert await told(world, all_ringing(calls)) == 202

    assert world.fake_graph.rejected == calls[:MOST_REJECTIONS]
    assert figures() - before == {
        ("rollcall.incoming", "rejected"): MOST_REJECTIONS,
        ("rollcall.incoming", "left"): 3,
    }


@pytest.mark.parametrize("error", [None, NotAsked("no token for Graph")])
async def test_a_graph_that_does_not_answer_is_to_send_it_again(
    error: RollcallError | None,
) -> None:
    """The calls that could be rejected are; the copy is about the others."""
    world, before = World(), figures()
    calls = [CallId("call-1"), CallId("call-2")]
    world.fake_graph.ringing = set(calls)
    world.fake_graph.fail_next(error)

    assert await told(world, all_ringing(calls)) == 503
    assert await told(world, all_ringing(calls)) == 202

    assert sorted(world.fake_graph.rejected) == calls
    assert figures() - before == {
        ("rollcall.incoming", "rejected"): 3,
        ("rollcall.incoming", "failed"): 1,
    }


async def test_a_caller_whose_key_cannot_be_had_is_to_come_again() -> None:
    """It may be Graph."""
    world = World()
    world.keys.down = True

    assert await told(world, ringing()) == 503


async def test_what_graph_refuses_for_good_is_not_asked_for_again() -> None:
    """A call that is ours already, say, of which nobody told us the truth."""
    world, before = await Joined().begin(), figures()

    assert await told(world, ringing(world.call_id)) == 202

    assert world.fake_graph.ended == []
    assert figures() - before == {("rollcall.incoming", "refused"): 1}


class SilentGraph(FakeGraph):
    """Never answers a rejection."""

    async def reject_call(self, call_id: CallId) -> None:
        """See `graph_port.Graph.reject_call`."""
        await asyncio.Event().wait()


async def test_a_rejection_that_takes_too_long_is_to_come_again() -> None:
    """A Graph that hangs must not keep its own callback waiting."""
    world = World(graph=SilentGraph(tenant_id=TENANT))

    answer = await receive_incoming(
        authorization=world.token(),
        body=ringing(),
        services=world.services,
        rejected_within=0.01,
    )

    assert answer.status == 503


async def test_nothing_of_a_call_is_stored() -> None:
    """Not even where it invites the bot to a meeting that Rollcall knows."""
    world = await Joined().begin()
    before, sent = await world.meeting(world.meeting_id), len(world.fake_bus.sent)
    world.fake_graph.ringing = {CALL}

    await told(world, ringing())

    assert await world.meeting(world.meeting_id) == before
    assert len(world.fake_bus.sent) == sent
